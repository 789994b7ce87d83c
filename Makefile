# mtlspec: one non-recursive Makefile.  A new module, test or fuzzer is a new file and no edit here.
V      ?= dev
BUILD  ?= build
B      := $(BUILD)/$(V)
PREFIX ?= /usr/local
PKGS   := gnutls libxml-2.0
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Wformat=2
ifneq ($(CI),)
WARN   += -Werror
endif
SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS ?= -O2 -g
# lazy: pkg-config may be installed by `deps` in the same run
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $$(shell pkg-config --libs check))$(CHECK_LIBS)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(SAN_$(V)) -I. -MMD -MP $(PKG_CFLAGS)
LDLIBS     = $(SAN_$(V)) $(PKG_LIBS)
ifneq ($(filter deps deps-servers,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

SRC    := $(shell find harness clients reports -name '*.c' | sort)
TESTS  := $(filter %_test.c,$(SRC))
FUZZ   := $(filter %_fuzz.c,$(SRC))
MAINS  := $(filter %_main.c,$(SRC))
LIBO   := $(patsubst %.c,$(B)/%.o,$(filter-out $(TESTS) $(FUZZ) $(MAINS),$(SRC)))
TESTB  := $(patsubst %.c,$(B)/%,$(TESTS))

all: $(B)/mtlspec
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/core.a: $(LIBO)
	@rm -f $@; $(AR) rcs $@ $^
$(B)/mtlspec: $(B)/harness/mtlspec_main.o $(B)/core.a
	@echo "  LD $@"; $(CC) -o $@ $^ $(LDLIBS)
$(B)/harness/base/check_main.o: harness/base/check_main.c
$(TESTB): $(B)/%: $(B)/%.o $(B)/harness/base/check_main.o $(B)/core.a
	@echo "  LD $@"; $(CC) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

unit: $(TESTB)
	@rc=0; for t in $^; do $$t || rc=1; done; exit $$rc
check: all unit
clean:
	rm -rf $(BUILD)
.PHONY: all unit check clean
-include $(shell find $(B) -name '*.d' 2>/dev/null)
