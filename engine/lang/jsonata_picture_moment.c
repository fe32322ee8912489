/* $fromMillis, and the pictures of moments. XPath Functions 3.1, 9.8. */
#include "base/clock.h"
#include "lang/jsonata_picture_priv.h"

#include <math.h>
#include <string.h>

enum { MARKERS_MAX = 100 };

const char *const PICTURE_MONTHS[13] = {"",        "January",  "February", "March",  "April",
                                        "May",     "June",     "July",     "August", "September",
                                        "October", "November", "December"};
const char *const PICTURE_DAYS[8] = {"",         "Monday", "Tuesday",  "Wednesday",
                                     "Thursday", "Friday", "Saturday", "Sunday"};

/* ---- the picture ---- */

/* The presentation of a marker that has none. */
static const struct {
    char component;
    const char *presentation;
} COMPONENTS[] = {
    {'Y', "1"}, {'M', "1"}, {'D', "1"}, {'d', "1"},     {'F', "n"},     {'W', "1"},  {'w', "1"},
    {'X', "1"}, {'x', "1"}, {'H', "1"}, {'h', "1"},     {'P', "n"},     {'m', "01"}, {'s', "01"},
    {'f', "1"}, {'C', "n"}, {'E', "n"}, {'Z', "01:01"}, {'z', "01:01"},
};

static const char *default_presentation(uint32_t component)
{
    for (size_t i = 0; i < sizeof COMPONENTS / sizeof COMPONENTS[0]; i++) {
        if (component == (unsigned char)COMPONENTS[i].component)
            return COMPONENTS[i].presentation;
    }
    return NULL;
}

static bool is_one_of(const char *components, char component)
{
    return component && strchr(components, component) != NULL;
}

struct reader {
    struct arena *arena;
    struct jsonata_chars picture;
    struct picture_part *parts;
    size_t n, cap, markers;
    struct err *err;
};

static struct picture_part *add_part(struct reader *r)
{
    if (r->n == r->cap) {
        struct picture_part *more = arena_alloc(r->arena, (2 * r->cap + 8) * sizeof *more);
        if (r->n)
            memcpy(more, r->parts, r->n * sizeof *more);
        r->parts = more;
        r->cap = 2 * r->cap + 8;
    }
    return &r->parts[r->n++];
}

/* "]]" stands for "]". */
static void add_literal(struct reader *r, size_t from, size_t to)
{
    struct jsonata_build text = {.arena = r->arena};

    if (from == to)
        return;
    for (size_t i = from; i < to; i++) {
        jsonata_add_char(&text, r->picture.c[i]);
        if (r->picture.c[i] == ']' && i + 1 < to && r->picture.c[i + 1] == ']')
            i++;
    }
    add_part(r)->literal = jsonata_built(&text);
}

/* A number of digits at the beginning of a width; -1 without any, as for "*". */
static int width(struct reader *r, struct jsonata_chars text, int *to)
{
    double n = jsonata_number_prefix(text);

    *to = -1;
    if (isnan(n) || n < 0)
        return 0;
    if (n > JSONATA_PICTURE_CHARS_MAX)
        return err_set(r->err, "U1001", "A width in a picture string is at most %d",
                       JSONATA_PICTURE_CHARS_MAX);
    *to = (int)n;
    return 0;
}

/* ",MIN-MAX" behind the last comma. */
static int read_widths(struct reader *r, struct jsonata_chars text, int *min, int *max)
{
    static const uint32_t dash = '-';
    size_t at = jsonata_chars_find(text, (struct jsonata_chars){&dash, 1}, 0);

    if (at == JSONATA_NOWHERE) {
        *max = -1;
        return width(r, text, min);
    }
    return width(r, jsonata_chars_part(text, 0, at), min) < 0 ||
                   width(r, jsonata_chars_part(text, at + 1, text.n), max) < 0
               ? -1
               : 0;
}

static enum names names_of(struct jsonata_chars presentation)
{
    if (presentation.n == 0 || (presentation.c[0] | 0x20) != 'n')
        return NAMES_NONE;
    if (presentation.c[0] == 'n')
        return NAMES_LOWER;
    return presentation.n > 1 && presentation.c[1] == 'n' ? NAMES_TITLE : NAMES_UPPER;
}

static int read_integer(struct reader *r, struct picture_part *part, struct jsonata_chars presentation,
                        uint32_t modifier, int width_min)
{
    struct jsonata_build pattern = {.arena = r->arena};
    struct integer_picture *p = &part->integer;

    jsonata_add(&pattern, presentation);
    if (modifier) {
        jsonata_add_char(&pattern, ';');
        jsonata_add_char(&pattern, modifier);
    }
    if (picture_analyse_integer(r->arena, jsonata_built(&pattern), p, r->err) < 0)
        return -1;
    part->has_integer = true;
    if (width_min > (int)p->mandatory)
        p->mandatory = (size_t)width_min;
    if (!is_one_of("YMD", part->component))
        return 0;
    if (part->width_max >= 0) {
        part->year_width = part->width_max;
        p->mandatory = (size_t)part->width_max;
    } else if (p->primary == FORMAT_DECIMAL && p->mandatory + p->optional >= 2) {
        part->year_width = (int)(p->mandatory + p->optional);
    }
    return 0;
}

