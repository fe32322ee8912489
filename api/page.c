#include "page.h"

#include "base/clock.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

/* Before encoding: MAC, hours since 1970 in decimal, a blank, the position. */
enum { MAC_BYTES = 12, PLAIN_BYTES = MAC_BYTES + 16 + PAGE_POSITION_BYTES };

static const int64_t LIFE_US = 24 * 3600 * CLOCK_SECOND;

static void mac(unsigned char out[MAC_BYTES], const unsigned char key[16], const char *kind, const char *body,
                size_t len)
{
    unsigned char text[2048], full[EVP_MAX_MD_SIZE];
    size_t kind_len = strlen(kind);

    PAWL_ASSERT(kind_len + 1 + len <= sizeof text);
    memcpy(text, kind, kind_len + 1);
    memcpy(text + kind_len + 1, body, len);
    PAWL_ASSERT(HMAC(EVP_sha256(), key, 16, text, kind_len + 1 + len, full, NULL));
    memcpy(out, full, MAC_BYTES);
}

static void to_url_alphabet(char *text)
{
    for (; *text; text++)
        *text = *text == '+' ? '-' : *text == '/' ? '_' : *text;
}

char *page_token(char buf[PAGE_TOKEN_BYTES], const unsigned char key[16], const char *kind,
                 const char *position, int64_t now_us)
{
    unsigned char plain[PLAIN_BYTES + 2] = {0};
    char *body = (char *)plain + MAC_BYTES;

    int len =
        snprintf(body, PLAIN_BYTES - MAC_BYTES, "%lld %s", (long long)(now_us / CLOCK_SECOND), position);
    PAWL_ASSERT(len > 0 && len < PLAIN_BYTES - MAC_BYTES);
    mac(plain, key, kind, body, (size_t)len);

    /* Whole groups of three bytes need no padding: NULs behind the text fill the last one. */
    EVP_EncodeBlock((unsigned char *)buf, plain, (MAC_BYTES + len + 2) / 3 * 3);
    to_url_alphabet(buf);
    return buf;
}

static int refuse(struct err *err)
{
    return err_set(err, ERR_INVALID_TOKEN, "Invalid Token: 'Invalid token'");
}

static int decode(unsigned char plain[PLAIN_BYTES + 4], const char *token, size_t len)
{
    char standard[PAGE_TOKEN_BYTES];

    if (len == 0 || len % 4 || len / 4 * 3 > PLAIN_BYTES + 2)
        return -1;
    for (size_t i = 0; i < len; i++)
        standard[i] = token[i] == '-' ? '+' : token[i] == '_' ? '/' : token[i];
    return EVP_DecodeBlock(plain, (unsigned char *)standard, (int)len);
}

/* NULs behind the text fill the last group of three bytes, no more. */
static bool ends_as_made(const char *body, size_t bytes)
{
    size_t len = strnlen(body, bytes);

    for (size_t i = len; i < bytes; i++)
        if (body[i])
            return false;
    return bytes - len <= 2;
}

int page_read(const char *token, size_t len, const unsigned char key[16], const char *kind, int64_t now_us,
              char position[PAGE_POSITION_BYTES], struct err *err)
{
    unsigned char plain[PLAIN_BYTES + 4] = {0}, wanted[MAC_BYTES];
    char *body = (char *)plain + MAC_BYTES, *blank;

    int bytes = decode(plain, token, len);
    if (bytes <= MAC_BYTES || !ends_as_made(body, (size_t)bytes - MAC_BYTES))
        return refuse(err);
    mac(wanted, key, kind, body, strlen(body));
    if (CRYPTO_memcmp(plain, wanted, MAC_BYTES))
        return refuse(err);

    int64_t issued_us = strtoll(body, &blank, 10) * CLOCK_SECOND;
    if (*blank != ' ' || now_us - issued_us > LIFE_US)
        return refuse(err);
    snprintf(position, PAGE_POSITION_BYTES, "%s", blank + 1);
    return 0;
}
