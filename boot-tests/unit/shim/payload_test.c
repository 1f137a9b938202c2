// Payloads that are no bzImage: UKI and ELF file, of the host and of the image; what of them is
// measured, and what of the host is refused beside them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "arch/lintel/handover.h"
#include "arch/tdx/module.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"
#include "shim/entry/ap.h"
#include "shim/measure/rtmr.h"
#include "shim/tdx/world.h"

#define LOW_END 0x8000000
#define ELF_BASE 0x2000000
#define SETUP_SIZE 0x400
#define PM_SIZE 0x5000
#define KERNEL_SIZE (SETUP_SIZE + PM_SIZE)
#define UKI_SIZE FIXTURE_UKI_SIZE(KERNEL_SIZE)
#define UKI_AT ((LOW_END - UKI_SIZE) & ~0xFFFu)
#define KERNEL_FILE 0x30
#define INITRD_FILE 0x31
#define CMDLINE_FILE 0x32
#define INITRD_SIZE 0x1801

/* Of efi_runtime.nasm and ap.nasm. */
extern const char efi_success[], efi_unsupported[];
const char efi_success[1], efi_unsupported[1], ap_reset_vector[1];

static uint8_t kernel[KERNEL_SIZE];
static uint8_t uki[UKI_SIZE];
static uint8_t elf[FIXTURE_ELF_SIZE];
static uint8_t initrd[INITRD_SIZE];
static struct image_config config;
static struct memory_map map;
static struct handover handover;

static struct linux_boot_params *const params = (struct linux_boot_params *)HANDOVER_BOOT_PARAMS;
static const struct lintel_handover *const head = (const struct lintel_handover *)HANDOVER_SETUP;
static const char *const cmdline = (const char *)HANDOVER_CMDLINE;

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	return fake_files_find(name, out);
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

enum status fw_cfg_read_u32(uint16_t selector, uint32_t *out)
{
	return fw_cfg_read(selector, 0, out, sizeof(*out));
}

static struct linux_setup_header *header(void)
{
	return (struct linux_setup_header *)(kernel + LINUX_HEADER_OFFSET);
}

static void make_uki(void)
{
	fixture_uki(uki, kernel, KERNEL_SIZE);
}

static int setup(void **state)
{
	(void)state;
	low_memory_map(LOW_END);
	memset(params, 0xA5, sizeof(*params));
	memset(initrd, 0x3C, sizeof(initrd));
	memset(kernel, 0xCC, sizeof(kernel));
	*header() = bzimage_debian_header;
	header()->setup_sects = 1;
	header()->init_size = 0x1800000;
	for (unsigned i = 0; i < PM_SIZE; i++) {
		kernel[SETUP_SIZE + i] = (uint8_t)(i * 2654435761u >> 24);
	}
	make_uki();
	fixture_elf(elf, 2, ELF_BASE);
	memset(&config, 0, sizeof(config));
	memset(&handover, 0, sizeof(handover));
	fake_files_reset();
	map = (struct memory_map){ 1, { { { { 0 }, LOW_END }, MEMORY_ACCEPTED } } };
	return world_init(false) == ST_OK ? 0 : -1;
}

static enum status boot(void)
{
	struct payload payload;
	TRY(payload_open(&config, &payload));
	TRY(payload_load(&payload, &config, &map));
	payload_hand_over(&payload, &config, &map, &handover);
	return ST_OK;
}

static void serve(const void *file, uint32_t size)
{
	fake_files_reset();
	fake_files_add("etc/boot/kernel", KERNEL_FILE, file, size);
}

static void boots(void)
{
	enum status status = boot();
	if (status != ST_OK) {
		fail_msg("%s", refusal_text(status));
	}
}

/* ---- UKI ------------------------------------------------------------------------------------- */

static void assert_uki_booted(void)
{
	assert_int_equal(handover.entry.v, 0x1000200);
	assert_int_equal(handover.argument.v, HANDOVER_BOOT_PARAMS);
	assert_int_equal(handover.window.size, 0x1800000);
	assert_memory_equal(gpa_pointer(gpa(0x1000000)), kernel + SETUP_SIZE, PM_SIZE);
	assert_string_equal(cmdline, FIXTURE_UKI_CMDLINE);
	assert_int_equal(params->header.cmd_line_ptr, HANDOVER_CMDLINE);
	assert_int_equal(params->header.ramdisk_image, UKI_AT);
	assert_int_equal(params->header.ramdisk_size, FIXTURE_UKI_INITRD_SIZE);
	const uint8_t *at = gpa_pointer(gpa(UKI_AT));
	for (unsigned i = 0; i < FIXTURE_UKI_INITRD_SIZE; i++) {
		assert_int_equal(at[i], 'i');
	}
}

