# The demo: its functions, and the run of README.md's first command.

$(B)/pawl-functions: $(B)/statemachines/functions.o $(B)/statemachines/functions_work.o $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libmicrohttpd) $(CORELIBS) -lpthread
