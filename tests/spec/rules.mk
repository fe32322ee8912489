# Cases as text: tests/spec/NAME/*.case, read by one runner each, tests/spec/run_NAME.c.  To add a case, add
# lines to a file; the first lines of each file say how they are read.

SPEC = $(patsubst tests/spec/%.c,$(B)/tests/spec/%,$(wildcard tests/spec/run_*.c))

$(SPEC): $(B)/tests/spec/%: $(B)/tests/spec/%.o $(B)/tests/spec/cases.o $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(CORELIBS)

.PHONY: spec
spec: $(SPEC) ## the language case by case: tests/spec/*/*.case
	@for r in $^; do name=$${r##*/run_}; $$r tests/spec/$$name/*.case || exit 1; done