static int read_presentation(struct reader *r, struct picture_part *part, struct jsonata_chars presentation,
                             int width_min)
{
    uint32_t modifier = presentation.n > 1 ? presentation.c[presentation.n - 1] : 0;

    if (modifier < 0x80 && is_one_of("atco", (char)modifier))
        presentation.n--;
    else
        modifier = 0;
    part->zulu = modifier == 't';
    part->names = names_of(presentation);
    if (is_one_of("Zz", part->component))
        return read_integer(r, part, presentation, 0, -1);
    if (part->names == NAMES_NONE && is_one_of("YMDdFWwXxHhmsf", part->component))
        return read_integer(r, part, presentation, modifier, width_min);
    return 0;
}

static int unknown_component(struct reader *r, struct jsonata_chars marker)
{
    return jsonata_refuse(r->err, "D3132", "Unknown component specifier ",
                          jsonata_chars_text(r->arena, jsonata_chars_part(marker, 0, 1)),
                          " in date/time picture string");
}

static struct jsonata_chars ascii_chars(struct arena *a, const char *text)
{
    return jsonata_chars(a, (struct jsonata_text){text, strlen(text)});
}

/* What stands between the brackets, blanks left out: component, presentation, comma, widths. */
static int read_marker(struct reader *r, struct jsonata_chars marker)
{
    static const uint32_t comma = ',';
    const char *otherwise = marker.n ? default_presentation(marker.c[0]) : NULL;
    int width_min = -1;

    if (!otherwise)
        return unknown_component(r, marker);
    if (r->markers++ == MARKERS_MAX)
        return err_set(r->err, "U1001", "A date/time picture string has at most %d markers", MARKERS_MAX);
    struct picture_part *part = add_part(r);
    *part = (struct picture_part){.component = (char)marker.c[0], .width_max = -1, .year_width = -1};

    size_t end = jsonata_chars_find_last(marker, (struct jsonata_chars){&comma, 1});
    if (end != JSONATA_NOWHERE &&
        read_widths(r, jsonata_chars_part(marker, end + 1, marker.n), &width_min, &part->width_max) < 0)
        return -1;
    struct jsonata_chars presentation = jsonata_chars_part(marker, 1, end);
    if (presentation.n == 0)
        presentation = ascii_chars(r->arena, otherwise);
    return read_presentation(r, part, presentation, width_min);
}

static struct jsonata_chars without_blanks(struct reader *r, struct jsonata_chars text)
{
    struct jsonata_build b = {.arena = r->arena};

    for (size_t i = 0; i < text.n; i++) {
        if (!jsonata_is_space(text.c[i]))
            jsonata_add_char(&b, text.c[i]);
    }
    return jsonata_built(&b);
}

int picture_analyse_moment(struct arena *a, struct jsonata_chars picture, struct moment_picture *to,
                           struct err *err)
{
    static const uint32_t closing = ']';
    struct reader r = {.arena = a, .picture = picture, .err = err};
    size_t start = 0;

    for (size_t pos = 0; pos < picture.n; pos++) {
        if (picture.c[pos] != '[')
            continue;
        add_literal(&r, start, pos);
        if (pos + 1 < picture.n && picture.c[pos + 1] == '[') { /* "[[" stands for "[" */
            add_literal(&r, pos, pos + 1);
            start = ++pos + 1;
            continue;
        }
        size_t end = jsonata_chars_find(picture, (struct jsonata_chars){&closing, 1}, pos);
        if (end == JSONATA_NOWHERE)
            return err_set(err, "D3135", "No matching closing bracket ']' in date/time picture string");
        if (read_marker(&r, without_blanks(&r, jsonata_chars_part(picture, pos + 1, end))) < 0)
            return -1;
        pos = end;
        start = end + 1;
    }
    add_literal(&r, start, picture.n);
    *to = (struct moment_picture){r.parts, r.n};
    return 0;
}

/* ---- moments ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct moment picture_moment(int64_t ms)
{
    struct moment m = {.ms = ms, .days = floor_div(ms, DAY_MS)};

    m.ms_of_day = ms - m.days * DAY_MS;
    clock_date(m.days, &m.year, &m.month, &m.day);
    return m;
}

int64_t picture_days(int64_t year, int64_t month, int64_t day)
{
    if (year >= 0 && year <= 99)
        year += 1900;
    int64_t years = floor_div(month, 12);
    return clock_days(year + years, (int)(month - years * 12) + 1, day);
}

/* Monday is 1. */
static int day_of_week(int64_t days)
{
    return (int)(days + 3 - floor_div(days + 3, 7) * 7) + 1;
}

