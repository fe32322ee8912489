# Tests on a real PostgreSQL.  Scripts take the build folder and try the built programs; C programs link the
# engine and find a throwaway server in PAWL_TEST_DATABASE.

INTEGRATION_C = $(patsubst %.c,$(B)/%,$(wildcard tests/integration/test_*.c))

$(INTEGRATION_C): $(B)/%: $(B)/%.o $(B)/tests/integration/scene.o $(B)/libpawlrun.a $(B)/libpawlcore.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECKLIBS) $(LIBS)

.PHONY: integration integration-c
integration: all integration-c ## the engine and the built programs on a PostgreSQL of their own
	@for t in $(sort $(wildcard tests/integration/test_*.py tests/integration/test_*.sh)); do echo "$$t"; $$t $(B) || exit 1; done

integration-c: $(INTEGRATION_C) # the C programs alone: they need no pawld
	@for t in $(INTEGRATION_C); do echo "$$t"; tests/support/throwaway_pg.sh run $$t || exit 1; done
