# Tests of the built programs: each is a script that takes the build folder.

.PHONY: integration
integration: all ## the built programs on a PostgreSQL of their own
	@for t in $(sort $(wildcard tests/integration/test_*.py tests/integration/test_*.sh)); do echo "$$t"; $$t $(B) || exit 1; done
