#include "clients/session.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHAIN 16 /* entries of a server chain that are verified */

/* The chain one server showed first, and the hash that its events carry. */
struct remembered {
	struct remembered *next;
	char *host, *server_ca; /* owned; NULL as in the job */
	char *ip;		/* owned */
	uint16_t port;
	struct buf chain; /* every entry: its length, its bytes */
	char leaf[65];	  /* sha256, hex */
};

static char *copy(const char *text)
{
	return text ? memcpy(mem_alloc(strlen(text) + 1), text, strlen(text) + 1) : NULL;
}

/* By host, address and the anchor that was asked for: another anchor is another question. */
static struct remembered *find(struct tls_link *l)
{
	const struct job_address *address = job_address(l->job, l->want);
	for (struct remembered *r = l->shared->servers; r; r = r->next)
		if (r->port == address->port && strcmp(r->ip, address->ip) == 0 && text_equal(r->host, l->want->host) &&
		    text_equal(r->server_ca, l->job->server_ca))
			return r;
	return NULL;
}

static void put_entry(struct buf *b, const gnutls_datum_t *cert)
{
	buf_put_u32(b, cert->size);
	buf_add(b, cert->data, cert->size);
}

static bool is_same(const struct remembered *r, const gnutls_datum_t *chain, unsigned n)
{
	const char *at = r->chain.data;
	size_t left = r->chain.len;
	for (unsigned i = 0; i < n; i++) {
		size_t size = chain[i].size;
		if (left < 4 + size || memcmp(at + 4, chain[i].data, size) != 0)
			return false;
		struct reader length = {(const unsigned char *)at, (const unsigned char *)at + 4, false};
		if (reader_u32(&length) != size)
			return false;
		at += 4 + size;
		left -= 4 + size;
	}
	return left == 0;
}

static void leaf_hash(const gnutls_datum_t *leaf, char out[static 65])
{
	unsigned char raw[32];
	struct buf hex;
	buf_init(&hex, 64);
	out[0] = '\0';
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, leaf->data, leaf->size, raw) == 0) {
		text_hex(&hex, raw, sizeof raw);
		memcpy(out, hex.data, 65);
	}
	buf_fini(&hex);
}

/* Empty when the chain leads to an anchor of the PEM file, else what is wrong. */
static void verify(const char *ca_file, const gnutls_datum_t *chain, unsigned n, char *why, size_t size)
{
	gnutls_x509_trust_list_t anchors = NULL;
	gnutls_x509_crt_t crt[MAX_CHAIN] = {0};
	unsigned status = 0, made = 0;
	why[0] = '\0';
	n = n < MAX_CHAIN ? n : MAX_CHAIN;
	if (gnutls_x509_trust_list_init(&anchors, 0) < 0 ||
	    gnutls_x509_trust_list_add_trust_file(anchors, ca_file, NULL, GNUTLS_X509_FMT_PEM, 0, 0) <= 0) {
		snprintf(why, size, "no anchor in %s", ca_file);
		goto out;
	}
	for (; made < n; made++) {
		if (gnutls_x509_crt_init(&crt[made]) < 0)
			break;
		if (gnutls_x509_crt_import(crt[made], &chain[made], GNUTLS_X509_FMT_DER) < 0) {
			snprintf(why, size, "server chain: entry %u is no certificate", made + 1);
			made++;
			goto out;
		}
	}
	int rc = gnutls_x509_trust_list_verify_crt(anchors, crt, made, 0, &status, NULL);
	gnutls_datum_t text = {0};
	if (rc < 0)
		snprintf(why, size, "server chain: %s", gnutls_strerror(rc));
	else if (status && gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0)
		snprintf(why, size, "server chain: %s", (const char *)text.data);
	gnutls_free(text.data);
out:
	for (unsigned i = 0; i < made; i++)
		gnutls_x509_crt_deinit(crt[i]);
	if (anchors)
		gnutls_x509_trust_list_deinit(anchors, 1);
}

static struct remembered *remember(struct tls_link *l, const gnutls_datum_t *chain, unsigned n)
{
	const struct job_address *address = job_address(l->job, l->want);
	struct remembered *r = mem_alloc(sizeof *r);
	r->host = copy(l->want->host);
	r->ip = copy(address->ip);
	r->server_ca = copy(l->job->server_ca);
	r->port = address->port;
	buf_init(&r->chain, SIZE_MAX / 4);
	for (unsigned i = 0; i < n; i++)
		put_entry(&r->chain, &chain[i]);
	leaf_hash(&chain[0], r->leaf);
	r->next = l->shared->servers;
	l->shared->servers = r;
	return r;
}

/* The hash alone, or with the subject behind it for a job that asks whose certificate it is. */
static void note_chain(struct tls_link *l, enum event_kind kind, const gnutls_datum_t *chain, unsigned n,
		       const char *leaf)
{
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t subject = {0};
	struct buf text;
	buf_init(&text, OBSERVATION_MAX_TEXT);
	buf_adds(&text, leaf);
	if (l->job->server_subject && gnutls_x509_crt_init(&crt) == 0 &&
	    gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_dn3(crt, &subject, 0) == 0)
		buf_addf(&text, " %.*s", (int)subject.size, (const char *)subject.data);
	net_note(&l->net, kind, (int32_t)n, 0, text.data);
	buf_fini(&text);
	gnutls_free(subject.data);
	if (crt)
		gnutls_x509_crt_deinit(crt);
}

bool session_check_server(struct tls_link *l)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(l->session, &n);
	char leaf[65], why[256];
	if (!chain || n == 0)
		return true;
	struct remembered *r = find(l);
	if (r && is_same(r, chain, n)) {
		note_chain(l, EVENT_SERVER_CHAIN, chain, n, r->leaf);
		return true;
	}
	leaf_hash(&chain[0], leaf);
	note_chain(l, r ? EVENT_SERVER_CHAIN_CHANGED : EVENT_SERVER_CHAIN, chain, n, leaf);
	if (l->job->server_ca) {
		verify(l->job->server_ca, chain, n, why, sizeof why);
		if (why[0]) {
			l->why = arena_strdup(&l->net.rec->out->arena, why);
			return false;
		}
	}
	if (!r)
		remember(l, chain, n);
	return true;
}

void session_forget_servers(struct tls_shared *shared)
{
	while (shared->servers) {
		struct remembered *r = shared->servers;
		shared->servers = r->next;
		free(r->host);
		free(r->ip);
		free(r->server_ca);
		buf_fini(&r->chain);
		free(r);
	}
}

bool session_save(struct tls_link *l, struct arena *a, struct tls_session *out)
{
	gnutls_datum_t data = {0};
	if ((!l->up && !l->closed_well) || gnutls_session_get_data2(l->session, &data) < 0)
		return false;
	/* Without a ticket or, before TLS 1.3, a session id the library packs an empty shell. */
	gnutls_datum_t id = {0};
	bool ticket = (gnutls_session_get_flags(l->session) & GNUTLS_SFLAGS_SESSION_TICKET) != 0;
	bool usable = ticket || (gnutls_protocol_get_version(l->session) != GNUTLS_TLS1_3 &&
				 gnutls_session_get_id2(l->session, &id) == 0 && id.size > 0);
	if (usable)
		*out = (struct tls_session){{arena_memdup(a, data.data, data.size), data.size}, l->ticket_early};
	gnutls_free(data.data);
	return usable;
}