/* The Monday of the week that holds the first Thursday of a month; that of January begins the year. */
static int64_t first_week(int64_t year, int64_t month)
{
    int64_t first = picture_days(year, month, 1);
    int day = day_of_week(first);

    return first - (day - 1) + (day > 4 ? 7 : 0);
}

/*
 * The number of the week that holds m, in its year (step 12 months) or in its month (step 1): the last days
 * may belong to the first week of the next, the first ones to the last week of the one before.
 */
static double week(const struct moment *m, int step)
{
    int64_t month = step == 12 ? 0 : m->month - 1, full_weeks = step == 12 ? 52 : 4;
    int64_t today = picture_days(m->year, m->month - 1, m->day), past = today - first_week(m->year, month);

    if (past < 0)
        return (double)(floor_div(today - first_week(m->year, month - step), 7) + 1);
    if (past > 7 * (full_weeks - 1) && today >= first_week(m->year, month + step))
        return 1;
    return (double)(past / 7 + 1);
}

static double week_year(const struct moment *m)
{
    int64_t year = m->year;

    if (m->ms < first_week(year, 0) * DAY_MS)
        year--;
    else if (m->ms >= first_week(year + 1, 0) * DAY_MS)
        year++;
    return (double)year;
}

static double week_month(const struct moment *m)
{
    if (m->ms < first_week(m->year, m->month - 1) * DAY_MS)
        return m->month == 1 ? 12 : m->month - 1;
    if (m->ms >= first_week(m->year, m->month) * DAY_MS)
        return m->month == 12 ? 1 : m->month + 1;
    return m->month;
}

static int64_t hours(const struct moment *m)
{
    return m->ms_of_day / 3600000;
}

double picture_fragment(const struct moment *m, char component)
{
    switch (component) {
    case 'Y':
        return (double)m->year;
    case 'M':
        return m->month;
    case 'D':
        return m->day;
    case 'd':
        return (double)(picture_days(m->year, m->month - 1, m->day) - picture_days(m->year, 0, 1) + 1);
    case 'F':
        return day_of_week(m->days);
    case 'W':
        return week(m, 12);
    case 'w':
        return week(m, 1);
    case 'X':
        return week_year(m);
    case 'x':
        return week_month(m);
    case 'H':
        return (double)hours(m);
    case 'h':
        return hours(m) % 12 == 0 ? 12 : (double)(hours(m) % 12);
    case 'P':
        return hours(m) >= 12;
    case 'm':
        return (double)(m->ms_of_day / 60000 % 60);
    case 's':
        return (double)(m->ms_of_day / 1000 % 60);
    default:
        return (double)(m->ms_of_day % 1000);
    }
}

/* ---- moments as text ---- */

struct writer {
    struct jsonata_build to;
    struct moment moment; /* the clock on the wall at that offset */
    int64_t offset_hours, offset_minutes;
    struct err *err;
};

