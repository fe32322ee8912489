/*
 * RFC 1321 (MD5), FIPS 180-4 (SHA-1 and SHA-2), RFC 4648 (Base64).  The core links no cryptographic library,
 * and these hashes name data; nothing is kept secret by them.
 */
#include "base/digest.h"

#include <string.h>

/* One block into the state. Words of 32 bits stand in the lower halves. */
typedef void compress(uint64_t state[8], const unsigned char *block);

static uint32_t rol32(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t ror32(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint64_t ror64(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static uint64_t read_be(const unsigned char *p, unsigned bytes)
{
    uint64_t x = 0;

    for (unsigned i = 0; i < bytes; i++)
        x = x << 8 | p[i];
    return x;
}

/* ---- MD5 ---- */

static const uint32_t MD5_SINES[64] = {/* 2^32 * |sin(i + 1)| */
                                       0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
                                       0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
                                       0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
                                       0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
                                       0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
                                       0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
                                       0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
                                       0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
                                       0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
                                       0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
                                       0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static void md5(uint64_t state[8], const unsigned char *block)
{
    static const unsigned char shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1], c = (uint32_t)state[2], d = (uint32_t)state[3],
             x[16];

    for (unsigned i = 0; i < 16; i++)
        x[i] = __builtin_bswap32((uint32_t)read_be(block + 4 * i, 4));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f;
        unsigned word;
        if (i < 16) {
            f = (b & c) | (~b & d);
            word = i;
        } else if (i < 32) {
            f = (d & b) | (~d & c);
            word = 5 * i + 1;
        } else if (i < 48) {
            f = b ^ c ^ d;
            word = 3 * i + 5;
        } else {
            f = c ^ (b | ~d);
            word = 7 * i;
        }
        f += a + MD5_SINES[i] + x[word % 16];
        a = d;
        d = c;
        c = b;
        b += rol32(f, shifts[i / 16][i % 4]);
    }
    state[0] = (uint32_t)state[0] + a;
    state[1] = (uint32_t)state[1] + b;
    state[2] = (uint32_t)state[2] + c;
    state[3] = (uint32_t)state[3] + d;
}

/* ---- SHA-1 ---- */

static void sha1(uint64_t state[8], const unsigned char *block)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], v[5];

    for (unsigned i = 0; i < 5; i++)
        v[i] = (uint32_t)state[i];
    for (unsigned i = 0; i < 80; i++)
        w[i] = i < 16 ? (uint32_t)read_be(block + 4 * i, 4)
                      : rol32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        uint32_t f = i < 20              ? (v[1] & v[2]) | (~v[1] & v[3])
                     : i >= 40 && i < 60 ? (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])
                                         : v[1] ^ v[2] ^ v[3];
        uint32_t next = rol32(v[0], 5) + f + v[4] + k[i / 20] + w[i];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rol32(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++)
        state[i] = (uint32_t)state[i] + v[i];
}

/* ---- SHA-2: SHA-256's constants are the upper halves of SHA-512's ---- */

