#include "ops_list.h"

const struct op OPS[] = {
    {NULL, "GET", "/healthz", op_healthz, NULL},
    {NULL, "GET", "/readyz", op_readyz, NULL},
};
const size_t NOPS = sizeof OPS / sizeof *OPS;
