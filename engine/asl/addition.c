#include "asl/addition.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    enum { FIELD, RESOURCE } kind;
    const char *name; /* of a field; what a resource begins with, in any case */
    const char *words;
} ADDITIONS[] = {
    {FIELD, "Delivery", "Delivery"},
    {RESOURCE, "http://", "A URL as Resource"},
    {RESOURCE, "https://", "A URL as Resource"},
    {RESOURCE, "pawl:", "A resource of pawl's own"},
};

const char *addition_field(const char *field)
{
    for (size_t i = 0; i < sizeof ADDITIONS / sizeof *ADDITIONS; i++)
        if (ADDITIONS[i].kind == FIELD && strcmp(ADDITIONS[i].name, field) == 0)
            return ADDITIONS[i].words;
    return NULL;
}

const char *addition_resource(const char *resource)
{
    for (size_t i = 0; i < sizeof ADDITIONS / sizeof *ADDITIONS; i++)
        if (ADDITIONS[i].kind == RESOURCE &&
            strncasecmp(resource, ADDITIONS[i].name, strlen(ADDITIONS[i].name)) == 0)
            return ADDITIONS[i].words;
    return NULL;
}
