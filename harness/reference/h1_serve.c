/* The replies of HTTP/1, and when a certificate is asked for between a request and its reply. */
#include "harness/reference/h1.h"

#include "harness/base/clock.h"
#include "harness/reference/content.h"

#include <string.h>

static const char *reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
	    {200, "OK"},
	    {308, "Permanent Redirect"},
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {417, "Expectation Failed"},
	    {421, "Misdirected Request"},
	    {425, "Too Early"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {505, "HTTP Version Not Supported"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

static bool send_reply(struct server_h1 *h, const struct reply *reply, bool with_body)
{
	static const char form[] = "%a, %d %b %Y %H:%M:%S GMT"; /* RFC 9110 5.6.7; no locale is ever set */
	struct buf b;
	struct tm utc;
	char date[64];
	time_t now = clock_now();
	strftime(date, sizeof date, form, gmtime_r(&now, &utc));
	buf_init(&b, 65536);
	buf_addf(&b, "HTTP/1.1 %u %s\r\nServer: %s\r\nDate: %s\r\n", reply->status, reason(reply->status),
		 reply->server ? reply->server : "mtlspec-reference", date);
	if (reply->subject[0] || reply->sha256[0])
		buf_addf(&b, "X-Mtlspec-Subject: %s\r\nX-Mtlspec-Sha256: %s\r\n", reply->subject, reply->sha256);
	if (reply->content_sha256[0])
		buf_addf(&b, "X-Body-Length: %llu\r\nX-Body-Sha256: %s\r\n", (unsigned long long)reply->content,
			 reply->content_sha256);
	if (reply->location[0])
		buf_addf(&b, "Location: %s\r\n", reply->location);
	buf_addf(&b,
		 "Content-Type: %s\r\nCache-Control: no-store\r\nContent-Length: %zu\r\nConnection: %s\r\n",
		 reply->type ? reply->type : "text/plain", reply->body.len, h->keep_alive ? "keep-alive" : "close");
	buf_adds(&b, "\r\n");
	if (with_body)
		buf_add(&b, reply->body.data, reply->body.len);
	bool sent = h->wire->write(h->wire->context, b.data, b.len);
	buf_fini(&b);
	return sent;
}

static void refuse(struct server_h1 *h)
{
	struct reply reply = {.status = h->status};
	h->keep_alive = false;
	buf_init(&reply.body, 256);
	buf_addf(&reply.body, "mtlspec reference: %u %s\n", h->status, reason(h->status));
	send_reply(h, &reply, true);
	reply_fini(&reply);
}

static void forget_body(struct request *request)
{
	struct content nothing;
	content_open(&nothing, 0);
	request->body = 0;
	content_close(&nothing, request->sha256);
}

/* Asks for a certificate, which ends what came before.  False when the connection ended with it. */
static bool ask(struct server_h1 *h, const struct policy *policy)
{
	if (!h->wire->ask || !h->wire->ask(h->wire->context))
		return false;
	/* Not to be spliced to what comes after a renegotiation (CVE-2009-3555): the next request is read on no account. */
	bool before = h->at < h->len || (h->wire->waiting && h->wire->waiting(h->wire->context));
	h->keep_alive = h->keep_alive && !(before && policy->mode == APP_RENEGOTIATION &&
					   !policy->faults->on[FAULT_SPLICES_REQUEST_BEFORE_RENEGOTIATION]);
	return true;
}

/* What the head alone says: is there to be a request for a certificate, or else which status? */
static unsigned look_at_head(const struct policy *policy, const struct admission *admission,
			     const struct request *request, bool *asks)
{
	struct reply head;
	app_answer(policy, admission, request, &head);
	unsigned status = head.status;
	*asks = head.ask;
	reply_fini(&head);
	return status;
}

/*
 * Content is in the way of a renegotiation: it is held back up to a limit and the certificate asked for behind it
 * (RFC 9110 15.5.14), unless the client waits to be told.  False: the connection ends, `h->status` may say with what.
 */
static bool read_content(struct server_h1 *h, const struct policy *policy, const struct admission *admission,
			 struct request *request)
{
	bool late, again;
	unsigned status = look_at_head(policy, admission, request, &late);
	if (late && h->expects) {
		if (!ask(h, policy))
			return false;
		status = look_at_head(policy, admission, request, &again);
	}
	/* RFC 9110 10.1.1: the final answer will do, and what the client does then nobody knows. */
	if (h->expects && status != 200) {
		h->keep_alive = false;
		return true;
	}
	bool holds = late && !h->expects;
	h->limit = holds && !policy->faults->on[FAULT_ASKS_ABOVE_BODY_LIMIT] ? policy->hold : SERVER_H1_BODY;
	if (!server_h1_content(h, request) || (holds && !ask(h, policy)))
		return false;
	if (late && policy->faults->on[FAULT_FORGETS_BODY])
		forget_body(request);
	return true;
}

void server_h1_serve(const struct wire *wire, const struct policy *policy, const struct admission *admission)
{
	struct server_h1 h;
	struct request request;
	server_h1_init(&h, wire);
	h.faults = policy->faults;
	do {
		struct reply reply;
		bool read = server_h1_head(&h, &request);
		request.now = clock_now();
		request.early = request.early || (wire->early && wire->early(wire->context));
		if (!read || !read_content(&h, policy, admission, &request)) {
			if (h.status && !h.ended)
				refuse(&h);
			return;
		}
		app_answer(policy, admission, &request, &reply);
		h.keep_alive = h.keep_alive && !reply.last;
		bool sent = send_reply(&h, &reply, strcmp(request.method, "HEAD") != 0);
		reply_fini(&reply);
		if (!sent)
			return;
	} while (h.keep_alive);
}
