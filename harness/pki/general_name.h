/*
 * general_name.h - GeneralName (RFC 5280 4.2.1.6) from a word such as "dns:client.example".  In a constraint (4.2.1.10) an
 * address carries a prefix length: "ip:10.0.0.0/8".
 */
#ifndef HARNESS_PKI_GENERAL_NAME_H
#define HARNESS_PKI_GENERAL_NAME_H

#include "harness/base/buf.h"

#define GENERAL_NAME_FORMS "dns:NAME email:ADDRESS uri:URI ip:ADDRESS[/PREFIX]"

/* Appends the encoding; false, with nothing appended, when the word is none of the forms. */
bool general_name_put(struct buf *b, const char *word, bool constraint);
/* The same for each word of a list. */
bool general_names_put(struct buf *b, const char *words, bool constraint);

#endif