static void add_name(struct writer *w, const char *name, const struct picture_part *part)
{
    for (int i = 0; name[i] && (part->width_max < 0 || i < part->width_max); i++) {
        char c = name[i];
        if (part->names == NAMES_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (part->names == NAMES_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        jsonata_add_char(&w->to, (unsigned char)c);
    }
}

int picture_has_no_names(char component, struct err *err)
{
    return err_set(
        err, "D3133",
        "The 'name' modifier can only be applied to months and days in the date/time picture string, "
        "not \"%c\"",
        component);
}

static int add_number_or_name(struct writer *w, const struct picture_part *part)
{
    double value = picture_fragment(&w->moment, part->component);

    if (part->has_integer) {
        if (part->component == 'Y' && part->year_width >= 0)
            value = fmod(value, pow(10, part->year_width));
        return picture_format_integer(&w->to, value, &part->integer, w->err);
    }
    if (is_one_of("Mx", part->component))
        add_name(w, PICTURE_MONTHS[(int)value], part);
    else if (part->component == 'F')
        add_name(w, PICTURE_DAYS[(int)value], part);
    else
        return picture_has_no_names(part->component, w->err);
    return 0;
}

static int add_offset_digits(struct writer *w, const struct picture_part *part)
{
    const struct integer_picture *p = &part->integer;
    double offset = (double)(w->offset_hours * 100 + w->offset_minutes);

    if (p->primary == FORMAT_DECIMAL && (p->regular || p->mandatory == 3 || p->mandatory == 4))
        return picture_format_integer(&w->to, offset, p, w->err);
    if (p->primary != FORMAT_DECIMAL || p->mandatory > 4)
        return err_set(w->err, "D3134",
                       "The timezone integer format specifier cannot have more than four digits");
    if (picture_format_integer(&w->to, (double)w->offset_hours, p, w->err) < 0)
        return -1;
    if (w->offset_minutes != 0) {
        static const struct integer_picture two_digits = {
            .primary = FORMAT_DECIMAL, .zero = '0', .mandatory = 2};
        jsonata_add_char(&w->to, ':');
        return picture_format_integer(&w->to, (double)w->offset_minutes, &two_digits, w->err);
    }
    return 0;
}

static int add_offset(struct writer *w, const struct picture_part *part)
{
    int64_t offset = w->offset_hours * 100 + w->offset_minutes;
    size_t start = w->to.n;

    if (part->component == 'z')
        jsonata_add_ascii(&w->to, "GMT");
    if (offset >= 0)
        jsonata_add_char(&w->to, '+');
    if (add_offset_digits(w, part) < 0)
        return -1;
    if (offset == 0 && part->zulu) {
        w->to.n = start;
        jsonata_add_char(&w->to, 'Z');
    }
    return 0;
}

static int add_part_text(struct writer *w, const struct picture_part *part)
{
    switch (part->component) {
    case 0:
        jsonata_add(&w->to, part->literal);
        return 0;
    case 'Z':
    case 'z':
        return add_offset(w, part);
    case 'P': {
        bool upper = part->names == NAMES_UPPER, pm = hours(&w->moment) >= 12;
        jsonata_add_ascii(&w->to, pm ? (upper ? "PM" : "pm") : (upper ? "AM" : "am"));
        return 0;
    }
    case 'C':
    case 'E':
        jsonata_add_ascii(&w->to, "ISO");
        return 0;
    default:
        return add_number_or_name(w, part);
    }
}

/* "+0530": hours and minutes are told apart by the hundreds. Of "-0530" the reference makes -6 hours -30
 * minutes. */
static int read_offset(struct writer *w, struct arena *a, struct jsonata_text timezone)
{
    struct jsonata_chars chars;

    if (picture_parsed_chars(a, timezone, JSONATA_MOMENT_CHARS_MAX, &chars, w->err) < 0)
        return -1;
    double offset = jsonata_number_prefix(chars);
    if (!(fabs(offset) < 1e9))
        return jsonata_refuse(w->err, "D1001",
                              "Timezone out of range, or no offset such as \"+0530\": ", timezone, "");
    w->offset_hours = floor_div((int64_t)offset, 100);
    w->offset_minutes = (int64_t)offset % 100;
    return 0;
}

static int set_moment(struct writer *w, double ms)
{
    char text[JSONATA_NUMBER_BYTES];
    double local = trunc(ms + (double)(60 * w->offset_hours + w->offset_minutes) * 60000);

    if (!(fabs(local) <= MOMENT_MS_MAX)) {
        jsonata_number_text(text, ms);
        return err_set(w->err, "D1001", "Number out of range: %s", isnan(ms) ? "null" : text);
    }
    w->moment = picture_moment((int64_t)local);
    return 0;
}

/* What the default picture makes, of years with four digits, which most moments are in. */
static bool put_iso8601(struct arena *a, double ms, struct jsonata_text *out)
{
    const double first = -62135596800000, last = 253402300799999; /* 0001-01-01, 9999-12-31 */
    char text[CLOCK_TEXT_BYTES];

    if (!(ms >= first && ms <= last))
        return false;
    clock_format(text, (int64_t)trunc(ms) * 1000);
    *out = (struct jsonata_text){arena_strndup(a, text, strlen(text)), strlen(text)};
    return true;
}

int jsonata_from_millis(struct arena *a, double ms, const struct jsonata_text *picture,
                        const struct jsonata_text *timezone, struct jsonata_text *out, struct err *err)
{
    static const char iso8601[] = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";
    const struct jsonata_text otherwise = {iso8601, sizeof iso8601 - 1};
    struct writer w = {.to = {.arena = a}, .err = err};
    struct jsonata_chars chars;
    struct moment_picture parsed;

    if (!picture && !timezone && put_iso8601(a, ms, out))
        return 0;
    if (timezone && read_offset(&w, a, *timezone) < 0)
        return -1;
    if (picture_chars(a, picture ? *picture : otherwise, &chars, err) < 0 ||
        picture_analyse_moment(a, chars, &parsed, err) < 0 || set_moment(&w, ms) < 0)
        return -1;
    for (size_t i = 0; i < parsed.n; i++) {
        if (add_part_text(&w, &parsed.parts[i]) < 0)
            return -1;
    }
    *out = jsonata_chars_text(a, jsonata_built(&w.to));
    return 0;
}
