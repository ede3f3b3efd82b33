# Builds an example with a C toolchain and an unpacked atome package; ../README.md says more. A Makefile includes this file
# behind its NAME, MODEL and HEADER.

# ---- The chip, and the board: startup file, linker script, something that shows text. ----

HOST =
CROSS = arm-none-eabi-
TARGET = thumbv7m-none-eabi
CPU = -mcpu=cortex-m3 -mthumb
BOARD = ../board/mps2.c
LINK = -nostartfiles -T ../board/mps2.ld
MACHINE = mps2-an385
EMULATOR = qemu-system-arm -machine $(MACHINE) -display none -monitor none -serial none \
    -semihosting-config enable=on,target=native -kernel

ifneq ($(HOST),)
CROSS =
TARGET = $(shell uname -m)-*
CPU =
BOARD = ../board/host.c
LINK =
EMULATOR =
endif

# ---- The library ----

# portable: the same bits on every chip. system: expf, tanhf and sqrtf of your C library.
MODE = portable
# usual: most of the time is saved, for little flash. size: the least flash and stack. The same bits. (A computer has one library.)
PROFILE = usual
# An unpacked package, or the folder that `cargo xtask lib` wrote, which has one library and the header side by side.
ATOME = $(lastword $(wildcard ../../dist/$(if $(HOST),host,$(TARGET))/) $(sort $(wildcard ../../dist/atome-*-$(TARGET)/)))
INCLUDE = $(patsubst %/atome.h,%,$(firstword $(wildcard $(ATOME)/include/atome.h $(ATOME)/atome.h)))
LIB = $(if $(wildcard $(ATOME)/lib),$(ATOME)/lib,$(ATOME))
LIBRARY_portable = $(LIB)/libatome$(SIZE).a
LIBRARY_system = $(LIB)/libatome$(SIZE)-system.a -lm
SIZE = $(if $(HOST),,$(SIZE_$(PROFILE)))
SIZE_size = -size
LIBRARY = $(or $(LIBRARY_$(MODE)),$(error MODE=$(MODE): expected portable or system))
# What makes it, in a clone.
MAKE_LIBRARY = cargo xtask lib$(if $(HOST),, --target $(TARGET))$(if $(SIZE), --profile size)$(if \
    $(filter system,$(MODE)), --features system-libm)

# ---- The rules ----

BUILD = build/$(if $(HOST),host,$(TARGET))-$(MODE)-$(PROFILE)
CC = $(CROSS)gcc
CFLAGS = -std=c99 -Os -g -Wall -Wextra -ffunction-sections -fdata-sections
# Every file of a program that includes atome.h must be compiled with the shape of the model.
SHAPE = -include $(HEADER)
# More macros, such as -DATOME_PLAN=ATOME_PLAN_CACHED.
DEFINES = -DATOME_PLAN=ATOME_PLAN_LEAN
# A question that is to become a C string.
QUOTED = $(subst ",\",$(subst \,\\,$(PROMPT)))
ASKED = $(if $(PROMPT),-DPROMPT='"$(subst ','\'',$(QUOTED))"') $(if $(DIALOGUE),-DDIALOGUE=$(DIALOGUE))
SOURCES = main.c ../board/print.c $(BOARD)
COMMAND = $(CC) $(CPU) $(CFLAGS) $(SHAPE) $(DEFINES) $(ASKED) -I../board -I$(INCLUDE) \
    $(SOURCES) $(BUILD)/model.o $(LINK) -Wl,--gc-sections $(LIBRARY) -o $(BUILD)/$(NAME).elf
PUT_INTO_FLASH = $(CC) $(CPU) -DMODEL_FILE='"$(MODEL)"' -c ../board/model.S -o $(BUILD)/model.o

ifeq ($(filter clean,$(MAKECMDGOALS)),)
ifeq ($(filter $(PROFILE),usual size),)
$(error PROFILE=$(PROFILE): expected usual or size)
endif
ifeq ($(INCLUDE),)
$(error ATOME=$(ATOME): expected a folder with atome.h, by `$(MAKE_LIBRARY)`, or an unpacked package with include/atome.h)
endif
ifeq ($(wildcard $(firstword $(LIBRARY))),)
$(error $(firstword $(LIBRARY)) is not there: `$(MAKE_LIBRARY)` or a package has it)
endif
endif

.PHONY: all run clean always
all: $(BUILD)/$(NAME).elf

$(BUILD)/$(NAME).elf: $(SOURCES) $(wildcard ../board/*) $(MODEL) $(HEADER) $(BUILD)/command $(wildcard $(LIB)/*.a)
	$(PUT_INTO_FLASH)
	$(COMMAND)
	$(CROSS)size $@

run: $(BUILD)/$(NAME).elf
	$(EMULATOR) $(abspath $<)

# Changes only when the command does: other flags or another package build everything anew.
$(BUILD)/command: always
	@mkdir -p $(BUILD)
	@echo '$(subst ','\'',$(PUT_INTO_FLASH) $(COMMAND))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(PUT_INTO_FLASH) $(COMMAND))' > $@

clean:
	rm -rf build
