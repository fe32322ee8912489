#include "run/mailbox.h"

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum { WRITERS = 4, LETTERS = 20000 };

static uv_loop_t loop;
static struct mailbox box;
static unsigned got, last[WRITERS];

static void setup(void)
{
    got = 0;
    uv_loop_init(&loop);
    mailbox_init(&box, &loop, &got);
}

static void teardown(void)
{
    mailbox_close(&box);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void read_letter(void *reader, void *arg)
{
    uintptr_t text = (uintptr_t)arg;
    unsigned writer = (unsigned)(text >> 32), n = (unsigned)text;

    ck_assert_ptr_eq(reader, &got);
    ck_assert_msg(n == last[writer] + 1, "writer %u: letter %u after %u", writer, n, last[writer]);
    last[writer] = n;
    if (++got == WRITERS * LETTERS)
        uv_stop(&loop);
}

static void *write_letters(void *arg)
{
    for (uintptr_t n = 1; n <= LETTERS; n++)
        mailbox_post(&box, read_letter, (void *)((uintptr_t)arg << 32 | n));
    return NULL;
}

START_TEST(letters_of_many_threads_arrive_once_and_in_each_ones_order)
{
    pthread_t writers[WRITERS];

    for (uintptr_t i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_letters, (void *)i);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    ck_assert_uint_eq(got, WRITERS * LETTERS);
}
END_TEST

static void answer(void *reader, void *arg)
{
    if (++got < 3)
        mailbox_post(&box, answer, NULL);
    else
        uv_stop(&loop);
}

START_TEST(a_letter_may_be_answered_from_within)
{
    mailbox_post(&box, answer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(got, 3);
}
END_TEST

static void free_unread(void *reader, void *arg)
{
    ck_assert_ptr_null(reader);
    free(arg); /* the leak checker sees whether this is called */
    got++;
}

static void answer_unread(void *reader, void *arg)
{
    ck_assert_ptr_null(reader);
    mailbox_post(&box, free_unread, arg);
}

START_TEST(a_letter_without_a_reader_frees_what_it_carries)
{
    mailbox_leave(&box);
    mailbox_post(&box, free_unread, malloc(1));
    uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_eq(got, 1);
}
END_TEST

START_TEST(letters_that_are_left_in_the_box_have_no_reader)
{
    mailbox_post(&box, free_unread, malloc(1));
    mailbox_post(&box, answer_unread, malloc(1));
    ck_assert(mailbox_clear(&box));
    ck_assert_uint_eq(got, 1);
    ck_assert_msg(mailbox_clear(&box), "the answer to a letter is one, too");
    ck_assert_uint_eq(got, 2);
    ck_assert(!mailbox_clear(&box));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mailbox");
    TCase *t = tcase_create("mailbox");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, letters_of_many_threads_arrive_once_and_in_each_ones_order);
    tcase_add_test(t, a_letter_may_be_answered_from_within);
    tcase_add_test(t, a_letter_without_a_reader_frees_what_it_carries);
    tcase_add_test(t, letters_that_are_left_in_the_box_have_no_reader);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
