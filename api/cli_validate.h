/* cli_validate.h -- `pawl validate`: argv[0] is the subcommand. Returns the exit status. */
#pragma once

int cli_validate(int argc, char **argv);
