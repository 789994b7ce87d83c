/*
 * faults.h - what the reference server can be told to do wrong, one row each (struct fault_row in reference.h).  A fault is
 * read at exactly one place: a check fault by the loop over the rows of check.c, the others where their name stands.
 */
#ifndef HARNESS_REFERENCE_FAULTS_H
#define HARNESS_REFERENCE_FAULTS_H

#include "harness/reference/reference.h"

/* X(value, name, clause of the check that it breaks or NULL, catch-all, sentence) */
#define FAULT_LIST(X)                                                                                                  \
	X(FAULT_ACCEPTS_EXPIRED, "accepts-expired", "R-081", false, "believes a certificate after its notAfter")       \
	X(FAULT_ACCEPTS_NOT_YET_VALID, "accepts-not-yet-valid", "R-081", false,                                        \
	  "believes a certificate before its notBefore")                                                               \
	X(FAULT_ACCEPTS_UNTRUSTED, "accepts-untrusted", "R-099", false, "believes a path that ends at no trust anchor") \
	X(FAULT_IGNORES_SIGNATURE, "ignores-signature", "R-080", false, "verifies no signature of the path")           \
	X(FAULT_ACCEPTS_NO_CERTIFICATE, "accepts-no-certificate", NULL, false,                                         \
	  "serves who sent no certificate where one is required")

#define FAULT_MEMBER_(value, name, clause, catch_all, sentence) value,
enum fault { FAULT_LIST(FAULT_MEMBER_) FAULT__COUNT };

struct faults {
	bool on[FAULT__COUNT];
};

#endif
