#include "harness/target/ready.h"

#include "harness/base/clock.h"
#include "harness/target/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Big-endian, as TLS writes numbers (RFC 8446 3.3). */
static void put16(struct buf *b, unsigned v)
{
	unsigned char two[2] = {(unsigned char)(v >> 8), (unsigned char)v};
	buf_add(b, two, sizeof two);
}

static void put_list16(struct buf *b, const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put16(b, list[i]);
}

/* Opens a vector with a 16-bit length; close16 fills the length in. */
static size_t open16(struct buf *b)
{
	put16(b, 0);
	return b->len;
}

static void close16(struct buf *b, size_t start)
{
	size_t len = b->len - start;
	b->data[start - 2] = (char)(len >> 8);
	b->data[start - 1] = (char)len;
}

static void put_server_name(struct buf *b, const char *host)
{
	put16(b, 0); /* server_name, RFC 6066 section 3 */
	size_t extension = open16(b), list = open16(b);
	buf_put_u8(b, 0); /* host_name */
	size_t name = open16(b);
	buf_adds(b, host);
	close16(b, name);
	close16(b, list);
	close16(b, extension);
}

static void put_list_extension(struct buf *b, unsigned type, const uint16_t *list, size_t n, bool byte_length)
{
	put16(b, type);
	size_t extension = open16(b);
	if (byte_length)
		buf_put_u8(b, (unsigned)(2 * n));
	else
		put16(b, (unsigned)(2 * n));
	put_list16(b, list, n);
	close16(b, extension);
}

static void put_key_share(struct buf *b)
{
	static const unsigned char point[32] = {9}; /* the base point of X25519: valid, and nothing is ever decrypted */
	put16(b, 51);
	size_t extension = open16(b), shares = open16(b);
	put16(b, 0x001d);
	put16(b, sizeof point);
	buf_add(b, point, sizeof point);
	close16(b, shares);
	close16(b, extension);
}

#define N(list) (sizeof(list) / sizeof *(list))

void ready_hello(struct buf *b, const char *host)
{
	static const uint16_t ciphers[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
					   0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x009c, 0x002f, 0x00ff};
	static const uint16_t groups[] = {0x001d, 0x0017, 0x0018, 0x0019};
	static const uint16_t schemes[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501,
					   0x0603, 0x0806, 0x0601, 0x0807, 0x0203, 0x0201};
	static const uint16_t versions[] = {0x0304, 0x0303, 0x0302, 0x0301};
	static const char random[32] = "mtlspec asks: are you ready yet";
	buf_add(b, "\x16\x03\x01", 3);
	size_t record = open16(b);
	buf_add(b, "\x01", 2); /* client_hello and the first byte of its 24-bit length */
	size_t message = open16(b);
	put16(b, 0x0303);
	buf_add(b, random, sizeof random);
	buf_put_u8(b, 0); /* legacy_session_id */
	put16(b, sizeof ciphers);
	put_list16(b, ciphers, N(ciphers));
	buf_add(b, "\x01", 2); /* one compression method: null */
	size_t extensions = open16(b);
	if (host && !url_host_is_ip(host))
		put_server_name(b, host);
	put_list_extension(b, 10, groups, N(groups), false);
	buf_add(b, "\x00\x0b\x00\x02\x01\x00", 6); /* ec_point_formats: uncompressed */
	put_list_extension(b, 13, schemes, N(schemes), false);
	buf_add(b, "\x00\x17\x00\x00", 4); /* extended_master_secret */
	put_list_extension(b, 43, versions, N(versions), true);
	put_key_share(b);
	close16(b, extensions);
	close16(b, message);
	close16(b, record);
}

static socklen_t to_sockaddr(const struct job_address *address, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	if (inet_pton(AF_INET, address->ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(address->port);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
	if (inet_pton(AF_INET6, address->ip, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(address->port);
	return sizeof *v6;
}

static bool wait_for(int fd, short events, uint64_t until)
{
	for (;;) {
		uint64_t now = clock_us();
		struct pollfd pf = {.fd = fd, .events = events};
		int n = poll(&pf, 1, now < until ? (int)((until - now) / 1000u) : 0);
		if (n < 0 && errno == EINTR)
			continue;
		return n > 0;
	}
}

/* A connected non-blocking socket, or -1. */
static int dial(const struct job_address *address, uint64_t until)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(address, &ss);
	int fd = len ? socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	int e = 0;
	socklen_t size = sizeof e;
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    (errno != EINPROGRESS || !wait_for(fd, POLLOUT, until) ||
	     getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) < 0 || e)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool ready_tcp(const struct job_address *address, uint32_t ms)
{
	int fd = dial(address, clock_us() + (uint64_t)ms * 1000u);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool ready_tls(const struct job_address *address, const char *host, uint32_t ms)
{
	uint64_t until = clock_us() + (uint64_t)ms * 1000u;
	int fd = dial(address, until);
	if (fd < 0)
		return false;
	struct buf hello;
	unsigned char type = 0;
	buf_init(&hello, 4096);
	ready_hello(&hello, host);
	/* Fits any socket buffer: one send takes all of it. */
	bool sent = send(fd, hello.data, hello.len, MSG_NOSIGNAL) == (ssize_t)hello.len;
	bool tls = sent && wait_for(fd, POLLIN, until) && recv(fd, &type, 1, 0) == 1 && (type == 0x16 || type == 0x15);
	buf_fini(&hello);
	close(fd);
	return tls;
}

/* A datagram socket can be connected, without a packet, only where there is a route. */
static bool has_route(const struct job_address *address)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(address, &ss);
	int fd = len ? socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0)
		return false;
	bool routed = connect(fd, (struct sockaddr *)&ss, len) == 0;
	close(fd);
	return routed;
}

enum rc ready_resolve(struct arena *a, const char *host, uint16_t port, struct job_address *out, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char ip[INET6_ADDRSTRLEN + 16]; /* room for a %scope, which inet_pton then refuses */
	const char *routed = NULL, *first = NULL;
	*out = (struct job_address){.port = port};
	if (url_host_is_ip(host)) {
		out->ip = arena_strdup(a, host);
		return RC_OK;
	}
	int e = getaddrinfo(host, NULL, &hints, &list);
	if (e && url_host_is_localhost(host)) { /* whatever the machine's files say */
		out->ip = "127.0.0.1";
		return RC_OK;
	}
	if (e)
		return err_set(err, RC_FAULT, "cannot resolve %s: %s", host, gai_strerror(e));
	bool several = list->ai_next != NULL;
	for (const struct addrinfo *i = list; i && !out->ip; i = i->ai_next) {
		if (getnameinfo(i->ai_addr, i->ai_addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		struct job_address each = {arena_strdup(a, ip), port};
		first = first ? first : each.ip;
		if (!has_route(&each))
			continue;
		routed = routed ? routed : each.ip;
		if (several && ready_tcp(&each, 1000))
			out->ip = each.ip;
	}
	freeaddrinfo(list);
	if (!out->ip)
		out->ip = routed ? routed : first;
	return out->ip ? RC_OK : err_set(err, RC_FAULT, "%s has no usable address", host);
}
