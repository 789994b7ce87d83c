#include "harness/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum rc fs_mkdirs(const char *path, struct err *err)
{
	char part[PATH_MAX];
	if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
		return err_set(err, RC_INPUT, "path too long: %s", path);
	for (char *p = part + 1;; p++) {
		if (*p && *p != '/')
			continue;
		char keep = *p;
		*p = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return err_errno(err, RC_FAULT, "cannot make directory %s", part);
		*p = keep;
		if (!keep)
			break;
	}
	if (!fs_is_dir(path))
		return err_set(err, RC_FAULT, "%s is not a directory", path);
	return RC_OK;
}

enum rc fs_read(struct arena *a, const char *path, size_t limit, char **data, size_t *len, struct err *err)
{
	enum rc rc;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno == ENOENT ? RC_ABSENT : RC_FAULT, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = err_set(err, RC_INPUT, "%s is not a regular file", path);
		goto out;
	}
	if ((uint64_t)st.st_size > limit) {
		rc = err_set(err, RC_INPUT, "%s is too large: %lld bytes, at most %zu are read", path,
			     (long long)st.st_size, limit);
		goto out;
	}
	*len = (size_t)st.st_size;
	*data = arena_alloc(a, *len + 1);
	rc = *len ? fd_read_full(fd, *data, *len, err) : RC_OK;
	if (rc == RC_END)
		rc = err_set(err, RC_FAULT, "%s changed while it was read", path);
out:
	close(fd);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum rc fs_list(struct arena *a, const char *path, const char ***names, size_t *n, struct err *err)
{
	DIR *dir = opendir(path);
	if (!dir)
		return err_errno(err, errno == ENOENT ? RC_ABSENT : RC_FAULT, "cannot open directory %s", path);
	const char **v = NULL;
	size_t cap = 0;
	*n = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			*VEC_PUSH(v, *n, cap) = arena_strdup(a, e->d_name);
	closedir(dir);
	if (*n)
		qsort(v, *n, sizeof *v, by_name);
	*names = *n ? arena_memdup(a, v, *n * sizeof *v) : NULL;
	free(v);
	return RC_OK;
}

enum rc fs_write(const char *path, const void *data, size_t len, unsigned mode, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	if (fd < 0)
		return err_errno(err, RC_FAULT, "cannot write %s", path);
	enum rc rc = fd_write_full(fd, data, len, NULL);
	if (rc != RC_OK)
		rc = err_errno(err, rc, "cannot write %s", path);
	if (close(fd) < 0 && rc == RC_OK)
		rc = err_errno(err, RC_FAULT, "cannot write %s", path);
	return rc;
}

enum rc fs_remove_tree(const char *path, struct err *err)
{
	enum rc rc = RC_OK;
	struct stat st;
	struct arena a = {0};
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? RC_OK : err_errno(err, RC_FAULT, "cannot remove %s", path);
	if (S_ISDIR(st.st_mode)) {
		const char **names;
		size_t n;
		TRY(fs_list(&a, path, &names, &n, err));
		for (size_t i = 0; i < n; i++)
			TRY(fs_remove_tree(arena_printf(&a, "%s/%s", path, names[i]), err));
		if (rmdir(path) < 0)
			rc = err_errno(err, RC_FAULT, "cannot remove %s", path);
	} else if (unlink(path) < 0) {
		rc = err_errno(err, RC_FAULT, "cannot remove %s", path);
	}
out:
	arena_fini(&a);
	return rc;
}

enum rc fs_absolute(struct arena *a, const char *path, const char **out, struct err *err)
{
	char full[PATH_MAX];
	if (!realpath(path, full))
		return err_errno(err, errno == ENOENT ? RC_ABSENT : RC_FAULT, "cannot resolve %s", path);
	*out = arena_strdup(a, full);
	return RC_OK;
}

enum rc fs_out_open(struct fs_out *out, const char *path, struct err *err)
{
	*out = (struct fs_out){0};
	if ((size_t)snprintf(out->path, sizeof out->path, "%s", path) >= sizeof out->path)
		return err_set(err, RC_INPUT, "path too long: %s", path);
	snprintf(out->temp, sizeof out->temp, "%s.tmp-%ld", out->path, (long)getpid());
	out->file = fopen(out->temp, "we");
	if (!out->file)
		return err_errno(err, RC_FAULT, "cannot write %s", out->temp);
	return RC_OK;
}

enum rc fs_out_commit(struct fs_out *out, struct err *err)
{
	bool bad = fflush(out->file) != 0 || ferror(out->file);
	int saved = errno;
	if (fclose(out->file) != 0 && !bad) {
		bad = true;
		saved = errno;
	}
	out->file = NULL;
	if (bad) {
		unlink(out->temp);
		errno = saved;
		return err_errno(err, RC_FAULT, "cannot write %s", out->path);
	}
	if (rename(out->temp, out->path) < 0) {
		saved = errno;
		unlink(out->temp);
		errno = saved;
		return err_errno(err, RC_FAULT, "cannot write %s", out->path);
	}
	return RC_OK;
}

void fs_out_close(struct fs_out *out)
{
	if (!out->file)
		return;
	fclose(out->file);
	out->file = NULL;
	unlink(out->temp);
}

enum rc fd_read_full(int fd, void *data, size_t len, struct err *err)
{
	size_t got = 0;
	while (got < len) {
		ssize_t n = read(fd, (char *)data + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, RC_FAULT, "read failed");
		if (n == 0)
			return got ? err_set(err, RC_FAULT, "read ended early") : RC_END;
		got += (size_t)n;
	}
	return RC_OK;
}

enum rc fd_write_full(int fd, const void *data, size_t len, struct err *err)
{
	size_t put = 0;
	while (put < len) {
		ssize_t n = write(fd, (const char *)data + put, len - put);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, RC_FAULT, "write failed");
		put += (size_t)n;
	}
	return RC_OK;
}
