/* Numbers as English words, as roman numerals, and as the letters of a spreadsheet's columns. */
#include "lang/jsonata_picture_priv.h"

#include <math.h>
#include <string.h>

/* ---- words ---- */

/*
 * Cardinals and ordinals up to 19; from twenty on a word is followed by its ordinal.  The order is that in
 * which a text is searched for them: "six" before "sixteen".
 */
static const struct {
    const char *word;
    double value;
} WORDS[] = {
    {"zero", 0},          {"one", 1},         {"two", 2},          {"three", 3},       {"four", 4},
    {"five", 5},          {"six", 6},         {"seven", 7},        {"eight", 8},       {"nine", 9},
    {"ten", 10},          {"eleven", 11},     {"twelve", 12},      {"thirteen", 13},   {"fourteen", 14},
    {"fifteen", 15},      {"sixteen", 16},    {"seventeen", 17},   {"eighteen", 18},   {"nineteen", 19},
    {"zeroth", 0},        {"first", 1},       {"second", 2},       {"third", 3},       {"fourth", 4},
    {"fifth", 5},         {"sixth", 6},       {"seventh", 7},      {"eighth", 8},      {"ninth", 9},
    {"tenth", 10},        {"eleventh", 11},   {"twelfth", 12},     {"thirteenth", 13}, {"fourteenth", 14},
    {"fifteenth", 15},    {"sixteenth", 16},  {"seventeenth", 17}, {"eighteenth", 18}, {"nineteenth", 19},
    {"twenty", 20},       {"twentieth", 20},  {"thirty", 30},      {"thirtieth", 30},  {"forty", 40},
    {"fortieth", 40},     {"fifty", 50},      {"fiftieth", 50},    {"sixty", 60},      {"sixtieth", 60},
    {"seventy", 70},      {"seventieth", 70}, {"eighty", 80},      {"eightieth", 80},  {"ninety", 90},
    {"ninetieth", 90},    {"hundred", 100},   {"hundredth", 100},  {"thousand", 1e3},  {"thousandth", 1e3},
    {"million", 1e6},     {"millionth", 1e6}, {"billion", 1e9},    {"billionth", 1e9}, {"trillion", 1e12},
    {"trillionth", 1e12},
};

enum { ORDINALS = 20, TWENTY = 40, HUNDRED = 56, THOUSAND = 58, TRILLION = 64, NWORDS = 66 };

_Static_assert(sizeof WORDS / sizeof WORDS[0] == NWORDS, "the names above point into the table");

