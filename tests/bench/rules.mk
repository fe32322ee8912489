# The benchmark: its own function server, the driver of pawld, the floors; bench.py runs them and prints the table.

BENCH_PROGRAMS = $(addprefix $(B)/tests/bench/,fnserver load floor)

$(B)/tests/bench/fnserver: $(B)/tests/bench/fnserver.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^
$(B)/tests/bench/load: $(B)/tests/bench/load.o $(B)/tests/bench/meter.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libpq)
$(B)/tests/bench/floor: $(B)/tests/bench/floor.o $(B)/tests/bench/meter.o $(B)/tests/bench/wire.o
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libpq libcurl) -lpthread

.PHONY: bench
bench: all $(BENCH_PROGRAMS) ## what a step costs, beside the floors of this machine (BENCH_QUICK=1: once, and short)
	@tests/bench/bench.py $(B)
