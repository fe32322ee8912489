/* $toMillis: moments from text, as ISO 8601 or by picture. */
#include "base/clock.h"
#include "lang/jsonata_picture_priv.h"

#include <math.h>
#include <string.h>

/* ---- ISO 8601 ---- */

struct scanner {
    const char *p, *end;
    bool bad;  /* the text does not look like ISO 8601 */
    bool none; /* it does, but there is no such moment */
};

static bool take(struct scanner *s, char c)
{
    bool there = s->p < s->end && *s->p == c;

    s->p += there;
    return there;
}

static void must(struct scanner *s, char c)
{
    if (!take(s, c))
        s->bad = true;
}

static bool digit_at(const struct scanner *s, int at)
{
    return s->end - s->p > at && s->p[at] >= '0' && s->p[at] <= '9';
}

/* Two digits, the first at most `tens`. */
static int two_digits(struct scanner *s, char tens, int min, int max)
{
    if (!digit_at(s, 0) || !digit_at(s, 1) || *s->p > tens) {
        s->bad = true;
        return min;
    }
    int n = (s->p[0] - '0') * 10 + (s->p[1] - '0');
    s->p += 2;
    if (n < min || n > max) {
        s->none = true;
        return min;
    }
    return n;
}

/* Does "-05" begin an offset, "-05:00" or "-0500", and not one more part of the date? */
static bool at_offset(const struct scanner *s)
{
    return digit_at(s, 3) || (s->end - s->p > 3 && s->p[3] == ':');
}

static int64_t date_ms(struct scanner *s)
{
    int century = two_digits(s, '9', 0, 99), year = two_digits(s, '9', 0, 99), month = 1, day = 1;
    int parts = 1;

    for (; !at_offset(s) && take(s, '-'); parts++) {
        if (parts == 1)
            month = two_digits(s, '3', 1, 12);
        else if (parts == 2)
            day = two_digits(s, '3', 1, 31);
        else
            two_digits(s, '3', 1, 0); /* no date has more */
    }
    return clock_days(century * 100 + year, month, day) * DAY_MS;
}

