#include "harness/discover/wire.h"

#include "harness/discover/raw.h"

#include <errno.h>
#include <string.h>

enum wire wire_of(const struct facts *f)
{
	if (!f->first.connected)
		return f->first.connect_errno == ECONNREFUSED ? WIRE_REFUSED : WIRE_UNREACHABLE;
	if (f->first.tls || raw_kind(&f->hello) == RAW_TLS || raw_kind(&f->plain) == RAW_TLS)
		return WIRE_TLS;
	if (raw_kind(&f->plain) == RAW_HTTP || raw_kind(&f->hello) == RAW_HTTP)
		return WIRE_PLAIN;
	if (f->first.bytes || f->hello.n || f->plain.n)
		return WIRE_OTHER;
	if (strcmp(f->first.outcome.signal, "reset") == 0)
		return WIRE_RESET;
	return f->first.timed_out ? WIRE_SILENT : WIRE_CLOSED;
}