static void a_uki_of_the_host(void **state)
{
	(void)state;
	serve(uki, UKI_SIZE);
	boots();
	assert_uki_booted();
	/* Cut in two by its byte 0x1F1, which is part of nothing, as QEMU before 10.0 has it. */
	uint32_t size = 0x600, rest = UKI_SIZE - 0x600;
	memset(gpa_pointer(gpa(UKI_AT)), 0, UKI_SIZE);
	fake_files_reset();
	fake_files_add(NULL, FW_CFG_SETUP_SIZE, &size, 4);
	fake_files_add(NULL, FW_CFG_SETUP_DATA, uki, size);
	fake_files_add(NULL, FW_CFG_KERNEL_SIZE, &rest, 4);
	fake_files_add(NULL, FW_CFG_KERNEL_DATA, uki + size, rest);
	boots();
	assert_uki_booted();
	/* A NUL that QEMU has where no command line is given is none. */
	uint32_t one = 1;
	fake_files_add(NULL, FW_CFG_CMDLINE_SIZE, &one, 4);
	fake_files_add(NULL, FW_CFG_CMDLINE_DATA, "", 1);
	boots();
	assert_uki_booted();
}

static void a_uki_of_the_image(void **state)
{
	(void)state;
	config.kernel = (struct image_span){ (uintptr_t)uki, UKI_SIZE };
	/* What the host has is not asked for. */
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, INITRD_SIZE);
	fake_files_add("etc/boot/cmdline", CMDLINE_FILE, "x", 1);
	boots();
	assert_uki_booted();
}

static void a_uki_of_a_kernel_alone(void **state)
{
	(void)state;
	memset(uki + FIXTURE_UKI_SECTIONS + 40, 'x', 1);
	memset(uki + FIXTURE_UKI_SECTIONS + 120, 'x', 1);
	serve(uki, UKI_SIZE);
	boots();
	assert_string_equal(cmdline, "");
	assert_int_equal(params->header.ramdisk_image, 0);
	assert_int_equal(params->header.ramdisk_size, 0);
}

static void what_stands_beside_a_uki(void **state)
{
	(void)state;
	serve(uki, UKI_SIZE);
	fake_files_add("etc/boot/cmdline", CMDLINE_FILE, "x", 1);
	assert_refusal(boot(), ST_UNSUPPORTED, "command line: 0x1 bytes beside a UKI");
	serve(uki, UKI_SIZE);
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, INITRD_SIZE);
	assert_refusal(boot(), ST_UNSUPPORTED, "initrd: 0x1801 bytes beside a UKI");
	/* Nor what the image has. */
	serve(uki, UKI_SIZE);
	config.initrd = (struct image_span){ (uintptr_t)initrd, INITRD_SIZE };
	assert_refusal(boot(), ST_UNSUPPORTED, "initrd: 0x1801 bytes beside a UKI");
}

static void refuses_uki(enum status status, const char *text)
{
	serve(uki, UKI_SIZE);
	handover.entry = gpa(0x1234);
	assert_refusal(boot(), status, text);
	assert_int_equal(handover.entry.v, 0x1234);
	setup(NULL);
}

static void bad_ukis(void **state)
{
	(void)state;
	memset(uki + FIXTURE_UKI_SECTIONS + 80, 'x', 1);
	refuses_uki(ST_NOT_FOUND, "kernel: section .linux 0x4 at 0x188");
	header()->version = 0x20B;
	make_uki();
	refuses_uki(ST_UNSUPPORTED, "kernel: version 0x20b at 0x206");
	header()->setup_sects = 42;
	make_uki();
	refuses_uki(ST_TRUNCATED, "kernel header: setup_sects 42, of 0x5400 bytes");
	header()->init_size = PM_SIZE - 1;
	make_uki();
	refuses_uki(ST_BAD_FORMAT,
		    "kernel: protected-mode size 0x5000, init_size 0x4fff, syssize 0x0");
	header()->cmdline_size = sizeof(FIXTURE_UKI_CMDLINE) - 1;
	make_uki();
	serve(uki, UKI_SIZE);
	boots();
	header()->cmdline_size--;
	make_uki();
	refuses_uki(ST_NO_SPACE, "UKI .cmdline: 11 bytes, cmdline_size 10");
	/* The window ends where the file is, and one page later. */
	header()->init_size = UKI_AT - 0x1000000;
	make_uki();
	serve(uki, UKI_SIZE);
	boots();
	header()->init_size++;
	make_uki();
	refuses_uki(ST_NO_MEMORY, "kernel: window up to 0x7ffb000, UKI at 0x7ffa000");
	header()->initrd_addr_max = UKI_AT + FIXTURE_UKI_INITRD_SIZE - 1;
	make_uki();
	serve(uki, UKI_SIZE);
	boots();
	header()->initrd_addr_max--;
	make_uki();
	refuses_uki(ST_NO_MEMORY,
		    "UKI .initrd: 0x321 bytes at 0x7ffa000, initrd_addr_max 0x7ffa31f");
	map.entries[0].range.size = SHIM_RAM_END + UKI_SIZE - 1;
	map.entries[0].range.size &= ~UINT64_C(0xFFF);
	refuses_uki(ST_NO_MEMORY, "kernel: no RAM for 0x6000 bytes of its file");
}