static int64_t time_ms(struct scanner *s)
{
    int hour = two_digits(s, '2', 0, 24);
    must(s, ':');
    int minute = two_digits(s, '5', 0, 59);
    must(s, ':');
    int second = two_digits(s, '5', 0, 59);
    return ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

/* What is finer than a millisecond is dropped. */
static int64_t fraction_ms(struct scanner *s)
{
    int64_t ms = 0;

    s->bad |= !digit_at(s, 0);
    for (int unit = 100; digit_at(s, 0); unit /= 10)
        ms += (*s->p++ - '0') * unit;
    return ms;
}

static int64_t offset_ms(struct scanner *s)
{
    int sign = take(s, '-') ? -1 : 1;

    if (sign == 1)
        must(s, '+');
    int hour = two_digits(s, '2', 0, 23);
    take(s, ':');
    return sign * (hour * 60 + two_digits(s, '5', 0, 59)) * INT64_C(60000);
}

/*
 * The reference takes more for ISO 8601 than there are moments: several times, fractions and offsets without
 * a time.  A time without an offset is UTC.
 */
static double iso8601_ms(struct scanner *s)
{
    int64_t day = date_ms(s), time = 0, offset = 0;
    int times = 0;

    for (; take(s, 'T'); times++)
        time = time_ms(s);
    s->none |= times > 1;
    if (take(s, '.')) {
        time += fraction_ms(s);
        s->none |= times == 0;
    }
    if (s->p < s->end && !take(s, 'Z')) {
        offset = offset_ms(s);
        s->none |= times == 0;
    }
    s->bad |= s->p < s->end;
    return s->none || time > DAY_MS ? NAN : (double)(day + time - offset);
}

static int parse_iso8601(struct jsonata_text text, double *ms, struct err *err)
{
    struct scanner s = {.p = text.p, .end = text.p + text.len};

    *ms = iso8601_ms(&s);
    if (!s.bad)
        return 1;
    return jsonata_refuse(
        err, "D3110", "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given ",
        text, "");
}

/* ---- which characters belong to which part of a picture? ---- */

struct matcher {
    struct arena *arena;
    struct jsonata_chars text;
    const struct moment_picture *picture;
    size_t *ends;    /* for each part, where it ends */
    uint8_t *failed; /* for each part and character: the bits below */
};

/* From this part and character on nothing fits: when the part begins there, or goes on there. */
enum { FAILED_PART = 1, FAILED_FURTHER = 2 };

static bool match_part(struct matcher *m, size_t i, size_t at);

static uint8_t *failed(struct matcher *m, size_t i, size_t at)
{
    return &m->failed[i * (m->text.n + 1) + at];
}

static uint32_t lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* The text goes on with this, in capitals or not. */
static bool goes_on(struct jsonata_chars text, size_t at, struct jsonata_chars literal)
{
    if (literal.n > text.n - at)
        return false;
    for (size_t i = 0; i < literal.n; i++) {
        if (lower(text.c[at + i]) != lower(literal.c[i]))
            return false;
    }
    return true;
}

static bool match_rest(struct matcher *m, size_t i, size_t end)
{
    m->ends[i] = end;
    return match_part(m, i + 1, end);
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_roman(uint32_t c)
{
    return c < 0x80 && c > 0 && strchr("mdclxvi", (int)lower(c));
}

/* "st", "nd", "rd" or "th". */
static bool ordinal_ending_at(struct jsonata_chars text, size_t at)
{
    static const uint32_t endings[][2] = {{'s', 't'}, {'n', 'd'}, {'r', 'd'}, {'t', 'h'}};

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (goes_on(text, at, (struct jsonata_chars){endings[i], 2}))
            return true;
    }
    return false;
}

/* The digits or letters of a part have ended. */
static bool match_ending(struct matcher *m, size_t i, size_t at)
{
    const struct picture_part *part = &m->picture->parts[i];

    if (!part->has_integer || part->integer.primary != FORMAT_DECIMAL || !part->integer.ordinal)
        return match_rest(m, i, at);
    return ordinal_ending_at(m->text, at) && match_rest(m, i, at + 2);
}

/* As many characters as there are, or less when the rest does not fit then. any: some have gone before. */
static bool match_run(struct matcher *m, size_t i, size_t at, bool (*is)(uint32_t c), bool any)
{
    if (*failed(m, i, at) & FAILED_FURTHER)
        return false;
    if (at < m->text.n && is(m->text.c[at]) && match_run(m, i, at + 1, is, true))
        return true;
    if (any && match_ending(m, i, at))
        return true;
    if (any)
        *failed(m, i, at) |= FAILED_FURTHER;
    return false;
}

static bool match_decimal(struct matcher *m, size_t i, size_t at)
{
    const struct picture_part *part = &m->picture->parts[i];
    size_t max = (size_t)part->year_width, n = 0;

    if (part->year_width <= 0)
        return match_run(m, i, at, is_digit, false);
    size_t min = max > part->integer.optional ? max - part->integer.optional : 0;
    while (n < max && at + n < m->text.n && is_digit(m->text.c[at + n]))
        n++;
    for (n++; n-- > min;) {
        if (match_ending(m, i, at + n))
            return true;
    }
    return false;
}

/* As many words as there are; each is the first of the list that leads to an end. */
static bool match_words(struct matcher *m, size_t i, size_t at, bool any)
{
    if (*failed(m, i, at) & FAILED_FURTHER)
        return false;
    for (size_t word = 0, n; (n = picture_next_word(m->text, at, &word)) > 0;) {
        if (match_words(m, i, at + n, true))
            return true;
    }
    if (any && match_rest(m, i, at))
        return true;
    if (any)
        *failed(m, i, at) |= FAILED_FURTHER;
    return false;
}

/* The sign between hours and minutes of an offset; 0 when there is none. */
static uint32_t offset_sign(const struct picture_part *part)
{
    return part->integer.regular ? part->integer.separators[0].c : 0;
}

/* "GMT" for z, a sign, digits; a separator and digits. */
static bool match_offset(struct matcher *m, size_t i, size_t at)
{
    static const uint32_t gmt[] = {'G', 'M', 'T'};
    const struct picture_part *part = &m->picture->parts[i];
    uint32_t sign = offset_sign(part);

    if (part->component == 'z') {
        if (!goes_on(m->text, at, (struct jsonata_chars){gmt, 3}))
            return false;
        at += 3;
    }
    if (at == m->text.n || (m->text.c[at] != '+' && m->text.c[at] != '-'))
        return false;
    if (!sign)
        return match_run(m, i, at + 1, is_digit, false);
    size_t hours = ++at;
    while (at < m->text.n && is_digit(m->text.c[at]))
        at++;
    return at > hours && at < m->text.n && m->text.c[at] == sign && match_run(m, i, at + 1, is_digit, false);
}

static bool match_marker(struct matcher *m, size_t i, size_t at)
{
    const struct picture_part *part = &m->picture->parts[i];

    if (part->component == 'Z' || part->component == 'z')
        return match_offset(m, i, at);
    if (!part->has_integer)
        return match_run(m, i, at, is_letter, false);
    switch (part->integer.primary) {
    case FORMAT_LETTERS:
        return match_run(m, i, at, is_letter, false);
    case FORMAT_ROMAN:
        return match_run(m, i, at, is_roman, false);
    case FORMAT_WORDS:
        return match_words(m, i, at, false);
    default:
        return match_decimal(m, i, at);
    }
}

/*
 * As a regular expression does that tries again from its last choice; but what has failed once is not tried
 * again, so that the work grows with the product of both lengths at most.
 */
static bool match_part(struct matcher *m, size_t i, size_t at)
{
    if (i == m->picture->n)
        return at == m->text.n;
    if (*failed(m, i, at) & FAILED_PART)
        return false;

    struct jsonata_chars literal = m->picture->parts[i].literal;
    bool matches = m->picture->parts[i].component
                       ? match_marker(m, i, at)
                       : goes_on(m->text, at, literal) && match_rest(m, i, at + literal.n);
    if (!matches)
        *failed(m, i, at) |= FAILED_PART;
    return matches;
}

/* ---- what the parts say ---- */

static const char COMPONENTS[] = "YXMxWwdDFPHhmsfZz";

struct fields { /* by component; NaN: not given */
    bool given[sizeof COMPONENTS];
    double value[sizeof COMPONENTS];
};

static size_t index_of(char component)
{
    return (size_t)(strchr(COMPONENTS, component) - COMPONENTS);
}

static double get(const struct fields *f, char component)
{
    return f->value[index_of(component)];
}

static void set(struct fields *f, char component, double value)
{
    f->given[index_of(component)] = true;
    f->value[index_of(component)] = value;
}

/* The last of the names, from 1 on, that text is when both are cut at the width; -1 without one. */
static double name_number(struct jsonata_chars text, const char *const *names, int n, int width)
{
    char name[16];

    while (--n > 0) {
        snprintf(name, sizeof name, "%.*s", width > 0 ? width : (int)sizeof name - 1, names[n]);
        if (jsonata_chars_are(text, name))
            return n;
    }
    return -1;
}

static double half_of_day(struct jsonata_chars text)
{
    if (jsonata_chars_are(text, "am") || jsonata_chars_are(text, "AM"))
        return 0;
    return jsonata_chars_are(text, "pm") || jsonata_chars_are(text, "PM") ? 1 : -1;
}

/* A name that is none takes away what another marker of the component has given. */
static void set_name(struct fields *f, const struct picture_part *part, struct jsonata_chars text)
{
    double n;

    if (part->component == 'P')
        n = half_of_day(text);
    else if (part->component == 'F')
        n = name_number(text, PICTURE_DAYS, 8, part->width_max);
    else
        n = name_number(text, PICTURE_MONTHS, 13, part->width_max);
    set(f, part->component, n);
    f->given[index_of(part->component)] = n >= 0;
}

/* In minutes. Without a separator the first two digits are hours. Of "-05:30" the reference makes 30 minutes
 * less than -5 hours. */
static double offset_minutes(struct jsonata_chars text, const struct picture_part *part)
{
    struct jsonata_chars offset = jsonata_chars_part(text, part->component == 'z' ? 3 : 0, text.n);
    uint32_t sign = offset_sign(part);
    size_t hours_end = offset.n, minutes_from = offset.n;

    if (sign) {
        hours_end = jsonata_chars_find(offset, (struct jsonata_chars){&sign, 1}, 1);
        minutes_from = hours_end + 1;
    } else if (offset.n > 3) {
        hours_end = minutes_from = 3;
    }
    double minutes = 0;
    if (minutes_from < offset.n)
        minutes = jsonata_number_prefix(jsonata_chars_part(offset, minutes_from, offset.n));
    return jsonata_number_prefix(jsonata_chars_part(offset, 0, hours_end)) * 60 + minutes;
}

static int read_fields(struct matcher *m, struct fields *f, struct err *err)
{
    size_t from = 0;

    for (size_t i = 0; i < m->picture->n; from = m->ends[i++]) {
        const struct picture_part *part = &m->picture->parts[i];
        struct jsonata_chars text = jsonata_chars_part(m->text, from, m->ends[i]);
        double n;
        if (!part->component)
            continue;
        if (part->component == 'Z' || part->component == 'z') {
            set(f, part->component, offset_minutes(text, part));
        } else if (!part->has_integer) {
            set_name(f, part, text);
        } else {
            if (picture_parse_integer(m->arena, text, &part->integer, &n, err) < 0)
                return -1;
            set(f, part->component, n);
        }
    }
    return 0;
}

/* ---- the moment ---- */

/* Are no components given but those of `of`, and one of them at least? What is 0 counts as not given. */
static bool consists_of(const struct fields *f, const char *among, const char *of)
{
    bool any = false;

    for (; *among; among++) {
        double value = get(f, *among);
        if (!f->given[index_of(*among)] || value == 0 || isnan(value))
            continue;
        if (!strchr(of, *among))
            return false;
        any = true;
    }
    return any;
}

static int missing(struct err *err)
{
    return err_set(err, "D3136",
                   "The date/time picture string is missing specifiers required to parse the timestamp");
}

/*
 * From the left to the right: what is missing in front is now's, what is missing behind is the first or 0,
 * and between two that are given none may be missing.
 */
static int fill_in(struct fields *f, const char *components, const struct moment *now, struct err *err)
{
    bool started = false, ended = false;

    for (const char *c = components; *c; c++) {
        if (f->given[index_of(*c)]) {
            started = true;
            if (ended)
                return missing(err);
        } else if (started) {
            set(f, *c, strchr("MDd", *c) ? 1 : 0);
            ended = true;
        } else {
            set(f, *c, *c == 'P' ? 0 : picture_fragment(now, *c));
        }
    }
    return 0;
}

/*
 * Milliseconds since 1970. A day, hour, ... may be more than there are, and counts on.
 * Source: ECMAScript, MakeDay, MakeTime, TimeClip.
 */
static double utc(double year, double month, double day, double ms_of_day)
{
    if (!(fabs(year) < 1e6 && fabs(month) < 1e6 && fabs(day) < 1e9))
        return NAN;
    double ms =
        (double)picture_days((int64_t)year, (int64_t)month, (int64_t)day) * (double)DAY_MS + ms_of_day;
    return fabs(ms) <= MOMENT_MS_MAX ? trunc(ms) : NAN;
}

/* The day of a year as a month, from 0, and a day. */
static void month_and_day(const struct fields *f, double *month, double *day)
{
    double ms = utc(get(f, 'Y'), 0, get(f, 'd'), 0);

    *month = *day = NAN;
    if (isnan(ms))
        return;
    struct moment m = picture_moment((int64_t)ms);
    *month = m.month - 1;
    *day = m.day;
}

static double hour_of(const struct fields *f, bool half_days)
{
    if (!half_days)
        return get(f, 'H');
    return (get(f, 'h') == 12 ? 0 : get(f, 'h')) + (get(f, 'P') == 1 ? 12 : 0);
}

/* Which calendar, which clock? Weeks are understood, and refused. */
static int moment_of_fields(struct fields *f, const struct moment *now, double *ms, struct err *err)
{
    static const char dates[] = "YXMxWwdD", times[] = "PHhmsf";
    bool by_month = consists_of(f, dates, "YMD"), by_day = !by_month && consists_of(f, dates, "Yd");
    bool half_days = !consists_of(f, times, "Hmsf") && consists_of(f, times, "Phmsf");
    char components[16];

    if (consists_of(f, dates, "Xxw") || consists_of(f, dates, "XW"))
        return missing(err);
    snprintf(components, sizeof components, "%s%s", by_day ? "YD" : "YMD", half_days ? "Phmsf" : "Hmsf");
    if (fill_in(f, components, now, err) < 0)
        return -1;

    double month = get(f, 'M') > 0 ? get(f, 'M') - 1 : 0, day = get(f, 'D');
    if (by_day)
        month_and_day(f, &month, &day);
    double seconds = (hour_of(f, half_days) * 60 + get(f, 'm')) * 60 + get(f, 's');
    double offset = get(f, 'Z') != 0 && !isnan(get(f, 'Z')) ? get(f, 'Z') : get(f, 'z');
    *ms = utc(get(f, 'Y'), month, day, seconds * 1000 + get(f, 'f'));
    if (!isnan(offset))
        *ms -= offset * 60000;
    return 1;
}

/* Components that no text can give back. */
static int check_parts(struct arena *a, const struct moment_picture *p, size_t *markers, struct err *err)
{
    *markers = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct picture_part *part = &p->parts[i];
        *markers += part->component != 0;
        if (!part->component || strchr("Zz", part->component))
            continue;
        if (!part->has_integer && !strchr("MxFP", part->component))
            return picture_has_no_names(part->component, err);
        if (part->has_integer && part->integer.primary == FORMAT_SEQUENCE)
            return picture_no_sequence(a, &part->integer, err);
    }
    return 0;
}

