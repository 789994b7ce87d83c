/* Any bytes as a stored observation: refused, or one that can be stored and read again. */
#include "clients/observation.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {data, data + size, false};
	struct observation o;
	struct err err = {{0}};
	struct buf again, line;
	observation_init(&o);
	buf_init(&again, SIZE_MAX / 4);
	buf_init(&line, 1 << 16);
	if (observation_get(&r, &o, &err) == RC_OK) {
		observation_put(&again, &o);
		struct reader second = {(const unsigned char *)again.data,
					(const unsigned char *)again.data + again.len, false};
		if (observation_get(&second, &o, &err) != RC_OK || second.at != second.end)
			abort();
		for (size_t i = 0; i < o.n; i++)
			observation_event_line(&line, &o.events[i]);
	}
	buf_fini(&line);
	buf_fini(&again);
	observation_fini(&o);
	return 0;
}
