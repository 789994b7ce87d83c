#include "harness/run/output.h"

#include "harness/base/clock.h"

#include <unistd.h>

bool output_colour(FILE *file)
{
	return isatty(fileno(file)) && !clock_env("NO_COLOR");
}

enum rc output_render(const struct output_spec *spec, struct report_totals *totals, struct err *err)
{
	enum rc rc = RC_OK;
	struct session *s = spec->session;
	struct reporter v[3] = {{0}};
	size_t n = 0;
	if (spec->formats & OUTPUT_RESULTS) {
		TRY(results_open(&v[n], arena_printf(&s->arena, "%s/results.xml", spec->out), err));
		n++;
	}
	if (spec->formats & OUTPUT_JUNIT) {
		TRY(junit_open(&v[n], arena_printf(&s->arena, "%s/junit", spec->out), s->options->every_cell, err));
		n++;
	}
	if (spec->formats & OUTPUT_CONSOLE) {
		struct console_spec console = {
			.colour = spec->colour, .terminal = isatty(STDOUT_FILENO), .file = stdout};
		TRY(console_open(&v[n], &console, err));
		n++;
	}
	struct render_spec render_spec = {
		.session = s,
		.out = spec->out,
		.version = spec->version,
		.reporters = v,
		.n_reporters = n,
		.duration_ms = spec->duration_ms,
	};
	rc = render(&render_spec, totals, err);
out:
	for (size_t i = 0; i < n; i++)
		v[i].ops->close(&v[i]);
	return rc;
}
