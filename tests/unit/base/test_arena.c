#include "base/arena.h"

#include <check.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    struct arena *a = arena_new();
    unsigned char *last = NULL;

    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = arena_alloc(a, size);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xAA, size);
        if (last)
            ck_assert(last[0] == 0xAA);
        last = size ? p : last;
    }
    arena_free(a);
}
END_TEST

START_TEST(a_reset_arena_gives_zeroed_memory_again)
{
    struct arena *a = arena_new();

    memset(arena_alloc(a, 1000), 0xFF, 1000);
    arena_reset(a);
    size_t kept = arena_bytes(a);
    unsigned char *p = arena_alloc(a, 1000);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(p[i], 0);
    ck_assert_uint_eq(arena_bytes(a), kept);
    arena_free(a);
}
END_TEST

START_TEST(a_huge_block_does_not_outlive_a_reset)
{
    struct arena *a = arena_new();

    arena_alloc(a, 10 << 20);
    ck_assert_uint_ge(arena_bytes(a), 10 << 20);
    arena_reset(a);
    ck_assert_uint_lt(arena_bytes(a), 1 << 20);
    arena_free(a);
}
END_TEST

static int puts_seen;

static void count_put(json_object *o, void *ignored)
{
    (void)o;
    (void)ignored;
    puts_seen++;
}

START_TEST(what_is_adopted_is_put_once)
{
    struct arena *a = arena_new();
    json_object *o = json_object_new_object();

    puts_seen = 0;
    json_object_set_userdata(o, NULL, count_put);
    ck_assert_ptr_eq(arena_adopt(a, o), o);
    arena_adopt(a, NULL); /* JSON null */
    arena_reset(a);
    ck_assert_int_eq(puts_seen, 1);
    arena_reset(a);
    arena_free(a);
    ck_assert_int_eq(puts_seen, 1);
}
END_TEST

START_TEST(texts_are_copied)
{
    struct arena *a = arena_new();

    ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_strndup(a, NULL, 0), "");
    ck_assert_str_eq(arena_printf(a, "%s/%d", "x", 7), "x/7");
    char *own = mem_strndup("abc", 2);
    ck_assert_str_eq(own, "ab");
    free(own);
    arena_free(a);
    arena_free(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arena");
    TCase *t = tcase_create("arena");

    tcase_add_test(t, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(t, a_reset_arena_gives_zeroed_memory_again);
    tcase_add_test(t, a_huge_block_does_not_outlive_a_reset);
    tcase_add_test(t, what_is_adopted_is_put_once);
    tcase_add_test(t, texts_are_copied);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
