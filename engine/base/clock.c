#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DAY_SECONDS = 86400 };

/*
 * Both count in eras of 400 years whose years begin in March: so the leap day is the last of its year.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
int64_t clock_days(int64_t year, int month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void clock_date(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153; /* month, counted from March */

    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static char *digits(char *p, unsigned n, int width)
{
    for (int i = width; i-- > 0; n /= 10)
        p[i] = (char)('0' + n % 10);
    return p + width;
}

char *clock_format(char buf[CLOCK_TEXT_BYTES], int64_t us)
{
    int64_t ms = floor_div(us, 1000), seconds = floor_div(ms, 1000), days = floor_div(seconds, DAY_SECONDS);
    unsigned second = (unsigned)(seconds - days * DAY_SECONDS);
    int64_t year;
    int month, day;

    clock_date(days, &year, &month, &day);
    char *p = buf + snprintf(buf, 8, "%04d", (int)year); /* an int64_t of microseconds: -290308 to 294247 */
    *p++ = '-';
    p = digits(p, (unsigned)month, 2);
    *p++ = '-';
    p = digits(p, (unsigned)day, 2);
    *p++ = 'T';
    p = digits(p, second / 3600, 2);
    *p++ = ':';
    p = digits(p, second / 60 % 60, 2);
    *p++ = ':';
    p = digits(p, second % 60, 2);
    *p++ = '.';
    p = digits(p, (unsigned)(ms - seconds * 1000), 3);
    memcpy(p, "Z", 2);
    return buf;
}

struct reader {
    const char *p, *end;
    bool bad;
};

static int number(struct reader *r, int digits, int min, int max)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if (r->p == r->end || *r->p < '0' || *r->p > '9') {
            r->bad = true;
            return min;
        }
        n = n * 10 + (*r->p++ - '0');
    }
    if (n < min || n > max) {
        r->bad = true;
        return min;
    }
    return n;
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static void must(struct reader *r, char c)
{
    if (!take(r, c))
        r->bad = true;
}

/* One to nine digits; what is finer than a microsecond is dropped. */
static int64_t fraction(struct reader *r)
{
    int64_t us = 0, unit = CLOCK_SECOND;
    int digits = 0;

    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; digits++) {
        unit /= 10;
        us += (*r->p++ - '0') * unit;
    }
    if (digits < 1 || digits > 9)
        r->bad = true;
    return us;
}

static int64_t offset_seconds(struct reader *r)
{
    if (take(r, 'Z'))
        return 0;
    int sign = take(r, '-') ? -1 : 1;
    if (sign == 1)
        must(r, '+');
    int hours = number(r, 2, 0, 23);
    must(r, ':');
    return sign * (hours * 3600 + number(r, 2, 0, 59) * 60);
}

int clock_parse(const char *text, size_t len, int64_t *us)
{
    struct reader r = {.p = text, .end = text + len};

    int year = number(&r, 4, 0, 9999);
    must(&r, '-');
    int month = number(&r, 2, 1, 12);
    must(&r, '-');
    int day = number(&r, 2, 1, days_in_month(year, month));
    must(&r, 'T');
    int64_t seconds = number(&r, 2, 0, 23) * 3600;
    must(&r, ':');
    seconds += number(&r, 2, 0, 59) * 60;
    must(&r, ':');
    seconds += number(&r, 2, 0, 59);
    int64_t below = take(&r, '.') ? fraction(&r) : 0;
    seconds -= offset_seconds(&r);
    if (r.bad || r.p != r.end)
        return -1;

    *us = (clock_days(year, month, day) * DAY_SECONDS + seconds) * CLOCK_SECOND + below;
    return 0;
}

uint64_t clock_dice(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}
