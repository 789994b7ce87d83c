#include "harness/reference/sessions.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ENTRIES = 1024, ID_MAX = 32, DATA_MAX = 3072 };

struct entry {
	atomic_uint writes; /* odd while one is going on; a reader that finds it changed has read nothing */
	unsigned id_len, len;
	unsigned char id[ID_MAX], data[DATA_MAX];
};

struct sessions {
	atomic_uint next;
	atomic_bool begun;
	struct entry entry[ENTRIES];
};

struct sessions *sessions_open(void)
{
	void *at = mmap(NULL, sizeof(struct sessions), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

void sessions_close(struct sessions **s)
{
	if (*s)
		munmap(*s, sizeof **s);
	*s = NULL;
}

/* What is too big, or comes where somebody else is writing, is not kept: its owner shakes hands anew. */
static int store(void *context, gnutls_datum_t id, gnutls_datum_t data)
{
	struct sessions *s = context;
	struct entry *e = &s->entry[atomic_fetch_add(&s->next, 1) % ENTRIES];
	unsigned writes = atomic_load(&e->writes);
	if (id.size == 0 || id.size > ID_MAX || data.size > DATA_MAX || writes % 2 ||
	    !atomic_compare_exchange_strong(&e->writes, &writes, writes + 1))
		return -1;
	e->id_len = id.size;
	e->len = data.size;
	memcpy(e->id, id.data, id.size);
	if (data.size)
		memcpy(e->data, data.data, data.size);
	atomic_store(&e->writes, writes + 2);
	return 0;
}

static bool is_of(const struct entry *e, gnutls_datum_t id)
{
	return e->id_len == id.size && memcmp(e->id, id.data, id.size) == 0;
}

static gnutls_datum_t retrieve(void *context, gnutls_datum_t id)
{
	struct sessions *s = context;
	gnutls_datum_t out = {0};
	for (unsigned i = 0; id.size && id.size <= ID_MAX && i < ENTRIES; i++) {
		const struct entry *e = &s->entry[i];
		unsigned writes = atomic_load(&e->writes);
		if (writes % 2 || !is_of(e, id) || e->len > DATA_MAX || !(out.data = gnutls_malloc(e->len)))
			continue;
		out.size = e->len;
		memcpy(out.data, e->data, out.size);
		if (atomic_load(&e->writes) == writes)
			return out;
		gnutls_free(out.data);
		out = (gnutls_datum_t){0};
	}
	return out;
}

static int forget(void *context, gnutls_datum_t id)
{
	struct sessions *s = context;
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct entry *e = &s->entry[i];
		unsigned writes = atomic_load(&e->writes);
		if (writes % 2 || !is_of(e, id) || !atomic_compare_exchange_strong(&e->writes, &writes, writes + 1))
			continue;
		e->id_len = 0;
		atomic_store(&e->writes, writes + 2);
	}
	return 0;
}

void sessions_serve(struct sessions *s, gnutls_session_t session)
{
	gnutls_db_set_ptr(session, s);
	gnutls_db_set_store_function(session, store);
	gnutls_db_set_retrieve_function(session, retrieve);
	gnutls_db_set_remove_function(session, forget);
}

void sessions_note(struct sessions *s, const void *id, size_t len)
{
	store(s, (gnutls_datum_t){(unsigned char *)(uintptr_t)id, (unsigned)len}, (gnutls_datum_t){0});
}

bool sessions_has(struct sessions *s, const void *id, size_t len)
{
	const gnutls_datum_t wanted = {(unsigned char *)(uintptr_t)id, (unsigned)len};
	bool found = false;
	for (unsigned i = 0; i < ENTRIES && !found; i++)
		found = len && is_of(&s->entry[i], wanted);
	return found;
}

void sessions_begin(struct sessions *s)
{
	atomic_store(&s->begun, true);
}

bool sessions_have_begun(const struct sessions *s)
{
	return atomic_load(&s->begun);
}
