#include "base/digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* RFC 1321, appendix A.5; FIPS 180-4 examples */
static const struct {
    enum digest_algorithm which;
    const char *data, *hex;
} VECTORS[] = {
    {DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {DIGEST_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
    {DIGEST_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {DIGEST_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {DIGEST_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {DIGEST_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {DIGEST_SHA384,
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
     "tnopqrstu",
     "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"},
    {DIGEST_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d442"
     "3643ce80e2a9"
     "ac94fa54ca49f"},
    {DIGEST_SHA512,
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
     "tnopqrstu",
     "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329e"
     "eb6dd26545e9"
     "6e55b874be909"},
};

START_TEST(published_vectors_agree)
{
    unsigned char bytes[DIGEST_BYTES_MAX];
    char hex[2 * DIGEST_BYTES_MAX + 1];
    size_t n = digest(VECTORS[_i].which, VECTORS[_i].data, strlen(VECTORS[_i].data), bytes);

    ck_assert_str_eq(digest_hex(hex, bytes, n), VECTORS[_i].hex);
}
END_TEST

START_TEST(a_million_letters_agree)
{
    unsigned char bytes[DIGEST_BYTES_MAX];
    char hex[2 * DIGEST_BYTES_MAX + 1], *letters = malloc(1000000);

    memset(letters, 'a', 1000000);
    size_t n = digest(DIGEST_SHA256, letters, 1000000, bytes);
    ck_assert_str_eq(digest_hex(hex, bytes, n),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(letters);
}
END_TEST

START_TEST(algorithms_are_known_by_their_exact_names)
{
    ck_assert_int_eq(digest_find("SHA-384", 7), DIGEST_SHA384);
    ck_assert_int_eq(digest_find("sha-384", 7), -1);
    ck_assert_int_eq(digest_find("SHA384", 6), -1);
    ck_assert_int_eq(digest_find("SHA-384", 5), -1);
}
END_TEST

/* RFC 4648, section 10 */
static const struct {
    const char *data, *text;
} BASE64[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"},
              {"\xFF\xFE\xFD", "//79"}};

START_TEST(base64_goes_both_ways)
{
    const char *data = BASE64[_i].data, *text = BASE64[_i].text;
    char buf[32];

    ck_assert_uint_eq(base64_encode(buf, data, strlen(data)), strlen(text));
    ck_assert_str_eq(buf, text);
    ck_assert_int_eq(base64_decode(buf, text, strlen(text)), (int)strlen(data));
    ck_assert_mem_eq(buf, data, strlen(data));
}
END_TEST

START_TEST(padding_may_be_absent)
{
    char buf[8];
    ck_assert_int_eq(base64_decode(buf, "Zm8", 3), 2);
    ck_assert_mem_eq(buf, "fo", 2);
}
END_TEST

START_TEST(what_is_not_of_the_alphabet_is_passed_over)
{
    static const char text[] = " Zm9v\r\nYm*Fy\0Zg==\xC3\xBC";
    char buf[24];

    ck_assert_int_eq(base64_decode(buf, text, sizeof text - 1), 7);
    ck_assert_mem_eq(buf, "foobarf", 7);
    ck_assert_int_eq(base64_decode(buf, "Zm8=\r\n", 6), 2);
    ck_assert_int_eq(base64_decode(buf, "*", 1), 0);
}
END_TEST

static const char *const NOT_BASE64[] = {"A", "A===", "====", "Zg=a", "Zg==a", "Zm8=Z", "=", "Zg=", "Zm9vY"};

START_TEST(what_is_not_base64_is_refused)
{
    char buf[16];
    ck_assert_msg(base64_decode(buf, NOT_BASE64[_i], strlen(NOT_BASE64[_i])) == -1, "%s", NOT_BASE64[_i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("digest");
    TCase *t = tcase_create("digest");

    tcase_add_loop_test(t, published_vectors_agree, 0, sizeof VECTORS / sizeof *VECTORS);
    tcase_add_test(t, a_million_letters_agree);
    tcase_add_test(t, algorithms_are_known_by_their_exact_names);
    tcase_add_loop_test(t, base64_goes_both_ways, 0, sizeof BASE64 / sizeof *BASE64);
    tcase_add_test(t, padding_may_be_absent);
    tcase_add_test(t, what_is_not_of_the_alphabet_is_passed_over);
    tcase_add_loop_test(t, what_is_not_base64_is_refused, 0, sizeof NOT_BASE64 / sizeof *NOT_BASE64);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
