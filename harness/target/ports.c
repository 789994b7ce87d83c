#include "harness/target/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool known(const struct ports *p, uint16_t number)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].number == number)
			return true;
	return false;
}

static enum rc choose(int *fd, uint16_t *number, struct err *err)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sa;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_errno(err, RC_FAULT, "cannot make a socket");
	if (bind(*fd, (struct sockaddr *)&sa, sizeof sa) < 0 || getsockname(*fd, (struct sockaddr *)&sa, &len) < 0) {
		enum rc rc = err_errno(err, RC_FAULT, "no free port on 127.0.0.1");
		close(*fd);
		return rc;
	}
	*number = ntohs(sa.sin_port);
	return RC_OK;
}

enum rc ports_get(struct ports *p, struct arena *a, const char *word, uint16_t *number, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->list[i].word, word) == 0) {
			*number = p->list[i].number;
			return RC_OK;
		}
	}
	int fd, again[64];
	size_t refused = 0;
	enum rc rc = choose(&fd, number, err);
	/* A released port may come back while its owner is still starting: keep it and ask for another. */
	while (rc == RC_OK && known(p, *number) && refused < sizeof again / sizeof *again) {
		again[refused++] = fd;
		rc = choose(&fd, number, err);
	}
	while (refused)
		close(again[--refused]);
	if (rc == RC_OK)
		*VEC_PUSH(p->list, p->n, p->cap) = (struct port){arena_strdup(a, word), *number, fd};
	return rc;
}

void ports_release(struct ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].fd >= 0)
			close(p->list[i].fd);
		p->list[i].fd = -1;
	}
}

enum rc ports_hold(struct ports *p, struct err *err)
{
	static const int on = 1; /* connections that were served there may still be ending */
	for (size_t i = 0; i < p->n; i++) {
		struct sockaddr_in sa = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					 .sin_port = htons(p->list[i].number)};
		if (p->list[i].fd >= 0)
			continue;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return err_errno(err, RC_FAULT, "cannot make a socket");
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
			close(fd);
			return err_errno(err, RC_END, "port %u is not free", (unsigned)p->list[i].number);
		}
		p->list[i].fd = fd;
	}
	return RC_OK;
}

void ports_fini(struct ports *p)
{
	ports_release(p);
	free(p->list);
	*p = (struct ports){0};
}
