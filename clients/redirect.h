/*
 * redirect.h - does an answer lead where it should?  Pure.  A script follows a redirect one hop, and only to the one
 * place that it names: nobody is sent to an address that a server makes up.
 */
#ifndef CLIENTS_REDIRECT_H
#define CLIENTS_REDIRECT_H

#include <stdbool.h>

/* 301, 302, 303, 307, 308: a GET goes on to Location as it is (RFC 9110 15.4). */
bool redirect_is_status(int status);
/*
 * Is this Location the https URI of `authority` ("host", or "host:port") and `target` ("/path?query")?  Case of scheme and
 * host does not matter, nor does a port of 443 or a fragment (RFC 9110 4.2.3, 10.2.2).  NULL: there was none.
 */
bool redirect_leads_to(const char *location, const char *authority, const char *target);

#endif
