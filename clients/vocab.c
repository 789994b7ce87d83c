#include "clients/vocab.h"

#include "clients/job.h"

#include <string.h>

ENUM_DEFINE(tls, TLS, TLS_LIST);
ENUM_DEFINE(http, HTTP, HTTP_LIST);
ENUM_DEFINE(client_kind, CLIENT_KIND, CLIENT_KIND_LIST);
ENUM_DEFINE(event_kind, EVENT_KIND, EVENT_KIND_LIST);
ENUM_DEFINE(breach, BREACH, BREACH_LIST);
ENUM_DEFINE(proof, PROOF, PROOF_LIST);
ENUM_DEFINE(refuse, REFUSE, REFUSE_LIST);
ENUM_DEFINE(verb, VERB, VERB_LIST);
ENUM_DEFINE(until, UNTIL, UNTIL_LIST);
ENUM_DEFINE(how_close, HOW_CLOSE, HOW_CLOSE_LIST);

/* RFC 8446 section 6, RFC 5246 section 7.2.2, RFC 7301 section 3.2, RFC 9846 section 6 (general_error). */
static const struct {
	unsigned number;
	const char *name;
} alerts[] = {
	{0, "close_notify"},
	{10, "unexpected_message"},
	{20, "bad_record_mac"},
	{21, "decryption_failed"},
	{22, "record_overflow"},
	{30, "decompression_failure"},
	{40, "handshake_failure"},
	{41, "no_certificate"},
	{42, "bad_certificate"},
	{43, "unsupported_certificate"},
	{44, "certificate_revoked"},
	{45, "certificate_expired"},
	{46, "certificate_unknown"},
	{47, "illegal_parameter"},
	{48, "unknown_ca"},
	{49, "access_denied"},
	{50, "decode_error"},
	{51, "decrypt_error"},
	{60, "export_restriction"},
	{70, "protocol_version"},
	{71, "insufficient_security"},
	{80, "internal_error"},
	{86, "inappropriate_fallback"},
	{90, "user_canceled"},
	{100, "no_renegotiation"},
	{109, "missing_extension"},
	{110, "unsupported_extension"},
	{111, "certificate_unobtainable"},
	{112, "unrecognized_name"},
	{113, "bad_certificate_status_response"},
	{114, "bad_certificate_hash_value"},
	{115, "unknown_psk_identity"},
	{116, "certificate_required"},
	{117, "general_error"},
	{120, "no_application_protocol"},
};

const char *alert_text(unsigned number)
{
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].number == number)
			return alerts[i].name;
	return "?";
}

bool alert_parse(const char *name, unsigned *number)
{
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
		if (strcmp(alerts[i].name, name) == 0) {
			*number = alerts[i].number;
			return true;
		}
	}
	return false;
}
