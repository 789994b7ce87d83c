/* The requests that come as early data: the guard, reading them, and a fault that answers too soon. */
#include "harness/reference/early.h"

#include "harness/reference/conn.h"
#include "harness/reference/h1.h"
#include "harness/reference/record.h"
#include "harness/reference/sessions.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Of one connection.  More than a request's head is nothing that anybody is in a hurry for. */
enum { EARLY_BYTES = 16384 };

struct early {
	gnutls_anti_replay_t guard;
	struct sessions *seen; /* ids of ClientHellos; no sessions */
};

enum rc early_parse(const char *word, bool *takes, bool *too_early, struct err *err)
{
	*takes = *word; /* a target's empty parameter */
	*too_early = strcmp(word, "425") == 0;
	if (*word && !*too_early && strcmp(word, "wait") != 0)
		return err_set(err, RC_INPUT, "--early-data %s: wait or 425", word);
	return RC_OK;
}

/* GnuTLS puts a time before the id, which every connection takes at another moment: what is behind it tells. */
static int note_hello(void *context, time_t until, const gnutls_datum_t *key, const gnutls_datum_t *data)
{
	enum { TIME = 12, ID = 32 };
	struct sessions *seen = context;
	unsigned char id[ID];
	(void)until, (void)data;
	if (key->size <= TIME || gnutls_hash_fast(GNUTLS_DIG_SHA256, key->data + TIME, key->size - TIME, id) < 0 ||
	    !sessions_note(seen, id, ID))
		return GNUTLS_E_DB_ENTRY_EXISTS;
	return 0;
}

struct early *early_open(void)
{
	struct early *e = calloc(1, sizeof *e);
	if (e && (gnutls_anti_replay_init(&e->guard) < 0 || !(e->seen = sessions_open())))
		early_close(&e);
	if (e) {
		gnutls_anti_replay_set_add_function(e->guard, note_hello);
		gnutls_anti_replay_set_ptr(e->guard, e->seen);
	}
	return e;
}

void early_close(struct early **e)
{
	if (!*e)
		return;
	if ((*e)->guard)
		gnutls_anti_replay_deinit((*e)->guard);
	sessions_close(&(*e)->seen);
	free(*e);
	*e = NULL;
}

void early_serve(struct early *e, gnutls_session_t session)
{
	gnutls_anti_replay_enable(session, e->guard);
	gnutls_record_set_max_early_data_size(session, EARLY_BYTES);
}

long conn_read_early(void *context, void *out, size_t size)
{
	struct conn *c = context;
	ssize_t n = c->endpoint->early ? gnutls_record_recv_early_data(c->session, out, size) : 0;
	return n > 0 ? n : 0;
}

/* The library sends nothing yet: its handshake waits for Finished. */
static bool write_early(void *context, const void *data, size_t len)
{
	enum { APPLICATION_DATA = 23 };
	struct conn *c = context;
	unsigned char record[RECORD_CONTENT + RECORD_OVERHEAD];
	const char *at = data;
	while (len > 0) {
		size_t piece = len < RECORD_CONTENT ? len : RECORD_CONTENT;
		size_t n = record_seal(c->session, APPLICATION_DATA, at, piece, record);
		if (n == 0 || !conn_write(c, record, n))
			return false;
		at += piece;
		len -= piece;
	}
	return true;
}

void conn_serve_early(struct conn *c)
{
	struct wire wire = {.read = conn_read_early, .write = write_early, .context = c};
	c->early_is_over = false;
	conn_admit(c);
	server_h1_serve(&wire, &c->site->policy, &c->admission);
}
