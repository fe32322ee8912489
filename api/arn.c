#include "arn.h"

#include "asl/name.h"
#include "base/json.h"

#include <string.h>

static int refuse_name(const char *text, size_t len, struct err *err)
{
    return err_set(err, ERR_INVALID_NAME, "Invalid Name: '%.*s'", (int)(len < 400 ? len : 400), text);
}

int arn_name_check(const char *text, size_t len, struct err *err)
{
    return name_good(text, len, ARN_NAME_CHARS_MAX) ? 0 : refuse_name(text, len, err);
}

/* The next part of an ARN: up to a colon or the end. *text moves behind it. */
static size_t part(const char **text, const char *end, const char **start)
{
    const char *colon = memchr(*text, ':', (size_t)(end - *text));

    *start = *text;
    *text = colon ? colon + 1 : end;
    return (size_t)((colon ? colon : end) - *start);
}

static bool is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && !memcmp(text, word, len);
}

static bool part_is(const char **text, const char *end, const char *word)
{
    const char *start;
    size_t len = part(text, end, &start);

    return is(start, len, word);
}

static int bad_prefix(const char *text, size_t len, struct err *err)
{
    return err_set(err, ERR_INVALID_ARN, "Invalid Arn: 'Invalid ARN prefix: %.*s'",
                   (int)(len < 400 ? len : 400), text);
}

/* A name within an ARN.  One that no name can be is refused as the whole ARN is. */
static int copy_name(char to[ARN_NAME_BYTES], const char *name, size_t len)
{
    if (arn_name_check(name, len, NULL) < 0)
        return -1;
    memcpy(to, name, len);
    to[len] = '\0';
    return 0;
}

static int bad_name(const char *text, size_t len, const char *name, size_t name_len, struct err *err)
{
    if (memchr(name, '/', name_len))
        return err_set(err, ERR_VALIDATION, "This operation does not support labelled ARNs: %.*s",
                       (int)(len < 400 ? len : 400), text);
    return err_set(err, ERR_INVALID_ARN, "Invalid Arn: 'Invalid resource name: %.*s'",
                   (int)(name_len < 400 ? name_len : 400), name);
}

int arn_parse(const char *text, size_t len, enum arn_type wanted, const char *prefix, struct arn *out,
              struct err *err)
{
    static const char *const words[] = {[ARN_MACHINE] = "stateMachine", [ARN_EXECUTION] = "execution"};
    const char *p = text, *end = text + len, *piece;
    size_t prefix_len = strlen(prefix);

    if (!part_is(&p, end, "arn") || part(&p, end, &piece) == 0 || !part_is(&p, end, "states"))
        return bad_prefix(text, len, err);
    part(&p, end, &piece); /* region and account: theirs may be empty, then nothing here is theirs */
    part(&p, end, &piece);
    size_t n = part(&p, end, &piece);
    if (n == 0)
        return bad_prefix(text, len, err);
    if (!is(piece, n, words[wanted]))
        return err_set(err, ERR_INVALID_ARN, "Invalid Arn: 'Resource type not valid in this context: %.*s'",
                       (int)(n < 100 ? n : 100), piece);

    *out = (struct arn){.type = wanted, .ours = len >= prefix_len && !memcmp(text, prefix, prefix_len)};
    n = part(&p, end, &piece);
    if (copy_name(out->machine, piece, n) < 0)
        return bad_name(text, len, piece, n, err);
    if (wanted == ARN_MACHINE) {
        out->qualified = p < end || end[-1] == ':';
        return 0;
    }
    n = part(&p, end, &piece);
    if (p < end || copy_name(out->execution, piece, n) < 0)
        return bad_name(text, len, piece, n, err);
    return 0;
}
