#include "clients/fragment.h"

enum { HEADER = 5, VERSION = 3 }; /* ContentType, ProtocolVersion, uint16 length: RFC 8446 5.1 */

void fragment_records(struct buf *out, const void *data, size_t len, size_t each)
{
	const unsigned char *at = data, *end = at + len;
	while (end - at >= HEADER) {
		size_t content = (size_t)at[VERSION] << 8 | at[VERSION + 1];
		const unsigned char *piece = at + HEADER;
		if ((size_t)(end - piece) < content)
			break;
		for (size_t left = content; left;) {
			size_t n = left < each ? left : each;
			unsigned char size[2] = {(unsigned char)(n >> 8), (unsigned char)n};
			buf_add(out, at, VERSION);
			buf_add(out, size, sizeof size);
			buf_add(out, piece, n);
			piece += n;
			left -= n;
		}
		at = piece;
	}
	buf_add(out, at, (size_t)(end - at));
}
