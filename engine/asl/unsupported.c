#include "asl/unsupported.h"

#include <string.h>

const char *unsupported_mode(const char *mode)
{
    return strcmp(mode, "DISTRIBUTED") == 0 ? "Mode DISTRIBUTED" : NULL;
}

bool unsupported_integration(const char *service, const char *action)
{
    return strcmp(service, "lambda") != 0 || strcmp(action, "invoke") != 0;
}
