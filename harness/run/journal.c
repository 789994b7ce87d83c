#include "harness/run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

ENUM_DEFINE(journal_kind, JOURNAL, JOURNAL_KIND_LIST);

#define MAGIC "mtlspec journal 1\n"
#define RECORD_MAX (8u << 20)
#define FRAME_BYTES 12 /* length, then a hash of the bytes */

void journal_put(struct buf *b, const struct journal_record *r)
{
	buf_put_u8(b, r->kind);
	buf_put_u32(b, r->target);
	buf_put_u64(b, r->number);
	buf_put_u32(b, r->repetition);
	buf_put_u32(b, r->group);
	buf_put_u64(b, r->at);
	buf_put_text(b, r->condition);
	buf_put_text(b, r->text);
	buf_put_u32(b, (uint32_t)r->n_identities);
	for (size_t i = 0; i < r->n_identities; i++) {
		buf_put_text(b, r->identities[i].credential);
		buf_put_text(b, r->identities[i].subject);
		buf_put_text(b, r->identities[i].sha1);
		buf_put_text(b, r->identities[i].sha256);
	}
	observation_put(b, &r->observation);
}

enum rc journal_get(const void *data, size_t len, struct arena *a, struct journal_record *r, struct err *err)
{
	struct reader in = {data, (const unsigned char *)data + len, false};
	unsigned kind = reader_u8(&in);
	r->kind = (enum journal_kind)kind;
	r->target = reader_u32(&in);
	r->number = reader_u64(&in);
	r->repetition = reader_u32(&in);
	r->group = reader_u32(&in);
	r->at = reader_u64(&in);
	r->condition = reader_text(&in, a);
	r->text = reader_text(&in, a);
	r->n_identities = reader_u32(&in);
	if (in.bad || kind >= JOURNAL__COUNT || r->n_identities > 64)
		return err_set(err, RC_INPUT, "not a journal record");
	struct shown_identity *v = ARENA_NEW(a, struct shown_identity, r->n_identities);
	for (size_t i = 0; i < r->n_identities; i++) {
		v[i].credential = reader_text(&in, a);
		v[i].subject = reader_text(&in, a);
		v[i].sha1 = reader_text(&in, a);
		v[i].sha256 = reader_text(&in, a);
	}
	r->identities = v;
	return observation_get(&in, &r->observation, err);
}


static void frame_put(struct buf *b, const struct journal_record *r)
{
	struct buf body;
	buf_init(&body, RECORD_MAX);
	journal_put(&body, r);
	buf_put_u32(b, (uint32_t)body.len);
	buf_put_u64(b, text_hash(body.data, body.len, 0));
	buf_add(b, body.data, body.len);
	buf_fini(&body);
}

/* The offset behind the last whole record. */
static enum rc whole_end(const char *path, uint64_t *end, struct err *err)
{
	enum rc rc;
	struct journal_reader r = {0};
	struct journal_record record = {0};
	uint64_t at;
	TRY(journal_reader_open(&r, path, err));
	while ((rc = journal_next(&r, &record, &at, err)) == RC_OK)
		;
	if (rc == RC_END) {
		*end = (uint64_t)ftello(r.file);
		rc = RC_OK;
	}
out:
	observation_fini(&record.observation);
	journal_reader_close(&r);
	return rc;
}

bool journal_in_use(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool used = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return used;
}

enum rc journal_open(struct journal *j, const char *path, bool append, struct err *err)
{
	enum rc rc = RC_OK;
	*j = (struct journal){.path = path};
	if (append) {
		uint64_t end = 0;
		TRY(whole_end(path, &end, err));
		if (truncate(path, (off_t)end) < 0)
			return err_errno(err, RC_FAULT, "cannot cut the torn end off %s", path);
	}
	j->file = fopen(path, append ? "ae" : "we");
	if (!j->file)
		return err_errno(err, RC_FAULT, "cannot write %s", path);
	/* Held as long as we live: who finds it free may move the directory aside. */
	(void)!flock(fileno(j->file), LOCK_EX | LOCK_NB);
	if (!append && (fputs(MAGIC, j->file) == EOF || fflush(j->file) != 0))
		rc = err_errno(err, RC_FAULT, "cannot write %s", path);
out:
	if (rc != RC_OK)
		journal_close(j);
	return rc;
}

enum rc journal_write(struct journal *j, const struct journal_record *r, struct err *err)
{
	struct buf b;
	buf_init(&b, RECORD_MAX + FRAME_BYTES);
	frame_put(&b, r);
	/* One write a record: a kill between two leaves whole records only. */
	bool bad = fwrite(b.data, 1, b.len, j->file) != b.len || fflush(j->file) != 0;
	buf_fini(&b);
	return bad ? err_errno(err, RC_FAULT, "cannot write %s", j->path) : RC_OK;
}

void journal_close(struct journal *j)
{
	if (j->file)
		fclose(j->file);
	j->file = NULL;
}

enum rc journal_reader_open(struct journal_reader *r, const char *path, struct err *err)
{
	char magic[sizeof MAGIC] = "";
	*r = (struct journal_reader){0};
	buf_init(&r->buf, RECORD_MAX);
	r->file = fopen(path, "re");
	if (!r->file)
		return err_errno(err, errno == ENOENT ? RC_ABSENT : RC_FAULT, "cannot open %s", path);
	if (fread(magic, 1, sizeof MAGIC - 1, r->file) != sizeof MAGIC - 1 || strcmp(magic, MAGIC) != 0) {
		journal_reader_close(r);
		return err_set(err, RC_INPUT, "%s is not a journal of mtlspec", path);
	}
	return RC_OK;
}

static enum rc read_frame(struct journal_reader *r, struct arena *a, struct journal_record *out, struct err *err)
{
	unsigned char head[FRAME_BYTES];
	if (fread(head, 1, sizeof head, r->file) != sizeof head)
		return RC_END;
	struct reader in = {head, head + sizeof head, false};
	uint32_t len = reader_u32(&in);
	uint64_t hash = reader_u64(&in);
	if (len > RECORD_MAX)
		return RC_END;
	buf_clear(&r->buf);
	if (r->buf.cap < len + 1u) {
		r->buf.data = mem_grow(r->buf.data, len + 1u);
		r->buf.cap = len + 1u;
	}
	if (fread(r->buf.data, 1, len, r->file) != len || text_hash(r->buf.data, len, 0) != hash)
		return RC_END;
	return journal_get(r->buf.data, len, a, out, err);
}

enum rc journal_next(struct journal_reader *r, struct journal_record *out, uint64_t *offset, struct err *err)
{
	off_t at = ftello(r->file);
	*offset = (uint64_t)at;
	arena_reset(&r->arena);
	enum rc rc = read_frame(r, &r->arena, out, err);
	if (rc == RC_END) {
		clearerr(r->file);
		fseeko(r->file, 0, SEEK_END);
		r->torn = ftello(r->file) != at;
		fseeko(r->file, at, SEEK_SET);
	}
	return rc;
}

enum rc journal_at(struct journal_reader *r, uint64_t offset, struct arena *a, struct journal_record *out,
		   struct err *err)
{
	if (fseeko(r->file, (off_t)offset, SEEK_SET) < 0)
		return err_errno(err, RC_FAULT, "cannot seek in the journal");
	enum rc rc = read_frame(r, a, out, err);
	return rc == RC_END ? err_set(err, RC_FAULT, "the journal changed while it was read") : rc;
}

void journal_reader_close(struct journal_reader *r)
{
	if (r->file)
		fclose(r->file);
	arena_fini(&r->arena);
	buf_fini(&r->buf);
	*r = (struct journal_reader){0};
}
