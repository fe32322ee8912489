/* Text to tokens. */
#include "lang/jsonata_priv.h"

#include <math.h>
#include <string.h>

/* By enum operator: its text, and how strongly it binds what stands on its left (0: not at all). */
static const struct {
    const char *text;
    unsigned power;
} OPERATORS[] = {
    [OP_NONE] = {"", 0},          [OP_DOT] = {".", 75},         [OP_BRACKET] = {"[", 80},
    [OP_BRACKET_END] = {"]", 0},  [OP_BRACE] = {"{", 70},       [OP_BRACE_END] = {"}", 0},
    [OP_PAREN] = {"(", 80},       [OP_PAREN_END] = {")", 0},    [OP_COMMA] = {",", 0},
    [OP_AT] = {"@", 80},          [OP_HASH] = {"#", 80},        [OP_SEMICOLON] = {";", 0},
    [OP_COLON] = {":", 0},        [OP_QUESTION] = {"?", 20},    [OP_PLUS] = {"+", 50},
    [OP_MINUS] = {"-", 50},       [OP_TIMES] = {"*", 60},       [OP_DIVIDE] = {"/", 60},
    [OP_REMAINDER] = {"%", 60},   [OP_BAR] = {"|", 0},          [OP_EQUAL] = {"=", 40},
    [OP_LESS] = {"<", 40},        [OP_GREATER] = {">", 40},     [OP_CARET] = {"^", 40},
    [OP_DESCENDANTS] = {"**", 0}, [OP_RANGE] = {"..", 0},       [OP_ASSIGN] = {":=", 10},
    [OP_NOT_EQUAL] = {"!=", 40},  [OP_LESS_EQUAL] = {"<=", 40}, [OP_GREATER_EQUAL] = {">=", 40},
    [OP_APPLY] = {"~>", 40},      [OP_AND] = {"and", 30},       [OP_OR] = {"or", 25},
    [OP_IN] = {"in", 40},         [OP_AMPERSAND] = {"&", 50},   [OP_BANG] = {"!", 0},
    [OP_TILDE] = {"~", 0},
};

const char *jsonata_operator_text(enum operator op)
{
    return OPERATORS[op].text;
}

unsigned jsonata_operator_power(enum operator op)
{
    return OPERATORS[op].power;
}

static int refuse(struct compiler *c, const char *code, uint32_t at, const char *token, size_t len)
{
    *c->fault = (struct fault){.code = code, .at = at, .token = token, .token_len = (uint32_t)len};
    return -1;
}

static char peek(const struct compiler *c, uint32_t ahead)
{
    return c->next + ahead < c->len ? c->text[c->next + ahead] : '\0';
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\v';
}

static int skip_comment(struct compiler *c)
{
    uint32_t start = c->next;
    const char *end = memmem(c->text + start + 2, c->len - start - 2, "*/", 2);

    if (!end)
        return refuse(c, "S0106", start, NULL, 0);
    c->next = (uint32_t)(end - c->text) + 2;
    return 0;
}

static int skip_blanks(struct compiler *c)
{
    for (;;) {
        while (c->next < c->len && is_blank(c->text[c->next]))
            c->next++;
        if (peek(c, 0) != '/' || peek(c, 1) != '*')
            return 0;
        if (skip_comment(c) < 0)
            return -1;
    }
}

/* ---- operators ---- */

static const unsigned char SINGLE[256] = {
    ['.'] = OP_DOT,       ['['] = OP_BRACKET,   [']'] = OP_BRACKET_END, ['{'] = OP_BRACE,
    ['}'] = OP_BRACE_END, ['('] = OP_PAREN,     [')'] = OP_PAREN_END,   [','] = OP_COMMA,
    ['@'] = OP_AT,        ['#'] = OP_HASH,      [';'] = OP_SEMICOLON,   [':'] = OP_COLON,
    ['?'] = OP_QUESTION,  ['+'] = OP_PLUS,      ['-'] = OP_MINUS,       ['*'] = OP_TIMES,
    ['/'] = OP_DIVIDE,    ['%'] = OP_REMAINDER, ['|'] = OP_BAR,         ['='] = OP_EQUAL,
    ['<'] = OP_LESS,      ['>'] = OP_GREATER,   ['^'] = OP_CARET,       ['&'] = OP_AMPERSAND,
    ['!'] = OP_BANG,      ['~'] = OP_TILDE,
};

