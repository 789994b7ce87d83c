/*
 * arrival.h - has the program at the other end of a connection read what we sent?  TCP does not tell: an
 * acknowledgement says that its kernel has it.  Where that kernel is ours it can be asked (sock_diag(7)).
 */
#ifndef CLIENTS_ARRIVAL_H
#define CLIENTS_ARRIVAL_H

#include <stdint.h>

enum arrival {
	ARRIVAL_UNKNOWN, /* another machine, or the connection is no more */
	ARRIVAL_UNREAD,
	ARRIVAL_READ,
};
/* Of all that was sent on the connected TCP socket `fd`.  Never blocks. */
enum arrival arrival_look(int fd);

#endif
