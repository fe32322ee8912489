#include "asl/name.h"

#include "base/json.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

static bool forbidden_ascii(unsigned char c)
{
    return c <= 0x20 || c == 0x7F || strchr("<>{}[]?*\"#%\\^|~`$&,;:/", c);
}

static uint32_t decode(const char *text, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)text;

    switch (bytes) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    default:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    }
}

static bool forbidden(uint32_t c)
{
    if (c < 0x80)
        return forbidden_ascii((unsigned char)c);
    return c <= 0x9F || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 /* white space */ || c == 0xFFFE ||
           c == 0xFFFF || c == 0x10FFFF;
}

bool name_good(const char *text, size_t len, size_t chars_max)
{
    size_t chars = 0;

    for (size_t i = 0; i < len; chars++) {
        size_t bytes = js_utf8(text + i, len - i);
        if (bytes == 0 || forbidden(decode(text + i, bytes)))
            return false;
        i += bytes;
    }
    return chars >= 1 && chars <= chars_max;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool ascii_identifier(const char *text, size_t len)
{
    bool good = len > 0 && is_letter(text[0]);

    for (size_t i = 1; i < len && good; i++)
        good = is_letter(text[i]) || text[i] == '_' || (text[i] >= '0' && text[i] <= '9');
    return good;
}

static bool unicode_identifier(const char *text, size_t len)
{
    static const char pattern[] = "\\A\\p{ID_Start}\\p{ID_Continue}*\\z";
    size_t offset;
    int error;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, sizeof pattern - 1, PCRE2_UTF, &error, &offset, NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);

    PAWL_ASSERT(code && data);
    bool good = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, NULL) >= 0;
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return good;
}

bool name_identifier(const char *text, size_t len)
{
    return ascii_identifier(text, len) || (js_is_utf8(text, len) && unicode_identifier(text, len));
}
