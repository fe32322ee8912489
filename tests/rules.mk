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

SAN_ADDRESS = -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_THREAD  = -fsanitize=thread
san: ## unit tests, cases, scenarios, properties and integration under ASan and UBSan
	@$(MAKE) --no-print-directory B=$(B)/asan OPT="-O1 -g" SAN="$(SAN_ADDRESS)" all unit spec scenarios prop integration

tsan: ## the threads: unit tests of run/ and integration under TSan
	@$(MAKE) --no-print-directory B=$(B)/tsan OPT="-O1 -g" SAN="$(SAN_THREAD)" all unit integration
