/* Knobs of the validity period (RFC 5280 4.1.2.5): offsets from the run's `now`, for nothing dated is written down. */
#include "harness/pki/knob.h"

bool knob_not_before(struct knob_at *at, const char *value)
{
	return text_offset(value, &at->cert->not_before);
}

bool knob_not_after(struct knob_at *at, const char *value)
{
	return text_offset(value, &at->cert->not_after);
}
