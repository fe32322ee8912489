/* Texts as code points: UTF-8 as JSONata has it, finding, growing. */
#include "lang/jsonata_chars.h"
#include "base/json.h"

#include <check.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

static struct jsonata_chars chars(const char *text)
{
    return jsonata_chars(arena, (struct jsonata_text){text, strlen(text)});
}

static const struct {
    const char *says, *bytes;
    size_t n;
    uint32_t first;
} READ[] = {
    {"ASCII", "abc", 3, 'a'},
    {"two bytes", "éa", 2, 0xE9},
    {"three bytes", "€a", 2, 0x20AC},
    {"four bytes", "𝄞a", 2, 0x1D11E},
    {"a lone surrogate",
     "\xED\xA0\x80"
     "a",
     2, 0xD800},
    {"a byte that begins nothing",
     "\x80"
     "a",
     2, 0xFFFD},
    {"a character that is cut off", "\xE2\x82", 2, 0xFFFD},
    {"a character that another interrupts",
     "\xE2"
     "a",
     2, 0xFFFD},
    {"beyond Unicode", "\xF7\xBF\xBF\xBF", 1, 0xFFFD},
    {"nothing", "", 0, 0},
};

START_TEST(utf8_is_read_as_code_points)
{
    struct jsonata_chars c = chars(READ[_i].bytes);

    ck_assert_msg(c.n == READ[_i].n, "%s: %zu characters", READ[_i].says, c.n);
    ck_assert_msg(c.n == 0 || c.c[0] == READ[_i].first, "%s: U+%04X", READ[_i].says, c.n ? c.c[0] : 0);
}
END_TEST

START_TEST(code_points_are_written_as_utf8)
{
    static const char text[] = "aé€𝄞\xED\xA0\x80";
    struct jsonata_text again = jsonata_chars_text(arena, chars(text));

    ck_assert_uint_eq(again.len, strlen(text));
    ck_assert_mem_eq(again.p, text, again.len);
    ck_assert_uint_eq(jsonata_chars_text(arena, chars("")).len, 0);
}
END_TEST

static const struct {
    const char *says, *text, *needle;
    size_t from, first, last;
} FOUND[] = {
    {"once", "abc", "b", 0, 1, 1},
    {"first and last", "abab", "ab", 0, 0, 2},
    {"from a place on", "abab", "ab", 1, 2, 2},
    {"not there", "abc", "x", 0, JSONATA_NOWHERE, JSONATA_NOWHERE},
    {"longer than the text", "ab", "abc", 0, JSONATA_NOWHERE, JSONATA_NOWHERE},
    {"nothing is everywhere", "abc", "", 1, 1, 3},
    {"beyond the end", "abc", "c", 9, JSONATA_NOWHERE, 2},
};

START_TEST(a_text_is_found_in_another)
{
    size_t first = jsonata_chars_find(chars(FOUND[_i].text), chars(FOUND[_i].needle), FOUND[_i].from);
    size_t last = jsonata_chars_find_last(chars(FOUND[_i].text), chars(FOUND[_i].needle));

    ck_assert_msg(first == FOUND[_i].first, "%s: first at %zu", FOUND[_i].says, first);
    ck_assert_msg(last == FOUND[_i].last, "%s: last at %zu", FOUND[_i].says, last);
}
END_TEST

START_TEST(a_part_ends_where_the_text_ends)
{
    ck_assert(jsonata_chars_are(jsonata_chars_part(chars("abc"), 1, 2), "b"));
    ck_assert(jsonata_chars_are(jsonata_chars_part(chars("abc"), 1, JSONATA_NOWHERE), "bc"));
    ck_assert(jsonata_chars_are(jsonata_chars_part(chars("abc"), 2, 1), ""));
    ck_assert(jsonata_chars_are(jsonata_chars_part(chars("abc"), 9, 12), ""));
    ck_assert(!jsonata_chars_are(chars("abc"), "ab"));
    ck_assert(!jsonata_chars_are(chars("ab"), "abc"));
}
END_TEST

START_TEST(a_text_grows_at_any_place)
{
    struct jsonata_build b = {.arena = arena};

    jsonata_insert(&b, 0, chars("c"));
    jsonata_insert(&b, 0, chars("a"));
    jsonata_insert(&b, 1, chars("b"));
    jsonata_insert(&b, 3, chars(""));
    jsonata_add_ascii(&b, "d");
    jsonata_add(&b, chars("e"));
    for (int i = 0; i < 1000; i++)
        jsonata_add_char(&b, 'x');
    ck_assert_uint_eq(b.n, 1005);
    ck_assert(jsonata_chars_are(jsonata_chars_part(jsonata_built(&b), 0, 6), "abcdex"));
}
END_TEST

START_TEST(a_message_quotes_its_value_and_is_cut_when_it_is_long)
{
    char huge[3 * ERR_CAUSE_BYTES];
    struct err err;

    ck_assert_int_eq(jsonata_refuse(&err, "D3030", "<", (struct jsonata_text){"a\"\n", 3}, ">"), -1);
    ck_assert_str_eq(err.name, "D3030");
    ck_assert_str_eq(err.cause, "<\"a\\\"\\n\">");
    jsonata_refuse(&err, "D3030", "<", (struct jsonata_text){"\xED\xA0\x80\xFF", 4},
                   ">"); /* a surrogate, no UTF-8 */
    ck_assert(js_is_utf8(err.cause, strlen(err.cause)));
    memset(huge, 'a', sizeof huge);
    jsonata_refuse(&err, "D3030", "<", (struct jsonata_text){huge, sizeof huge}, ">");
    ck_assert_uint_eq(strlen(err.cause), ERR_CAUSE_BYTES - 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("JSONata: texts as code points");
    TCase *t = tcase_create("chars");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, utf8_is_read_as_code_points, 0, sizeof READ / sizeof READ[0]);
    tcase_add_test(t, code_points_are_written_as_utf8);
    tcase_add_loop_test(t, a_text_is_found_in_another, 0, sizeof FOUND / sizeof FOUND[0]);
    tcase_add_test(t, a_part_ends_where_the_text_ends);
    tcase_add_test(t, a_text_grows_at_any_place);
    tcase_add_test(t, a_message_quotes_its_value_and_is_cut_when_it_is_long);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
