#include "harness/run/recorded.h"

#include "harness/run/journal.h"
#include "harness/run/meta.h"

#include <stdlib.h>

#define WORDS_MAX 1024

enum rc recorded_read(struct arena *a, const char *dir, struct recorded *out, struct err *err)
{
	enum rc rc;
	struct journal_reader reader = {0};
	struct journal_record record = {0};
	uint64_t offset;
	rc = journal_reader_open(&reader, arena_printf(a, "%s/journal", dir), err);
	if (rc == RC_ABSENT)
		rc = RC_INPUT; /* a directory that was named and holds no run is a wrong word */
	if (rc != RC_OK)
		goto out;
	rc = journal_next(&reader, &record, &offset, err);
	if (rc == RC_END || (rc == RC_OK && (record.kind != JOURNAL_META || !record.text)))
		rc = err_set(err, RC_INPUT, "%s/journal holds no run", dir);
	if (rc != RC_OK)
		goto out;
	char **argv = ARENA_NEW(a, char *, WORDS_MAX);
	for (out->argc = 0; out->argc < WORDS_MAX - 1; out->argc++) {
		argv[out->argc] = arena_strdup(a, meta_value(a, record.text, "arg", (unsigned)out->argc));
		if (!argv[out->argc])
			break;
	}
	out->argv = argv;
	out->digest = meta_value(a, record.text, "digest", 0);
	out->cwd = meta_value(a, record.text, "cwd", 0);
	const char *seed = meta_value(a, record.text, "seed", 0);
	out->seed = seed ? strtoull(seed, NULL, 10) : 0;
	out->started = record.at;
	if (out->argc == 0 || !out->digest)
		rc = err_set(err, RC_INPUT, "%s/journal does not tell how the run was started", dir);
out:
	observation_fini(&record.observation);
	journal_reader_close(&reader);
	return rc;
}

static const char *line_of(struct arena *a, const struct recorded *was)
{
	const char *line = "mtlspec";
	for (int i = 0; i < was->argc; i++)
		line = arena_printf(a, "%s %s", line, was->argv[i]);
	return line;
}

enum rc recorded_same(struct arena *a, const struct recorded *was, const struct options *now, struct err *err)
{
	struct options then;
	int rest;
	/* getopt moves words: the record stays as it is. */
	char **argv = arena_memdup(a, was->argv, (size_t)(was->argc + 1) * sizeof *argv);
	enum rc rc = options_parse(a, was->argc, argv, "", &then, &rest, err);
	if (rc != RC_OK)
		return rc;
	const char *what = options_differ(&then, now);
	if (what)
		return err_set(err, RC_INPUT, "--resume: --%s is not what the run to be resumed had; it was: %s", what,
			       line_of(a, was));
	if (now->has_seed && now->seed != was->seed)
		return err_set(err, RC_INPUT, "--resume: the run to be resumed had --seed %llu",
			       (unsigned long long)was->seed);
	return RC_OK;
}