/* A text that is longer than its place, or ends before its section does. */
static void command_lines_of_ukis(void **state)
{
	static uint8_t large[UKI_SIZE + HANDOVER_CMDLINE_SIZE];
	const size_t at = FIXTURE_UKI_SECTIONS + 40;
	(void)state;
	header()->cmdline_size = UINT32_MAX;
	make_uki();
	memcpy(large, uki, UKI_SIZE);
	memset(large + UKI_SIZE, 'x', HANDOVER_CMDLINE_SIZE);
	fixture_put(large, at + 0x14, UKI_SIZE, 4);
	fixture_put(large, at + 0x10, UINT32_MAX, 4);
	fixture_put(large, at + 0x08, HANDOVER_CMDLINE_SIZE - 1, 4);
	serve(large, sizeof(large));
	boots();
	assert_int_equal(strlen(cmdline), HANDOVER_CMDLINE_SIZE - 1);
	fixture_put(large, at + 0x08, HANDOVER_CMDLINE_SIZE, 4);
	assert_refusal(boot(), ST_NO_SPACE, "UKI .cmdline: 61440 bytes, cmdline_size 4294967295");
	large[UKI_SIZE + 5] = 0;
	boots();
	assert_string_equal(cmdline, "xxxxx");
}

/* ---- ELF ------------------------------------------------------------------------------------- */

static uint32_t type_at(uint64_t address)
{
	const struct lintel_range *ranges = (const void *)(uintptr_t)head->ranges;
	for (unsigned i = 0; i < head->range_count; i++) {
		if (address >= ranges[i].base && address - ranges[i].base < ranges[i].size) {
			return ranges[i].type;
		}
	}
	return 0;
}

static void an_elf_file_of_the_host(void **state)
{
	(void)state;
	serve(elf, sizeof(elf));
	fake_files_add("etc/boot/cmdline", CMDLINE_FILE, "abc", 3);
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, INITRD_SIZE);
	boots();
	assert_int_equal(handover.entry.v, ELF_BASE + 0x10);
	assert_int_equal(handover.argument.v, HANDOVER_SETUP);
	assert_int_equal(handover.window.base.v, ELF_BASE);
	assert_int_equal(handover.window.size, FIXTURE_ELF_MEMORY);
	assert_memory_equal(gpa_pointer(gpa(ELF_BASE)), elf + 0x1000, 0x234);
	assert_memory_equal(gpa_pointer(gpa(ELF_BASE + 0x2000)), elf + 0x2000, 0x80);
	assert_int_equal(head->magic, LINTEL_HANDOVER_MAGIC);
	assert_int_equal(head->flags, 0);
	assert_int_equal(head->gpa_width, 48);
	assert_int_equal(head->vcpu_count, 1);
	assert_int_equal(head->payload, ELF_BASE);
	assert_int_equal(head->mailbox, 0);
	assert_int_equal(head->unaccepted, 0);
	assert_string_equal((const char *)(uintptr_t)head->cmdline, "abc");
	assert_int_equal(head->initrd, (LOW_END - INITRD_SIZE) & ~0xFFF);
	assert_int_equal(head->initrd_size, INITRD_SIZE);
	assert_memory_equal(gpa_pointer(gpa(head->initrd)), initrd, INITRD_SIZE);
	assert_int_equal(type_at(SHIM_RAM - 1), LINTEL_MEMORY_FREE);
	assert_int_equal(type_at(HANDOVER_SETUP), LINTEL_MEMORY_BOOT);
	assert_int_equal(type_at(ELF_BASE), LINTEL_MEMORY_PAYLOAD);
	assert_int_equal(type_at(head->initrd), LINTEL_MEMORY_INITRD);
}

static void an_elf_file_of_the_image(void **state)
{
	(void)state;
	fixture_elf(elf, 3, 0);
	config.kernel = (struct image_span){ (uintptr_t)elf, sizeof(elf) };
	config.cmdline = (struct image_span){ (uintptr_t) "xyz", 3 };
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, INITRD_SIZE);
	boots();
	assert_int_equal(handover.entry.v, 0x1000010);
	assert_string_equal(cmdline, "xyz");
	assert_int_equal(head->initrd, 0);
	assert_int_equal(head->initrd_size, 0);
}

static void refuses_elf(enum status status, const char *text)
{
	serve(elf, sizeof(elf));
	handover.entry = gpa(0x1234);
	assert_refusal(boot(), status, text);
	assert_int_equal(handover.entry.v, 0x1234);
	setup(NULL);
}

