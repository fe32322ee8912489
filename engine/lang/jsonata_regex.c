/*
 * Regular expressions: JavaScript's, matched by PCRE2.
 *
 * A pattern is read as JavaScript reads it and written again for PCRE2, so that what means nothing there
 * (\A, possessive quantifiers, verbs) means nothing here.
 *
 * Matching is charged for by its work.  PCRE2 counts, and can limit, the points to which it might have to go
 * back ("matches", from one starting place), but not the characters that a repetition goes over or a back
 * reference compares: so callouts are written into the pattern, which see how far it has come.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lang/jsonata_priv.h"

#include <string.h>

enum {
    PARENS_NESTED_MAX = 100,
    CODE_BYTES_MAX = 4096,   /* of a compiled pattern ... */
    CODE_GROWTH_MAX = 64,    /* ... and so many more for each byte of its text */
    EASY_WORK = 8,           /* PCRE2's matches from one starting place, at first */
    HARD_WORK_MAX = 1 << 24, /* ... and at most */
    WORK_OF_A_STEP = 4,
    GROUPS_OF_WORK =
        25, /* capturing groups that cost as much as a match by itself: it keeps what they hold */
    HEAP_KIB_MAX = 16384,
    BEGINS = 1, /* the callout at the beginning */
};

/* ---- the pattern, written anew ---- */

struct pattern {
    const char *text;
    size_t len, at;
    uint32_t groups; /* capturing, in all of it */
    uint32_t least;  /* the greatest n of "{n}": so far a repetition goes before anybody sees it */
    struct js_buf out;
    const char *wrong; /* what is, or NULL */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char look(const struct pattern *p, size_t ahead)
{
    return p->at + ahead < p->len ? p->text[p->at + ahead] : '\0';
}

static uint32_t count_groups(const char *text, size_t len)
{
    uint32_t n = 0;
    bool in_class = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '[')
            in_class = true;
        else if (text[i] == ']')
            in_class = false;
        else if (text[i] == '(' && !in_class)
            n += i + 1 == len || text[i + 1] != '?' ||
                 (i + 3 < len && text[i + 2] == '<' && text[i + 3] != '=' && text[i + 3] != '!');
    }
    return n;
}

#define SEEN "(?C2)" /* the callout behind quantifiers and before back references */

static void put(struct pattern *p, const char *text)
{
    js_buf_str(&p->out, text);
}

/* By its number: no character has a meaning then. */
static void put_code(struct pattern *p, uint32_t code)
{
    char hex[16];

    if (code >= 0xD800 && code <= 0xDFFF)
        code = 0xFFFD;
    snprintf(hex, sizeof hex, "\\x{%x}", code);
    put(p, hex);
}

/* n hexadecimal digits ahead; -1: there are none. */
static long hex_ahead(const struct pattern *p, size_t ahead, int n)
{
    long code = 0;

    for (int i = 0; i < n; i++) {
        char c = look(p, ahead + (size_t)i), l = (char)(c | 0x20);
        if (!is_digit(c) && (l < 'a' || l > 'f'))
            return -1;
        code = code * 16 + (is_digit(c) ? c - '0' : l - 'a' + 10);
    }
    return code;
}

/* At "uXXXX"; with a second escape when the two are a surrogate pair. */
static void write_unicode(struct pattern *p)
{
    long code = hex_ahead(p, 1, 4);

    if (code < 0) {
        put(p, "u");
        p->at++;
        return;
    }
    p->at += 5;
    if (code >= 0xD800 && code <= 0xDBFF && look(p, 0) == '\\' && look(p, 1) == 'u') {
        long low = hex_ahead(p, 2, 4);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            p->at += 6;
        }
    }
    put_code(p, (uint32_t)code);
}

