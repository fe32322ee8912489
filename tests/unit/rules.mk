# Unit tests: tests/unit/<layer>/test_<module>.c mirrors engine/<layer>/<module>.c, one program each.
# Those of base, lang and asl link the pure core alone.

UNIT_CORE = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/base/*.c tests/unit/lang/*.c tests/unit/asl/*.c))
UNIT_RUN  = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/run/*.c))
UNIT_API  = $(addprefix $(B)/tests/unit/api/test_,arn page ops doors)
UNIT_CLI  = $(B)/tests/unit/api/test_cli_steps
CHECKLIBS = $(shell pkg-config --libs check 2>/dev/null)

$(UNIT_CORE): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libpawlcore.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECKLIBS) $(CORELIBS)
$(UNIT_RUN): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libpawlrun.a $(B)/libpawlcore.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECKLIBS) $(LIBS)
$(UNIT_API): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(API_OBJ) $(B)/libpawlrun.a $(B)/libpawlcore.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECKLIBS) $(LIBS)
$(UNIT_CLI): $(B)/tests/unit/api/test_%: $(B)/tests/unit/api/test_%.o $(B)/api/%.o $(B)/libpawlcore.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECKLIBS) $(CORELIBS)

.PHONY: unit
unit: $(UNIT_CORE) $(UNIT_RUN) $(UNIT_API) $(UNIT_CLI) ## the unit tests: no database, no network
	@for t in $^; do CK_DEFAULT_TIMEOUT=60 $$t || exit 1; done
