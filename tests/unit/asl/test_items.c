#include "asl/items.h"

#include "base/json.h"

#include <check.h>
#include <string.h>

static const char *const NAMES[] = {"x", "y"};

static const struct {
    const char *says;
    struct items_format format;
    const char *text, *items; /* NULL: cause */
    const char *cause;
} FILES[] = {
    {"an array", {.input = ITEMS_JSON}, "[1, {\"a\": 2}]", "[1,{\"a\":2}]", NULL},
    {"an object's members",
     {.input = ITEMS_JSON},
     "{\"a\": 1, \"b\": [2]}",
     "[{\"Key\":\"a\",\"Value\":1},{\"Key\":\"b\",\"Value\":[2]}]",
     NULL},
    {"what a pointer names",
     {.input = ITEMS_JSON, .pointer = "/a/1/~0b~1"},
     "{\"a\": [0, {\"~b/\": [5]}]}",
     "[5]",
     NULL},
    {"the empty pointer is the whole", {.input = ITEMS_JSON, .pointer = ""}, "[5]", "[5]", NULL},
    {"a pointer to nothing",
     {.input = ITEMS_JSON, .pointer = "/a/01"},
     "{\"a\": [1, 2]}",
     NULL,
     "The ItemsPointer names nothing in the file."},
    {"nothing to go through",
     {.input = ITEMS_JSON, .pointer = "/a"},
     "{\"a\": 5}",
     NULL,
     "Attempting to map over non-iterable node."},
    {"no JSON", {.input = ITEMS_JSON}, "[1,", NULL, "byte 3: expected a value, found the end of the text"},
    {"a value a line", {.input = ITEMS_JSONL}, "1\n\n {\"a\": 2}\r\nnull\n", "[1,{\"a\":2},null]", NULL},
    {"a broken line", {.input = ITEMS_JSONL}, "1\n]\n", NULL, "byte 0: expected a value, found ']'"},
    {"rows under headers",
     {.input = ITEMS_CSV, .delimiter = ','},
     "a,b\n1,2\n3,4\n",
     "[{\"a\":\"1\",\"b\":\"2\"},{\"a\":\"3\",\"b\":\"4\"}]",
     NULL},
    {"headers that are given",
     {.input = ITEMS_CSV, .delimiter = '|', .headers = (const char **)NAMES, .nheaders = 2},
     "1|2",
     "[{\"x\":\"1\",\"y\":\"2\"}]",
     NULL},
    {"quoted fields",
     {.input = ITEMS_CSV, .delimiter = ','},
     "a,b\n\"1,\n\"\"2\"\"\",\"\"\n",
     "[{\"a\":\"1,\\n\\\"2\\\"\",\"b\":\"\"}]",
     NULL},
    {"short rows and long ones",
     {.input = ITEMS_CSV, .delimiter = ','},
     "a,b\n1\n2,3,4",
     "[{\"a\":\"1\",\"b\":\"\"},{\"a\":\"2\",\"b\":\"3\"}]",
     NULL},
    {"a quote that never ends", {.input = ITEMS_CSV, .delimiter = ','}, "a\n\"1", "[{\"a\":\"1\"}]", NULL},
    {"an empty file", {.input = ITEMS_CSV, .delimiter = ','}, "", "[]", NULL},
    {"headers twice",
     {.input = ITEMS_CSV, .delimiter = ','},
     "a,a\n1,2",
     NULL,
     "CSV headers cannot contain duplicates."},
    {"a format that is not built",
     {.input = ITEMS_OTHER},
     "x",
     NULL,
     "Files of this InputType cannot be read by this version of pawl."},
};

START_TEST(a_file_is_taken_apart)
{
    json_object *items;
    struct err err = {0};
    const char *text = FILES[_i].text;

    int rc = items_read(&FILES[_i].format, text, strlen(text), &items, &err);
    if (FILES[_i].items) {
        ck_assert_msg(rc == 0, "%s: %s", FILES[_i].says, err.cause);
        ck_assert_msg(strcmp(js_text(items, NULL), FILES[_i].items) == 0, "%s: %s", FILES[_i].says,
                      js_text(items, NULL));
    } else {
        ck_assert_msg(rc == -1, "%s", FILES[_i].says);
        ck_assert_str_eq(err.name, "States.ItemReaderFailed");
        ck_assert_msg(strcmp(err.cause, FILES[_i].cause) == 0, "%s: %s", FILES[_i].says, err.cause);
    }
    json_object_put(items);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ItemReader");
    TCase *t = tcase_create("files");

    tcase_add_loop_test(t, a_file_is_taken_apart, 0, sizeof FILES / sizeof *FILES);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
