# The schema's files, embedded into the program: sorted by name, each a C string.

SCHEMA_SQL = $(sort $(wildcard schema/functions/*.sql schema/migrations/*.sql schema/views/*.sql))

$(B)/gen/schema.c: $(SCHEMA_SQL) schema/embed.awk schema/rules.mk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)awk -f schema/embed.awk $(SCHEMA_SQL) > $@.new && mv $@.new $@

$(B)/gen/schema.o: $(B)/gen/schema.c
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libpawlrun.a: $(B)/gen/schema.o
