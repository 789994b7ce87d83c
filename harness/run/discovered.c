#include "harness/run/discovered.h"

#include "harness/base/fs.h"
#include "harness/discover/discover.h"

#include <strings.h>

#define TARGET_MAX (1u << 20)

bool discovered_is_url(const char *name)
{
	return strncasecmp(name, "https://", 8) == 0;
}

static const char *path_in(struct session *s, const char *dir, size_t index)
{
	return index ? arena_printf(&s->arena, "%s/target-%zu.xml", dir, index + 1) :
		       arena_printf(&s->arena, "%s/target.xml", dir);
}

enum rc discovered_find(struct session *s, size_t index, const char **file, struct err *err)
{
	enum rc rc = RC_OK;
	const struct options *o = s->options;
	struct discover_spec spec = {.url = o->targets.v[index], .timeout_ms = o->timeout_ms, .certificate = o->certificate,
				     .pki = o->pki, .suite = s->suite, .now = s->now};
	if (o->results) {
		*file = path_in(s, o->results, index);
		if (!fs_exists(*file))
			rc = err_set(err, RC_INPUT, "%s is missing: what that run discovered of %s", *file, spec.url);
		goto out;
	}
	if (!s->fresh.path[0])
		TRY(rundir_open(&s->fresh, err));
	*file = path_in(s, s->fresh.path, index);
	rc = discover_target(&s->arena, &spec, *file, err);
out:
	return rc;
}

enum rc discovered_keep(struct session *s, const char *out, struct err *err)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; s->fresh.path[0] && i < s->n_targets; i++) {
		char *data;
		size_t len;
		if (!discovered_is_url(s->options->targets.v[i]))
			continue;
		TRY(fs_read(&s->arena, path_in(s, s->fresh.path, i), TARGET_MAX, &data, &len, err));
		TRY(fs_write(path_in(s, out, i), data, len, 0644, err));
	}
out:
	return rc;
}
