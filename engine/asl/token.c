#include "asl/token.h"

#include <string.h>

/* ---- SipHash-2-4: Aumasson and Bernstein, "SipHash: a fast short-input PRF" ---- */

static uint64_t rotated(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t little_endian(const unsigned char *p, size_t len)
{
    uint64_t x = 0;

    for (size_t i = len; i-- > 0;)
        x = x << 8 | p[i];
    return x;
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1], v[1] = rotated(v[1], 13) ^ v[0], v[0] = rotated(v[0], 32);
        v[2] += v[3], v[3] = rotated(v[3], 16) ^ v[2];
        v[0] += v[3], v[3] = rotated(v[3], 21) ^ v[0];
        v[2] += v[1], v[1] = rotated(v[1], 17) ^ v[2], v[2] = rotated(v[2], 32);
    }
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t token_mac(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *data, size_t len)
{
    uint64_t k0 = little_endian(key, 8), k1 = little_endian(key + 8, 8);
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t words = len / 8;

    for (size_t i = 0; i < words; i++)
        sip_word(v, little_endian(data + 8 * i, 8));
    sip_word(v, (uint64_t)len << 56 | little_endian(data + 8 * words, len % 8));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- what a token says: execution, attempt, MAC; 20 bytes, 27 characters of base64url ---- */

enum { CLAIM_BYTES = 12, TOKEN_BYTES = 20, TOKEN_CHARS = 27 };

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_number(unsigned char *p, uint64_t n, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; n >>= 8)
        p[i] = (unsigned char)n;
}

static uint64_t number(const unsigned char *p, size_t bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | p[i];
    return n;
}

static void seal(unsigned char token[TOKEN_BYTES], const unsigned char key[TOKEN_KEY_BYTES])
{
    put_number(token + CLAIM_BYTES, token_mac(key, token, CLAIM_BYTES), TOKEN_BYTES - CLAIM_BYTES);
}

static void encode(char *to, const unsigned char token[TOKEN_BYTES])
{
    uint32_t bits = 0;
    int held = 0;

    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        bits = bits << 8 | token[i];
        for (held += 8; held >= 6; held -= 6)
            *to++ = DIGITS[bits >> (held - 6) & 63];
    }
    *to++ = DIGITS[bits << (6 - held) & 63];
    *to = '\0';
}

char *token_mint(char buf[TOKEN_TEXT_BYTES], const unsigned char key[TOKEN_KEY_BYTES], int64_t execution_id,
                 int32_t scheduled_id)
{
    unsigned char token[TOKEN_BYTES];

    put_number(token, (uint64_t)execution_id, 8);
    put_number(token + 8, (uint32_t)scheduled_id, 4);
    seal(token, key);
    encode(buf, token);
    return buf;
}

static int decode(unsigned char token[TOKEN_BYTES], const char *text, size_t len)
{
    uint32_t bits = 0;
    int held = 0;

    if (len != TOKEN_CHARS)
        return -1;
    for (size_t i = 0; i < len; i++) {
        const char *digit = text[i] ? strchr(DIGITS, text[i]) : NULL;
        if (!digit)
            return -1;
        bits = bits << 6 | (uint32_t)(digit - DIGITS);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *token++ = (unsigned char)(bits >> held);
        }
    }
    return 0;
}

int token_read(const char *text, size_t len, const unsigned char key[TOKEN_KEY_BYTES], int64_t *execution_id,
               int32_t *scheduled_id, struct err *err)
{
    unsigned char token[TOKEN_BYTES];
    char again[TOKEN_TEXT_BYTES], differs = 0;

    if (decode(token, text, len) == 0) {
        *execution_id = (int64_t)number(token, 8);
        *scheduled_id = (int32_t)number(token + 8, 4);
        /* Minted again it is the same, or somebody made it up. Every character is looked at: time tells
         * nothing. */
        token_mint(again, key, *execution_id, *scheduled_id);
        for (size_t i = 0; i < TOKEN_CHARS; i++)
            differs |= (char)(text[i] ^ again[i]);
        if (!differs && *scheduled_id > 0)
            return 0;
    }
    return err_set(err, ERR_INVALID_TOKEN, "Invalid Token: 'Invalid token'");
}
