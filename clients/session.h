/*
 * session.h - what we remember of servers: the chain each one showed first, and sessions saved for resumption.  Part of
 * tls.c's side of the border: talks to the TLS library.
 */
#ifndef CLIENTS_SESSION_H
#define CLIENTS_SESSION_H

#include "clients/tls.h"

/*
 * Compare the chain that the session's peer shows with the one remembered for this host and address, byte for byte, and
 * note it.  A chain not seen before is checked against job->server_ca if there is one.  False, with the reason in
 * l->why, when it does not verify.
 */
bool session_check_server(struct tls_link *l);
void session_forget_servers(struct tls_shared *shared);

/*
 * The session as bytes in `a`, also when the peer has closed it well; false when it gave nothing to resume.  May wait some ms
 * for a ticket.
 */
bool session_save(struct tls_link *l, struct arena *a, struct tls_session *out);

#endif
