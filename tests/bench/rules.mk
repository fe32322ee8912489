# The benchmark: its own function server, the driver of pawld, the floors; bench.py runs them and prints the table.
# language.c and language.py measure the language alone.

BENCH_PROGRAMS = $(addprefix $(B)/tests/bench/,fnserver load floor)

$(B)/tests/bench/fnserver: $(B)/tests/bench/fnserver.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^
$(B)/tests/bench/load: $(B)/tests/bench/load.o $(B)/tests/bench/meter.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libpq)
$(B)/tests/bench/floor: $(B)/tests/bench/floor.o $(B)/tests/bench/meter.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libpq libcurl) -lpthread

$(B)/tests/bench/language: $(B)/tests/bench/language.o $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(CORELIBS)

$(B)/tests/bench/jsonata: $(B)/tests/bench/jsonata.o $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(CORELIBS)

.PHONY: bench bench-language bench-language-keep bench-jsonata
bench: all $(BENCH_PROGRAMS) bench-language ## what a step costs, beside the floors of this machine (BENCH_QUICK=1: once, and short)
	@tests/bench/bench.py $(B)

bench-language: $(B)/tests/bench/language ## the language alone: states/s, and instructions (needs valgrind) beside the kept ones
	@CC="$(CC)" tests/bench/language.py $(B)

bench-language-keep: $(B)/tests/bench/language
	@CC="$(CC)" tests/bench/language.py $(B) --keep

bench-jsonata: $(B)/tests/bench/jsonata ## expressions in JSONata beside the reference on Node (needs npm)
	@tests/bench/jsonata.py $(B)
