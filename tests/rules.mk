# What `make check` runs, in the order in which a mistake shows soonest.  Each step is a make target;
# tests/support/check.sh times it, keeps its output in $(B)/check/ and counts.

CHECK_STEPS = layers clang-build unit spec scenarios prop integration chaos-short

.PHONY: check check-all clang-build san tsan
check: all ## build, and pass every test that needs no more than this machine
	@B=$(B) tests/support/check.sh $(CHECK_STEPS)

check-all: all ## check, the sanitizers, fuzzing, the whole chaos, and the tests that build a Debian of their own
	@B=$(B) tests/support/check.sh $(CHECK_STEPS) san tsan fuzz chaos fresh-debian docker-test

clang-build:
	@$(MAKE) --no-print-directory CC=clang B=$(B)/clang OPT=-O1 all

# With clang, which finds more (conversions of floating point numbers that do not fit) and, unlike gcc, has no false
# warnings in a build of this kind.  Any report of any process is a failure: see tests/support/sanitized.sh.
SAN_ADDRESS = -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_THREAD  = -fsanitize=thread
sanitized   = tests/support/sanitized.sh $(B)/$(1)/reports $(MAKE) --no-print-directory CC=clang B=$(B)/$(1) OPT="-O1 -g" SAN="$(2)"
san: ## unit tests, cases, scenarios, properties, integration and a little chaos under ASan, LSan and UBSan
	@+$(call sanitized,asan,$(SAN_ADDRESS)) all unit spec scenarios prop integration chaos-short

tsan: ## the threads: unit tests, integration and a little chaos under TSan
	@+$(call sanitized,tsan,$(SAN_THREAD)) all unit integration chaos-short
