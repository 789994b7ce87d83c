/* fs.h - whole files, directories, and writers that never leave half a file under its final name. */
#ifndef HARNESS_BASE_FS_H
#define HARNESS_BASE_FS_H

#include "harness/base/arena.h"
#include "harness/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
enum rc fs_mkdirs(const char *path, struct err *err) MUST_USE;
/* The whole file into the arena with a NUL behind it; RC_INPUT past `limit` bytes, RC_ABSENT if there is none. */
enum rc fs_read(struct arena *a, const char *path, size_t limit, char **data, size_t *len, struct err *err) MUST_USE;
/* Names in a directory without "." and "..", sorted by byte value (arena). */
enum rc fs_list(struct arena *a, const char *path, const char ***names, size_t *n, struct err *err) MUST_USE;
enum rc fs_write(const char *path, const void *data, size_t len, unsigned mode, struct err *err) MUST_USE;
enum rc fs_remove_tree(const char *path, struct err *err) MUST_USE;
enum rc fs_absolute(struct arena *a, const char *path, const char **out, struct err *err) MUST_USE;

/* Write to `path`.tmp-PID, then rename: a reader sees the old file or the whole new one. */
struct fs_out {
	FILE *file; /* owned; NULL when closed */
	char path[1024], temp[1040];
};
enum rc fs_out_open(struct fs_out *out, const char *path, struct err *err) MUST_USE;
enum rc fs_out_commit(struct fs_out *out, struct err *err) MUST_USE; /* flush, check, rename */
void fs_out_close(struct fs_out *out);				      /* drops what was not committed; idempotent */

/* Whole reads and writes on descriptors, EINTR handled.  RC_END: the peer closed before the first byte. */
enum rc fd_read_full(int fd, void *data, size_t len, struct err *err) MUST_USE;
enum rc fd_write_full(int fd, const void *data, size_t len, struct err *err) MUST_USE;

#endif
