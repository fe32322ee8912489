# Fuzzing with libFuzzer (clang).  tests/fuzz/fuzz_NAME.c is a program of its own with the core compiled in; one
# that needs more adds prerequisites below.  Seeds are in tests/fuzz/seeds/NAME, one input a file; what a run
# finds interesting goes to $(B)/fuzz/corpus/NAME, what breaks something to $(B)/fuzz/NAME-*.

FUZZ         = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_SAN     = -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CORE    = $(CORE_SRC:%.c=$(B)/fuzz/obj/%.o)

$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(CFLAGS) -O1 -fsanitize=fuzzer-no-link $(FUZZ_SAN) -MMD -MP -c $< -o $@

$(FUZZ): $(B)/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%.o $(FUZZ_CORE)
	clang -fsanitize=fuzzer $(FUZZ_SAN) -o $@ $^ $(FUZZ_LIBS) $(CORELIBS)

# The doors stand on everything.
$(B)/fuzz/fuzz_http_body: FUZZ_LIBS = $(shell pkg-config --libs $(RUNPKGS)) -lpthread
$(B)/fuzz/fuzz_http_body: $(patsubst %.c,$(B)/fuzz/obj/%.o,$(API_SRC) $(RUN_SRC) $(B)/gen/schema.c)

# Whole executions need the world that scenarios play in.
$(B)/fuzz/obj/tests/fuzz/fuzz_execution.o $(B)/fuzz/obj/tests/support/world.o: CFLAGS += -Itests/support
$(B)/fuzz/fuzz_execution: $(B)/fuzz/obj/tests/support/world.o

.PHONY: fuzz
fuzz: $(FUZZ) ## each fuzzer for FUZZ_SECONDS (60)
	@for f in $^; do \
	    name=$${f##*/fuzz_}; mkdir -p $(B)/fuzz/corpus/$$name tests/fuzz/seeds/$$name; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -timeout=20 -dict=tests/fuzz/asl.dict -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=$(B)/fuzz/$$name- $(B)/fuzz/corpus/$$name tests/fuzz/seeds/$$name \
	        >$(B)/fuzz/$$name.log 2>&1 || { tail -40 $(B)/fuzz/$$name.log; echo "fuzz_$$name failed"; exit 1; }; \
	    echo "fuzz_$$name: $$(sed -n 's/^stat::number_of_executed_units: *//p' $(B)/fuzz/$$name.log) inputs, nothing found"; \
	done
