/* Any bytes as the messages that are audited: each read once, and nothing said that is no breach. */
#include "clients/audit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *context, enum breach what, const char *why)
{
	(void)context;
	if ((unsigned)what >= BREACH__COUNT || strlen(why) > 200)
		abort();
}

/* The first octet says which message, and of which version. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit a = {.tls = BIT(TLS_1_2) | BIT(TLS_1_3), .alpn = "http/1.1 h2", .found = found};
	if (size == 0)
		return 0;
	/* behind the copy lies nothing, so that a read too far is seen */
	unsigned char *message = malloc(size > 1 ? size - 1 : 1);
	memcpy(message, data + 1, size - 1);
	switch (data[0] % 6) {
	case 0:
		audit_server_hello(&a, message, size - 1);
		break;
	case 1:
		audit_encrypted_extensions(&a, message, size - 1);
		break;
	case 2:
		audit_certificate_request(&a, TLS_1_3, false, message, size - 1);
		audit_certificate_request(&a, TLS_1_3, true, message, size - 1);
		break;
	case 3:
		audit_certificate_request(&a, TLS_1_2, false, message, size - 1);
		break;
	case 5:
		audit_new_session_ticket(&a, message, size - 1, &(struct audit_ticket){0});
		break;
	default:
		audit_certificate_request(&a, TLS_1_1, false, message, size - 1);
	}
	free(message);
	return 0;
}
