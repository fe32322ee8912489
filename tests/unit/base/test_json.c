#include "base/json.h"

#include <check.h>
#include <math.h>
#include <string.h>

static json_object *parse(const char *text)
{
    struct err err;
    json_object *o = NULL;

    ck_assert_msg(js_parse(text, strlen(text), &o, &err) == 0, "%s: %s", text, err.cause);
    return o;
}

static char *written(json_object *o)
{
    struct js_buf b = {0};
    js_write(&b, o);
    return b.p;
}

/* ---- the scanner ---- */

static const char *const ACCEPTED[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12",
    "-1.5e+10",
    "1E400",
    "0.1",
    "\"\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\uDC00\\ud800\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[1,[2,{\"a\":[]}]]",
    "{\"\":1,\"\":2}",
    " \t\r\n[1 , 2]\n",
    "\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF\"",
    "\"\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\"",
    "123456789012345678901234567890",
};

START_TEST(valid_json_is_accepted)
{
    struct err err = {0};
    ck_assert_msg(js_scan(ACCEPTED[_i], strlen(ACCEPTED[_i]), &err) == 0, "%s: %s", ACCEPTED[_i], err.cause);
}
END_TEST

static const struct {
    const char *text, *says;
} REFUSED[] = {
    {"", "byte 0: expected a value, found the end of the text"},
    {"  ", "byte 2: expected a value, found the end of the text"},
    {"nul", "byte 0: expected a value, found 'n'"},
    {"True", "byte 0: expected a value, found 'T'"},
    {"NaN", "byte 0: expected a value, found 'N'"},
    {"01", "byte 1: expected nothing behind the value, found '1'"},
    {"+1", "byte 0: expected a value, found '+'"},
    {"-", "byte 1: expected a digit, found the end of the text"},
    {".5", "byte 0: expected a value, found '.'"},
    {"1.", "byte 2: expected a digit after the decimal point, found the end of the text"},
    {"1e+", "byte 3: expected a digit in the exponent, found the end of the text"},
    {"[1,]", "byte 3: expected a value, found ']'"},
    {"[1 2]", "byte 3: expected ',' or ']', found '2'"},
    {"[1}", "byte 2: expected ',' or ']', found '}'"},
    {"[1", "byte 2: expected ',' or ']', found the end of the text"},
    {"{\"a\":1,}", "byte 7: expected a member's name in quotes, found '}'"},
    {"{\"a\" 1}", "byte 5: expected ':', found '1'"},
    {"{a:1}", "byte 1: expected a member's name in quotes, found 'a'"},
    {"{\"a\":1", "byte 6: expected ',' or '}', found the end of the text"},
    {"1 2", "byte 2: expected nothing behind the value, found '2'"},
    {"]", "byte 0: expected a value, found ']'"},
    {"\"abc", "byte 4: expected a closing quote, found the end of the text"},
    {"\"a\tb\"", "byte 2: expected no raw control character within a string, found the byte 0x09"},
    {"\"a\x1F\"", "byte 2: expected no raw control character within a string, found the byte 0x1f"},
    {"\"\\x\"", "byte 2: expected one of \"\\/bfnrtu after a backslash, found 'x'"},
    {"\"\\u12g4\"", "byte 5: expected four hexadecimal digits after \\u, found 'g'"},
    {"\"\\u123", "byte 6: expected four hexadecimal digits after \\u, found the end of the text"},
    {"'a'", "byte 0: expected a value, found '''"},
    {"\xEF\xBB\xBF{}", "byte 0: expected a value, found the byte 0xef"},
    {"[1]//", "byte 3: expected nothing behind the value, found '/'"},
    /* UTF-8: a lone continuation, overlong forms, surrogates, beyond U+10FFFF, cut short */
    {"\"\x80\"", "byte 1: expected valid UTF-8, found the byte 0x80"},
    {"\"\xC0\x80\"", "byte 1: expected valid UTF-8, found the byte 0xc0"},
    {"\"\xC1\xBF\"", "byte 1: expected valid UTF-8, found the byte 0xc1"},
    {"\"\xE0\x9F\xBF\"", "byte 1: expected valid UTF-8, found the byte 0xe0"},
    {"\"\xED\xA0\x80\"", "byte 1: expected valid UTF-8, found the byte 0xed"},
    {"\"\xF0\x8F\xBF\xBF\"", "byte 1: expected valid UTF-8, found the byte 0xf0"},
    {"\"\xF4\x90\x80\x80\"", "byte 1: expected valid UTF-8, found the byte 0xf4"},
    {"\"\xF5\x80\x80\x80\"", "byte 1: expected valid UTF-8, found the byte 0xf5"},
    {"\"\xFF\"", "byte 1: expected valid UTF-8, found the byte 0xff"},
    {"\"\xE2\x82\"", "byte 1: expected valid UTF-8, found the byte 0xe2"},
    {"\"aaaaaaaaaaaa\xC3", "byte 13: expected valid UTF-8, found the byte 0xc3"},
};

