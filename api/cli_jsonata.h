/* cli_jsonata.h -- `pawl jsonata`: argv[0] is the subcommand. Returns the exit status. */
#pragma once

int cli_jsonata(int argc, char **argv);
