/* clock.h - the only place that asks the machine for the time or the environment. */
#ifndef HARNESS_BASE_CLOCK_H
#define HARNESS_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

uint64_t clock_us(void);     /* monotonic microseconds: for deadlines and durations */
time_t clock_now(void);      /* wall clock, seconds: read once in main, then passed down */
uint64_t clock_cpu_us(void); /* CPU microseconds of this process */
/* `when` in UTC as "2026-11-24T11:20:00" (JUnit's form: no offset). */
void clock_format(time_t when, char out[static 32]);
const char *clock_env(const char *name); /* NULL when unset or empty */

#endif