static const uint64_t SHA2_K[80] =
    {/* fractions of the cube roots of the first 80 primes */
     0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
     0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
     0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
     0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
     0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
     0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
     0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
     0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
     0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
     0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
     0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
     0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
     0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
     0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
     0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
     0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

static void sha256(uint64_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];

    for (unsigned i = 0; i < 8; i++)
        v[i] = (uint32_t)state[i];
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)read_be(block + 4 * i, 4);
    for (unsigned i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror32(w[i - 15], 7) ^ ror32(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (ror32(w[i - 2], 17) ^ ror32(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t t1 = v[7] + (ror32(v[4], 6) ^ ror32(v[4], 11) ^ ror32(v[4], 25)) +
                      ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(SHA2_K[i] >> 32) + w[i];
        uint32_t t2 = (ror32(v[0], 2) ^ ror32(v[0], 13) ^ ror32(v[0], 22)) +
                      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] = (uint32_t)state[i] + v[i];
}

static void sha512(uint64_t state[8], const unsigned char *block)
{
    uint64_t w[80], v[8];

    memcpy(v, state, sizeof v);
    for (unsigned i = 0; i < 16; i++)
        w[i] = read_be(block + 8 * i, 8);
    for (unsigned i = 16; i < 80; i++)
        w[i] = w[i - 16] + w[i - 7] + (ror64(w[i - 15], 1) ^ ror64(w[i - 15], 8) ^ w[i - 15] >> 7) +
               (ror64(w[i - 2], 19) ^ ror64(w[i - 2], 61) ^ w[i - 2] >> 6);
    for (unsigned i = 0; i < 80; i++) {
        uint64_t t1 = v[7] + (ror64(v[4], 14) ^ ror64(v[4], 18) ^ ror64(v[4], 41)) +
                      ((v[4] & v[5]) ^ (~v[4] & v[6])) + SHA2_K[i] + w[i];
        uint64_t t2 = (ror64(v[0], 28) ^ ror64(v[0], 34) ^ ror64(v[0], 39)) +
                      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

/* ---- one table, one loop ---- */

static const struct algorithm {
    const char *name;
    compress *run;
    unsigned block, word, bytes; /* of a block, of a word of the state, of the digest */
    bool big_endian;
    uint64_t start[8];
} ALGORITHMS[] = {
    [DIGEST_MD5] = {"MD5", md5, 64, 4, 16, false, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}},
    [DIGEST_SHA1] =
        {"SHA-1", sha1, 64, 4, 20, true, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}},
    [DIGEST_SHA256] = {"SHA-256",
                       sha256,
                       64,
                       4,
                       32,
                       true,
                       {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
                        0x5be0cd19}},
    [DIGEST_SHA384] = {"SHA-384",
                       sha512,
                       128,
                       8,
                       48,
                       true,
                       {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                        0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}},
    [DIGEST_SHA512] = {"SHA-512",
                       sha512,
                       128,
                       8,
                       64,
                       true,
                       {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}},
};

int digest_find(const char *name, size_t len)
{
    for (int i = 0; i < (int)(sizeof ALGORITHMS / sizeof *ALGORITHMS); i++)
        if (strlen(ALGORITHMS[i].name) == len && !memcmp(ALGORITHMS[i].name, name, len))
            return i;
    return -1;
}

/* The last blocks: what is left, a one bit, zeroes, the length in bits. */
static void finish(const struct algorithm *a, uint64_t state[8], const unsigned char *rest, size_t n,
                   size_t total)
{
    unsigned char tail[256] = {0};
    size_t length_bytes = a->block / 8, size = n + 1 + length_bytes <= a->block ? a->block : 2 * a->block;
    uint64_t bits = (uint64_t)total * 8;

    if (n)
        memcpy(tail, rest, n);
    tail[n] = 0x80;
    for (size_t i = 0; i < 8; i++)
        tail[a->big_endian ? size - 1 - i : size - 8 + i] = (unsigned char)(bits >> (8 * i));
    for (size_t at = 0; at < size; at += a->block)
        a->run(state, tail + at);
}

size_t digest(enum digest_algorithm which, const void *data, size_t len, unsigned char out[DIGEST_BYTES_MAX])
{
    const struct algorithm *a = &ALGORITHMS[which];
    const unsigned char *p = data;
    uint64_t state[8];
    size_t at = 0;

    memcpy(state, a->start, sizeof state);
    for (; len - at >= a->block; at += a->block)
        a->run(state, p + at);
    finish(a, state, p + at, len - at, len);
    for (size_t i = 0; i < a->bytes; i++) {
        size_t byte = i % a->word;
        out[i] = (unsigned char)(state[i / a->word] >> (8 * (a->big_endian ? a->word - 1 - byte : byte)));
    }
    return a->bytes;
}

char *digest_hex(char *to, const unsigned char *bytes, size_t n)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        to[2 * i] = hex[bytes[i] >> 4];
        to[2 * i + 1] = hex[bytes[i] & 15];
    }
    to[2 * n] = '\0';
    return to;
}

/* ---- Base64 ---- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(char *to, const void *data, size_t len)
{
    const unsigned char *p = data;
    char *start = to;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
        *to++ = BASE64[bits >> 18];
        *to++ = BASE64[bits >> 12 & 63];
        *to++ = n > 1 ? BASE64[bits >> 6 & 63] : '=';
        *to++ = n > 2 ? BASE64[bits & 63] : '=';
    }
    *to = '\0';
    return (size_t)(to - start);
}

/* Behind the data: "=" as far as the last four characters need it, and nothing more of the alphabet. */
static bool padding_fits(const char *text, size_t len, size_t digits)
{
    if (digits % 4 < 2 || (digits % 4 == 2 && (len < 2 || text[1] != '=')))
        return false;
    for (size_t i = digits % 4 == 2 ? 2 : 1; i < len; i++)
        if (text[i] && strchr(BASE64, text[i]))
            return false;
    return true;
}

ssize_t base64_decode(void *to, const char *text, size_t len)
{
    unsigned char *out = to;
    size_t digits = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < len; i++) {
        const char *place = text[i] ? strchr(BASE64, text[i]) : NULL;
        if (text[i] == '=')
            return padding_fits(text + i, len - i, digits) ? out - (unsigned char *)to : -1;
        if (!place)
            continue;
        bits = bits << 6 | (uint32_t)(place - BASE64);
        if (digits % 4 != 0)
            *out++ = (unsigned char)(bits >> (6 - 2 * (digits % 4)));
        digits++;
    }
    return digits % 4 == 1 ? -1 : out - (unsigned char *)to;
}
