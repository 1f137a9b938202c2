# Lintel: one non-recursive Makefile; everything it makes stands below build/.
# SPDX-License-Identifier: BSD-2-Clause-Patent

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

B       := build
CC      := clang
HOSTCC  := $(CC)
FUZZCC  := clang
NASM    := nasm
LD      := ld.lld
OBJCOPY := llvm-objcopy

# ---- what is built from what ---------------------------------------------------------------------

# A part has its own files and those of its folders.
part_files = $(foreach d,$(1),$(wildcard $(d)/*.$(2) $(d)/*/*.$(2)))

ARCH_C      := $(wildcard arch/base/*.c arch/tdx/*.c arch/x86/*.c)
LOADER_C    := $(filter-out loader/uefi/%,$(call part_files,loader,c))
UEFI_C      := $(wildcard loader/uefi/*.c)
# The AP path is a piece of its own, which the application moves.
UEFI_AP_ASM := loader/uefi/uefi_ap_entry.nasm shim/entry/ap.nasm shim/payload/efi_runtime.nasm
UEFI_ASM    := $(filter-out $(UEFI_AP_ASM),$(wildcard loader/uefi/*.nasm)) arch/tdx/tdcall.nasm
SHIM_C      := $(call part_files,shim,c)
# Of the loader, what runs in a TD, and what a host reads an image with.
BOOT_LOADER_C := $(filter loader/memory/% loader/payload/% loader/table/%,$(LOADER_C)) \
                 loader/image/sha384.c
HOST_LOADER_C := $(filter loader/image/%_read.c,$(LOADER_C)) loader/image/sha384.c loader/image/crc32.c
SHIM_ASM    := $(call part_files,shim,nasm) arch/tdx/tdcall.nasm
MACHINE_C   := $(call part_files,$(addprefix boot-tests/,machine module vmm selftest),c)
# rom.nasm is a file of its own: what QEMU takes for a BIOS.
MACHINE_ROM := boot-tests/machine/rom.nasm
MACHINE_ASM := $(filter-out $(MACHINE_ROM),$(call part_files,boot-tests/machine,nasm))
PAYLOAD_C   := $(wildcard boot-tests/payload/*.c)
PAYLOAD_ASM := $(wildcard boot-tests/payload/*.nasm) arch/tdx/tdcall.nasm
LINTEL_C    := $(wildcard tools/lintel/*.c)
UNIT_ALL_C  := $(call part_files,boot-tests/unit,c)
UNIT_C      := $(filter %_test.c,$(UNIT_ALL_C))
FUZZ_C      := $(wildcard boot-tests/fuzz/*_fuzz.c)

# Files of a freestanding program that only run on the target; all the others are pure and are
# linked into the unit tests.
SHIM_TARGET_ONLY    := shim/shim_main.c shim/fatal.c shim/entry/bsp_tables_enter.c
UEFI_TARGET_ONLY    := loader/uefi/uefi_services.c
MACHINE_TARGET_ONLY := $(filter-out %/event.c %/page_marks.c,$(call part_files,boot-tests/machine,c))

# ---- flags -------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Werror
# Asked once, when the first compile needs it: set-up runs before there is a compiler.
CC_INCLUDE = $(eval CC_INCLUDE := $$(shell $$(CC) -print-file-name=include))$(CC_INCLUDE)
FREE = -std=gnu11 -Os -g -ffreestanding -nostdinc -isystem $(CC_INCLUDE) \
        -mno-red-zone -mgeneral-regs-only -fno-pic -fno-stack-protector \
        -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none \
        -ffunction-sections -fdata-sections -fno-common $(WARN) -I.
# The shim's text and constants are below 4 GiB, its .bss in low memory: further apart than a
# RIP-relative operand reaches, and above what a sign-extended one does. The medium model has near
# calls, and addresses of 64 bits for large data: all of it is, which clang before 18 knows by itself.
LARGE_DATA  = $(eval LARGE_DATA := $$(shell echo | $$(CC) -mcmodel=medium -mlarge-data-threshold=0 \
                -x c -c - -o /dev/null 2>/dev/null && echo -mlarge-data-threshold=0))$(LARGE_DATA)
SHIM_FLAGS  = $(FREE) -Oz -mcmodel=medium $(LARGE_DATA) -fno-jump-tables
# The machine is above 4 GiB and all in one place: RIP-relative operands reach everything. What
# other programs have of arch and loader is compiled once, with these flags: they go anywhere.
# A file may have a name of its own that is a local of the next one in its folder. A jump table is a
# page more that the machine reads at each exit of a TD.
PIE_FLAGS     = $(FREE) -fpie -include linker/hidden.h -mcmodel=small -O2 -Wno-shadow \
                -fno-jump-tables -ffile-prefix-map=./=
PAYLOAD_FLAGS = $(FREE)
# Linked as a shared object, so that it has the relocations that gnu-efi's crt0 wants.
UEFI_FLAGS    = $(FREE) -fpie -isystem $(GNU_EFI_INCLUDE) -isystem $(GNU_EFI_INCLUDE)/x86_64 \
                -DGNU_EFI_USE_MS_ABI
GNU_EFI_INCLUDE := /usr/include/efi
# Releases of Debian have it in the one folder or the other.
GNU_EFI_LIB      = $(dir $(firstword $(shell ls /usr/lib/crt0-efi-x86_64.o \
                     /usr/lib/x86_64-linux-gnu/crt0-efi-x86_64.o 2>/dev/null)))
HOST_FLAGS    := -std=gnu11 -O2 -g $(WARN) -I.
TEST_FLAGS    := -std=gnu11 -O1 -g $(WARN) -I. -fno-omit-frame-pointer \
                 -fsanitize=address,undefined -fno-sanitize-recover=all
# A test's own file: to optimize it takes longer than to run it. So it is with the machine.
UNIT_FLAGS    := $(TEST_FLAGS) -O0
$(B)/test/boot-tests/%: TEST_FLAGS += -O0
# The same objects are linked into fuzzers, which clang alone has.
ifneq ($(findstring clang,$(HOSTCC)),)
TEST_FLAGS    += -fsanitize=fuzzer-no-link
endif
THREAD_FLAGS  := -std=gnu11 -O1 -g $(WARN) -I. -fsanitize=thread
COVER_FLAGS   := -std=gnu11 -O1 -g $(WARN) -I. -fprofile-instr-generate -fcoverage-mapping
# The whole shim on the host, and the model around it: at the TD's own addresses, which are ASan's.
MODEL_FLAGS   := -std=gnu11 -O1 -g $(WARN) -I. -fsanitize=undefined -fno-sanitize-recover=all \
                 -fno-pie
WHOLE_FLAGS   := $(MODEL_FLAGS) -fPIC -fsanitize=fuzzer-no-link \
                 -fsanitize-coverage=trace-loads -include boot-tests/unit/shim/whole_shim_build.h
NASMFLAGS     := -f elf64 -g -F dwarf -Werror -I. -I$(B)/
LDFLAGS       := -nostdlib -static --orphan-handling=error -z max-page-size=0x1000 --gc-sections \
                 -z separate-code --build-id=none

.PHONY: all help shim image machine payload ap-example paravisor lintel uefi unit fuzz check check-debug clean
all: shim lintel image machine payload ap-example paravisor uefi ## build everything

help: ## this text
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

# ---- rules -------------------------------------------------------------------------------------

# $(call objects,variant,sources): objects keep their folder. Assembly has no variants.
objects = $(foreach f,$(2),$(B)/$(if $(filter %.c,$(f)),$(1),asm)/$(f).o)

# $(call c_rules,variant,compiler,flags variable)
define c_rules
COMPILE_$(1) = $(2) $$($(3)) -c
$(B)/$(1)/%.c.o: %.c Makefile
	@mkdir -p $$(@D)
	$(2) $$($(3)) -MMD -MP -c $$< -o $$@
endef
$(eval $(call c_rules,shim,$$(CC),SHIM_FLAGS))
$(eval $(call c_rules,payload,$$(CC),PAYLOAD_FLAGS))
$(eval $(call c_rules,uefi,$$(CC),UEFI_FLAGS))
$(eval $(call c_rules,host,$$(HOSTCC),HOST_FLAGS))
$(eval $(call c_rules,test,$$(HOSTCC),TEST_FLAGS))
$(eval $(call c_rules,unit,$$(HOSTCC),UNIT_FLAGS))
$(eval $(call c_rules,whole,$$(FUZZCC),WHOLE_FLAGS))
$(eval $(call c_rules,model,$$(FUZZCC),MODEL_FLAGS))
$(eval $(call c_rules,thread,$$(HOSTCC),THREAD_FLAGS))
$(eval $(call c_rules,cover,$$(FUZZCC),COVER_FLAGS))

# $(call folders,sources): the objects of their folders. The machine, and what programs share, is
# compiled a folder at a time: of a compile of one file, most is start-up and headers. The shim, the
# tests and "make check" compile each file alone, so that each has the headers that it needs.
folders = $(patsubst %/,$(B)/pie/%.o,$(sort $(dir $(1))))
PIE_C   := $(MACHINE_C) $(ARCH_C) $(LOADER_C) boot-tests/paravisor/paravisor.c
COMPILE_pie = $(CC) $(PIE_FLAGS) -c
# $(call folder_rule,folder)
define folder_rule
$(B)/pie/$(1).o: $(wildcard $(1)/*.c) Makefile
	@mkdir -p $$(@D)
	@printf '#include "%s"\n' $(wildcard $(1)/*.c) > $$(@:.o=.c)
	$$(COMPILE_pie) -MMD -MP $$(@:.o=.c) -o $$@
endef
$(foreach d,$(patsubst %/,%,$(sort $(dir $(PIE_C)))),$(eval $(call folder_rule,$(d))))

# nasm -MD leaves out %include'd files while it assembles; a separate -M lists them.
$(B)/asm/%.nasm.o: %.nasm Makefile $(B)/asm_offsets.inc
	@mkdir -p $(@D)
	$(NASM) $(NASMFLAGS) -M -MT $@ $< > $@.d
	$(NASM) $(NASMFLAGS) $< -o $@

$(B)/asm_offsets.inc: arch/asm/offsets.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FREE) -MMD -MP -MT $@ -MF $@.d -S $< -o $(B)/offsets.s
	sed -nE 's/.*"nasm_def ([A-Z0-9_]+) \$$?(-?[0-9]+)".*/%define \1 \2/p' $(B)/offsets.s > $@

$(B)/%.lds: linker/%.lds.S Makefile
	@mkdir -p $(@D)
	$(CC) -E -P -x assembler-with-cpp -I. -MMD -MP -MT $@ -MF $@.d $< -o $@

# ---- the shim ------------------------------------------------------------------------------------

SHIM_OBJ := $(call objects,shim,$(SHIM_C) $(SHIM_ASM) $(ARCH_C) $(BOOT_LOADER_C))
shim: $(B)/shim.bin ## the shim alone: build/shim.elf, build/shim.bin
$(B)/shim.elf: $(SHIM_OBJ) $(B)/shim.lds
	$(LD) $(LDFLAGS) -T $(B)/shim.lds -Map $(B)/shim.map $(SHIM_OBJ) -o $@
$(B)/shim.bin: $(B)/shim.elf
	$(OBJCOPY) -O binary -R .bss $< $@

# ---- the host tool and the image ---------------------------------------------------------------

LINTEL_OBJ := $(call objects,host,$(LINTEL_C)) $(call folders,$(LOADER_C) $(ARCH_C))
lintel: $(B)/lintel ## the host tool build/lintel
$(B)/shim_blob.o: $(B)/shim.bin Makefile
	printf 'section .rodata\nglobal shim_blob, shim_blob_end\nshim_blob: incbin "%s"\nshim_blob_end:\nsection .note.GNU-stack noalloc noexec\n' $< > $(B)/shim_blob.nasm
	$(NASM) -f elf64 $(B)/shim_blob.nasm -o $@
$(B)/lintel: $(LINTEL_OBJ) $(B)/shim_blob.o
	$(HOSTCC) $^ -o $@

image: $(B)/lintel.fd ## the default image build/lintel.fd
$(B)/lintel.fd: $(B)/lintel
	$(B)/lintel image --output $@

# ---- the UEFI application --------------------------------------------------------------------------

UEFI_OBJ := $(call objects,uefi,$(UEFI_C) $(UEFI_ASM)) \
            $(call folders,arch/base/ $(BOOT_LOADER_C))
UEFI_AP_OBJ := $(call objects,uefi,$(UEFI_AP_ASM))
# $(call uefi_ap_rule,name,base): at 0 for the application; so as to end at 4 GiB, as images do, for
# the tests of its code, and of what the application makes of the former.
define uefi_ap_rule
$(B)/$(1).lds: linker/uefi_ap.lds.S Makefile
	@mkdir -p $$(@D)
	$$(CC) -E -P -x assembler-with-cpp -I. -DUEFI_AP_BASE=$(2) -MMD -MP -MT $$@ -MF $$@.d $$< -o $$@
$(B)/$(1).elf: $$(UEFI_AP_OBJ) $(B)/$(1).lds
	$$(LD) $$(LDFLAGS) --emit-relocs -T $(B)/$(1).lds $$(UEFI_AP_OBJ) -o $$@
endef
$(eval $(call uefi_ap_rule,uefi_ap,0))
$(eval $(call uefi_ap_rule,uefi_ap_high,0xFFFF7000))
$(B)/uefi_ap.bin: $(B)/uefi_ap.elf
	$(OBJCOPY) -O binary -j .code $< $@
$(B)/uefi_ap_high.fd: $(B)/uefi_ap_high.elf
	$(OBJCOPY) -O binary $< $@
# The page, and where it has addresses: each is below 4 GiB, so that 32 bits of it are enough.
$(B)/uefi_ap_blob.o: $(B)/uefi_ap.bin Makefile
	{ printf 'section .rodata\nalign 8\nglobal uefi_ap_page, uefi_ap_words, uefi_ap_words_end\n'; \
	  printf 'uefi_ap_page: incbin "%s"\nuefi_ap_words:\n' $<; \
	  llvm-readelf -r $(B)/uefi_ap.elf | sed -nE "/'.rela.code'/,/^$$/s/^0*([0-9a-f]+) .* R_X86_64_(32|64) .*/dw 0x\1/p"; \
	  printf 'uefi_ap_words_end:\nsection .note.GNU-stack noalloc noexec\n'; } > $(B)/uefi_ap_blob.nasm
	$(NASM) -f elf64 $(B)/uefi_ap_blob.nasm -o $@

uefi: $(B)/lintel.efi $(B)/uefi_ap_high.fd ## the UEFI application build/lintel.efi
# gnu-efi's _relocate() adds to what stands in place, whatever the relocation's own addend. Its crt0
# calls efi_main(), from 3.0.16 on by an _entry() that prepares gnu-efi's library, which is not linked.
$(B)/uefi.elf: $(UEFI_OBJ) $(B)/uefi_ap_blob.o $(B)/uefi.lds
	$(LD) $(filter-out -static,$(LDFLAGS)) -shared -Bsymbolic -z norelro --hash-style=sysv \
	  --apply-dynamic-relocs --defsym=_entry=efi_main \
	  -T $(B)/uefi.lds -Map $(B)/uefi.map $(GNU_EFI_LIB)crt0-efi-x86_64.o $(UEFI_OBJ) \
	  $(B)/uefi_ap_blob.o \
	  $(GNU_EFI_LIB)libgnuefi.a -o $@
# llvm-objcopy makes no PE file.
$(B)/lintel.efi: $(B)/uefi.elf
	objcopy $(addprefix -j ,.text .rodata .data .dynamic .rela .reloc) \
	  --output-target efi-app-x86_64 --subsystem 10 $< $@

# ---- the TDX machine and the test payload ----------------------------------------------------------

MACHINE_OBJ := $(call objects,asm,$(MACHINE_ASM)) $(call folders,$(MACHINE_C) $(ARCH_C) $(HOST_LOADER_C))
MACHINE := $(addprefix $(B)/,machine.elf machine_high.elf machine.rom)
machine: $(MACHINE) ## the software TDX machine
# $(call machine_rule,name,base)
define machine_rule
$(B)/$(1).lds: linker/machine.lds.S Makefile
	@mkdir -p $$(@D)
	$$(CC) -E -P -x assembler-with-cpp -I. -DMACHINE_AT=$(2) -MMD -MP -MT $$@ -MF $$@.d $$< -o $$@
$(B)/$(1).elf: $$(MACHINE_OBJ) $(B)/$(1).lds linker/machine.order
	$$(LD) $$(LDFLAGS) --symbol-ordering-file=linker/machine.order --no-warn-symbol-ordering \
	  -T $(B)/$(1).lds -Map $(B)/$(1).map $$(MACHINE_OBJ) -o $$@
endef
$(eval $(call machine_rule,machine,MACHINE_BASE))
$(eval $(call machine_rule,machine_high,MACHINE_BASE_HIGH))

$(B)/machine.rom: $(MACHINE_ROM) $(B)/asm_offsets.inc Makefile
	$(NASM) -f bin -Werror -I$(B)/ $< -o $@

PAYLOAD_OBJ := $(call objects,payload,$(PAYLOAD_C) $(PAYLOAD_ASM)) \
               $(call folders,$(ARCH_C) loader/image/sha384.c loader/memory/regions.c)
payload: $(B)/payload.bin ## the in-tree test payload, a bzImage by its header
$(B)/payload.elf: $(PAYLOAD_OBJ) $(B)/payload.lds
	$(LD) $(LDFLAGS) -T $(B)/payload.lds $(PAYLOAD_OBJ) -o $@
$(B)/payload.bin: $(B)/payload.elf
	$(OBJCOPY) -O binary $< $@

# A sample of a payload that is no kernel: once where it is linked, once as a PIE.
PARAVISOR_OBJ := $(call folders,boot-tests/paravisor/)
PARAVISOR_LD  := -nostdlib -static -e start -z max-page-size=0x1000 -z noexecstack --build-id=none
paravisor: $(B)/paravisor.elf $(B)/paravisor-pie.elf ## a sample paravisor
$(B)/paravisor.elf: $(PARAVISOR_OBJ)
	$(LD) $(PARAVISOR_LD) --image-base=0x2000000 $< -o $@
$(B)/paravisor-pie.elf: $(PARAVISOR_OBJ)
	$(LD) $(PARAVISOR_LD) -pie --no-dynamic-linker $< -o $@

# A UKI, by tools that are not ours: the test payload with a command line in it.
$(B)/uki.efi: $(B)/stop-app.efi $(B)/payload.bin
	printf 'case=hello,measured' > $(B)/uki.cmdline
	objcopy --add-section .cmdline=$(B)/uki.cmdline --change-section-vma .cmdline=0x30000 \
	  --add-section .linux=$(B)/payload.bin --change-section-vma .linux=0x40000 $< $@

# Ends the TD where a kernel begins.
$(B)/stop-kernel.bin $(B)/stop-app.efi: boot-tests/bench/stop_kernel.nasm arch/asm/macros.inc \
                                        $(B)/asm_offsets.inc Makefile
	$(NASM) -f bin -Werror -I. -I$(B)/ $(if $(filter %.efi,$@),-DEFI_APPLICATION) $< -o $@

# What another firmware links to have the AP path, and a firmware that does.
AP_OBJ := $(call objects,shim,shim/entry/ap.c shim/entry/ap.nasm loader/table/ap_table.c \
            loader/table/pagetable.c arch/tdx/tdcall.nasm $(ARCH_C))
$(B)/liblintel-ap.a: $(AP_OBJ)
	rm -f $@; ar rcs $@ $^
EXAMPLE_OBJ := $(call objects,shim,$(wildcard boot-tests/ap-example/*.c boot-tests/ap-example/*.nasm))
ap-example: $(B)/ap-example.fd ## an example of the AP path in another firmware
$(B)/ap-example.lds: boot-tests/ap-example/ap-example.lds.S Makefile
	@mkdir -p $(@D)
	$(CC) -E -P -x assembler-with-cpp -I. -MMD -MP -MT $@ -MF $@.d $< -o $@
$(B)/ap-example.elf: $(EXAMPLE_OBJ) $(B)/liblintel-ap.a $(B)/ap-example.lds
	$(LD) $(LDFLAGS) -T $(B)/ap-example.lds $(EXAMPLE_OBJ) $(B)/liblintel-ap.a -o $@
$(B)/ap-example.fd: $(B)/ap-example.elf
	$(OBJCOPY) -O binary -R .bss $< $@

# ---- tests ---------------------------------------------------------------------------------------

# All pure code, as an archive: a test takes what it names, and defines the seams (tdcall, bug) itself
# or takes them from boot-tests/unit that are not tests.
PURE_C    := $(filter-out %/mem.c,$(ARCH_C)) $(LOADER_C) $(filter-out $(UEFI_TARGET_ONLY),$(UEFI_C)) \
             $(filter-out $(SHIM_TARGET_ONLY),$(SHIM_C)) \
             $(filter-out $(MACHINE_TARGET_ONLY),$(MACHINE_C)) \
             $(filter-out $(UNIT_C) %/whole_shim.c %/whole_judge.c,$(UNIT_ALL_C))
PURE_OBJ  := $(call objects,test,$(PURE_C)) $(B)/uefi_ap_blob.o
$(B)/pure.a: $(PURE_OBJ)
	rm -f $@; ar rcs --thin $@ $^
# $(call link_pure,command,libraries): the linker says what it took of the archive, and only that, where
# all of it is still there, makes the program anew.
define link_pure
	@mkdir -p $(@D)
	$(1) -fuse-ld=lld $(filter-out $(PURE_OBJ) renamed,$^) $(B)/pure.a $(2) -Wl,--trace -o $@ > $@.trace
	@sed -nE 's|^$(B)/pure\.a\(($(B)/)?(.*)\)$$|$@: $$(call taken,$(B)/\2)|p' $@.trace > $@.d
endef
taken = $(if $(filter $(1),$(PURE_OBJ)),$(1),renamed)
.PHONY: renamed

# All that runs in a boot; the program itself stands above the RAM of the TD. shim_base is the linker
# script's in the shim.
WHOLE_C   := $(filter-out shim/entry/exception.c shim/entry/bsp_tables_enter.c shim/tdx/ve.c,$(SHIM_C)) \
             $(filter loader/memory/% loader/payload/%,$(LOADER_C)) loader/image/sha384.c
WHOLE_OBJ := $(call objects,whole,$(WHOLE_C)) \
             $(call objects,model,loader/table/handover_table.c loader/table/pagetable.c arch/base/fmt.c arch/x86/tsc.c \
                                  arch/base/status.c \
                                  boot-tests/unit/shim/whole_shim.c boot-tests/unit/shim/whole_judge.c \
                                  boot-tests/unit/shim/acpi_fixture.c boot-tests/unit/shim/fake_files.c)
WHOLE_LINK := -no-pie -Wl,-Ttext-segment=0x40000000,--no-relax,--defsym=shim_base=0xFFFF0000

# $(call unit_rule,source): build/unit has no folders, as the names of files are unique.
unit_bin = $(B)/unit/$(basename $(notdir $(1)))
define unit_rule
$(call unit_bin,$(1)): $(B)/unit/$(1).o | $(B)/pure.a
	$$(call link_pure,$$(HOSTCC) -fsanitize=address -fsanitize=undefined,-lcmocka $$(UNIT_LIBS))
endef
WHOLE_TEST := boot-tests/unit/shim/shim_test.c
# Has threads, and another sanitizer for all that it is made of.
THREAD_TEST := boot-tests/unit/vmm/mmu_stress_test.c
THREAD_OBJ := $(call objects,thread,$(THREAD_TEST) boot-tests/unit/vmm/strict_module.c \
                boot-tests/unit/host_bug.c $(filter-out %/memory_fault.c %/mmu_check.c,$(wildcard boot-tests/vmm/mmu/*.c)) boot-tests/vmm/hooks.c \
                $(addprefix boot-tests/vmm/init/,frames.c frame_list.c seam.c seam_failure.c) \
                boot-tests/vmm/td/reclaim.c boot-tests/vmm/td/td_layout.c \
                $(filter-out %/mem.c,$(wildcard arch/base/*.c)))
UNIT_BIN := $(foreach t,$(UNIT_C),$(call unit_bin,$(t)))
$(foreach t,$(filter-out $(WHOLE_TEST) $(THREAD_TEST),$(UNIT_C)),$(eval $(call unit_rule,$(t))))
$(call unit_bin,$(THREAD_TEST)): $(THREAD_OBJ)
	@mkdir -p $(@D)
	$(HOSTCC) -fsanitize=thread $^ -lcmocka -o $@
$(call unit_bin,$(WHOLE_TEST)): $(B)/model/$(WHOLE_TEST).o $(WHOLE_OBJ)
	@mkdir -p $(@D)
	$(FUZZCC) -fsanitize=undefined $(WHOLE_LINK) $^ -lcmocka -o $@
# Oracles that some tests link: OpenSSL for hashes, Zydis for decoding.
UNIT_LIBS := -lcrypto -lZydis
# The host tool once more, with sanitizers, for the test of its command line.
$(B)/test/lintel: $(call objects,test,$(LINTEL_C)) $(B)/shim_blob.o | $(B)/pure.a
	$(call link_pure,$(HOSTCC) -fsanitize=address -fsanitize=undefined)
$(B)/unit/lintel_cli_test: | $(B)/test/lintel
# Walks tables itself; to the module's tests boot-tests/unit has it that a linear address is the GPA.
$(B)/unit/walk_test: $(B)/test/boot-tests/machine/walk.c.o
# These read the code of the images.
$(B)/unit/ap_code_test $(B)/unit/exception_code_test: | $(B)/lintel.fd $(B)/ap-example.fd
$(B)/unit/ap_code_test $(B)/unit/uefi_ap_piece_test: | $(B)/uefi_ap_high.fd
unit: $(UNIT_BIN) ## build and run the unit tests
	@set -e; for t in $(UNIT_BIN); do echo "== $$t"; $$t; done

FUZZ_BIN := $(patsubst boot-tests/fuzz/%.c,$(B)/fuzzers/%,$(FUZZ_C))
FUZZ_SECONDS := 5
$(B)/fuzzers/%: $(B)/test/boot-tests/fuzz/%.c.o | $(B)/pure.a
	$(if $(findstring clang,$(HOSTCC)),,$(error fuzzers want CC=clang))
	$(call link_pure,$(FUZZCC) -fsanitize=fuzzer -fsanitize=address -fsanitize=undefined,-lZydis)
$(B)/fuzzers/shim_fuzz: $(B)/model/boot-tests/fuzz/shim_fuzz.c.o $(WHOLE_OBJ)
	@mkdir -p $(@D)
	$(FUZZCC) -fsanitize=fuzzer,undefined $(WHOLE_LINK) $^ -o $@
fuzz: $(FUZZ_BIN) ## run every fuzzer for FUZZ_SECONDS (5)
	@set -e; for f in $(FUZZ_BIN); do echo "== $$f"; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1 -artifact_prefix=$(B)/ \
	    $$(boot-tests/fuzz_corpus.py --build $(B) $$(basename $$f)); done

# The parsers' fuzzers once more: they count lines, and run the inputs that there are.
COVER_C := $(filter-out boot-tests/machine/% boot-tests/module/% boot-tests/vmm/% \
             boot-tests/unit/module/% boot-tests/unit/vmm/% boot-tests/unit/machine/%,$(PURE_C))
$(B)/cover/pure.a: $(call objects,cover,$(COVER_C)) $(B)/uefi_ap_blob.o
	rm -f $@; ar rcs $@ $^
$(B)/cover/%: $(B)/cover/boot-tests/fuzz/%.c.o $(B)/cover/pure.a
	$(FUZZCC) -fprofile-instr-generate -fsanitize=fuzzer $^ -o $@
.PHONY: fuzz-coverage
fuzz-coverage: ## lines of each parser that its fuzzer's inputs have run: in the tree, and in build/corpus
	@boot-tests/fuzz_coverage.py --build $(B)

# ---- set-up, runs, checks ------------------------------------------------------------------------

KERNEL_SERIES := 6.12
.PHONY: setup kernel initramfs boot run test
setup: ## install what is missing (as root; else print the apt-get line)
	@tools/setup

kernel: ## download a stock Debian kernel: build/kernel/vmlinuz-6.12
	@tools/get-debian $(KERNEL_SERIES) $(B)/kernel

initramfs: $(B)/initramfs.cpio.gz ## the test initramfs: busybox and tools/initramfs-init
INITRAMFS_C := $(addprefix tools/,kexec-load.c touch-memory.c)
INITRAMFS_BIN := $(INITRAMFS_C:tools/%.c=$(B)/%)
$(B)/initramfs.cpio.gz: tools/mkinitramfs tools/initramfs-init $(INITRAMFS_BIN)
	tools/mkinitramfs $@ $(INITRAMFS_BIN)
# Static: they run in the initramfs, which has no libraries.
$(INITRAMFS_BIN): $(B)/%: tools/%.c Makefile
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) -static -s $< -o $@

# What boot-tests/run.py builds and starts.
.PHONY: boot-programs test-programs test-objects fuzz-programs
boot-programs: all initramfs $(B)/stop-kernel.bin $(B)/stop-app.efi $(B)/uki.efi
test-programs: boot-programs $(UNIT_BIN)
# Without the links, for a compiler whose unit tests nobody runs.
test-objects: boot-programs $(PURE_OBJ) $(call objects,unit,$(filter-out $(WHOLE_TEST),$(UNIT_C)))
fuzz-programs: $(FUZZ_BIN)

run: setup ## set up, build, and boot a stock Debian kernel as a TD with 4 vCPUs; UEFI=1: by OVMF
	@echo "== building" >&2
	@$(MAKE) --silent -j$$(nproc) all initramfs
	@$(MAKE) boot

boot: all initramfs ## boot the stock kernel, or the test payload where there is none
	@tools/boot-stock $(KERNEL_SERIES) $(B) $(if $(UEFI),uefi)

.PHONY: bench
bench: all $(B)/stop-kernel.bin initramfs $(B)/unit/mmu_cost_test ## figures of calls, APs and boots: also build/bench.json, and build/bench.md
	@boot-tests/bench.py --build $(B)

# ---- installation --------------------------------------------------------------------------------

# The tool, tdrun with what it runs, tdtest with its samples, the header for payloads, the AP path, man
# pages.
PREFIX     := /usr/local
VERSION    := 0.1
INSTALL_TO := $(DESTDIR)$(PREFIX)
# Of the headers that a firmware with the AP path includes, each with those that it includes itself.
AP_HEADERS := shim/entry/ap.h loader/table/ap_table.h arch/acpi/sdt.h arch/base/mem.h arch/tdx/ghci.h \
              arch/tdx/module.h arch/tdx/tdvf.h arch/x86/insn.h
ALL_AP_HEADERS = $(sort $(filter-out %:,$(subst \,,$(shell $(CC) $(FREE) -MM $(AP_HEADERS)))))
.PHONY: install man
install: all man ## copy what others use to DESTDIR and PREFIX (/usr/local)
	install -d $(INSTALL_TO)/bin $(INSTALL_TO)/lib/lintel $(INSTALL_TO)/lib/pkgconfig \
	  $(INSTALL_TO)/include/lintel $(INSTALL_TO)/share/man/man1 $(INSTALL_TO)/share/doc/lintel \
	  $(INSTALL_TO)/share/lintel/tdtest $(INSTALL_TO)/share/bash-completion/completions
	install $(B)/lintel $(INSTALL_TO)/bin
	install tools/tdrun tools/tdtest tools/tdreport.py $(INSTALL_TO)/lib/lintel
	ln -sf ../lib/lintel/tdrun ../lib/lintel/tdtest $(INSTALL_TO)/bin
	ln -sf ../lib/lintel/tdreport.py $(INSTALL_TO)/bin/tdreport
	install -m 644 $(MACHINE) $(B)/lintel.fd $(B)/lintel.efi boot-tests/vmm/settings.def \
	  linker/memmap.h tools/tdcase.py tools/tdgdb.py tools/tdreport.html $(INSTALL_TO)/lib/lintel
	install -m 644 tools/completion.bash $(INSTALL_TO)/share/bash-completion/completions/tdrun
	ln -sf tdrun $(INSTALL_TO)/share/bash-completion/completions/tdtest
	install -m 644 tools/samples/*.toml $(INSTALL_TO)/share/lintel/tdtest
	install -m 644 $(B)/liblintel-ap.a $(INSTALL_TO)/lib
	install -m 644 arch/lintel/handover.h $(INSTALL_TO)/include/lintel
	@for h in $(ALL_AP_HEADERS) linker/debug.inc; do \
	  install -D -m 644 $$h $(INSTALL_TO)/include/lintel/$$h; done
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: lintel' 'Version: $(VERSION)' \
	  'Description: paravisor loader and shim for Intel TDX: hand-over header, AP path' \
	  'Cflags: -I$${prefix}/include -I$${prefix}/include/lintel' \
	  'Libs: -L$${prefix}/lib -llintel-ap' > $(INSTALL_TO)/lib/pkgconfig/lintel.pc
	install -m 644 $(MAN_PAGES) $(INSTALL_TO)/share/man/man1
	install -m 644 LICENSE README.md $(INSTALL_TO)/share/doc/lintel

MAN_PAGES := $(addprefix $(B)/,lintel.1 tdrun.1 tdtest.1)
man: $(MAN_PAGES) ## the man pages, of what --help says
$(B)/lintel.1: tools/mkman.py $(B)/lintel
	tools/mkman.py $(B)/lintel image dump mrtd rtmr attest-values > $@
$(B)/tdrun.1: tools/mkman.py tools/tdrun boot-tests/vmm/settings.def
	tools/mkman.py tools/tdrun > $@
$(B)/tdtest.1: tools/mkman.py tools/tdtest tools/tdcase.py
	tools/mkman.py tools/tdtest > $@

# ---- for editors ---------------------------------------------------------------------------------

# Every compile of C, by the objects that are linked: build/VARIANT/SOURCE.o. Editors take the first
# of a source: that of the program, not of its tests.
C_OBJ = $(filter %.c.o,$(SHIM_OBJ) $(UEFI_OBJ) $(filter-out $(SHIM_OBJ),$(EXAMPLE_OBJ)) \
  $(PAYLOAD_OBJ) $(LINTEL_OBJ) $(call objects,pie,$(PIE_C)) $(B)/shim/arch/asm/offsets.c.o $(call objects,host,$(INITRAMFS_C)) $(WHOLE_OBJ) \
  $(THREAD_OBJ) $(call objects,test,$(PURE_C) $(LINTEL_C) $(FUZZ_C)) $(call objects,unit,$(UNIT_C)))
# $(call compile_entry,variant,source)
compile_entry = {"directory":"$(CURDIR)","file":"$(2)","command":"$(COMPILE_$(1)) $(2)"}
comma := ,
.PHONY: compile-commands
compile-commands: ## build/compile_commands.json, for clangd and the like
	@mkdir -p $(B)
	$(file >$(B)/compile_commands.json,[$(foreach o,$(patsubst $(B)/%.o,%,$(C_OBJ)),$(call \
	  compile_entry,$(firstword $(subst /, ,$(o))),$(o:$(firstword $(subst /, ,$(o)))/%=%))$(comma)) null])
	@sed -i 's/, *null\]$$/]/' $(B)/compile_commands.json

check: check-debug ## include direction, form of sources and READMEs, debug information
	tools/check-layers.py
	tools/check-style.py
	tools/check-format
	tools/check-docs.py
	boot-tests/requirements.py --check
	@$(CC) $(PIE_FLAGS) -Wshadow -fsyntax-only $(MACHINE_TARGET_ONLY)

# A function of C and one of nasm each; it links the programs first where they are not built.
check-debug: $(B)/shim.elf $(B)/uefi.elf $(B)/machine.elf $(B)/payload.elf $(B)/ap-example.elf
	tools/check-debug.py \
	  $(B)/shim.elf=shim_main@shim/shim_main.c,ap_park@shim/entry/ap.nasm \
	  $(B)/uefi.elf=uefi_main@loader/uefi/uefi_main.c,uefi_leave@loader/uefi/uefi_leave.nasm \
	  $(B)/machine.elf=machine_main@boot-tests/vmm/vmm_main.c,svm_run@boot-tests/machine/svm_run.nasm \
	  $(B)/payload.elf=payload_main@boot-tests/payload/payload_main.c,payload_entry@boot-tests/payload/payload_entry.nasm \
	  $(B)/ap-example.elf=example_main@boot-tests/ap-example/example.c,reset_vector@boot-tests/ap-example/example_entry.nasm

# The value as it was given: a regular expression may end in $.
test: setup ## set up, build with both compilers, and run every test; ONLY=REGEX: what that needs, and those tests
	@boot-tests/run.py --build $(B) $(if $(value ONLY),--only '$(value ONLY)')

.PHONY: hostile
hostile: boot-programs ## how FIRMWARE="FILE..." fares against hosts that do wrong: a table
	@boot-tests/hostile.py --build $(B) $(addprefix --firmware ,$(FIRMWARE))

.PHONY: report-test
report-test: ## the tests of tdrun's report, with those in a browser
	@command -v chromium >/dev/null || { echo "no chromium: apt-get install chromium"; exit 1; }
	@/usr/bin/python3 -m pytest -q -p no:cacheprovider boot-tests/tdreport_test.py

.PHONY: requirements
requirements: ## each requirement, the tests that show it, their last results; fails while any is open
	@boot-tests/requirements.py --build $(B)

.PHONY: test-foreign
test-foreign: setup boot-programs ## stock firmware and kernels in many shapes as TDs: build/foreign.md (long; ONLY=REGEX)
	@boot-tests/foreign.py --build $(B) --only '$(value ONLY)'

.PHONY: test-debian
test-debian: setup all ## Debian from a disk to its login prompt, by Lintel and by OVMF (long; as root)
	@tools/mkdebian $(B)/debian
	@tools/tdtest --set lintel=$(B)/lintel.fd --set kernel=$(B)/debian/vmlinuz \
	  --set initrd=$(B)/debian/initrd.img --set disk=$(B)/debian/debian.img \
	  --set ovmf=/usr/share/ovmf/OVMF.fd --output $(B)/debian/tests -j 1 boot-tests/debian.toml

.PHONY: mutate
mutate: ## break the code in one place at a time: the tests must notice (ONLY=REGEX for some)
	@boot-tests/mutate.py --only '$(value ONLY)'

clean: ## remove build/
	rm -rf --one-file-system $(B)

-include $(shell find $(B) '(' -path '$(B)/try-*' -o -path $(B)/mutate -o -path $(B)/debian ')' -prune -o -type f -name '*.d' -print 2>/dev/null)
