/* HTTP without TLS, for a server that should have none of it: the link's records are the bytes themselves. */
#include "clients/tls.h"

#include <errno.h>
#include <sys/uio.h>

enum { ALERT_RECORD = 7 };

void tls_open_plain(struct tls_link *l, const struct job *job, const struct job_connect *want)
{
	struct net net = l->net;
	*l = (struct tls_link){.net = net, .job = job, .want = want, .credential = JOB_NO_CREDENTIAL, .plain = true, .up = true};
	l->net.hello_sent = true; /* there will be none */
	net_note(&l->net, EVENT_PLAIN, 0, 0, NULL);
}

/* A TLS server that takes us for a bad client says so as one: type 21, version, two octets (RFC 8446 5.1 and 6). */
static bool is_alert(const unsigned char *data, size_t len)
{
	return len >= ALERT_RECORD && data[0] == 21 && data[1] == 3 && data[3] == 0 && data[4] == 2;
}

enum tls_got tls_recv_plain(struct tls_link *l, void *data, size_t size, size_t *got)
{
	ssize_t n = net_pull(&l->net, data, size);
	const unsigned char *bytes = data;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return l->net.timed_out ? TLS_GOT_TIMEOUT : TLS_GOT_NOTHING;
	if (n > 0 && !is_alert(bytes, (size_t)n)) {
		*got = (size_t)n;
		return TLS_GOT_DATA;
	}
	l->up = false;
	if (n > 0)
		net_note(&l->net, EVENT_ALERT_RECEIVED, bytes[6], bytes[5], NULL);
	else
		net_note_end(&l->net);
	return TLS_GOT_END;
}

bool tls_send_plain(struct tls_link *l, const void *data, size_t len)
{
	const struct iovec piece = {(void *)(uintptr_t)data, len};
	net_push(&l->net, &piece, 1);
	return true;
}