START_TEST(anything_else_is_refused_with_its_place)
{
    struct err err = {0};
    ck_assert_msg(js_scan(REFUSED[_i].text, strlen(REFUSED[_i].text), &err) == -1, "%s", REFUSED[_i].text);
    ck_assert_str_eq(err.cause, REFUSED[_i].says);
    ck_assert_str_eq(err.name, "InvalidExecutionInput");
}
END_TEST

START_TEST(each_special_byte_is_seen_at_each_place)
{
    /* the scanner skips eight plain bytes at a time */
    char text[40];
    for (size_t len = 3; len < sizeof text; len++)
        for (size_t at = 1; at + 1 < len; at++)
            for (int c = 0; c < 256; c++) {
                memset(text, 'x', len);
                text[0] = text[len - 1] = '"';
                text[at] = (char)c;
                bool good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
                ck_assert_msg((js_scan(text, len, NULL) == 0) == good, "0x%02x at %zu of %zu", c, at, len);
            }
}
END_TEST

START_TEST(nesting_is_bounded)
{
    char text[2 * (JS_DEPTH_MAX + 1) + 1];
    struct err err;

    for (int depth = JS_DEPTH_MAX; depth <= JS_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        int rc = js_scan(text, 2 * (size_t)depth, &err);
        ck_assert_int_eq(rc, depth <= JS_DEPTH_MAX ? 0 : -1);
    }
    ck_assert_str_eq(err.cause, "byte 1001: more than 1000 arrays and objects within each other");
}
END_TEST

START_TEST(arrays_and_objects_are_told_apart_at_every_depth)
{
    char text[1000];
    for (size_t depth = 1; depth <= 200; depth++) {
        struct js_buf b = {0};
        for (size_t i = 0; i < depth; i++)
            js_buf_str(&b, i % 3 ? "[" : "{\"\":");
        js_buf_str(&b, "0");
        for (size_t i = depth; i-- > 0;)
            js_buf_str(&b, i % 3 ? "]" : "}");
        ck_assert_int_eq(js_scan(b.p, b.len, NULL), 0);
        ck_assert_uint_lt(b.len, sizeof text);
        memcpy(text, b.p, b.len - 1); /* the wrong bracket at the end */
        text[b.len - 1] = b.p[b.len - 1] == ']' ? '}' : ']';
        ck_assert_int_eq(js_scan(text, b.len, NULL), -1);
        js_buf_fini(&b);
    }
}
END_TEST

START_TEST(a_number_is_bounded)
{
    char text[JS_NUMBER_BYTES_MAX + 2];
    struct err err;

    memset(text, '9', sizeof text);
    ck_assert_int_eq(js_scan(text, JS_NUMBER_BYTES_MAX, &err), 0);
    ck_assert_int_eq(js_scan(text, JS_NUMBER_BYTES_MAX + 1, &err), -1);
    ck_assert_str_eq(err.cause, "byte 0: a number of more than 1000 characters");
}
END_TEST

/* ---- trees ---- */

