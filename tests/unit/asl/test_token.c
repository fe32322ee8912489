/* Task tokens: opaque, and not to be made up. */
#include "asl/token.h"

#include <check.h>
#include <string.h>

static const unsigned char KEY[TOKEN_KEY_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const unsigned char OTHER[TOKEN_KEY_BYTES] = {1};

/* The vectors of the SipHash paper's reference implementation: key 00..0f, input 00 01 02 ... */
static const struct {
    size_t len;
    uint64_t mac;
} VECTORS[] = {
    {0, UINT64_C(0x726fdb47dd0e0e31)}, {1, UINT64_C(0x74f839c593dc67fd)},  {7, UINT64_C(0xab0200f58b01d137)},
    {8, UINT64_C(0x93f5f5799a932462)}, {12, UINT64_C(0x751e8fbc860ee5fb)}, {15, UINT64_C(0xa129ca6149be45e5)},
};

START_TEST(the_mac_is_siphash_2_4)
{
    unsigned char data[16];

    for (unsigned char i = 0; i < sizeof data; i++)
        data[i] = i;
    uint64_t mac = token_mac(KEY, data, VECTORS[_i].len);
    ck_assert_msg(mac == VECTORS[_i].mac, "%zu bytes: %llx", VECTORS[_i].len, (unsigned long long)mac);
}
END_TEST

static const struct {
    int64_t execution_id;
    int32_t scheduled_id;
} CLAIMS[] = {{1, 1}, {77, 3}, {INT64_MAX, INT32_MAX}, {INT64_C(0x0123456789abcdef), 25000}};

START_TEST(a_minted_token_is_read_back)
{
    char text[TOKEN_TEXT_BYTES];
    int64_t execution_id;
    int32_t scheduled_id;
    struct err err;

    token_mint(text, KEY, CLAIMS[_i].execution_id, CLAIMS[_i].scheduled_id);
    ck_assert_int_eq(token_read(text, strlen(text), KEY, &execution_id, &scheduled_id, &err), 0);
    ck_assert_int_eq(execution_id, CLAIMS[_i].execution_id);
    ck_assert_int_eq(scheduled_id, CLAIMS[_i].scheduled_id);
}
END_TEST

START_TEST(a_token_is_always_the_same)
{
    char one[TOKEN_TEXT_BYTES], two[TOKEN_TEXT_BYTES];

    ck_assert_str_eq(token_mint(one, KEY, 77, 3), token_mint(two, KEY, 77, 3));
    ck_assert_str_ne(one, token_mint(two, KEY, 77, 4));
    ck_assert_str_ne(one, token_mint(two, OTHER, 77, 3));
}
END_TEST

static void assert_refused(const char *says, const char *text, size_t len, const unsigned char *key)
{
    int64_t execution_id;
    int32_t scheduled_id;
    struct err err;

    ck_assert_msg(token_read(text, len, key, &execution_id, &scheduled_id, &err) == -1, "%s", says);
    ck_assert_str_eq(err.name, "InvalidToken");
    ck_assert_str_eq(err.cause, "Invalid Token: 'Invalid token'");
}

START_TEST(any_other_character_makes_it_invalid)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n";
    char text[TOKEN_TEXT_BYTES], changed[TOKEN_TEXT_BYTES];

    token_mint(text, KEY, 77, 3);
    for (size_t i = 0; text[i]; i++)
        for (const char *d = digits; *d; d++) {
            strcpy(changed, text);
            changed[i] = *d;
            if (*d != text[i])
                assert_refused(changed, changed, strlen(changed), KEY);
        }
}
END_TEST

START_TEST(what_is_no_token_is_invalid)
{
    char text[TOKEN_TEXT_BYTES + 1], minted[TOKEN_TEXT_BYTES];

    token_mint(minted, KEY, 77, 3);
    assert_refused("nothing", "", 0, KEY);
    assert_refused("too short", minted, strlen(minted) - 1, KEY);
    strcpy(text, minted);
    strcat(text, "A");
    assert_refused("too long", text, strlen(text), KEY);
    assert_refused("of another store", minted, strlen(minted), OTHER);
    strcpy(text, minted);
    text[5] = '\0';
    assert_refused("a NUL within", text, strlen(minted), KEY);
    token_mint(minted, KEY, 77, 0);
    assert_refused("an attempt that cannot be", minted, strlen(minted), KEY);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("task tokens");
    TCase *t = tcase_create("tokens");

    tcase_add_loop_test(t, the_mac_is_siphash_2_4, 0, sizeof VECTORS / sizeof *VECTORS);
    tcase_add_loop_test(t, a_minted_token_is_read_back, 0, sizeof CLAIMS / sizeof *CLAIMS);
    tcase_add_test(t, a_token_is_always_the_same);
    tcase_add_test(t, any_other_character_makes_it_invalid);
    tcase_add_test(t, what_is_no_token_is_invalid);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
