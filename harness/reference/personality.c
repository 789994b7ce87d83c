#include "harness/reference/personality.h"

#include <string.h>

#define LATE	    ((1u << APP_RENEGOTIATION) | (1u << APP_POST_HANDSHAKE))
#define PROTECTED   (LATE | 1u << APP_REQUIRED)
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* HTTP statuses and substatuses of IIS: domain.md 2.3. */
static const struct persona_page required = {403, "7", "Forbidden: a client certificate is required", NULL},
				 untrusted = {403, "16", "Forbidden: the client certificate is untrusted or invalid",
					      "0x800b0109"},
				 out_of_date = {403, "17",
						"Forbidden: the client certificate has expired or is not yet valid",
						"0x800b0101"},
				 not_supported = {500, "0", "Internal Server Error", "0x80070032"},
				 forbidden = {403, NULL, "Forbidden", NULL};

/* What IIS does with a certificate, whenever it asked for it. */
static const struct persona_row shared[] = {
    {PROTECTED, 0, CLIENT_HAS_NONE, PERSONA_ANSWERS, &required, "SC-040, SC-006"},
    {0, 0, CLIENT_OUT_OF_DATE, PERSONA_ANSWERS, &out_of_date, "SC-043, SC-044, SC-045"},
    {0, 0, CLIENT_UNTRUSTED, PERSONA_ANSWERS, &untrusted, "SC-042, SC-046"},
};

static const struct persona_row resets[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_RESETS, NULL, "SC-004"},
};
static const struct persona_row resets_negotiate[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_RESETS, NULL, "SC-002"},
    {LATE, 0, CLIENT_HAS_NONE, PERSONA_SERVES, NULL, "SC-006"},
};
static const struct persona_row answers[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, &not_supported, "SC-003"},
};
static const struct persona_row answers_negotiate[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, &not_supported, "SC-001"},
    {LATE, 0, CLIENT_HAS_NONE, PERSONA_SERVES, NULL, "SC-006"},
};
static const struct persona_row forbids[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, &forbidden, "SC-019"},
};
static const struct persona_row passes_over[] = {
    {LATE, PERSONA_TLS_1_3, CLIENT_CANNOT_BE_ASKED, PERSONA_SERVES, NULL, "SC-019"},
    {LATE, 0, CLIENT_HAS_NONE, PERSONA_SERVES, NULL, "SC-006"},
};
static const struct persona_row binding_asks[] = {
    {0, 0, CLIENT_COMES, PERSONA_ASKS_FIRST, NULL, "SC-011, SC-012, SC-016"},
};
static const struct persona_row without_tls13[] = {
    {0, PERSONA_TLS_1_3, CLIENT_COMES, PERSONA_REFUSES_VERSION, NULL, "SC-009, SC-010, SC-017"},
};

#define IIS "Microsoft-IIS/10.0"
enum { READ_AHEAD = 49152 }; /* SC-086, SC-087: uploadReadAheadSize as IIS ships it; 413 above it */

/* SC-024: since Server 2012 the list of CAs is empty unless SendTrustedIssuerList says otherwise. */
static const struct personality list[] = {
    {"iis-server-2022-require",
     "IIS on Server 2022, Windows 11 before 24H2: SslRequireCert on a path", IIS,
     true, READ_AHEAD, resets, COUNT(resets)},
    {"iis-server-2022-negotiate", "the same with SslNegotiateCert", IIS, true, READ_AHEAD, resets_negotiate,
     COUNT(resets_negotiate)},
    {"iis-server-2022-early-require", "IIS on early builds of Server 2022: SslRequireCert on a path", IIS, true, READ_AHEAD,
     forbids, COUNT(forbids)},
    {"iis-server-2022-early-negotiate", "the same with SslNegotiateCert", IIS, true, READ_AHEAD, passes_over,
     COUNT(passes_over)},
    {"iis-server-2025-require",
     "IIS on Server 2025, Windows 11 24H2: SslRequireCert on a path", IIS, true,
     READ_AHEAD, answers, COUNT(answers)},
    {"iis-server-2025-negotiate", "the same with SslNegotiateCert", IIS, true, READ_AHEAD, answers_negotiate,
     COUNT(answers_negotiate)},
    {"iis-binding-asks", "IIS with clientcertnegotiation=enable on the binding and SslRequireCert on a path", IIS, true,
     READ_AHEAD, binding_asks, COUNT(binding_asks)},
    {"iis-without-tls13", "IIS with TLS 1.3 disabled over TCP or for the machine, and SslRequireCert on a path", IIS,
     true, READ_AHEAD, without_tls13, COUNT(without_tls13)},
};

const struct personality *personalities(size_t *n)
{
	*n = COUNT(list);
	return list;
}

const struct personality *personality_find(const char *name)
{
	for (size_t i = 0; i < COUNT(list); i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static const struct persona_row *first_of(const struct persona_row *rows, size_t n, enum app_mode mode, bool tls13,
					  enum persona_client client)
{
	unsigned version = tls13 ? PERSONA_TLS_1_3 : PERSONA_TLS_1_2;
	for (size_t i = 0; i < n; i++)
		if (rows[i].client == client && (!rows[i].modes || (rows[i].modes & 1u << mode)) &&
		    (!rows[i].tls || (rows[i].tls & version)))
			return &rows[i];
	return NULL;
}

const struct persona_row *personality_react(const struct personality *p, enum app_mode mode, bool tls13,
					    enum persona_client client)
{
	if (!p)
		return NULL;
	const struct persona_row *row = first_of(p->rows, p->n, mode, tls13, client);
	return row ? row : first_of(shared, COUNT(shared), mode, tls13, client);
}

void personality_put_page(struct buf *out, const struct persona_page *page, bool hidden)
{
	buf_adds(out, "<!DOCTYPE html>\r\n<html><head>");
	if (hidden || !page->substatus) {
		/* what a remote client gets (httpErrors errorMode=DetailedLocalOnly), or no document says: no substatus, no code */
		const char *words = page->status == 403 ? "Forbidden: Access is denied." : page->title;
		buf_addf(
		    out,
		    "<title>%u - %s</title></head>\r\n<body><h1>Server Error</h1><h2>%u - %s</h2></body></html>\r\n",
		    page->status, words, page->status, words);
		return;
	}
	buf_addf(
	    out,
	    "<title>IIS 10.0 Detailed Error - %u.%s - %s</title></head>\r\n<body><h2>HTTP Error %u.%s - %s</h2>\r\n",
	    page->status, page->substatus, page->title, page->status, page->substatus, page->title);
	buf_adds(out, "<table><tr><th>Module</th><td>IIS Web Core</td></tr>\r\n");
	if (page->code)
		buf_addf(out, "<tr><th>Error Code</th><td>%s</td></tr>\r\n", page->code);
	buf_adds(out, "</table></body></html>\r\n");
}
