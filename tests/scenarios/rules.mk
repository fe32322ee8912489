# Whole executions as text, played through the pure core: no database, no network, no clock.

SCENARIOS = $(sort $(wildcard tests/scenarios/*.scn))
WORLD_OBJ = $(B)/tests/support/world.o $(B)/tests/support/scenario.o

$(WORLD_OBJ) $(B)/tests/scenarios/run.o $(B)/tests/prop/%.o $(B)/tests/unit/asl/test_interp.o: CFLAGS += -Itests/support
$(B)/tests/scenarios/run: $(B)/tests/scenarios/run.o $(WORLD_OBJ) $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(CORELIBS)

.PHONY: scenarios
scenarios: $(B)/tests/scenarios/run ## whole executions: stimuli, history and effects
	@$< $(SCENARIOS)

$(B)/tests/unit/asl/test_interp: $(B)/tests/support/world.o
