/*
 * clock.h -- moments as text and back, and dice that can be thrown again.
 *
 * A moment is microseconds since 1970 UTC.  Reading the wall clock is run/timer.h's: here time and
 * chance are inputs, so that a replay gives the same bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NEVER  INT64_MAX
#define CLOCK_SECOND INT64_C(1000000)

enum { CLOCK_TEXT_BYTES = 32 };

/* "2026-11-23T20:24:13.123Z": milliseconds (rounded down), as the context object shows moments. Returns buf.
 */
char *clock_format(char buf[CLOCK_TEXT_BYTES], int64_t us);

/*
 * RFC 3339 as the States Language narrows it: capital "T" and "Z", an optional fraction of 1 to 9 digits
 * (finer than a microsecond is dropped), "Z" or "+hh:mm".  No leap second.  0, or -1 when text is anything
 * else.
 */
int clock_parse(const char *text, size_t len, int64_t *us);

/*
 * Days between 1970-01-01 and a date of the Gregorian calendar (also before 1582; the year 0 is 1 BC), and
 * back. month: 1 to 12; day: any number, counted on from the month's first.
 */
int64_t clock_days(int64_t year, int month, int64_t day);
void clock_date(int64_t days, int64_t *year, int *month, int *day);

/* The n-th of a seed's 64-bit draws (splitmix64). */
uint64_t clock_dice(uint64_t seed, uint64_t n);
