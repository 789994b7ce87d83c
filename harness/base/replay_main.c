/* The main of a fuzzer without a fuzzing engine: every file named, and every file in every folder named, once. */
#include "harness/base/arena.h"
#include "harness/base/fs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory that ends where the file does, for the address sanitizer. */
static enum rc replay_file(const char *path, size_t *n, struct err *err)
{
	enum rc rc;
	struct arena a = {0};
	char *data;
	size_t len;
	TRY(fs_read(&a, path, LARGEST, &data, &len, err));
	uint8_t *exact = mem_alloc(len);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	++*n;
out:
	arena_fini(&a);
	return rc;
}

static enum rc replay(const char *path, size_t *n, struct err *err)
{
	enum rc rc = RC_OK;
	struct arena a = {0};
	const char **names;
	size_t n_names;
	if (!fs_is_dir(path))
		return replay_file(path, n, err);
	TRY(fs_list(&a, path, &names, &n_names, err));
	for (size_t i = 0; i < n_names; i++)
		TRY(replay(arena_printf(&a, "%s/%s", path, names[i]), n, err));
out:
	arena_fini(&a);
	return rc;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	size_t n = 0;
	for (int i = 1; i < argc; i++) {
		if (replay(argv[i], &n, &err) != RC_OK) {
			fprintf(stderr, "%s: %s\n", argv[0], err.text);
			return EXIT_FAILURE;
		}
	}
	printf("%zu inputs\n", n);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