/* \1: the group of that number if there is one, else a character by its octal number, else the digit. */
static void write_number(struct pattern *p, bool in_class)
{
    char text[16];
    uint32_t n = 0, code = 0;
    size_t i = 0;

    while (is_digit(look(p, i)) && n < 10000)
        n = n * 10 + (uint32_t)(look(p, i++) - '0');
    if (!in_class && n > 0 && n <= p->groups && look(p, 0) != '0') {
        snprintf(text, sizeof text, SEEN "(?:\\%u)", n);
        put(p, text);
        p->at += i;
        return;
    }
    for (i = 0; look(p, i) >= '0' && look(p, i) <= '7' && code * 8 < 256 && i < 3; i++)
        code = code * 8 + (uint32_t)(look(p, i) - '0');
    if (i == 0)
        code = (unsigned char)look(p, i++);
    put_code(p, code);
    p->at += i;
}

/* JavaScript's \s knows the blanks of Unicode, too. */
#define MORE_BLANKS                                                                                          \
    "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

static void write_class_escape(struct pattern *p, char c, bool in_class)
{
    char text[3] = {'\\', c, '\0'};

    p->at++;
    if (c == 's')
        put(p, in_class ? "\\s" MORE_BLANKS : "[\\s" MORE_BLANKS "]");
    else if (c == 'S' && !in_class)
        put(p, "[^\\s" MORE_BLANKS "]");
    else
        put(p, text);
}

static void write_control(struct pattern *p)
{
    p->at++;
    if (is_letter(look(p, 0)))
        put_code(p, (uint32_t)look(p, 0) & 0x1F);
    else
        put(p, "\\\\c");
    p->at += is_letter(look(p, 0));
}

/* At what stands behind a backslash. */
static void write_escape(struct pattern *p, bool in_class)
{
    static const char letters[] = "tnrvf", codes[] = "\t\n\r\v\f";
    char c = look(p, 0), *letter = c ? strchr(letters, c) : NULL;

    if (c == '\0') {
        p->wrong = "\\ at end of pattern";
    } else if (letter) {
        put_code(p, (unsigned char)codes[letter - letters]);
        p->at++;
    } else if (strchr("dDwWsS", c) || (strchr("bB", c) && !in_class)) {
        write_class_escape(p, c, in_class);
    } else if (c == 'b') {
        put_code(p, '\b');
        p->at++;
    } else if (c == 'x' && hex_ahead(p, 1, 2) >= 0) {
        put_code(p, (uint32_t)hex_ahead(p, 1, 2));
        p->at += 3;
    } else if (c == 'u') {
        write_unicode(p);
    } else if (c == 'c') {
        write_control(p);
    } else if (is_digit(c)) {
        write_number(p, in_class);
    } else if (c == 'k' && look(p, 1) == '<' && !in_class) {
        put(p, SEEN "\\k");
        p->at++;
    } else if ((unsigned char)c < 0x80 && !is_letter(c)) {
        js_buf_add(&p->out, (const char[]){'\\', c}, 2);
        p->at++;
    } else { /* any other letter is itself */
        js_buf_add(&p->out, &c, 1);
        p->at++;
    }
}

static void write_class(struct pattern *p)
{
    put(p, "[");
    p->at++;
    if (look(p, 0) == '^') {
        put(p, "^");
        p->at++;
    }
    while (p->at < p->len && look(p, 0) != ']' && !p->wrong) {
        char c = look(p, 0);
        p->at++;
        if (c == '\\')
            write_escape(p, true);
        else if (c == '[')
            put(p, "\\[");
        else
            js_buf_add(&p->out, &c, 1);
    }
    if (p->at >= p->len)
        p->wrong = "Unterminated character class";
    put(p, "]");
    p->at++;
}

/* "(": only the groups that JavaScript has. */
static void write_group(struct pattern *p)
{
    bool special = look(p, 1) == '?';
    char kind = look(p, 2);

    if (look(p, 1) == '*')
        p->wrong = "Nothing to repeat";
    else if (special && kind != ':' && kind != '=' && kind != '!' && kind != '<')
        p->wrong = "Invalid group";
    put(p, special ? "(?" : "(");
    p->at += special ? 2 : 1;
}

