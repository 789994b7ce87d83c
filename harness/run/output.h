/* output.h - the reports of a run: results.xml, JUnit and the console, opened, fed and closed together. */
#ifndef HARNESS_RUN_OUTPUT_H
#define HARNESS_RUN_OUTPUT_H

#include "harness/run/render.h"

enum output_format {
	OUTPUT_RESULTS = 1,
	OUTPUT_JUNIT = 2,
	OUTPUT_CONSOLE = 4,
};

struct output_spec {
	struct session *session;
	const char *out, *version;
	unsigned formats;
	uint32_t duration_ms;
	bool colour;
};

/* Renders the journal of `out` into the formats asked for; the exit code of `totals` as the verdicts say. */
enum rc output_render(const struct output_spec *spec, struct report_totals *totals, struct err *err) MUST_USE;
/* Colour on this stream: a terminal, and NO_COLOR unset. */
bool output_colour(FILE *file);

#endif
