#include "run/log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What put writes to standard error while it runs. */
static const char *caught(void (*put)(void))
{
    static char text[8192];
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    dup2(fileno(file), STDERR_FILENO);
    put();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void put_line(void)
{
    log_thread("reactor=3");
    log_warn("invoke failed, will retry", "exec=%d status=%d", 7, 503);
    log_debug("nobody sees this", NULL);
    log_thread(NULL);
}

START_TEST(a_line_is_time_level_message_and_pairs)
{
    const char *text = caught(put_line);

    ck_assert_uint_eq(strlen(text),
                      24 + strlen(" warn  invoke failed, will retry reactor=3 exec=7 status=503\n"));
    ck_assert_str_eq(text + 24, " warn  invoke failed, will retry reactor=3 exec=7 status=503\n");
    ck_assert_int_eq(text[10], 'T');
    ck_assert_int_eq(text[23], 'Z');
}
END_TEST

static void put_long(void)
{
    log_error("long", "text=%s", (char[10000]){[0 ... 9998] = 'x'});
}

START_TEST(a_line_is_cut_at_4096_bytes)
{
    const char *text = caught(put_long);

    ck_assert_uint_eq(strlen(text), 4096);
    ck_assert_int_eq(text[4095], '\n');
}
END_TEST

START_TEST(quoted_text_stays_on_its_line)
{
    char buf[64];

    ck_assert_str_eq(log_quote(buf, sizeof buf, "a \"b\" \\ \n\x01"), "\"a \\\"b\\\" \\\\ \\n\\x01\"");
    ck_assert_str_eq(log_quote(buf, 8, "abcdefgh"), "\"abcde\"");
    ck_assert_str_eq(log_quote(buf, 5, "ab\n"), "\"ab\"");
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_int_eq(log_level_parse("error"), LOG_ERROR);
    ck_assert_int_eq(log_level_parse("debug"), LOG_DEBUG);
    ck_assert_int_eq(log_level_parse("loud"), -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("log");
    TCase *t = tcase_create("log");

    tcase_add_test(t, a_line_is_time_level_message_and_pairs);
    tcase_add_test(t, a_line_is_cut_at_4096_bytes);
    tcase_add_test(t, quoted_text_stays_on_its_line);
    tcase_add_test(t, levels_have_names);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