/* "*", "+", "?", "{n,m}", each perhaps with "?" behind it; what could be repeated after that is nothing. */
static void write_quantifier(struct pattern *p, size_t len)
{
    uint32_t least = look(p, 0) == '{' ? (uint32_t)strtoul(p->text + p->at + 1, NULL, 10) : 0;

    p->least = least > p->least ? least : p->least;
    js_buf_add(&p->out, p->text + p->at, len);
    p->at += len;
    if (look(p, 0) == '?') {
        put(p, "?");
        p->at++;
    }
    if (look(p, 0) && strchr("*+?", look(p, 0)))
        p->wrong = "Nothing to repeat";
    put(p, SEEN);
}

/* The length of a "{n}", "{n,}" or "{n,m}"; 0: it is just a brace. */
static size_t braces(const struct pattern *p)
{
    size_t i = 1;

    while (is_digit(look(p, i)))
        i++;
    if (i == 1)
        return 0;
    if (look(p, i) == ',')
        i++;
    while (is_digit(look(p, i)))
        i++;
    return look(p, i) == '}' ? i + 1 : 0;
}

static void write_pattern(struct pattern *p)
{
    while (p->at < p->len && !p->wrong) {
        char c = look(p, 0);
        if (c == '\\') {
            p->at++;
            write_escape(p, false);
        } else if (c == '[') {
            write_class(p);
        } else if (c == '(') {
            write_group(p);
        } else if (c == '*' || c == '+' || c == '?') {
            write_quantifier(p, 1);
        } else if (c == '{' && braces(p)) {
            write_quantifier(p, braces(p));
        } else {
            js_buf_add(&p->out, &c, 1);
            p->at++;
        }
    }
}

/* ---- compiling ---- */

struct room { /* for what PCRE2 compiles: it takes the code at once, and the rest is small */
    struct arena *arena;
    size_t most;
};

static void *take_for_pcre(PCRE2_SIZE size, void *self)
{
    const struct room *room = self;
    return size <= room->most ? arena_alloc(room->arena, size) : NULL;
}

static void leave_to_arena(void *block, void *self)
{
    (void)block;
    (void)self;
}

static const struct regex *refuse(struct compiler *c, const char *what)
{
    char *cause = arena_printf(c->arena, "Invalid regular expression: %s", what);

    *c->fault = (struct fault){.code = "S0303", .at = c->next, .cause = cause};
    return NULL;
}

/* NULL with why. "(?:ab){999}" would be a thousand times its length. */
static pcre2_code *compile_for_pcre(struct compiler *c, const struct js_buf *pattern, uint32_t options,
                                    char why[256])
{
    struct room room = {c->arena, CODE_BYTES_MAX + CODE_GROWTH_MAX * pattern->len};
    pcre2_general_context *memory = pcre2_general_context_create(take_for_pcre, leave_to_arena, &room);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    PCRE2_SIZE place;
    int error;

    pcre2_set_parens_nest_limit(context, PARENS_NESTED_MAX);
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern->p, pattern->len,
                                     options | PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                                         PCRE2_MATCH_UNSET_BACKREF,
                                     &error, &place, context);
    if (!code && error == PCRE2_ERROR_HEAP_FAILED)
        snprintf(why, 256, "It repeats too much");
    else if (!code)
        pcre2_get_error_message(error, (PCRE2_UCHAR *)why, 256);
    return code;
}

/* What it costs to begin anywhere, or to go on behind a repetition. */
static void set_costs(struct regex *re, uint32_t least)
{
    uint32_t back_references = 0;

    pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
    pcre2_pattern_info(re->code, PCRE2_INFO_BACKREFMAX, &back_references);
    re->compares = back_references > 0;
    re->weight = 1 + re->groups / GROUPS_OF_WORK;
    re->reach = least / STEP_READ;
}

