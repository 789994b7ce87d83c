#include "harness/pki/general_name.h"

#include "harness/base/text.h"
#include "harness/pki/der.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	const char *prefix;
	unsigned number; /* of the CHOICE */
} texts[] = {{"email:", 1}, {"dns:", 2}, {"uri:", 6}};

static bool put_address(struct buf *b, const char *text, bool constraint)
{
	unsigned char raw[32] = {0};
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text), width;
	uint64_t prefix = 0;
	if (len >= sizeof address || (slash != NULL) != constraint)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, raw) == 1)
		width = 4;
	else if (inet_pton(AF_INET6, address, raw) == 1)
		width = 16;
	else
		return false;
	if (constraint && !text_u64(slash + 1, 0, width * 8, &prefix))
		return false;
	for (uint64_t bit = 0; bit < prefix; bit++)
		raw[width + bit / 8] |= (unsigned char)(0x80u >> (bit % 8));
	der_put(b, DER_CONTEXT(7), raw, constraint ? 2 * width : width);
	return true;
}

bool general_name_put(struct buf *b, const char *word, bool constraint)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (text_starts(word, texts[i].prefix)) {
			const char *rest = word + strlen(texts[i].prefix);
			der_put(b, DER_CONTEXT(texts[i].number), rest, strlen(rest));
			return *rest != '\0';
		}
	return text_starts(word, "ip:") && put_address(b, word + 3, constraint);
}

bool general_names_put(struct buf *b, const char *words, bool constraint)
{
	char word[256];
	size_t from = b->len;
	bool ok = words[strspn(words, " \t\r\n")] != '\0';
	while (ok && text_word(&words, word, sizeof word)) {
		size_t one = b->len;
		ok = general_name_put(b, word, constraint);
		if (ok && constraint) /* GeneralSubtree: minimum and maximum are left out */
			der_close(b, one, DER_SEQUENCE);
	}
	if (!ok || words[strspn(words, " \t\r\n")]) { /* text_word stops at a word that is too long */
		b->len = from;
		return false;
	}
	return true;
}
