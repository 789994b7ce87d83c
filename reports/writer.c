#include "reports/writer.h"

#include "reports/clean.h"

#include <errno.h>
#include <inttypes.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlwriter.h>
#include <string.h>

/* A failed write is kept for writer_check: libxml2 would print it on stderr and forget errno. */
static int put(void *context, const char *data, int len)
{
	struct writer *w = context;
	if (!w->bad && fwrite(data, 1, (size_t)len, w->file) != (size_t)len) {
		w->bad = true;
		w->error = errno;
	}
	return len;
}

enum rc writer_open(struct writer *w, FILE *file, struct err *err)
{
	*w = (struct writer){.file = file};
	buf_init(&w->scratch, WRITER_MAX_VALUE + 64);
	xmlOutputBufferPtr out = xmlOutputBufferCreateIO(put, NULL, w, NULL);
	if (out)
		w->xml = xmlNewTextWriter(out); /* owns out from here on */
	if (!w->xml) {
		if (out)
			xmlOutputBufferClose(out);
		return err_set(err, RC_FAULT, "cannot make an XML writer");
	}
	if (xmlTextWriterSetIndent(w->xml, 1) < 0 || xmlTextWriterSetIndentString(w->xml, BAD_CAST " ") < 0)
		w->bad = true;
	return RC_OK;
}

void writer_close(struct writer *w)
{
	if (w->xml)
		xmlFreeTextWriter(w->xml);
	buf_fini(&w->scratch);
	*w = (struct writer){0};
}

static void note(struct writer *w, int result)
{
	if (result < 0)
		w->bad = true;
}

void writer_prolog(struct writer *w)
{
	note(w, xmlTextWriterStartDocument(w->xml, "1.0", "UTF-8", NULL));
}

void writer_start(struct writer *w, const char *element)
{
	w->elements++;
	note(w, xmlTextWriterStartElement(w->xml, BAD_CAST element));
}

void writer_end(struct writer *w)
{
	note(w, xmlTextWriterEndElement(w->xml));
}

void writer_attr_max(struct writer *w, const char *name, const char *value, size_t max)
{
	if (value)
		note(w,
		     xmlTextWriterWriteAttribute(w->xml, BAD_CAST name, BAD_CAST clean_text(&w->scratch, value, max)));
}

void writer_attr(struct writer *w, const char *name, const char *value)
{
	writer_attr_max(w, name, value, WRITER_MAX_VALUE);
}

void writer_attr_u64(struct writer *w, const char *name, uint64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRIu64, value);
	writer_attr(w, name, text);
}

void writer_attr_i64(struct writer *w, const char *name, int64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRId64, value);
	writer_attr(w, name, text);
}

void writer_attr_flag(struct writer *w, const char *name, bool value)
{
	writer_attr(w, name, value ? "yes" : "no");
}

/* Integers only: a report must not change with the locale. */
void writer_attr_seconds(struct writer *w, const char *name, uint64_t us)
{
	char text[40];
	snprintf(text, sizeof text, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
	writer_attr(w, name, text);
}

void writer_attr_millis(struct writer *w, const char *name, uint64_t us)
{
	char text[40];
	snprintf(text, sizeof text, "%" PRIu64 ".%03u", us / 1000, (unsigned)(us % 1000));
	writer_attr(w, name, text);
}

void writer_text(struct writer *w, const char *text)
{
	note(w, xmlTextWriterWriteString(w->xml, BAD_CAST clean_text(&w->scratch, text, WRITER_MAX_VALUE)));
}

void writer_lines(struct writer *w, const char *text)
{
	size_t n = 0;
	while (text[n] && (text[n] == '\n' || clean_plain(text + n, 1)))
		n++;
	if (!text[n] && n <= WRITER_MAX_VALUE) {
		note(w, xmlTextWriterWriteString(w->xml, BAD_CAST text));
		return;
	}
	buf_clear(&w->scratch);
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		clean_add(&w->scratch, p, len, WRITER_MAX_VALUE - w->scratch.len);
		p += len;
		if (*p == '\n') {
			buf_adds(&w->scratch, "\n");
			p++;
		}
	}
	note(w, xmlTextWriterWriteString(w->xml, BAD_CAST(w->scratch.data ? w->scratch.data : "")));
}

void writer_comment(struct writer *w, const char *text)
{
	struct buf apart;
	buf_init(&apart, WRITER_MAX_VALUE);
	for (const char *p = clean_text(&w->scratch, text, WRITER_MAX_VALUE); *p; p++)
		buf_adds(&apart, p[0] == '-' && (p[1] == '-' || p[1] == '\0') ? "- " : (const char[]){*p, '\0'});
	note(w, xmlTextWriterWriteFormatComment(w->xml, " %s ", apart.data ? apart.data : ""));
	buf_fini(&apart);
}

void writer_copy(struct writer *w, FILE *from)
{
	char block[16384];
	note(w, xmlTextWriterWriteRaw(w->xml, BAD_CAST "\n"));
	if (fflush(from) != 0 || fseek(from, 0, SEEK_SET) != 0)
		goto bad;
	for (size_t n; (n = fread(block, 1, sizeof block, from)) > 0;)
		note(w, xmlTextWriterWriteRawLen(w->xml, BAD_CAST block, (int)n));
	if (!ferror(from))
		return;
bad:
	if (!w->bad)
		w->error = errno;
	w->bad = true;
}

enum rc writer_check(struct writer *w, const char *path, struct err *err)
{
	if (!w->bad)
		return RC_OK;
	errno = w->error ? w->error : EIO;
	return err_errno(err, RC_FAULT, "cannot write %s", path);
}

enum rc writer_finish(struct writer *w, const char *path, struct err *err)
{
	note(w, xmlTextWriterEndDocument(w->xml));
	note(w, xmlTextWriterFlush(w->xml));
	if (!w->bad && fflush(w->file) != 0) {
		w->bad = true;
		w->error = errno;
	}
	return writer_check(w, path, err);
}
