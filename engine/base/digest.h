/*
 * digest.h -- hashes and Base64, for functions of the expression languages.
 *
 * Not for secrets: what guards something uses libcrypto, in the shell.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum digest_algorithm { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

enum { DIGEST_BYTES_MAX = 64 };

/* "MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", exactly so; -1 for any other name. */
int digest_find(const char *name, size_t len);

/* Returns the digest's length in bytes. */
size_t digest(enum digest_algorithm which, const void *data, size_t len, unsigned char out[DIGEST_BYTES_MAX]);

/* 2 * n lower-case digits and a NUL. Returns to. */
char *digest_hex(char *to, const unsigned char *bytes, size_t n);

/* With padding: 4 * ((len + 2) / 3) characters and a NUL; returns the count without the NUL. */
size_t base64_encode(char *to, const void *data, size_t len);

/*
 * At most len / 4 * 3 + 2 bytes. As MIME has it: what is not of the alphabet, line ends for one, is passed over; padding
 * may be absent.  Returns the count, or -1 for text that is cut off or goes on behind its padding.
 */
ssize_t base64_decode(void *to, const char *text, size_t len);