static void bad_elf_files(void **state)
{
	(void)state;
	fixture_put(elf, 0x12, 3, 2);
	refuses_elf(ST_UNSUPPORTED, "kernel: e_machine 0x3 at 0x12");
	fixture_elf(elf, 2, SHIM_RAM);
	refuses_elf(ST_UNSUPPORTED, "kernel: load address 0x100000 at 0x0");
	fixture_elf(elf, 2, LOW_END);
	refuses_elf(ST_NO_MEMORY, "kernel: load address 0x8000000 at 0x0");
	/* Where its own file is. */
	fixture_elf(elf, 2, LOW_END - FIXTURE_ELF_MEMORY);
	refuses_elf(ST_NO_MEMORY, "kernel: load address 0x7ffc000 at 0x0");
	fixture_elf(elf, 2, LOW_END - 0x3000 - FIXTURE_ELF_MEMORY);
	serve(elf, sizeof(elf));
	boots();
	/* No room for the initrd above it. */
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, 0x3001);
	assert_refusal(boot(), ST_NO_MEMORY,
		       "initrd: 0x3001 bytes above 0x7ffd000, initrd_addr_max 0x7fffffff");
}

/* ---- in a TD --------------------------------------------------------------------------------- */

#define EXTENDS_MAX 8
static struct {
	uint64_t index;
	uint8_t digest[SHA384_SIZE];
} extends[EXTENDS_MAX];
static unsigned extend_count;

static uint64_t answer(struct tdcall_regs *regs)
{
	if (regs->rax == TDG_VP_INFO) {
		regs->rcx = 52;
		regs->r8 = 3;
		return TDX_SUCCESS;
	}
	assert_int_equal(regs->rax, TDG_MR_RTMR_EXTEND);
	assert_within(extend_count, 0, EXTENDS_MAX - 1);
	extends[extend_count].index = regs->rdx;
	memcpy(extends[extend_count++].digest, (const void *)regs->rcx, SHA384_SIZE);
	return TDX_SUCCESS;
}

static int setup_td(void **state)
{
	setup(state);
	extend_count = 0;
	fake_handler(answer);
	return rtmr_start() == ST_OK && world_init(true) == ST_OK ? 0 : -1;
}

static void assert_extend(unsigned i, unsigned index, const void *bytes, size_t size)
{
	uint8_t digest[SHA384_SIZE];
	assert_within(i, 0, extend_count - 1);
	assert_int_equal(extends[i].index, index);
	assert_memory_equal(extends[i].digest, SHA384(bytes, size, digest), sizeof(digest));
}

static void a_uki_is_measured_as_a_whole(void **state)
{
	(void)state;
	serve(uki, UKI_SIZE);
	boots();
	assert_int_equal(extend_count, 1);
	assert_extend(0, 1, uki, UKI_SIZE);
	/* Before it is refused. */
	extend_count = 0;
	memset(uki + FIXTURE_UKI_SECTIONS + 80, 'x', 1);
	serve(uki, UKI_SIZE);
	assert_int_equal(boot(), ST_NOT_FOUND);
	assert_extend(0, 1, uki, UKI_SIZE);
	/* That of the image is in MRTD. */
	extend_count = 0;
	make_uki();
	config.kernel = (struct image_span){ (uintptr_t)uki, UKI_SIZE };
	boots();
	assert_int_equal(extend_count, 0);
}

static void an_elf_file_is_measured(void **state)
{
	struct payload payload;
	(void)state;
	serve(elf, sizeof(elf));
	fake_files_add("etc/boot/cmdline", CMDLINE_FILE, "abc", 3);
	fake_files_add("etc/boot/initrd", INITRD_FILE, initrd, INITRD_SIZE);
	assert_int_equal(payload_open(&config, &payload), ST_OK);
	assert_int_equal(payload_load(&payload, &config, &map), ST_OK);
	assert_int_equal(extend_count, 3);
	assert_extend(0, 1, elf, sizeof(elf));
	assert_extend(1, 2, "abc", 3);
	assert_extend(2, 2, initrd, INITRD_SIZE);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_uki_of_the_host),
		CASE(a_uki_of_the_image),
		CASE(a_uki_of_a_kernel_alone),
		CASE(what_stands_beside_a_uki),
		CASE(bad_ukis),
		CASE(command_lines_of_ukis),
		CASE(an_elf_file_of_the_host),
		CASE(an_elf_file_of_the_image),
		CASE(bad_elf_files),
		/* Last: from here on there is a log. */
		cmocka_unit_test_setup(a_uki_is_measured_as_a_whole, setup_td),
		cmocka_unit_test_setup(an_elf_file_is_measured, setup_td),
	};
	return cmocka_run_group_tests_name("payload", tests, NULL, NULL);
}
