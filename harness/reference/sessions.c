#include "harness/reference/sessions.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ENTRIES = 1024, ID_MAX = 32, DATA_MAX = 3072 };

struct entry {
	unsigned id_len, len; /* of 0: nothing */
	unsigned char id[ID_MAX], data[DATA_MAX];
};

struct sessions {
	pthread_mutex_t lock; /* of the entries and `next` */
	atomic_bool begun;
	unsigned next;
	struct entry entry[ENTRIES];
};

struct sessions *sessions_open(void)
{
	pthread_mutexattr_t shared;
	struct sessions *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->lock, &shared);
	pthread_mutexattr_destroy(&shared);
	return s;
}

void sessions_close(struct sessions **s)
{
	if (*s) {
		pthread_mutex_destroy(&(*s)->lock);
		munmap(*s, sizeof **s);
	}
	*s = NULL;
}

/* A process that died with it in its hands left at worst one entry that opens nothing. */
static void lock(struct sessions *s)
{
	if (pthread_mutex_lock(&s->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&s->lock);
}

static void unlock(struct sessions *s)
{
	pthread_mutex_unlock(&s->lock);
}

/* What is too big is not kept: its owner shakes hands anew. */
static bool fits(gnutls_datum_t id, gnutls_datum_t data)
{
	return id.size > 0 && id.size <= ID_MAX && data.size <= DATA_MAX;
}

/* With the lock. */
static void put(struct sessions *s, gnutls_datum_t id, gnutls_datum_t data)
{
	struct entry *e = &s->entry[s->next++ % ENTRIES];
	e->id_len = id.size;
	e->len = data.size;
	memcpy(e->id, id.data, id.size);
	if (data.size)
		memcpy(e->data, data.data, data.size);
}

/* NULL: none.  With the lock. */
static struct entry *find(struct sessions *s, gnutls_datum_t id)
{
	for (unsigned i = 0; id.size && i < ENTRIES; i++) {
		struct entry *e = &s->entry[i];
		if (e->id_len == id.size && memcmp(e->id, id.data, id.size) == 0)
			return e;
	}
	return NULL;
}

static int store(void *context, gnutls_datum_t id, gnutls_datum_t data)
{
	struct sessions *s = context;
	if (!fits(id, data))
		return -1;
	lock(s);
	put(s, id, data);
	unlock(s);
	return 0;
}

static gnutls_datum_t retrieve(void *context, gnutls_datum_t id)
{
	struct sessions *s = context;
	gnutls_datum_t out = {0};
	lock(s);
	const struct entry *e = find(s, id);
	if (e && (out.data = gnutls_malloc(e->len))) {
		out.size = e->len;
		memcpy(out.data, e->data, out.size);
	}
	unlock(s);
	return out;
}

static int forget(void *context, gnutls_datum_t id)
{
	struct sessions *s = context;
	lock(s);
	for (struct entry *e; (e = find(s, id));)
		e->id_len = 0;
	unlock(s);
	return 0;
}

void sessions_serve(struct sessions *s, gnutls_session_t session)
{
	gnutls_db_set_ptr(session, s);
	gnutls_db_set_store_function(session, store);
	gnutls_db_set_retrieve_function(session, retrieve);
	gnutls_db_set_remove_function(session, forget);
}

bool sessions_note(struct sessions *s, const void *id, size_t len)
{
	const gnutls_datum_t it = {(unsigned char *)(uintptr_t)id, (unsigned)len}, nothing = {0};
	if (!fits(it, nothing))
		return false;
	lock(s);
	bool is_new = !find(s, it);
	if (is_new)
		put(s, it, nothing);
	unlock(s);
	return is_new;
}

bool sessions_has(struct sessions *s, const void *id, size_t len)
{
	lock(s);
	bool found = find(s, (gnutls_datum_t){(unsigned char *)(uintptr_t)id, (unsigned)len}) != NULL;
	unlock(s);
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
