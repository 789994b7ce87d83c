/*
 * early.h - what of early data (RFC 8446 4.2.10, RFC 8470) is not one connection's: the guard against replays, and which
 * sessions take any.  Made before the first connection.
 */
#ifndef HARNESS_REFERENCE_EARLY_H
#define HARNESS_REFERENCE_EARLY_H

#include "harness/base/err.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>

struct early;

/* "wait", "425", or nothing. */
enum rc early_parse(const char *word, bool *takes, bool *too_early, struct err *err) MUST_USE;

/* NULL when there is no memory. */
struct early *early_open(void);
void early_close(struct early **e); /* idempotent */
/* This session takes early data, and promises so in its tickets; gnutls_init had GNUTLS_ENABLE_EARLY_DATA. */
void early_serve(struct early *e, gnutls_session_t session);

#endif
