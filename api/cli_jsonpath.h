/* cli_jsonpath.h -- `pawl jsonpath`: argv[0] is the subcommand. Returns the exit status. */
#pragma once

int cli_jsonpath(int argc, char **argv);