const struct regex *jsonata_regex_compile(struct compiler *c, const char *source, size_t len,
                                          const char *flags, size_t nflags)
{
    struct pattern p = {.text = source, .len = len, .groups = count_groups(source, len)};
    struct regex *re = arena_alloc(c->arena, sizeof *re);
    char why[256] = "";

    put(&p, "(?C1)");
    write_pattern(&p);
    uint32_t options = (memchr(flags, 'i', nflags) ? PCRE2_CASELESS : 0) |
                       (memchr(flags, 'm', nflags) ? PCRE2_MULTILINE : 0);
    if (!p.wrong)
        re->code = compile_for_pcre(c, &p.out, options, why);
    js_buf_fini(&p.out);
    if (!re->code)
        return refuse(c, p.wrong ? p.wrong : why);
    set_costs(re, p.least);
    re->at = c->next;
    return re;
}

/* ---- matching ---- */

struct matcher {
    struct run *run;
    pcre2_match_context *context;
    pcre2_match_data *data;
    uint32_t groups; /* that data has room for */
    const struct regex *regex;
    size_t place, at;  /* where PCRE2 has begun last, and how far it was when it was last seen */
    struct jv text;    /* the last one, and ... */
    const char *clean; /* ... the same with U+FFFD for lone surrogates, which PCRE2 does not take */
};

/* The longest text that a group holds, which a back reference may compare. */
static size_t longest_group(const pcre2_callout_block *block)
{
    size_t longest = 0;

    for (uint32_t i = 1; i < block->capture_top; i++) {
        const PCRE2_SIZE *ends = block->offset_vector + 2 * (size_t)i;
        if (ends[0] != PCRE2_UNSET && ends[1] > ends[0] + longest)
            longest = ends[1] - ends[0];
    }
    return longest;
}

/* PCRE2 is on its way: what has it done since it was last seen? */
static int seen_on_its_way(pcre2_callout_block *block, void *self)
{
    struct matcher *m = self;
    size_t at = block->current_position, far = at > m->at ? at - m->at : m->at - at;
    uint64_t work = 1 + m->regex->reach + far / STEP_READ;

    if (m->regex->compares)
        work += longest_group(block) / STEP_READ;
    if (block->callout_number == BEGINS)
        work += (uint64_t)m->regex->weight * EASY_WORK / WORK_OF_A_STEP;
    m->place = block->start_match;
    m->at = at;
    return charge(m->run, work) < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static struct matcher *matcher_of(struct run *r, uint32_t groups)
{
    struct matcher *m = r->matcher;

    if (!m) {
        m = r->matcher = jsonata_take(r, sizeof *m);
        m->run = r;
        m->context = pcre2_match_context_create(NULL);
        PAWL_ASSERT(m->context != NULL);
        pcre2_set_heap_limit(m->context, HEAP_KIB_MAX);
        pcre2_set_callout(m->context, seen_on_its_way, m);
    }
    if (!m->data || m->groups < groups) {
        pcre2_match_data_free(m->data);
        m->data = pcre2_match_data_create(groups + 1, NULL);
        PAWL_ASSERT(m->data != NULL);
        m->groups = groups;
    }
    return m;
}

void jsonata_regex_release(struct run *r)
{
    if (!r->matcher)
        return;
    pcre2_match_data_free(r->matcher->data);
    pcre2_match_context_free(r->matcher->context);
    r->matcher = NULL;
}

static int clean_text(struct matcher *m, struct jv text)
{
    if (m->clean && m->text.text == text.text && m->text.len == text.len)
        return 0;
    m->text = text;
    m->clean = text.text;
    if (charge(m->run, text.len / 64) < 0)
        return -1;
    if (!jv_has_lone_surrogate(text.text, text.len))
        return 0;
    char *copy = jsonata_take_room(m->run, text.len);
    if (!copy)
        return -1;
    memcpy(copy, text.text, text.len);
    for (uint32_t i = 0; i < text.len; i++)
        if ((unsigned char)copy[i] == 0xED && (unsigned char)copy[i + 1] >= 0xA0)
            memcpy(copy + i, "\xEF\xBF\xBD", 3);
    m->clean = copy;
    return 0;
}

static int match_with(struct matcher *m, const struct regex *re, size_t from, uint32_t options, uint32_t work)
{
    m->regex = re;
    m->at = from;
    pcre2_set_match_limit(m->context, work);
    return pcre2_match(re->code, (PCRE2_SPTR)m->clean, m->text.len, from, options | PCRE2_NO_UTF_CHECK,
                       m->data, m->context);
}

/* From this one place, with more and more work, each paid for. */
static int match_hard(struct matcher *m, const struct regex *re, size_t from)
{
    int rc = PCRE2_ERROR_MATCHLIMIT;

    for (uint32_t work = EASY_WORK * 8; rc == PCRE2_ERROR_MATCHLIMIT && work <= HARD_WORK_MAX; work *= 8) {
        if (charge(m->run, (uint64_t)work * re->weight / WORK_OF_A_STEP) < 0)
            return PCRE2_ERROR_CALLOUT;
        rc = match_with(m, re, from, PCRE2_ANCHORED, work);
    }
    return rc;
}

static size_t next_character(struct jv text, size_t at)
{
    do
        at++;
    while (at < text.len && ((unsigned char)text.text[at] & 0xC0) == 0x80);
    return at;
}

/* PCRE2 goes from place to place, as long as no place is hard. */
static int search(struct matcher *m, const struct regex *re, size_t from)
{
    for (;;) {
        int rc = match_with(m, re, from, 0, EASY_WORK);
        if (rc != PCRE2_ERROR_MATCHLIMIT)
            return rc;
        size_t place = m->place;
        if ((rc = match_hard(m, re, place)) != PCRE2_ERROR_NOMATCH || place == m->text.len)
            return rc;
        from = next_character(m->text, place);
    }
}

static int report(struct matcher *m, const struct regex *re, struct match *match)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(m->data);
    struct jv *groups = jsonata_take_room(m->run, (re->groups ? re->groups : 1) * sizeof *groups);

    if (!groups)
        return -1;
    for (uint32_t i = 1; i <= re->groups; i++)
        if (ends[2 * i] != PCRE2_UNSET)
            groups[i - 1] = jv_text(m->text.text + ends[2 * i], ends[2 * i + 1] - ends[2 * i]);
    match->from = (uint32_t)ends[0];
    match->to = (uint32_t)ends[1];
    match->ngroups = re->groups;
    match->groups = groups;
    return 1;
}

