#include "harness/reference/app.h"

#include "harness/base/text.h"
#include "harness/reference/personality.h"

#include <stdio.h>
#include <string.h>

/* TLS alerts: RFC 8446 6.2 (certificate_required) and RFC 5246 7.4.6 (handshake_failure). */
enum { HANDSHAKE_FAILURE = 40, BAD_CERTIFICATE = 42, CERTIFICATE_REQUIRED = 116 };

enum app_ask app_asks(const struct policy *policy)
{
	if (policy->faults->on[FAULT_FORGETS_TO_ASK])
		return APP_ASK_NEVER;
	const struct persona_row *row = personality_react(policy->personality, policy->mode, false, CLIENT_COMES);
	if (row && row->reaction == PERSONA_ASKS_FIRST && policy->mode != APP_PLAIN)
		return APP_ASK_FIRST;
	switch (policy->mode) {
	case APP_NONE:
		return policy->faults->on[FAULT_ASKS_EVERYBODY] ? APP_ASK_FIRST : APP_ASK_NEVER;
	case APP_PLAIN:
		break;
	case APP_OPTIONAL:
	case APP_REQUIRED:
		return APP_ASK_FIRST;
	case APP_RENEGOTIATION:
	case APP_POST_HANDSHAKE:
		return APP_ASK_LATE;
	}
	return APP_ASK_NEVER;
}

static void refuse(struct admission *out, int alert, const char *why)
{
	out->admit = ADMIT_REFUSED;
	out->alert = alert;
	snprintf(out->why, sizeof out->why, "%s", why);
}

/* The personality's way with this client.  False: it has none of its own. */
static bool react(const struct policy *policy, bool tls13, enum persona_client client, struct admission *out)
{
	const struct persona_row *row = personality_react(policy->personality, policy->mode, tls13, client);
	if (!row)
		return false;
	out->page = row->page;
	out->reset = row->reaction == PERSONA_RESETS;
	if (row->reaction == PERSONA_SERVES)
		out->admit = ADMIT_ANONYMOUS;
	return true;
}

/* Is everything that is wrong a matter of dates?  Names of rows of check.c. */
static bool is_out_of_date(const char *failed)
{
	char word[64];
	while (text_word(&failed, word, sizeof word))
		if (strcmp(word, "begun") != 0 && strcmp(word, "not-over") != 0)
			return false;
	return true;
}

static void admit_stranger(const struct policy *policy, const struct peer *peer, struct admission *out)
{
	out->admit = ADMIT_ANONYMOUS;
	if (policy->mode == APP_NONE || policy->mode == APP_OPTIONAL ||
	    policy->faults->on[FAULT_ACCEPTS_NO_CERTIFICATE])
		return;
	refuse(out, peer->tls13 ? CERTIFICATE_REQUIRED : HANDSHAKE_FAILURE, "no-certificate");
	react(policy, peer->tls13, CLIENT_HAS_NONE, out);
}

/* The fault takes a session for good for as long as it is offered. */
static int64_t judged_at(const struct policy *policy, const struct peer *peer)
{
	struct x509 leaf;
	const char *why;
	int64_t at = peer->now;
	if (peer->resumed && policy->faults->on[FAULT_RESUMES_AFTER_EXPIRY] && x509_parse(&leaf, peer->chain[0], &why)) {
		at = leaf.not_after;
		x509_fini(&leaf);
	}
	return at;
}

/* The fault takes a session for what it was worth when it was earned. */
static const struct anchors *trusted_by(const struct policy *policy, const struct peer *peer)
{
	bool former = peer->resumed && policy->former && policy->faults->on[FAULT_RESUMES_WITHOUT_ANCHOR];
	return former ? policy->former : policy->anchors;
}

void app_admit(const struct policy *policy, const struct peer *peer, struct admission *out)
{
	*out = (struct admission){.admit = ADMIT_ANONYMOUS};
	if (!peer->asked) {
		if (app_asks(policy) == APP_ASK_LATE)
			out->admit = ADMIT_UNASKED;
		return;
	}
	if (peer->n == 0) {
		admit_stranger(policy, peer, out);
		return;
	}
	char failed[256];
	struct check_result result;
	struct check_input in = {.chain = peer->chain,
				 .n = peer->n,
				 .anchors = trusted_by(policy, peer),
				 .now = judged_at(policy, peer),
				 .depth = policy->depth,
				 .faults = policy->faults};
	check_chain(&in, &result);
	if (peer->late && policy->faults->on[FAULT_WRONG_CERTIFICATE_AFTER_LATE_REQUEST])
		result.failed = 0;
	if (result.failed) {
		refuse(out, check_alert(&result), check_failed(&result, failed, sizeof failed));
		react(policy, peer->tls13, is_out_of_date(failed) ? CLIENT_OUT_OF_DATE : CLIENT_UNTRUSTED, out);
		return;
	}
	if (policy->faults->on[FAULT_REJECTS_VALID]) {
		refuse(out, BAD_CERTIFICATE, "fault");
		return;
	}
	out->admit = ADMIT_IDENTITY;
	out->since = peer->now;
	out->expires = result.expires;
	snprintf(out->subject, sizeof out->subject, "%s", result.subject);
	x509_digest(peer->chain[0], out->sha256);
}

