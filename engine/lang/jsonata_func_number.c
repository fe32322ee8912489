/* Functions of numbers and moments. Pictures are jsonata_picture.h's. */
#include "base/clock.h"
#include "lang/jsonata_func.h"
#include "lang/jsonata_picture.h"

#include <math.h>
#include <string.h>

/* ---- arithmetic ---- */

int jsonata_f_floor(struct call *c, struct jv *out)
{
    if (given(c, 0))
        *out = jv_number(floor(arg(c, 0).number));
    return 0;
}

int jsonata_f_ceil(struct call *c, struct jv *out)
{
    if (given(c, 0))
        *out = jv_number(ceil(arg(c, 0).number));
    return 0;
}

int jsonata_f_abs(struct call *c, struct jv *out)
{
    if (given(c, 0))
        *out = jv_number(fabs(arg(c, 0).number));
    return 0;
}

/* What the modules of numbers and pictures refuse: their code and message. */
static int refuse(struct call *c, const struct err *err)
{
    return jsonata_fail_text(c->run, err->name, arena_strndup(c->run->arena, err->cause, strlen(err->cause)));
}

int jsonata_f_round(struct call *c, struct jv *out)
{
    if (given(c, 0))
        *out = jv_number(jsonata_round(arg(c, 0).number, given(c, 1) ? arg(c, 1).number : 0));
    return 0;
}

int jsonata_f_sqrt(struct call *c, struct jv *out)
{
    struct err err;

    if (!given(c, 0))
        return 0;
    *out = jv_number(0);
    return jsonata_sqrt(arg(c, 0).number, &out->number, &err) < 0 ? refuse(c, &err) : 0;
}

int jsonata_f_power(struct call *c, struct jv *out)
{
    struct err err;

    if (!given(c, 0))
        return 0;
    *out = jv_number(0);
    double exponent = given(c, 1) ? arg(c, 1).number : (double)NAN;
    return jsonata_power(arg(c, 0).number, exponent, &out->number, &err) < 0 ? refuse(c, &err) : 0;
}

/* ---- text of numbers and back ---- */

static struct jsonata_text text_of(struct jv s)
{
    return (struct jsonata_text){.p = s.text, .len = s.len};
}

/* A call that goes by a picture: what it makes along the way lies in a place of its own, and is given back at
 * once. */
struct sheet {
    struct arena *arena;
    struct jsonata_text text, picture; /* of the result; the argument */
    struct err err;
};

/* Pays for the work, which grows with the picture's length times that of the texts. */
static int begin(struct call *c, struct sheet *s, uint32_t picture)
{
    enum { LONGEST = JSONATA_PICTURE_CHARS_MAX };
    uint64_t texts = 0;

    for (uint32_t i = 0; i < c->n; i++)
        texts += arg(c, i).kind == JV_STRING ? arg(c, i).len : 0;
    *s = (struct sheet){.picture = text_of(arg(c, picture))};
    uint64_t wide = s->picture.len < LONGEST ? s->picture.len : LONGEST,
             high = texts < 2 * LONGEST ? texts : 2 * LONGEST;
    if (charge(c->run, 32 + texts / 4 + wide * high / 64) < 0)
        return -1;
    s->arena = arena_new();
    return 0;
}

static int end(struct call *c, struct sheet *s, int rc)
{
    arena_free(s->arena);
    return rc < 0 ? refuse(c, &s->err) : 0;
}

static int end_with_text(struct call *c, struct sheet *s, int rc, struct jv *out)
{
    char *copy = rc < 0 ? NULL : jsonata_take_room(c->run, s->text.len);

    if (copy) {
        memcpy(copy, s->text.p, s->text.len);
        *out = jv_text(copy, s->text.len);
    }
    if (end(c, s, rc) < 0)
        return -1;
    return copy ? charge(c->run, out->len / 16) : -1;
}

int jsonata_f_number(struct call *c, struct jv *out)
{
    struct jv v = arg(c, 0);
    struct err err;

    *out = v;
    if (v.kind == JV_BOOL)
        *out = jv_number(v.boolean ? 1 : 0);
    if (v.kind != JV_STRING)
        return 0;
    *out = jv_number(0);
    if (charge(c->run, v.len / STEP_CHANGED) < 0)
        return -1;
    if (jsonata_number_parse(text_of(v), &out->number, &err) < 0)
        return refuse(c, &err);
    return 0;
}

