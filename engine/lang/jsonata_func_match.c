/*
 * $match, $contains, $replace, $split.
 *
 * What they search for is a string, a regular expression, or a function that gives what such a one gives:
 * {match, start, end, groups, next}, places in UTF-16 units, next a function for the next match.
 */
#include "lang/jsonata_func.h"

#include <math.h>
#include <string.h>

struct search {
    struct call *call;
    struct jv text;
    struct jv by;      /* the function to be asked next */
    uint32_t from, to; /* bytes of the match */
    struct jv match, start, groups;
    struct jv described; /* the object that describes it; of a regular expression undefined */
    struct mark at;      /* how far units have been counted */
};

/* ---- going from match to match ---- */

static struct jv field(struct run *r, struct jv object, const char *name)
{
    struct jv v = UNDEFINED;

    jv_object_get_name(r, object, name, (uint32_t)strlen(name), &v);
    return v;
}

static bool is_described(const struct search *s)
{
    return s->start.kind == JV_NUMBER || s->groups.kind == JV_ARRAY || s->by.kind == JV_FUNCTION;
}

static uint32_t place(struct search *s, struct jv units)
{
    owe(s->call->run, s->text.len / STEP_READ);
    return units.kind == JV_NUMBER ? (uint32_t)jv_units_to_bytes(s->text.text, s->text.len, units.number) : 0;
}

/* Asks a function. 1: found; 0: nothing more; -1. */
static int ask(struct search *s, struct jv *args, uint32_t n)
{
    struct run *r = s->call->run;
    struct jv found;

    if (jsonata_apply(r, s->by, args, n, jv_null(), s->call->frame, &found) < 0)
        return -1;
    if (found.kind == JV_UNDEFINED || found.kind == JV_NULL)
        return 0;
    if (found.kind != JV_OBJECT)
        return jsonata_fail(r, "T1010");
    s->described = found;
    s->match = field(r, found, "match");
    s->start = field(r, found, "start");
    s->groups = field(r, found, "groups");
    s->by = field(r, found, "next");
    if (!is_described(s))
        return jsonata_fail(r, "T1010");
    s->from = place(s, s->start);
    s->to = place(s, field(r, found, "end"));
    return 1;
}

static int first_match(struct search *s);

static int by_regex(struct search *s, uint32_t from, bool further)
{
    const struct regex *re = s->by.function->regex;
    struct match m;
    int rc = jsonata_regex_match(s->call->run, re, s->text, from, &m);

    if (rc <= 0)
        return rc;
    if (further && m.from == m.to) { /* it would never get on */
        jsonata_fail(s->call->run, "D1004");
        return jsonata_fail_at(s->call->run, re->at, NULL, 0);
    }
    s->from = m.from;
    s->to = m.to;
    s->match = jv_text(s->text.text + m.from, m.to - m.from);
    s->groups = jv_array(m.groups, m.ngroups, 0);
    s->start = s->described = UNDEFINED;
    return 1;
}

static bool is_regex(const struct search *s)
{
    return s->by.kind == JV_FUNCTION && s->by.function->kind == FUNCTION_REGEX;
}

static int first_match(struct search *s)
{
    return is_regex(s) ? by_regex(s, 0, false) : ask(s, &s->text, 1);
}

static int next_match(struct search *s)
{
    if (charge(s->call->run, 3) < 0)
        return -1;
    if (!is_regex(s))
        return s->by.kind == JV_FUNCTION ? ask(s, NULL, 0) : 0;
    return s->to >= s->text.len ? 0 : by_regex(s, s->to, true);
}

static struct search search_for(struct call *c, struct jv what)
{
    return (struct search){.call = c, .text = arg(c, 0), .by = what};
}

/* ---- $contains, $match ---- */

int jsonata_f_contains(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0), what = arg(c, 1);

    if (!given(c, 0))
        return 0;
    if (what.kind == JV_STRING) {
        *out = jv_bool(memmem(s.text, s.len, what.text, what.len) != NULL);
        return charge(c->run, s.len / STEP_SEARCHED);
    }
    struct search search = search_for(c, what);
    int rc = first_match(&search);
    *out = jv_bool(rc == 1);
    return rc < 0 ? -1 : 0;
}

/* Is there a limit, and is n not below it? */
static bool reached(struct jv limit, double n)
{
    return limit.kind == JV_NUMBER && !(n < limit.number);
}

static int check_limit(struct call *c, struct jv limit, const char *code)
{
    return limit.kind == JV_NUMBER && limit.number < 0 ? jsonata_fail_value(c->run, code, limit) : 0;
}