int jsonata_regex_match(struct run *r, const struct regex *re, struct jv text, uint32_t from,
                        struct match *match)
{
    struct matcher *m = matcher_of(r, re->groups);

    if (clean_text(m, text) < 0)
        return -1;
    if (from > text.len)
        return 0;
    int rc = search(m, re, from);
    if (rc >= 0)
        return report(m, re, match);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    return r->fault.code ? -1 : jsonata_fail_text(r, "U1001", "A regular expression takes too much work");
}

/* ---- as a function: an object that describes the match ---- */

static struct jv next_value(struct run *r, const struct regex *re, struct jv text, struct mark from)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_NEXT;
    fn->regex = re;
    fn->input = text;
    fn->from = from;
    return jsonata_function_value(fn);
}

int jsonata_regex_describe(struct run *r, const struct regex *re, struct jv text, const struct match *m,
                           struct mark *at, struct jv *out)
{
    struct object *o = jv_object_new(r, 5);

    jv_mark_move(r, at, text, m->from);
    size_t start = at->unit;
    jv_mark_move(r, at, text, m->to);
    if (!o || jv_object_set(r, o, "match", 5, jv_text(text.text + m->from, m->to - m->from)) < 0 ||
        jv_object_set(r, o, "start", 5, jv_number((double)start)) < 0 ||
        jv_object_set(r, o, "end", 3, jv_number((double)at->unit)) < 0 ||
        jv_object_set(r, o, "groups", 6, jv_array(m->groups, m->ngroups, 0)) < 0 ||
        jv_object_set(r, o, "next", 4, next_value(r, re, text, *at)) < 0)
        return -1;
    *out = jv_object(o);
    return 0;
}
