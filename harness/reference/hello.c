#include "harness/reference/hello.h"

/* Moves behind `size` bytes of length and what they announce; the latter is *body. */
static bool take(struct span *rest, size_t size, struct span *body)
{
	size_t len = 0;
	if (rest->len < size)
		return false;
	for (size_t i = 0; i < size; i++)
		len = len << 8 | rest->at[i];
	if (rest->len - size < len)
		return false;
	*body = (struct span){rest->at + size, len};
	*rest = (struct span){body->at + len, rest->len - size - len};
	return true;
}

bool hello_read(struct span message, struct hello *out)
{
	enum { VERSION_AND_RANDOM = 34 };
	struct span skipped;
	*out = (struct hello){0};
	if (message.len < VERSION_AND_RANDOM)
		return false;
	struct span rest = {message.at + VERSION_AND_RANDOM, message.len - VERSION_AND_RANDOM};
	if (!take(&rest, 1, &out->session_id) || !take(&rest, 2, &skipped) || !take(&rest, 1, &skipped))
		return false;
	return rest.len == 0 || take(&rest, 2, &out->extensions);
}

bool hello_extension(const struct hello *hello, unsigned type, struct span *body)
{
	struct span rest = hello->extensions;
	while (rest.len >= 2) {
		const unsigned char *here = rest.at;
		rest = (struct span){here + 2, rest.len - 2};
		if (!take(&rest, 2, body))
			break;
		if (((unsigned)here[0] << 8 | here[1]) == type)
			return true;
	}
	*body = (struct span){0};
	return false;
}