int jsonata_f_formatBase(struct call *c, struct jv *out)
{
    struct sheet s;

    if (!given(c, 0))
        return 0;
    if (begin(c, &s, 0) < 0)
        return -1;
    double radix = given(c, 1) ? arg(c, 1).number : 10;
    return end_with_text(c, &s, jsonata_format_base(s.arena, arg(c, 0).number, radix, &s.text, &s.err), out);
}

int jsonata_f_formatInteger(struct call *c, struct jv *out)
{
    struct sheet s;

    if (!given(c, 0) || !given(c, 1))
        return 0;
    if (begin(c, &s, 1) < 0)
        return -1;
    return end_with_text(c, &s, jsonata_format_integer(s.arena, arg(c, 0).number, s.picture, &s.text, &s.err),
                         out);
}

int jsonata_f_parseInteger(struct call *c, struct jv *out)
{
    struct sheet s;

    if (!given(c, 0) || !given(c, 1))
        return 0;
    if (begin(c, &s, 1) < 0)
        return -1;
    *out = jv_number(0);
    return end(c, &s, jsonata_parse_integer(s.arena, text_of(arg(c, 0)), s.picture, &out->number, &s.err));
}

enum { OPTIONS_MAX = 32 };

/* The members of $formatNumber's third argument that are strings. */
static size_t options_of(struct jv object, struct jsonata_option *options)
{
    size_t n = 0;

    if (object.kind != JV_OBJECT)
        return 0;
    for (struct members m = jv_members(object); n < OPTIONS_MAX && jv_members_next(&m);)
        if (m.value.kind == JV_STRING)
            options[n++] = (struct jsonata_option){.name = {m.key, m.len}, .value = text_of(m.value)};
    return n;
}

int jsonata_f_formatNumber(struct call *c, struct jv *out)
{
    struct jsonata_option options[OPTIONS_MAX];
    size_t n = options_of(arg(c, 2), options);
    struct sheet s;

    if (!given(c, 0) || !given(c, 1))
        return 0;
    if (begin(c, &s, 1) < 0)
        return -1;
    int rc = jsonata_format_number(s.arena, arg(c, 0).number, s.picture, options, n, &s.text, &s.err);
    return end_with_text(c, &s, rc, out);
}

/* ---- moments ---- */

static int format_moment(struct call *c, double ms, uint32_t picture, struct jv *out)
{
    struct jsonata_text zone = text_of(arg(c, picture + 1));
    struct sheet s;

    if (begin(c, &s, picture) < 0)
        return -1;
    int rc = jsonata_from_millis(s.arena, ms, given(c, picture) ? &s.picture : NULL,
                                 given(c, picture + 1) ? &zone : NULL, &s.text, &s.err);
    return end_with_text(c, &s, rc, out);
}

int jsonata_f_fromMillis(struct call *c, struct jv *out)
{
    return given(c, 0) ? format_moment(c, arg(c, 0).number, 1, out) : 0;
}

int jsonata_f_now(struct call *c, struct jv *out)
{
    return format_moment(c, (double)c->run->env->now_ms, 0, out);
}

int jsonata_f_millis(struct call *c, struct jv *out)
{
    *out = jv_number((double)c->run->env->now_ms);
    return 0;
}

int jsonata_f_toMillis(struct call *c, struct jv *out)
{
    struct sheet s;
    double ms;

    if (!given(c, 0))
        return 0;
    if (begin(c, &s, 1) < 0)
        return -1;
    int rc = jsonata_to_millis(s.arena, text_of(arg(c, 0)), given(c, 1) ? &s.picture : NULL,
                               c->run->env->now_ms, &ms, &s.err);
    if (rc == 1)
        *out = jv_number(ms);
    return end(c, &s, rc);
}

/* ---- chance ---- */

int jsonata_dice(struct run *r, uint64_t *dice)
{
    if (!r->env->dice)
        return jsonata_fail_text(r, "D3154",
                                 "There is no chance here: $random, $shuffle and $uuid cannot be used");
    *dice = r->env->dice(r->env->self);
    return 0;
}

/* From 0 up to 1. With a seed always the same, as AWS Step Functions has it. */
int jsonata_f_random(struct call *c, struct jv *out)
{
    uint64_t dice = 0, seed;
    double number = arg(c, 0).number;

    memcpy(&seed, &number, sizeof seed);
    if (given(c, 0))
        dice = clock_dice(seed, 0);
    else if (jsonata_dice(c->run, &dice) < 0)
        return -1;
    *out = jv_number((double)(dice >> 11) * 0x1p-53);
    return 0;
}
