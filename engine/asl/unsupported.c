#include "asl/unsupported.h"

#include <string.h>

static const struct {
    const char *field, *words;
} FIELDS[] = {
    {"Assign", "Assign (variables)"},
};

const char *unsupported_field(const char *field)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (strcmp(FIELDS[i].field, field) == 0)
            return FIELDS[i].words;
    return NULL;
}

const char *unsupported_language(const char *language)
{
    return strcmp(language, "JSONata") == 0 ? "QueryLanguage JSONata" : NULL;
}

const char *unsupported_mode(const char *mode)
{
    return strcmp(mode, "DISTRIBUTED") == 0 ? "Mode DISTRIBUTED" : NULL;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

/* Within quotes a dollar is a plain character: $['$x'], States.Format('$x'). */
bool unsupported_variable(const char *text, size_t len)
{
    char quote = 0;

    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (quote)
            quote = text[i] == quote ? 0 : quote;
        else if (text[i] == '\'' || text[i] == '"')
            quote = text[i];
        else if (text[i] == '$' && begins_name(text[i + 1]) && (i == 0 || text[i - 1] != '$'))
            return true;
    }
    return false;
}

bool unsupported_integration(const char *service, const char *action)
{
    return strcmp(service, "lambda") != 0 || strcmp(action, "invoke") != 0;
}
