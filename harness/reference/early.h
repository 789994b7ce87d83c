/*
 * early.h - what of early data (RFC 8446 4.2.10, RFC 8470) is not one connection's: the guard against replays, and which
 * sessions take any.  Made before the first fork.
 */
#ifndef HARNESS_REFERENCE_EARLY_H
#define HARNESS_REFERENCE_EARLY_H

#include <gnutls/gnutls.h>

struct early;

/* NULL when there is no memory. */
struct early *early_open(void);
void early_close(struct early **e); /* idempotent */
/* This session takes early data, and promises so in its tickets; gnutls_init had GNUTLS_ENABLE_EARLY_DATA. */
void early_serve(struct early *e, gnutls_session_t session);

#endif
