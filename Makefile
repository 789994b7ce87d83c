# mtlspec: one non-recursive Makefile.  A new module, test or fuzzer is a new file and no edit here.
V      ?= dev
BUILD  ?= build
ifneq ($(words $(BUILD)),1)
$(error BUILD="$(BUILD)": make knows no file names with blanks; name a folder without)
endif
B      := $(BUILD)/$(V)
PREFIX ?= /usr/local
PKGS   := gnutls libxml-2.0
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Wformat=2
ifneq ($(CI),)
WARN   += -Werror
endif
SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_fuzz := $(SAN_asan) -fsanitize=fuzzer-no-link
SAN_cover := --coverage
CFLAGS ?= -O2 -g
# what `make deps LOCAL=1` unpacked comes first; make 4.3 does not hand exported variables to $(shell)
export PATH := $(abspath $(BUILD))/sysroot/bin:$(PATH)
PKG_CONFIG ?= PATH="$(PATH)" pkg-config
# lazy: pkg-config may be installed by `deps` in the same run
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKG_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $$(shell $(PKG_CONFIG) --libs check))$(CHECK_LIBS)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DMTLSPEC_PREFIX='"$(PREFIX)"' $(WARN) $(CFLAGS) $(SAN_$(V)) -I. -MMD -MP $(PKG_CFLAGS)
# bound once, not anew in every worker
LDLIBS     = -pthread -Wl,-z,now $(SAN_$(V)) $(PKG_LIBS)
ifneq ($(filter deps deps-servers,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

SRC    := $(shell find harness clients reports -name '*.c' | sort)
TESTS  := $(filter %_test.c,$(SRC))
FUZZ   := $(filter %_fuzz.c,$(SRC))
MAINS  := $(filter %_main.c,$(SRC))
LIBO   := $(patsubst %.c,$(B)/%.o,$(filter-out $(TESTS) $(FUZZ) $(MAINS),$(SRC)))
TESTB  := $(patsubst %.c,$(B)/%,$(TESTS))
FUZZB  := $(patsubst %.c,$(B)/%,$(FUZZ))

all: $(B)/mtlspec
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/core.a: $(LIBO)
	@rm -f $@; $(AR) qcs $@ $^
# a build outside the checkout finds its suites by this link, as one inside does by walking up
$(B)/mtlspec: $(B)/harness/mtlspec_main.o $(B)/core.a
	@case '$(abspath $(BUILD))/' in '$(CURDIR)'/*) ;; *) ln -sfn '$(CURDIR)/suites' '$(BUILD)/suites' ;; esac
	@echo "  LD $@"; $(CC) -o $@ $^ $(LDLIBS)
$(B)/harness/base/check_main.o: harness/base/check_main.c
$(TESTB): $(B)/%: $(B)/%.o $(B)/harness/base/check_main.o $(B)/core.a
	@echo "  LD $@"; $(CC) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)
# libFuzzer drives with V=fuzz CC=clang, which is what "make fuzz" builds; elsewhere a fuzzer reads the files it is given
$(B)/harness/base/replay_main.o: harness/base/replay_main.c
$(FUZZB): $(B)/%: $(B)/%.o $(if $(filter fuzz,$(V)),,$(B)/harness/base/replay_main.o) $(B)/core.a
	@echo "  LD $@"; $(CC) -o $@ $^ $(LDLIBS) $(if $(filter fuzz,$(V)),-fsanitize=fuzzer)
fuzzers: $(FUZZB)

# a verifier that shares no code with ours; the product itself never links it
$(B)/harness/pki/second_opinion_test: LDLIBS += -lcrypto
# small programs that tests and the bench need: fixtures, no part of the product
TOOLS  := $(patsubst ci/%.c,$(B)/ci/%,$(wildcard ci/*.c))
$(TOOLS): $(B)/ci/%: ci/%.c
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) $(ALL_CFLAGS) -o $@ $< $(LDLIBS)
tools: $(TOOLS)

# unit: Check programs beside the code; e2e: whole runs, one script a theme, against every server that is installed.
unit: $(TESTB)
	@rc=0; for t in $^; do $$t || rc=1; done; exit $$rc
check: all tools fuzzers
	@V=$(V) ci/check.sh $(MAKE) $(B)
# what takes long: every server and variant against ci/expect, and each fault against the whole suite
servers: all tools
	@ci/e2e/targets.sh $(B)/mtlspec; rc=$$?; ci/e2e/junit.sh $(B)/mtlspec || rc=1; WHOLE=1 ci/e2e/self-test.sh $(B)/mtlspec && exit $$rc
run: all
	@ci/run-demo.sh $(B)/mtlspec $(BUILD)
lint: all
	@PKG_CFLAGS="$(PKG_CFLAGS)" ci/lint.sh $(B)/mtlspec
bench: all tools
	@ci/bench.sh $(B)
fuzz:
	@ci/fuzz.sh '$(BUILD)'
deps-fuzz:
	@BUILD='$(BUILD)' LOCAL='$(LOCAL)' ci/deps.sh fuzz
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mtlspec
	install -m 755 $(B)/mtlspec $(DESTDIR)$(PREFIX)/bin/mtlspec
	cp -R suites $(DESTDIR)$(PREFIX)/share/mtlspec/
deps:
	@BUILD='$(BUILD)' LOCAL='$(LOCAL)' ci/deps.sh build http3
deps-servers:
	@ci/deps.sh servers
clean:
	rm -rf $(BUILD)
.PHONY: all tools fuzzers unit check servers run lint bench fuzz install deps deps-servers deps-fuzz clean
-include $(shell find $(B) -name '*.d' 2>/dev/null)
