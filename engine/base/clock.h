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

/* The n-th of a seed's 64-bit draws (splitmix64). */
uint64_t clock_dice(uint64_t seed, uint64_t n);
