# pawl's Makefile.  `make help` lists the targets.  B is the build folder: objects of different flags
# live side by side (build, build/asan, build/tsan, ...).  V=1 shows the commands.

B       ?= build
ifeq ($(origin CC),default)
CC       = gcc
endif
OPT     ?= -O2 -g
SAN     ?=
PKGS     = json-c libpcre2-8
RUNPKGS  = libpq libuv libcurl libmicrohttpd libcrypto
WARN     = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
CFLAGS  += -std=gnu11 $(OPT) $(WARN) $(SAN) -fno-omit-frame-pointer -D_GNU_SOURCE -Iengine -Iapi -I$(B)/gen \
           $(shell pkg-config --cflags $(PKGS) $(RUNPKGS) 2>/dev/null)
LDFLAGS += $(SAN)
CORELIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
LIBS     = $(shell pkg-config --libs $(RUNPKGS) 2>/dev/null) $(CORELIBS) -lpthread

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

CORE_SRC = $(wildcard engine/base/*.c engine/lang/*.c engine/asl/*.c)
RUN_SRC  = $(wildcard engine/run/*.c)
API_SRC  = $(filter-out api/main.c api/cli%.c,$(wildcard api/*.c))
CLI_SRC  = $(wildcard api/cli*.c)
CORE_OBJ = $(CORE_SRC:%.c=$(B)/%.o)
RUN_OBJ  = $(RUN_SRC:%.c=$(B)/%.o)
API_OBJ  = $(API_SRC:%.c=$(B)/%.o)
CLI_OBJ  = $(CLI_SRC:%.c=$(B)/%.o)

.DEFAULT_GOAL := all
.PHONY: all help
all: $(B)/pawld $(B)/pawl ## build pawld and pawl into build/

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libpawlcore.a: $(CORE_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/libpawlrun.a: $(RUN_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/pawld: $(B)/api/main.o $(API_OBJ) $(B)/libpawlrun.a $(B)/libpawlcore.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/pawl: $(CLI_OBJ) $(B)/libpawlcore.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libcurl) $(CORELIBS)

# Each folder that builds something of its own describes it in a file rules.mk.
include $(wildcard */rules.mk tests/*/rules.mk)

.PHONY: layers format deps install
layers: $(B)/libpawlcore.a ## includes run one way; the core is pure
	@awk -f tests/support/layers.awk engine/LAYERS $$(ls engine/*/*.[ch] api/*.[ch])
	@tests/support/pure.sh $(B)/libpawlcore.a

format: ## clang-format over every C file
	clang-format -i $$(git ls-files '*.c' '*.h')

deps: ## install the Debian packages that building and testing need
	@tests/support/deps.sh

PREFIX ?= /usr/local
install: all ## install pawld and pawl under PREFIX
	install -D -m 755 $(B)/pawld $(DESTDIR)$(PREFIX)/bin/pawld
	install -D -m 755 $(B)/pawl $(DESTDIR)$(PREFIX)/bin/pawl

-include $(shell find $(B) -name '*.d' 2>/dev/null)
