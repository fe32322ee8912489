/* jsonata_func.h -- the functions of the language, one table; for jsonata_func*.c only. */
#pragma once

#include "lang/jsonata_priv.h"

/*
 * X(name, signature, how many arguments a higher-order function gives it at most)
 * The signature is checked before the function is called: arguments have those types, or are undefined.
 */
#define JSONATA_FUNCTIONS(X)                                                                                 \
    X(sum, "<a<n>:n>", 1)                                                                                    \
    X(count, "<a:n>", 1)                                                                                     \
    X(max, "<a<n>:n>", 1)                                                                                    \
    X(min, "<a<n>:n>", 1)                                                                                    \
    X(average, "<a<n>:n>", 1)                                                                                \
    X(string, "<x-b?:s>", 1)                                                                                 \
    X(substring, "<s-nn?:s>", 3)                                                                             \
    X(substringBefore, "<s-s:s>", 2)                                                                         \
    X(substringAfter, "<s-s:s>", 2)                                                                          \
    X(lowercase, "<s-:s>", 1)                                                                                \
    X(uppercase, "<s-:s>", 1)                                                                                \
    X(length, "<s-:n>", 1)                                                                                   \
    X(trim, "<s-:s>", 1)                                                                                     \
    X(pad, "<s-ns?:s>", 3)                                                                                   \
    X(match, "<s-f<s:o>n?:a<o>>", 3)                                                                         \
    X(contains, "<s-(sf):b>", 2)                                                                             \
    X(replace, "<s-(sf)(sf)n?:s>", 4)                                                                        \
    X(split, "<s-(sf)n?:a<s>>", 3)                                                                           \
    X(join, "<a<s>s?:s>", 2)                                                                                 \
    X(formatNumber, "<n-so?:s>", 3)                                                                          \
    X(formatBase, "<n-n?:s>", 2)                                                                             \
    X(formatInteger, "<n-s:s>", 2)                                                                           \
    X(parseInteger, "<s-s:n>", 2)                                                                            \
    X(number, "<(nsb)-:n>", 1)                                                                               \
    X(floor, "<n-:n>", 1)                                                                                    \
    X(ceil, "<n-:n>", 1)                                                                                     \
    X(round, "<n-n?:n>", 2)                                                                                  \
    X(abs, "<n-:n>", 1)                                                                                      \
    X(sqrt, "<n-:n>", 1)                                                                                     \
    X(power, "<n-n:n>", 2)                                                                                   \
    X(random, "<n?:n>", 0)                                                                                   \
    X(boolean, "<x-:b>", 1)                                                                                  \
    X(not, "<x-:b>", 1)                                                                                      \
    X(map, "<af>", 2)                                                                                        \
    X(zip, "<a+>", 0)                                                                                        \
    X(filter, "<af>", 2)                                                                                     \
    X(single, "<af?>", 2)                                                                                    \
    X(reduce, "<afj?:j>", 3)                                                                                 \
    X(sift, "<o-f?:o>", 2)                                                                                   \
    X(keys, "<x-:a<s>>", 1)                                                                                  \
    X(lookup, "<x-s:x>", 2)                                                                                  \
    X(append, "<xx:a>", 2)                                                                                   \
    X(exists, "<x:b>", 1)                                                                                    \
    X(spread, "<x-:a<o>>", 1)                                                                                \
    X(merge, "<a<o>:o>", 1)                                                                                  \
    X(reverse, "<a:a>", 1)                                                                                   \
    X(each, "<o-f:a>", 2)                                                                                    \
    X(error, "<s?:x>", 1)                                                                                    \
    X(assert, "<bs?:x>", 2)                                                                                  \
    X(type, "<x:s>", 1)                                                                                      \
    X(sort, "<af?:a>", 2)                                                                                    \
    X(shuffle, "<a:a>", 1)                                                                                   \
    X(distinct, "<x:x>", 1)                                                                                  \
    X(base64encode, "<s-:s>", 1)                                                                             \
    X(base64decode, "<s-:s>", 1)                                                                             \
    X(encodeUrlComponent, "<s-:s>", 1)                                                                       \
    X(encodeUrl, "<s-:s>", 1)                                                                                \
    X(decodeUrlComponent, "<s-:s>", 1)                                                                       \
    X(decodeUrl, "<s-:s>", 1)                                                                                \
    X(eval, "<sx?:x>", 2)                                                                                    \
    X(toMillis, "<s-s?:n>", 2)                                                                               \
    X(fromMillis, "<n-s?s?:s>", 3)                                                                           \
    X(clone, "<(oa)-:o>", 1)                                                                                 \
    X(now, "<s?s?:s>", 2)                                                                                    \
    X(millis, "<:n>", 0)                                                                                     \
    /* beyond the reference, as AWS Step Functions has them: */                                              \
    X(partition, "<an:a<a>>", 2)                                                                             \
    X(range, "<nnn:a<n>>", 3)                                                                                \
    X(hash, "<ss?:s>", 2)                                                                                    \
    X(uuid, "<:s>", 0)                                                                                       \
    X(parse, "<s-:x>", 1)

#define X(name, signature, arity) builtin_fn jsonata_f_##name;
JSONATA_FUNCTIONS(X)
#undef X

/* The i-th argument; undefined behind the last. */
static inline struct jv arg(const struct call *c, uint32_t i)
{
    return i < c->n ? c->args[i] : UNDEFINED;
}

static inline bool given(const struct call *c, uint32_t i)
{
    return arg(c, i).kind != JV_UNDEFINED;
}

/* Calls argument i with n arguments. */
static inline int call_arg(struct call *c, uint32_t i, const struct jv *args, uint32_t n, struct jv *out)
{
    return jsonata_apply(c->run, arg(c, i), args, n, jv_null(), c->frame, out);
}

/* Calls argument i as $map and its like do: with as many of value, key and whole as it takes. */
int jsonata_call_with(struct call *c, uint32_t i, struct jv value, struct jv key, struct jv whole,
                      struct jv *out);

/* 64 uniform bits; -1 where there is no chance. */
int jsonata_dice(struct run *r, uint64_t *dice);
