/* The text of a definition: duplicates and positions. */
#include "asl/source.h"

#include <check.h>
#include <string.h>

/* "D /pointer" for a state's name and "F /pointer" for another field, one a line. */
static void duplicates(const char *text, char *to, size_t cap)
{
    struct asl_findings f = {0};
    size_t used = 0;

    to[0] = '\0';
    source_duplicates(text, strlen(text), &f);
    for (size_t i = 0; i < f.n; i++)
        used += (size_t)snprintf(to + used, cap - used, "%s%c %s", i ? "\n" : "",
                                 strcmp(f.list[i].code, FINDING_DUPLICATE) == 0 ? 'D' : 'F', f.list[i].at);
    asl_findings_fini(&f);
}

static const struct {
    const char *says, *text, *found;
} DUPLICATES[] = {
    {"none", "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}", ""},
    {"a field of the machine", "{\"a\":1,\"b\":2,\"a\":3}", "F /a"},
    {"three times is two too many", "{\"a\":1,\"a\":2,\"a\":3}", "F /a\nF /a"},
    {"a state", "{\"States\":{\"A\":{},\"B\":{},\"A\":{}}}", "D /States/A"},
    {"a state of a branch", "{\"States\":{\"P\":{\"Branches\":[{},{\"States\":{\"A\":{},\"A\":{}}}]}}}",
     "D /States/P/Branches/1/States/A"},
    {"a state of a processor", "{\"States\":{\"M\":{\"ItemProcessor\":{\"States\":{\"A\":1,\"A\":2}}}}}",
     "D /States/M/ItemProcessor/States/A"},
    {"a state of an iterator", "{\"States\":{\"M\":{\"Iterator\":{\"States\":{\"A\":1,\"A\":2}}}}}",
     "D /States/M/Iterator/States/A"},
    {"a field of a state", "{\"States\":{\"A\":{\"Next\":\"x\",\"Next\":\"y\"}}}", "F /States/A/Next"},
    {"data that looks like a machine", "{\"States\":{\"A\":{\"Result\":{\"States\":{\"A\":1,\"A\":2}}}}}",
     "F /States/A/Result/States/A"},
    {"deep within arrays", "{\"a\":[0,[1,{\"x\":[],\"x\":{}}]]}", "F /a/1/1/x"},
    {"the same name, written otherwise", "{\"\\u0061\\n\":1,\"a\\u000a\":2}", "F /a\n"},
    {"names that escapes keep apart", "{\"a\\\\u0062\":1,\"ab\":2}", ""},
    {"names of one beginning", "{\"a\":1,\"ab\":2,\"abc\":3,\"\":4}", ""},
    {"the empty name", "{\"\":1,\"\":2}", "F /"},
    {"no object at all", "[1,\"a\",\"a\",null]", ""},
    {"blanks everywhere", " { \"a\" : [ 1 , 2 ] , \"a\" : \"}\" } ", "F /a"},
};

START_TEST(a_name_that_stands_twice_is_found)
{
    char got[256];

    duplicates(DUPLICATES[_i].text, got, sizeof got);
    ck_assert_msg(strcmp(got, DUPLICATES[_i].found) == 0, "%s: %s", DUPLICATES[_i].says, got);
}
END_TEST

START_TEST(many_names_are_compared_in_time)
{
    size_t cap = 2 << 20, used = 1;
    char *text = mem_alloc(cap);
    struct asl_findings f = {0};

    text[0] = '{';
    for (int i = 0; i < 100000; i++)
        used += (size_t)snprintf(text + used, cap - used, "\"%d\":0,", i % 99999);
    text[used - 1] = '}';
    source_duplicates(text, used, &f);
    ck_assert_uint_eq(f.nerrors, 1);
    asl_findings_fini(&f);
    free(text);
}
END_TEST

static const char TEXT[] =
    "{\n"
    "  \"StartAt\": \"Ä\",\n"
    "  \"States\": {\"Ä\": {\"Retry\": [5, {\"a/b\": 1}, \"]}\"]}, \"Z\": {\"x\": 1, \"x\": 2}}\n"
    "}";

static const struct {
    const char *says, *pointer;
    size_t line, column;
} POSITIONS[] = {
    {"the whole", "/", 1, 1},
    {"a member, at its name", "/StartAt", 2, 3},
    {"columns are characters, not bytes", "/States/Ä/Retry", 3, 20},
    {"an element, at its value", "/States/Ä/Retry/0", 3, 30},
    {"a name with an escaped slash", "/States/Ä/Retry/1/a~1b", 3, 34},
    {"a text that looks like an end", "/States/Ä/Retry/2", 3, 45},
    {"of two members of one name the last", "/States/Z/x", 3, 67},
    {"where there is nothing, the last that is there", "/States/Ä/Next", 3, 14},
    {"no such element", "/States/Ä/Retry/9", 3, 20},
    {"nothing at all", "/Nowhere/x", 1, 1},
    {"a way through a text", "/StartAt/x/y", 2, 3},
};

START_TEST(a_pointer_has_a_line_and_a_column)
{
    size_t line, column;
    size_t offset = source_find(TEXT, strlen(TEXT), POSITIONS[_i].pointer);

    source_position(TEXT, offset, &line, &column);
    ck_assert_msg(line == POSITIONS[_i].line && column == POSITIONS[_i].column, "%s: got %zu:%zu",
                  POSITIONS[_i].says, line, column);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("the text of a definition");
    TCase *tc = tcase_create("source");

    tcase_add_loop_test(tc, a_name_that_stands_twice_is_found, 0, sizeof DUPLICATES / sizeof *DUPLICATES);
    tcase_add_test(tc, many_names_are_compared_in_time);
    tcase_add_loop_test(tc, a_pointer_has_a_line_and_a_column, 0, sizeof POSITIONS / sizeof *POSITIONS);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
