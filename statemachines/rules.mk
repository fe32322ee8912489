# The demo: its functions, and the run of README.md's first command.

$(B)/pawl-functions: $(B)/statemachines/functions.o $(B)/statemachines/functions_work.o $(B)/libpawlcore.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libmicrohttpd) $(CORELIBS) -lpthread
all: $(B)/pawl-functions

# What `make deps` installs this make cannot see yet: the build is another one.
.PHONY: demo
demo: ## install what is missing, build, run an order from definition to history
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@B=$(B) statemachines/demo.sh
