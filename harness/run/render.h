/*
 * render.h - from the journal to the reports: judges every run of every case again, in plan order, one streaming pass.
 * Nothing is kept a case.
 */
#ifndef HARNESS_RUN_RENDER_H
#define HARNESS_RUN_RENDER_H

#include "harness/run/session.h"
#include "reports/report.h"

struct render_spec {
	struct session *session;
	const char *out;     /* directory with the journal */
	const char *version; /* of the tool that renders */
	struct reporter *reporters;
	size_t n_reporters;
	uint32_t duration_ms; /* 0: from the journal's clock */
};

/* `totals` gets the exit code. */
enum rc render(const struct render_spec *spec, struct report_totals *totals, struct err *err) MUST_USE;

#endif