static uint32_t upper(uint32_t c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static uint32_t lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

struct speech {
    struct jsonata_build *to;
    enum letter_case letter_case;
};

static void say(struct speech *s, const char *text)
{
    for (; *text; text++)
        jsonata_add_char(s->to, s->letter_case == CASE_UPPER ? upper((uint32_t)*text) : (uint32_t)*text);
}

static void say_word(struct speech *s, size_t i)
{
    const char *word = WORDS[i].word;

    if (s->letter_case == CASE_TITLE)
        jsonata_add_char(s->to, upper((uint32_t)*word++));
    say(s, word);
}

/* The largest of hundred, thousand, ... that goes into value (100 or more). */
static size_t magnitude(double value)
{
    size_t i = value < 1e3 ? HUNDRED : THOUSAND;

    while (i >= THOUSAND && i < TRILLION && value >= WORDS[i + 2].value)
        i += 2;
    return i;
}

/* more: other words stand in front. Nests once for each trillion that value is a multiple of: 25 times at
 * most. */
static void speak(struct speech *s, double value, bool more, bool ordinal)
{
    if (value < 20) {
        say(s, more ? " and " : "");
        say_word(s, (size_t)value + (ordinal ? ORDINALS : 0));
        return;
    }
    if (value < 100) {
        size_t tens = TWENTY + 2 * ((size_t)value / 10 - 2);
        double rest = fmod(value, 10);
        say(s, more ? " and " : "");
        say_word(s, tens + (ordinal && rest == 0));
        if (rest > 0) {
            say(s, "-");
            speak(s, rest, false, ordinal);
        }
        return;
    }
    size_t unit = magnitude(value);
    double times = floor(value / WORDS[unit].value), rest = value - times * WORDS[unit].value;
    say(s, more ? ", " : "");
    speak(s, times, false, false);
    say(s, " ");
    say_word(s, unit + (ordinal && !(rest > 0)));
    if (rest > 0)
        speak(s, rest, true, ordinal);
}

void picture_format_words(struct jsonata_build *to, double value, bool ordinal, enum letter_case letter_case)
{
    struct speech s = {.to = to, .letter_case = letter_case};

    speak(&s, value, false, ordinal);
}

/* Bytes of word if text goes on with it at `at`, in capitals or not. */
static size_t stands_at(struct jsonata_chars text, size_t at, const char *word)
{
    size_t n = 0;

    while (word[n] && at + n < text.n && lower(text.c[at + n]) == (unsigned char)word[n])
        n++;
    return word[n] ? 0 : n;
}

static double word_value(struct jsonata_chars word)
{
    for (size_t i = 0; i < NWORDS; i++) {
        if (word.n == strlen(WORDS[i].word) && stands_at(word, 0, WORDS[i].word))
            return WORDS[i].value;
    }
    return NAN;
}

/* How many characters separate two words at `at`: ", ", " and ", a blank, "-" or "\". */
static size_t gap_at(struct jsonata_chars text, size_t at)
{
    uint32_t c = text.c[at];
    bool blank = jsonata_is_space(c);

    if (c == ',' && at + 1 < text.n && jsonata_is_space(text.c[at + 1]))
        return 2;
    if (blank && stands_at(text, at + 1, "and") && at + 4 < text.n && jsonata_is_space(text.c[at + 4]))
        return 5;
    return blank || c == '-' || c == '\\';
}

double picture_parse_words(struct jsonata_chars text)
{
    double sum = 0, top = 0; /* top: the words since the last thousand, million, ... */
    size_t from = 0;

    for (size_t at = 0; at <= text.n;) {
        size_t gap = at < text.n ? gap_at(text, at) : 1;
        if (gap == 0) {
            at++;
            continue;
        }
        double value = word_value(jsonata_chars_part(text, from, at));
        if (value < 100) {
            if (top >= 1000) {
                sum += top;
                top = 0;
            }
            top += value;
        } else {
            top *= value; /* NaN, too */
        }
        from = at += gap;
    }
    return sum + top;
}

size_t picture_next_word(struct jsonata_chars text, size_t at, size_t *i)
{
    uint32_t first = at < text.n ? lower(text.c[at]) : 0;
    size_t n = 0;

    for (; *i < NWORDS && n == 0; ++*i) {
        if (first == (unsigned char)WORDS[*i].word[0])
            n = stands_at(text, at, WORDS[*i].word);
    }
    if (n == 0 && *i == NWORDS) {
        n = first == 'a' ? stands_at(text, at, "and") : first == '-' || first == ',' || first == ' ';
        ++*i;
    }
    return n;
}

/* ---- roman numerals ---- */

static const struct {
    double value;
    const char *numeral;
} ROMAN[] = {
    {1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
    {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"},
};

enum { NROMAN = sizeof ROMAN / sizeof ROMAN[0], ROMAN_MAX = 10000000 };

int picture_format_roman(struct jsonata_build *to, double value, bool in_capitals, struct err *err)
{
    struct speech s = {.to = to, .letter_case = in_capitals ? CASE_UPPER : CASE_LOWER};

    if (value > ROMAN_MAX)
        return err_set(err, "U1001", "A number in roman numerals is at most %d", ROMAN_MAX);
    for (size_t i = 0; i < NROMAN; i++) {
        for (; value >= ROMAN[i].value; value -= ROMAN[i].value)
            say(&s, ROMAN[i].numeral);
    }
    return 0;
}

static double roman_value(uint32_t c)
{
    for (size_t i = 0; i < NROMAN; i += 2) { /* those of one letter */
        if (c == (unsigned char)ROMAN[i].numeral[0])
            return ROMAN[i].value;
    }
    return NAN;
}

/* From the right: a numeral that is smaller than one behind it is taken away. */
double picture_parse_roman(struct jsonata_chars text, bool in_capitals)
{
    double sum = 0, max = 1;

    for (size_t i = text.n; i-- > 0;) {
        double value = in_capitals && text.c[i] != upper(text.c[i]) ? NAN : roman_value(lower(text.c[i]));
        if (value < max) {
            sum -= value;
        } else {
            max = value;
            sum += value;
        }
    }
    return sum;
}

/* ---- letters ---- */

enum { LETTERS = 26 };

void picture_format_letters(struct jsonata_build *to, double value, bool in_capitals)
{
    size_t at = to->n;

    for (; value > 0; value = floor((value - 1) / LETTERS)) {
        uint32_t c = (uint32_t)fmod(value - 1, LETTERS) + (in_capitals ? 'A' : 'a');
        jsonata_insert(to, at, (struct jsonata_chars){&c, 1});
    }
}

double picture_parse_letters(struct jsonata_chars text, bool in_capitals)
{
    double sum = 0, weight = 1;

    for (size_t i = text.n; i-- > 0; weight *= LETTERS)
        sum += ((double)text.c[i] - (in_capitals ? 'A' : 'a') + 1) * weight;
    return sum;
}
