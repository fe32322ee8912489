# Properties that hold for every execution: replay, and crash anywhere.

PROPS = $(B)/tests/prop/crash $(B)/tests/prop/walk

$(PROPS): %: %.o $(B)/tests/support/world.o $(B)/tests/support/scenario.o $(B)/libpawlcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(CORELIBS)

WALKS ?= 2000
.PHONY: prop
prop: $(PROPS) ## replay and crash-anywhere, over every scenario and over random walks
	@$(B)/tests/prop/crash $(SCENARIOS)
	@$(B)/tests/prop/walk $(WALKS)
