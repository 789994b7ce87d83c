/*
 * signature.h - one number for what was observed: equal for equal answers of a server, however the clock, ports, minted
 * identities or the order in which a kernel reports a dead connection differ.  Pure.
 */
#ifndef REPORTS_SIGNATURE_H
#define REPORTS_SIGNATURE_H

#include "clients/observation.h"

uint64_t signature_of(const struct observation *o);

#endif