static int parse_by_picture(struct arena *a, struct jsonata_chars text, struct jsonata_chars shape,
                            int64_t now_ms, double *ms, struct err *err)
{
    struct moment_picture picture;
    struct fields f = {.given = {false}};
    size_t markers;

    if (picture_analyse_moment(a, shape, &picture, err) < 0 || check_parts(a, &picture, &markers, err) < 0)
        return -1;
    struct matcher m = {.arena = a, .text = text, .picture = &picture};
    m.ends = arena_alloc(a, picture.n * sizeof *m.ends);
    m.failed = arena_alloc(a, picture.n * (text.n + 1));
    if (!match_part(&m, 0, 0) || markers == 0)
        return 0;
    if (read_fields(&m, &f, err) < 0)
        return -1;
    struct moment now = picture_moment(now_ms);
    return moment_of_fields(&f, &now, ms, err);
}

int jsonata_to_millis(struct arena *a, struct jsonata_text text, const struct jsonata_text *picture,
                      int64_t now_ms, double *ms, struct err *err)
{
    struct jsonata_chars chars, shape;

    if (!picture)
        return parse_iso8601(text, ms, err);
    if (picture_chars(a, *picture, &shape, err) < 0 ||
        picture_parsed_chars(a, text, JSONATA_MOMENT_CHARS_MAX, &chars, err) < 0)
        return -1;
    return parse_by_picture(a, chars, shape, now_ms, ms, err);
}