static int add_match(struct search *s, struct list *l)
{
    struct run *r = s->call->run;
    struct object *o = jv_object_new(r, 3);
    struct jv start = s->start;

    if (start.kind == JV_UNDEFINED) {
        jv_mark_move(r, &s->at, s->text, s->from);
        start = jv_number((double)s->at.unit);
    }
    if (!o || jv_object_set(r, o, "match", 5, s->match) < 0 || jv_object_set(r, o, "index", 5, start) < 0 ||
        (s->groups.kind != JV_UNDEFINED && jv_object_set(r, o, "groups", 6, s->groups) < 0))
        return -1;
    return jv_list_add(r, l, jv_object(o));
}

int jsonata_f_match(struct call *c, struct jv *out)
{
    struct search s = search_for(c, arg(c, 1));
    struct jv limit = arg(c, 2);
    struct list l = {0};

    if (!given(c, 0))
        return 0;
    if (check_limit(c, limit, "D3040") < 0)
        return -1;
    int rc = reached(limit, 0) ? 0 : first_match(&s);
    for (; rc == 1 && !reached(limit, l.n); rc = next_match(&s))
        if (add_match(&s, &l) < 0)
            return -1;
    *out = list_array(&l, JV_SEQUENCE);
    return rc < 0 ? -1 : 0;
}

/* ---- $replace ---- */

static int describe(struct search *s, struct jv *out)
{
    const struct match m = {
        .from = s->from, .to = s->to, .ngroups = s->groups.len, .groups = s->groups.items};

    *out = s->described;
    if (out->kind != JV_UNDEFINED)
        return 0;
    return jsonata_regex_describe(s->call->run, s->by.function->regex, s->text, &m, &s->at, out);
}

/* Digits at p, at most n of them; their count in *len. */
static uint32_t number_at(const char *p, const char *end, uint32_t n, uint32_t *len)
{
    uint32_t number = 0;

    for (*len = 0; *len < n && p + *len < end && p[*len] >= '0' && p[*len] <= '9'; ++*len)
        number = number * 10 + (uint32_t)(p[*len] - '0');
    return number;
}

static uint32_t digits_of(uint32_t n)
{
    return n < 10 ? 1 : n < 100 ? 2 : n < 1000 ? 3 : n < 10000 ? 4 : 5;
}

/* "$12" at p, behind the "$": that group, or group 1 and a "2" when there are not so many. */
static int add_group(struct search *s, struct text *t, const char **p, const char *end)
{
    struct jv groups = s->groups;
    uint32_t ngroups = groups.kind == JV_ARRAY ? groups.len : 0, most = ngroups ? digits_of(ngroups) : 1, len;
    uint32_t n = number_at(*p, end, most, &len);

    if (most > 1 && n > ngroups)
        n = number_at(*p, end, most - 1, &len);
    if (len == 0)
        return jv_text_add(s->call->run, t, "$", 1);
    *p += digits_of(n);
    struct jv group = n > 0 && n <= ngroups ? jv_at(groups, n - 1) : UNDEFINED;
    return group.kind == JV_STRING ? jv_text_add_jv(s->call->run, t, group) : 0;
}

/* The replacement with its $0, $1, $$ filled in. */
static int add_replacement(struct search *s, struct text *t, struct jv replacement)
{
    const char *p = replacement.text, *end = p + replacement.len, *dollar;
    struct run *r = s->call->run;
    int rc = 0;

    while (rc == 0 && p < end && (dollar = memchr(p, '$', (size_t)(end - p))) != NULL) {
        rc = jv_text_add(r, t, p, (size_t)(dollar - p));
        p = dollar + 1;
        if (rc == 0 && p < end && (*p == '$' || *p == '0')) {
            bool all = *p++ == '0' && s->match.kind == JV_STRING;
            rc = all ? jv_text_add_jv(r, t, s->match) : p[-1] == '$' ? jv_text_add(r, t, "$", 1) : 0;
        } else if (rc == 0) {
            rc = add_group(s, t, &p, end);
        }
    }
    return rc < 0 ? -1 : jv_text_add(r, t, p, (size_t)(end - p));
}

static int add_substitute(struct search *s, struct text *t, struct jv replacement)
{
    struct jv match, v;

    if (replacement.kind == JV_STRING)
        return add_replacement(s, t, replacement);
    if (describe(s, &match) < 0 ||
        jsonata_apply(s->call->run, replacement, &match, 1, jv_null(), s->call->frame, &v) < 0)
        return -1;
    return v.kind == JV_STRING ? jv_text_add_jv(s->call->run, t, v)
                               : jsonata_fail_value(s->call->run, "D3012", v);
}