/* What is parsed is written as it was, without blanks. */
static const struct {
    const char *says, *text, *back;
} TRIPS[] = {
    {"members keep their order", "{\"b\": 1, \"a\": {}}", "{\"b\":1,\"a\":{}}"},
    {"the last of two equal names wins", "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
    {"an empty name", "{\"\":[]}", "{\"\":[]}"},
    {"integers of 64 bits", "[9223372036854775807,-9223372036854775808,18446744073709551615]",
     "[9223372036854775807,-9223372036854775808,18446744073709551615]"},
    {"integers beyond 64 bits", "[18446744073709551616,-9223372036854775809]",
     "[18446744073709551616,-9223372036854775809]"},
    {"doubles keep their digits", "[1.50,1e2,1E400,-0,-0.0,0.1]", "[1.50,1e2,1E400,-0,-0.0,0.1]"},
    {"U+0000 in a text", "\"a\\u0000b\"", "\"a\\u0000b\""},
    {"U+0000 in a name", "{\"a\\u0000b\":1}",
     "{\"a\xEF\xBF\xBD"
     "b\":1}"},
    {"escapes that are not needed", "\"\\u0041\\/\\u00e9\"", "\"A/\xC3\xA9\""},
    {"control characters", "\"\\u0001\\n\\u001f\\u007f\"", "\"\\u0001\\n\\u001f\x7F\""},
    {"a pair of surrogates", "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
    {"half a pair", "[\"\\ud83dx\",\"\\ude00\",\"\\ud83d\\ud83d\\ude00\"]",
     "[\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD\xF0\x9F\x98\x80\"]"},
    {"scalars alone", " 7 ", "7"},
    {"null", "[null,{\"a\":null}]", "[null,{\"a\":null}]"},
};

START_TEST(a_tree_is_written_as_it_was_read)
{
    json_object *o = parse(TRIPS[_i].text), *copy = js_copy(o);
    char *text = written(o), *copied = written(copy);

    ck_assert_msg(!strcmp(text, TRIPS[_i].back), "%s: got %s", TRIPS[_i].says, text);
    ck_assert_msg(!strcmp(copied, TRIPS[_i].back), "%s: the copy is %s", TRIPS[_i].says, copied);
    if (o)
        ck_assert_str_eq(js_text(o, NULL), TRIPS[_i].back);
    ck_assert(js_equal(o, copy) || strstr(text, "E400"));
    free(text);
    free(copied);
    json_object_put(o);
    json_object_put(copy);
}
END_TEST

START_TEST(nothing_is_read_behind_the_text)
{
    const char *texts[] = {"12", "-1.5", "\"ab\"", "[1]", "true"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *exact = mem_alloc(strlen(texts[i])); /* ASan watches its end */
        json_object *o;
        memcpy(exact, texts[i], strlen(texts[i]));
        ck_assert_int_eq(js_parse(exact, strlen(texts[i]), &o, NULL), 0);
        json_object_put(o);
        free(exact);
    }
}
END_TEST

static const struct {
    const char *a, *b;
    bool equal;
} PAIRS[] = {
    {"3", "3.0", true},
    {"3", "3e0", true},
    {"3", "\"3\"", false},
    {"0", "-0.0", true},
    {"18446744073709551615", "-1", false},
    {"18446744073709551615", "9223372036854775807", false},
    {"18446744073709551615", "18446744073709551615", true},
    {"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}", true},
    {"{\"a\":1}", "{\"a\":1,\"b\":null}", false},
    {"{\"a\":null}", "{\"b\":null}", false},
    {"[1,2]", "[2,1]", false},
    {"[1,2]", "[1,2,3]", false},
    {"\"a\\u0000b\"", "\"a\\u0000c\"", false},
    {"null", "null", true},
    {"null", "false", false},
    {"true", "true", true},
};

START_TEST(equality_is_deep)
{
    json_object *a = parse(PAIRS[_i].a), *b = parse(PAIRS[_i].b);
    struct js_buf x = {0}, y = {0};

    ck_assert_msg(js_equal(a, b) == PAIRS[_i].equal, "%s and %s", PAIRS[_i].a, PAIRS[_i].b);
    js_write_canonical(&x, a);
    js_write_canonical(&y, b);
    ck_assert_msg(!strcmp(x.p, y.p) == PAIRS[_i].equal, "%s and %s", x.p, y.p);
    js_buf_fini(&x);
    js_buf_fini(&y);
    json_object_put(a);
    json_object_put(b);
}
END_TEST

static const struct {
    double d;
    const char *text;
} DOUBLES[] = {{0, "0"},
               {-0.0, "0"},
               {3, "3"},
               {-2.5, "-2.5"},
               {0.1, "0.1"},
               {1.0 / 3, "0.3333333333333333"},
               {1e300, "1e+300"},
               {5e-324, "5e-324"},
               {123456789012, "123456789012"},
               {0.1 + 0.2, "0.30000000000000004"}};

START_TEST(a_number_has_the_shortest_text_that_reads_back)
{
    json_object *o = js_number(DOUBLES[_i].d);
    char *text = written(o);
    if (strcmp(text, "5e-324") != 0 && strcmp(text, "4.94065645841247e-324") != 0) /* both read back */
        ck_assert_str_eq(text, DOUBLES[_i].text);
    ck_assert(strtod(text, NULL) == DOUBLES[_i].d);
    free(text);
    json_object_put(o);
}
END_TEST

START_TEST(weighing_stops_at_the_bounds)
{
    json_object *o = parse("{\"abc\":[1,\"xyz\",null]}");

    ck_assert_uint_le(js_weigh(o, 1000, 2), strlen("{\"abc\":[1,\"xyz\",null]}"));
    ck_assert_uint_ge(js_weigh(o, 1000, 2), 15);
    ck_assert(!js_within(o, 10, 2));
    ck_assert(!js_within(o, 1000, 1));
    ck_assert(js_within(NULL, 1, 0));
    json_object_put(o);
    o = parse("1234567890.123456789"); /* its text counts, not its eight bytes */
    ck_assert_uint_eq(js_weigh(o, 1000, 0), 20);
    json_object_put(o);
}
END_TEST

/* ---- text ---- */

START_TEST(quoting_escapes_what_it_must)
{
    const char text[] = "a\"\\\b\f\n\r\t\0\x1F/\xC3\xA9";
    const char *want = "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\xC3\xA9\"";
    char to[100];

    ck_assert_uint_eq(js_quoted_bytes(text, sizeof text - 1), strlen(want));
    ck_assert_uint_eq(js_quote(to, text, sizeof text - 1), strlen(want));
    ck_assert_mem_eq(to, want, strlen(want));
}
END_TEST

static const struct {
    const char *text;
    size_t len, max;
    const char *clean;
} CLEAN[] = {
    {"abc", 3, 100, "abc"},
    {"a\0b", 3, 100,
     "a\xEF\xBF\xBD"
     "b"},
    {"a\xFF\xC3", 3, 100, "a\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\xC3\xA9\xC3\xA9", 4, 3, "\xC3\xA9"},
    {"a\xFF", 2, 3, "a"},
    {"abc", 3, 0, ""},
    {"", 0, 5, ""},
};

START_TEST(cleaned_text_fits_everywhere)
{
    char *clean = js_clean(CLEAN[_i].text, CLEAN[_i].len, CLEAN[_i].max);
    ck_assert_str_eq(clean, CLEAN[_i].clean);
    free(clean);
}
END_TEST

START_TEST(text_grows)
{
    struct js_buf b = {0};

    js_buf_str(&b, "");
    ck_assert_str_eq(b.p, "");
    js_buf_int(&b, INT64_MIN);
    js_buf_str(&b, " ");
    js_buf_int(&b, 0);
    js_buf_char(&b, 0x20AC);
    js_buf_quoted(&b, "\n", 1);
    ck_assert_str_eq(b.p, "-9223372036854775808 0\xE2\x82\xAC\"\\n\"");
    for (int i = 0; i < 10000; i++)
        js_buf_add(&b, "0123456789", 10);
    ck_assert_uint_eq(strlen(b.p), b.len);
    js_buf_fini(&b);
}
END_TEST

START_TEST(characters_are_code_points)
{
    ck_assert_uint_eq(js_chars("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10), 4);
    ck_assert_uint_eq(js_utf8("\xF0\x9F\x98\x80", 4), 4);
    ck_assert_uint_eq(js_utf8("\xF0\x9F\x98\x80", 3), 0);
    ck_assert_uint_eq(js_utf8("", 0), 0);
}
END_TEST

/* ---- the sticky reader ---- */

START_TEST(a_reader_gives_fields)
{
    struct err err = {0};
    struct js_in in = {
        .obj = parse("{\"s\":\"x\",\"b\":true,\"n\":3.0,\"d\":1.5,\"z\":null}"), .at = "/A", .err = &err};

    ck_assert_str_eq(js_str(&in, "s", true), "x");
    ck_assert(js_bool(&in, "b", false));
    ck_assert_int_eq(js_int(&in, "n", 0, 10, -1), 3);
    ck_assert(js_num(&in, "d", 1, 2, 0) == 1.5);
    ck_assert(js_has(&in, "z") && !js_get(&in, "z"));
    ck_assert(!js_has(&in, "q"));
    ck_assert_int_eq(js_int(&in, "q", 0, 10, 7), 7);
    ck_assert_ptr_null(js_str(&in, "q", false));
    ck_assert(!in.failed);
    json_object_put(in.obj);
}
END_TEST

enum asked { STR, BOOL, INT, NUM };

static const struct {
    const char *text;
    enum asked asked;
    const char *says;
} WRONG[] = {
    {"{}", STR, "/A/f: expected a string, found nothing"},
    {"{\"f\":null}", STR, "/A/f: expected a string, found null"},
    {"{\"f\":[]}", STR, "/A/f: expected a string, found an array"},
    {"{\"f\":\"a\\u0000\"}", STR, "/A/f: U+0000 is not allowed here"},
    {"{\"f\":1}", BOOL, "/A/f: expected true or false, found a number"},
    {"{\"f\":1.5}", INT, "/A/f: expected an integer, found 1.5"},
    {"{\"f\":\"1\"}", INT, "/A/f: expected an integer, found a string"},
    {"{\"f\":0}", INT, "/A/f: 0 is below 1"},
    {"{\"f\":11}", INT, "/A/f: 11 is above 10"},
    {"{\"f\":99999999999999999999}", INT, "/A/f: expected an integer, found 99999999999999999999"},
    {"{\"f\":0.5}", NUM, "/A/f: 0.5 is below 1"},
    {"{\"f\":1e400}", NUM, "/A/f: inf is above 10"},
    {"{\"f\":{}}", NUM, "/A/f: expected a number, found an object"},
};

START_TEST(a_wrong_field_is_named)
{
    struct err err = {0};
    struct js_in in = {.obj = parse(WRONG[_i].text), .at = "/A", .err = &err};

    switch (WRONG[_i].asked) {
    case STR:
        ck_assert_ptr_null(js_str(&in, "f", true));
        break;
    case BOOL:
        js_bool(&in, "f", false);
        break;
    case INT:
        js_int(&in, "f", 1, 10, 0);
        break;
    case NUM:
        js_num(&in, "f", 1, 10, 0);
        break;
    }
    ck_assert(in.failed);
    ck_assert_str_eq(err.cause, WRONG[_i].says);
    ck_assert_str_eq(err.name, "ValidationException");
    json_object_put(in.obj);
}
END_TEST

START_TEST(the_first_error_stays)
{
    struct err err = {0};
    struct js_in in = {.obj = parse("{}"), .err = &err, .name = ERR_INVALID_DEFINITION};

    js_str(&in, "a", true);
    js_str(&in, "b", true);
    ck_assert_str_eq(err.cause, "/a: expected a string, found nothing");
    ck_assert_str_eq(err.name, "InvalidDefinition");
    json_object_put(in.obj);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

static const struct {
    const char *text, *words;
    size_t offset;
    const char *marker;
    size_t opened;
} COMPLAINTS[] = {
    {"not a definition",
     "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
     "'false')",
     3, "", 0}, /* recorded */
    {"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 2,
     "", 0},
    {"{\"a\": 1,}", "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
     9, "", 0},
    {"{\"a\" 1}",
     "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value", 6, "",
     0},
    {"{\"a\": 1 \"b\": 2}",
     "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries", 9, "", 0},
    {"[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 4, "",
     0},
    {"[1,]",
     "Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or "
     "token "
     "'null', 'true' or 'false')",
     4, "", 0},
    {"{\"a\": tru}",
     "Unrecognized token 'tru': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
     "'false')",
     9, "", 0},
    {"[\xe2\x82\xac]",
     "Unexpected character ('\xe2\x82\xac' (code 8364 / 0x20ac)): expected a valid value (JSON String, "
     "Number, Array, "
     "Object or token 'null', 'true' or 'false')",
     2, "", 0},
    {" {\"a\": {]", "Unexpected close marker ']': expected '}'", 9, "for Object starting at", 7},
    {"[{}, [}", "Unexpected close marker '}': expected ']'", 7, "for Array starting at", 5},
    {"{\"a\": [1]", "Unexpected end-of-input: expected close marker for Object", 9, "start marker at", 0},
    {"{\"a\": [", "Unexpected end-of-input: expected close marker for Array", 7, "start marker at", 6},
    {"{\"a\":", "Unexpected end-of-input within/between Object entries", 5, "", 0},
    {"[1, ", "Unexpected end-of-input within/between Array entries", 4, "", 0},
    {"{\"a", "Unexpected end-of-input in field name", 3, "", 0},
    {"[\"a", "Unexpected end-of-input: was expecting closing quote for a string value", 3, "", 0},
    {"[\"a\\", "Unexpected end-of-input: was expecting closing quote for a string value", 4, "", 0},
    {"[\"a\nb\"]",
     "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in "
     "string "
     "value",
     4, "", 0},
    {"[\"\\x\"]", "Unrecognized character escape 'x' (code 120)", 4, "", 0},
};

START_TEST(mistakes_have_the_words_of_the_service)
{
    struct js_complaint c;

    ck_assert_int_eq(js_scan(COMPLAINTS[_i].text, strlen(COMPLAINTS[_i].text), NULL), -1);
    ck_assert(js_complaint(COMPLAINTS[_i].text, strlen(COMPLAINTS[_i].text), &c));
    ck_assert_str_eq(c.words, COMPLAINTS[_i].words);
    ck_assert_uint_eq(c.offset, COMPLAINTS[_i].offset);
    ck_assert_str_eq(c.marker, COMPLAINTS[_i].marker);
    ck_assert_uint_eq(c.opened, COMPLAINTS[_i].opened);
}
END_TEST

static const char *const WORDLESS[] = {"", "{}", "[1.]", "{} x", "[01]"};

START_TEST(where_it_has_none_nothing_is_made_up)
{
    struct js_complaint c;

    ck_assert(!js_complaint(WORDLESS[_i], strlen(WORDLESS[_i]), &c));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json");
    TCase *t = tcase_create("json");

    tcase_add_loop_test(t, valid_json_is_accepted, 0, COUNT(ACCEPTED));
    tcase_add_loop_test(t, anything_else_is_refused_with_its_place, 0, COUNT(REFUSED));
    tcase_add_loop_test(t, mistakes_have_the_words_of_the_service, 0, COUNT(COMPLAINTS));
    tcase_add_loop_test(t, where_it_has_none_nothing_is_made_up, 0, COUNT(WORDLESS));
    tcase_add_test(t, each_special_byte_is_seen_at_each_place);
    tcase_add_test(t, nesting_is_bounded);
    tcase_add_test(t, arrays_and_objects_are_told_apart_at_every_depth);
    tcase_add_test(t, a_number_is_bounded);
    tcase_add_loop_test(t, a_tree_is_written_as_it_was_read, 0, COUNT(TRIPS));
    tcase_add_test(t, nothing_is_read_behind_the_text);
    tcase_add_loop_test(t, equality_is_deep, 0, COUNT(PAIRS));
    tcase_add_loop_test(t, a_number_has_the_shortest_text_that_reads_back, 0, COUNT(DOUBLES));
    tcase_add_test(t, weighing_stops_at_the_bounds);
    tcase_add_test(t, quoting_escapes_what_it_must);
    tcase_add_loop_test(t, cleaned_text_fits_everywhere, 0, COUNT(CLEAN));
    tcase_add_test(t, text_grows);
    tcase_add_test(t, characters_are_code_points);
    tcase_add_test(t, a_reader_gives_fields);
    tcase_add_loop_test(t, a_wrong_field_is_named, 0, COUNT(WRONG));
    tcase_add_test(t, the_first_error_stays);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