void app_unanswered(const struct policy *policy, enum app_silence silence, struct admission *out)
{
	static const char *const why[] = {
	    [APP_NOT_OFFERED] = "the client did not offer post-handshake authentication",
	    [APP_LEGACY] = "the client knows no secure renegotiation",
	    [APP_DECLINED] = "the client does not renegotiate",
	    [APP_IGNORED] = "the client did not answer the request for a certificate",
	};
	*out = (struct admission){.admit = ADMIT_ANONYMOUS};
	refuse(out, 0, why[silence]);
	out->last = silence == APP_IGNORED;
	if (silence == APP_NOT_OFFERED)
		react(policy, true, CLIENT_CANNOT_BE_ASKED, out);
}

static void put_page(const struct policy *policy, const struct persona_page *page, struct reply *out)
{
	out->status = page->status;
	out->type = "text/html";
	personality_put_page(&out->body, page, policy->hide_details);
}

/* RFC 5280 6.1.3(a)(2): what was believed is believed no longer than it is valid. */
static bool has_expired(const struct admission *admission, const struct request *request)
{
	return admission->since <= admission->expires && request->now > admission->expires;
}

/* Without TLS whoever is in front of us knows, and we do not. */
static bool is_for_somebody(const struct policy *policy)
{
	return policy->mode == APP_PLAIN || app_asks(policy) != APP_ASK_NEVER;
}

/* The open name's page that needs a certificate is elsewhere (RFC 9110 15.4.9: 308).  True: that was said. */
static bool redirect(const struct policy *policy, const struct request *request, struct reply *out)
{
	const struct faults *f = policy->faults;
	if (!policy->moved || strcmp(request->target, policy->moved) != 0 || f->on[FAULT_FORGETS_TO_REDIRECT])
		return false;
	const char *host = f->on[FAULT_REDIRECTS_TO_WRONG_HOST] ? "elsewhere.invalid" : policy->moved_to;
	const char *path = f->on[FAULT_REDIRECTS_TO_FRONT_PAGE] ? "/" : request->target;
	out->status = 308;
	snprintf(out->location, sizeof out->location, "https://%s%s%.3000s", host, request->port, path);
	buf_adds(&out->body, f->on[FAULT_SERVES_BODY_WITH_REDIRECT] ? "mtlspec reference: hello stranger\n"
								    : "mtlspec reference: this page has moved\n");
	return true;
}

void app_answer(const struct policy *policy, const struct admission *admission, const struct request *request,
		struct reply *out)
{
	*out = (struct reply){.status = 200, .last = admission->last};
	buf_init(&out->body, 8192);
	out->server = policy->personality ? policy->personality->server : NULL;
	bool misdirected = policy->host && request->authority[0] && strcmp(policy->host, request->authority) != 0;
	if (misdirected && !policy->faults->on[FAULT_TRUSTS_HOST_HEADER]) {
		out->status =
		    421; /* RFC 9110 15.5.20, 7.4: asked for a name that this connection was not secured for */
		buf_adds(&out->body, "mtlspec reference: this connection was made for another name\n");
		return;
	}
	if (redirect(policy, request, out))
		return;
	if (request->early && policy->too_early && is_for_somebody(policy)) {
		out->status = 425;
		buf_adds(&out->body, "mtlspec reference: ask again, now that the handshake is done\n");
		return;
	}
	switch (admission->admit) {
	case ADMIT_UNASKED:
		out->ask = true;
		return;
	case ADMIT_REFUSED:
		/* CVE-2019-0215 */
		if (policy->faults->on[FAULT_SERVES_AFTER_REFUSAL] && request->number > 1)
			break;
		if (admission->page) {
			put_page(policy, admission->page, out);
			return;
		}
		out->status = 403;
		buf_addf(&out->body, "mtlspec reference: refused: %s\n", admission->why);
		return;
	case ADMIT_IDENTITY:
		if (has_expired(admission, request) && !policy->faults->on[FAULT_SERVES_AFTER_EXPIRY]) {
			out->status = 403;
			buf_adds(&out->body, "mtlspec reference: refused: the certificate has expired since\n");
			return;
		}
		if (policy->faults->on[FAULT_FORGETS_IDENTITY] && request->number > 1)
			break;
		snprintf(out->subject, sizeof out->subject, "%s", admission->subject);
		snprintf(out->sha256, sizeof out->sha256, "%s", admission->sha256);
		if (policy->faults->on[FAULT_WRONG_IDENTITY]) {
			snprintf(out->subject, sizeof out->subject, "mtlspec-somebody-else");
			snprintf(out->sha256, sizeof out->sha256, "%064d", 0);
		}
		break;
	case ADMIT_ANONYMOUS:
		break;
	}
	if (request->has_content) {
		out->content = request->body;
		snprintf(out->content_sha256, sizeof out->content_sha256, "%s", request->sha256);
	}
	buf_addf(&out->body, "mtlspec reference: hello %s\n", out->subject[0] ? out->subject : "stranger");
}

void reply_fini(struct reply *reply)
{
	buf_fini(&reply->body);
	*reply = (struct reply){0};
}
