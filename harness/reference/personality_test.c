#include "harness/reference/personality.h"

#include "harness/base/test.h"

#include <string.h>

static const struct {
	const char *name, *personality;
	enum app_mode mode;
	bool tls13;
	enum persona_client client;
	int reaction; /* -1: as the reference server */
	const char *page;
} rows[] = {
    {"SC-002", "iis-server-2022-negotiate", APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED, PERSONA_RESETS, NULL},
    {"SC-004", "iis-server-2022-require", APP_RENEGOTIATION, true, CLIENT_CANNOT_BE_ASKED, PERSONA_RESETS, NULL},
    {"SC-001", "iis-server-2025-negotiate", APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, "500.0"},
    {"SC-003", "iis-server-2025-require", APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, "500.0"},
    {"SC-019, required", "iis-server-2022-early-require", APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED, PERSONA_ANSWERS, "403"},
    {"SC-019, negotiated", "iis-server-2022-early-negotiate", APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED, PERSONA_SERVES,
     NULL},
    {"SC-006, required", "iis-server-2022-require", APP_RENEGOTIATION, false, CLIENT_HAS_NONE, PERSONA_ANSWERS,
     "403.7"},
    {"SC-006, negotiated", "iis-server-2022-negotiate", APP_RENEGOTIATION, false, CLIENT_HAS_NONE, PERSONA_SERVES,
     NULL},
    {"SC-008", "iis-server-2022-require", APP_NONE, true, CLIENT_COMES, -1, NULL},
    {"SC-010", "iis-without-tls13", APP_NONE, true, CLIENT_COMES, PERSONA_REFUSES_VERSION, NULL},
    {"SC-009", "iis-without-tls13", APP_RENEGOTIATION, false, CLIENT_COMES, -1, NULL},
    {"SC-011", "iis-binding-asks", APP_RENEGOTIATION, true, CLIENT_COMES, PERSONA_ASKS_FIRST, NULL},
    {"SC-012", "iis-binding-asks", APP_NONE, true, CLIENT_COMES, PERSONA_ASKS_FIRST, NULL},
    {"SC-040", "iis-binding-asks", APP_REQUIRED, true, CLIENT_HAS_NONE, PERSONA_ANSWERS, "403.7"},
    {"SC-042", "iis-server-2025-require", APP_POST_HANDSHAKE, true, CLIENT_UNTRUSTED, PERSONA_ANSWERS, "403.16"},
    {"SC-043", "iis-binding-asks", APP_REQUIRED, false, CLIENT_OUT_OF_DATE, PERSONA_ANSWERS, "403.17"},
    {"none", NULL, APP_REQUIRED, true, CLIENT_HAS_NONE, -1, NULL},
};

START_TEST(reacts)
{
	const struct personality *p = rows[_i].personality ? personality_find(rows[_i].personality) : NULL;
	const struct persona_row *row = personality_react(p, rows[_i].mode, rows[_i].tls13, rows[_i].client);
	struct buf page;
	ck_assert(!p == !rows[_i].personality);
	ck_assert_msg((row ? (int)row->reaction : -1) == rows[_i].reaction, "%s", rows[_i].name);
	ck_assert(!rows[_i].page == !(row && row->page));
	if (!rows[_i].page)
		return;
	buf_init(&page, 4096);
	personality_put_page(&page, row->page, false);
	buf_add(&page, "", 1);
	ck_assert_msg(strstr(page.data, rows[_i].page), "%s: %s", rows[_i].name, page.data);
	buf_fini(&page);
}
END_TEST

/* What the server knows is not told to strangers: status and phrase, and nothing to find the cause by. */
START_TEST(hides_details)
{
	const struct persona_row *row = personality_react(personality_find("iis-server-2025-require"),
							  APP_POST_HANDSHAKE, true, CLIENT_CANNOT_BE_ASKED);
	struct buf page;
	for (int hidden = 0; hidden < 2; hidden++) {
		buf_init(&page, 4096);
		personality_put_page(&page, row->page, hidden);
		buf_add(&page, "", 1);
		ck_assert(!strstr(page.data, "0x80070032") == (bool)hidden);
		ck_assert(!strstr(page.data, "500.0") == (bool)hidden);
		ck_assert(strstr(page.data, "Internal Server Error"));
		buf_fini(&page);
	}
}
END_TEST

START_TEST(every_row_has_a_source)
{
	size_t n;
	const struct personality *all = personalities(&n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_eq(personality_find(all[i].name), &all[i]);
		for (size_t j = 0; j < all[i].n; j++) {
			ck_assert_msg(strstr(all[i].rows[j].source, "SC-"), "%s, row %zu", all[i].name, j);
			ck_assert((all[i].rows[j].reaction == PERSONA_ANSWERS) == (all[i].rows[j].page != NULL));
		}
	}
	ck_assert_ptr_null(personality_find(""));
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("reference/personality");
	TCase *t = tcase_create("personality");
	tcase_add_loop_test(t, reacts, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, hides_details);
	tcase_add_test(t, every_row_has_a_source);
	suite_add_tcase(s, t);
	return s;
}
