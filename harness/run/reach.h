/*
 * reach.h - where a willing client gets in and a browser does not: "no browser can use this".  Fed with the cases of
 * one scenario after the other, in plan order, which puts the willing client before the browser.  Pure; remembers the
 * willing ones of one scenario that runs both.
 */
#ifndef HARNESS_RUN_REACH_H
#define HARNESS_RUN_REACH_H

#include "harness/judge/judge.h"

#define REACH_MAX 1024 /* willing cases of one scenario that are remembered */

struct reach {
	const struct scenario *scenario;
	uint64_t accepted[REACH_MAX]; /* ids without their client, hashed */
	size_t n;
};

/* A sentence (arena) when this is a browser's case, refused, and the same with a willing client was accepted; or NULL.
 */
const char *reach_case(struct reach *r, struct arena *a, const struct kase *k, const struct judgement *j);

#endif
