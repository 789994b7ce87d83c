/*
 * export.h - the anchor of a lasting PKI as a server product wants it: its file, and scripts that install it and that
 * remove every trace.  A product is one row of the table in export.c.
 */
#ifndef HARNESS_PKI_EXPORT_H
#define HARNESS_PKI_EXPORT_H

#include "harness/pki/lasting.h"

/* The names of the products, joined by blanks. */
const char *export_products(char *out, size_t size);
/* Writes into `dir` (made when it is not there).  RC_INPUT: unknown product. */
enum rc export_write(const struct lasting *l, const char *product, const char *dir, struct err *err) MUST_USE;

#endif