static enum operator single_operator(char ch)
{
    return (enum operator)SINGLE[(unsigned char)ch];
}

/* Of two characters, the first of which is an operator by itself. */
static enum operator double_operator(char first, char second)
{
    static const enum operator doubles[] = {OP_DESCENDANTS, OP_RANGE,         OP_ASSIGN, OP_NOT_EQUAL,
                                            OP_LESS_EQUAL,  OP_GREATER_EQUAL, OP_APPLY};

    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        const char *text = OPERATORS[doubles[i]].text;
        if (text[0] == first && text[1] == second)
            return doubles[i];
    }
    return OP_NONE;
}

static bool take_operator(struct compiler *c, struct token *t)
{
    enum operator op = single_operator(peek(c, 0)), both;

    if (op == OP_NONE)
        return false;
    if ((both = double_operator(peek(c, 0), peek(c, 1))) != OP_NONE)
        op = both;
    t->type = TOKEN_OPERATOR;
    t->op = op;
    t->text = OPERATORS[op].text;
    t->len = (uint32_t)strlen(t->text);
    c->next += t->len;
    return true;
}

/* ---- regular expressions ---- */

/* Is the "/" at i no closing one, because a backslash stands before it? Two are a backslash. */
static bool is_escaped(const struct compiler *c, uint32_t i)
{
    uint32_t backslashes = 0;

    while (backslashes < i && c->text[i - 1 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

/* The closing "/": none within brackets. c->len: there is none. */
static uint32_t pattern_end(const struct compiler *c, uint32_t from)
{
    int depth = 0;

    for (uint32_t i = from; i < c->len; i++) {
        char ch = c->text[i];
        bool plain = c->text[i - 1] != '\\';
        if (ch == '/' && depth == 0 && !is_escaped(c, i))
            return i;
        if (plain && (ch == '(' || ch == '[' || ch == '{'))
            depth++;
        if (plain && (ch == ')' || ch == ']' || ch == '}'))
            depth--;
    }
    return c->len;
}

static int take_regex(struct compiler *c, struct token *t)
{
    uint32_t from = ++c->next, to = pattern_end(c, from), flags = to + 1;

    if (to == c->len)
        return refuse(c, "S0302", to, NULL, 0);
    if (to == from)
        return refuse(c, "S0301", from, NULL, 0);
    c->next = flags;
    while (peek(c, 0) == 'i' || peek(c, 0) == 'm')
        c->next++;
    t->type = TOKEN_REGEX;
    t->regex = jsonata_regex_compile(c, c->text + from, to - from, c->text + flags, c->next - flags);
    return t->regex ? 0 : -1;
}

/* ---- strings ---- */

static int hex4(const struct compiler *c, uint32_t from)
{
    int code = 0;

    for (uint32_t i = from; i < from + 4; i++) {
        char ch = i < c->len ? c->text[i] : '\0';
        int digit = ch >= '0' && ch <= '9'                     ? ch - '0'
                    : (ch | 0x20) >= 'a' && (ch | 0x20) <= 'f' ? (ch | 0x20) - 'a' + 10
                                                               : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* At the "u" of "\uXXXX": adds what it stands for; with a second escape when the two are a pair. */
static int unescape_unicode(struct compiler *c, struct js_buf *b)
{
    int code = hex4(c, c->next + 1);

    if (code < 0)
        return refuse(c, "S0104", c->next, NULL, 0);
    c->next += 5;
    if (code >= 0xD800 && code <= 0xDBFF && peek(c, 0) == '\\' && peek(c, 1) == 'u') {
        int low = hex4(c, c->next + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            c->next += 6;
        }
    }
    js_buf_char(b, (uint32_t)code);
    return 0;
}

/* Behind a backslash. */
static int unescape(struct compiler *c, struct js_buf *b)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char ch = peek(c, 0);
    const char *letter = ch ? strchr(letters, ch) : NULL;

    if (ch == 'u')
        return unescape_unicode(c, b);
    if (!letter)
        return refuse(c, "S0103", c->next, c->text + c->next, js_utf8(c->text + c->next, c->len - c->next));
    js_buf_add(b, &meanings[letter - letters], 1);
    c->next++;
    return 0;
}

static int take_string(struct compiler *c, struct token *t)
{
    char quote = c->text[c->next++];
    struct js_buf b = {0};
    int rc = 0;

    js_buf_str(&b, "");
    while (rc == 0 && c->next < c->len && c->text[c->next] != quote) {
        if (c->text[c->next] == '\\') {
            c->next++;
            rc = unescape(c, &b);
        } else {
            js_buf_add(&b, c->text + c->next++, 1);
        }
    }
    if (rc == 0 && c->next == c->len)
        rc = refuse(c, "S0101", c->len, NULL, 0);
    c->next++;
    t->type = TOKEN_STRING;
    t->len = (uint32_t)b.len;
    t->text = arena_strndup(c->arena, b.p, b.len);
    js_buf_fini(&b);
    return rc;
}

/* ---- numbers ---- */

static uint32_t digits(const struct compiler *c, uint32_t i)
{
    while (i < c->len && c->text[i] >= '0' && c->text[i] <= '9')
        i++;
    return i;
}

/* Where the number at the lexer's place ends; 0: there is none. */
static uint32_t number_end(const struct compiler *c)
{
    uint32_t i = c->next, end = peek(c, 0) == '0' ? i + 1 : digits(c, i);

    if (end == i)
        return 0;
    if (end < c->len && c->text[end] == '.' && digits(c, end + 1) > end + 1)
        end = digits(c, end + 1);
    if (end < c->len && (c->text[end] == 'e' || c->text[end] == 'E')) {
        i = end + 1;
        i += i < c->len && (c->text[i] == '+' || c->text[i] == '-');
        if (digits(c, i) > i)
            end = digits(c, i);
    }
    return end;
}

static int take_number(struct compiler *c, struct token *t, uint32_t end)
{
    uint32_t from = c->next;

    t->type = TOKEN_NUMBER;
    t->text = arena_strndup(c->arena, c->text + from, end - from);
    t->len = end - from;
    t->number = strtod(t->text, NULL);
    c->next = end;
    return isfinite(t->number) ? 0 : refuse(c, "S0102", from, t->text, t->len);
}

/* ---- names ---- */

static int take_quoted_name(struct compiler *c, struct token *t)
{
    const char *from = c->text + ++c->next, *end = memchr(from, '`', c->len - c->next);

    if (!end)
        return refuse(c, "S0105", c->len, NULL, 0);
    t->type = TOKEN_NAME;
    t->len = (uint32_t)(end - from);
    t->text = arena_strndup(c->arena, from, t->len);
    c->next += t->len + 1;
    return 0;
}

static bool is_word(const struct token *t, const char *word)
{
    return t->len == strlen(word) && !memcmp(t->text, word, t->len);
}

static void classify_word(struct token *t)
{
    static const enum operator words[] = {OP_AND, OP_OR, OP_IN};

    t->type = TOKEN_NAME;
    if (is_word(t, "true") || is_word(t, "false") || is_word(t, "null"))
        t->type = TOKEN_VALUE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (is_word(t, OPERATORS[words[i]].text)) {
            t->type = TOKEN_OPERATOR;
            t->op = words[i];
        }
    }
}

/* A name ends before a blank or any operator. */
static void take_name(struct compiler *c, struct token *t)
{
    uint32_t from = c->next, i = from;

    while (i < c->len && !is_blank(c->text[i]) && single_operator(c->text[i]) == OP_NONE)
        i++;
    bool variable = c->text[from] == '$';
    t->len = i - from - variable;
    t->text = arena_strndup(c->arena, c->text + from + variable, t->len);
    c->next = i;
    if (variable)
        t->type = TOKEN_VARIABLE;
    else
        classify_word(t);
}

static int take_token(struct compiler *c, bool operand, struct token *t)
{
    char ch = peek(c, 0);
    uint32_t end;

    if (operand && ch == '/')
        return take_regex(c, t);
    if (take_operator(c, t))
        return 0;
    if (ch == '"' || ch == '\'')
        return take_string(c, t);
    if ((end = number_end(c)) > 0)
        return take_number(c, t, end);
    if (ch == '`')
        return take_quoted_name(c, t);
    take_name(c, t);
    return 0;
}

int jsonata_lex(struct compiler *c, bool operand, struct token *t)
{
    *t = (struct token){.type = TOKEN_END, .text = "(end)", .len = 5, .at = c->len};
    if (skip_blanks(c) < 0)
        return -1;
    if (c->next == c->len)
        return 0;
    if (take_token(c, operand, t) < 0)
        return -1;
    t->at = c->next;
    return 0;
}
