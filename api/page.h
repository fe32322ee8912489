/*
 * page.h -- nextToken: where a list goes on, opaque and not forgeable.
 *
 * A token is good for one kind of question (the operation and what was asked, as one text) and for 24 hours,
 * on every pawld of the same database.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { PAGE_POSITION_BYTES = 512, PAGE_TOKEN_BYTES = 1024 };

/* position is at most PAGE_POSITION_BYTES - 1 bytes. Returns buf. */
char *page_token(char buf[PAGE_TOKEN_BYTES], const unsigned char key[16], const char *kind,
                 const char *position, int64_t now_us);

/* -1 with ERR_INVALID_TOKEN: not made for this kind, or too old. */
int page_read(const char *token, size_t len, const unsigned char key[16], const char *kind, int64_t now_us,
              char position[PAGE_POSITION_BYTES], struct err *err);
