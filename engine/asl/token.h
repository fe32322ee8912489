/*
 * token.h -- task tokens: which attempt of which execution a callback is for.
 *
 * Minted in the core because $$.Task.Token is data: a pure function of the execution, the attempt and
 * the store's secret, so a replay mints the same.  Opaque and not forgeable: a MAC covers it.
 * This version uses SipHash-2-4 with the store's 128-bit key; no library is needed in the core.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { TOKEN_TEXT_BYTES = 128, TOKEN_KEY_BYTES = 16 };

/* key: the store's secret (pawl.setting), the same for every pawld on one database. Returns buf. */
char *token_mint(char buf[TOKEN_TEXT_BYTES], const unsigned char key[TOKEN_KEY_BYTES], int64_t execution_id,
                 int32_t scheduled_id);

/* -1 with ERR_INVALID_TOKEN ("Invalid Token: 'Invalid token'") for a text that token_mint did not make. */
int token_read(const char *text, size_t len, const unsigned char key[TOKEN_KEY_BYTES], int64_t *execution_id,
               int32_t *scheduled_id, struct err *err);

/* SipHash-2-4 of data: what covers a token. */
uint64_t token_mac(const unsigned char key[TOKEN_KEY_BYTES], const unsigned char *data, size_t len);
