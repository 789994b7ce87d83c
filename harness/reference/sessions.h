/*
 * sessions.h - the sessions of one name that a client may resume by their id (RFC 5246 7.3): a ring in memory that the
 * threads or processes of all connections share.  The newest push out the oldest.
 */
#ifndef HARNESS_REFERENCE_SESSIONS_H
#define HARNESS_REFERENCE_SESSIONS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

struct sessions;

/* Before the first connection.  NULL when there is no memory. */
struct sessions *sessions_open(void);
void sessions_close(struct sessions **s); /* idempotent */

/* Sessions of this connection are kept there and looked up there.  `s` is borrowed. */
void sessions_serve(struct sessions *s, gnutls_session_t session);

/* Without a session: that there was something with this id, of 1 to 32 bytes.  False: that is known, or no such id. */
bool sessions_note(struct sessions *s, const void *id, size_t len);
bool sessions_has(struct sessions *s, const void *id, size_t len);

/* Whether anybody has shaken hands since the server started. */
void sessions_begin(struct sessions *s);
bool sessions_have_begun(const struct sessions *s);

#endif