static int replace_matches(struct call *c, struct jv replacement, struct jv limit, struct text *t)
{
    struct search s = search_for(c, arg(c, 1));
    uint32_t at = 0;
    double n = 0;
    int rc = first_match(&s);

    for (; rc == 1 && !reached(limit, n); n++, rc = next_match(&s)) {
        uint32_t len = s.match.kind == JV_STRING ? s.match.len : 0;
        if ((s.from > at && jv_text_add(c->run, t, s.text.text + at, s.from - at) < 0) ||
            add_substitute(&s, t, replacement) < 0)
            return -1;
        at = len < s.text.len - s.from ? s.from + len : s.text.len;
    }
    return rc < 0 ? -1 : jv_text_add(c->run, t, s.text.text + at, s.text.len - at);
}

static int replace_text(struct call *c, struct jv replacement, struct jv limit, struct text *t)
{
    struct jv s = arg(c, 0), what = arg(c, 1);
    const char *p = s.text, *end = p + s.len, *at;

    for (double n = 0; !reached(limit, n) && (at = memmem(p, (size_t)(end - p), what.text, what.len)); n++) {
        if (replacement.kind != JV_STRING)
            return jsonata_fail_value(c->run, "D3012", replacement);
        if (jv_text_add(c->run, t, p, (size_t)(at - p)) < 0 || jv_text_add_jv(c->run, t, replacement) < 0 ||
            charge(c->run, 1) < 0)
            return -1;
        p = at + what.len;
    }
    return jv_text_add(c->run, t, p, (size_t)(end - p));
}

int jsonata_f_replace(struct call *c, struct jv *out)
{
    struct jv what = arg(c, 1), replacement = arg(c, 2), limit = arg(c, 3);
    struct text t = {0};

    if (!given(c, 0))
        return 0;
    if (what.kind == JV_STRING && what.len == 0)
        return jsonata_fail_value(c->run, "D3010", what);
    if (check_limit(c, limit, "D3011") < 0 || charge(c->run, arg(c, 0).len / STEP_SEARCHED) < 0)
        return -1;
    *out = arg(c, 0);
    if (reached(limit, 0))
        return 0;
    int rc = what.kind == JV_STRING ? replace_text(c, replacement, limit, &t)
                                    : replace_matches(c, replacement, limit, &t);
    *out = text_value(&t);
    return rc;
}

/* ---- $split ---- */

static int split_by_match(struct call *c, struct jv limit, struct list *l)
{
    struct search s = search_for(c, arg(c, 1));
    uint32_t at = 0;
    int rc = first_match(&s);

    for (; rc == 1 && !reached(limit, l->n); rc = next_match(&s)) {
        uint32_t end = s.from > at ? s.from : at;
        if (jv_list_add(c->run, l, jv_text(s.text.text + at, end - at)) < 0)
            return -1;
        at = s.to;
    }
    if (rc < 0 || reached(limit, l->n))
        return rc < 0 ? -1 : 0;
    return jv_list_add(c->run, l, jv_text(s.text.text + at, s.text.len - at));
}

static size_t char_bytes(const char *p, const char *end)
{
    size_t n = 1;

    while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* The piece at p up to the separator, or one character when that is empty; *next: what comes behind. */
static size_t piece(const char *p, const char *end, struct jv separator, const char **next)
{
    if (separator.len == 0) {
        size_t n = char_bytes(p, end);
        *next = p + n < end ? p + n : NULL;
        return n;
    }
    const char *at = memmem(p, (size_t)(end - p), separator.text, separator.len);
    *next = at ? at + separator.len : NULL;
    return (size_t)((at ? at : end) - p);
}

static int split_by_text(struct call *c, struct jv limit, struct list *l)
{
    struct jv s = arg(c, 0), separator = arg(c, 1);
    const char *p = s.text, *end = p + s.len, *next;

    if (separator.len == 0 && s.len == 0)
        return 0;
    limit.number = trunc(limit.number);
    for (; p && !reached(limit, l->n); p = next) {
        size_t len = piece(p, end, separator, &next);
        if (charge(c->run, 1) < 0 || jv_list_add(c->run, l, jv_text(p, len)) < 0)
            return -1;
    }
    return 0;
}

int jsonata_f_split(struct call *c, struct jv *out)
{
    struct jv limit = arg(c, 2);
    struct list l = {0};
    int rc = 0;

    if (!given(c, 0))
        return 0;
    if (check_limit(c, limit, "D3020") < 0 || charge(c->run, arg(c, 0).len / STEP_SEARCHED) < 0)
        return -1;
    if (!reached(limit, 0))
        rc = arg(c, 1).kind == JV_STRING ? split_by_text(c, limit, &l) : split_by_match(c, limit, &l);
    *out = list_array(&l, 0);
    return rc;
}
