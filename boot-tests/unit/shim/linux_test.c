// The Linux boot protocol: header, placement, boot_params, from fw_cfg and from the image; and what
// of it is measured.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "arch/linux/boot_params.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "boot-tests/unit/shim/acpi_fixture.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "boot-tests/unit/shim/refusals.h"
#include "shim/host/acpi.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/payload/payload.h"

#define LOW_END 0x8000000
#define SECTORS 39
#define SETUP_SIZE ((SECTORS + 1) * 512)
#define PM_SIZE 0x5000
#define INIT_SIZE 0x1800001
#define WINDOW_SIZE 0x1801000
#define INITRD_SIZE 0x1801

/* Of efi_runtime.nasm and ap.nasm. */
extern const char efi_success[], efi_unsupported[];
const char efi_success[1], efi_unsupported[1], ap_reset_vector[1];

static const struct mailbox_info mailbox = { { MAILBOX }, { RESET_CODE } };

/* In the image it is one file. */
static uint8_t bzimage[SETUP_SIZE + PM_SIZE];
static uint8_t *const protected_mode = bzimage + SETUP_SIZE;
static uint8_t initrd[INITRD_SIZE];
static uint32_t kernel_size, setup_size, initrd_size, cmdline_size;
static char cmdline[0x10000];
static struct acpi_fixture fixture;
static struct image_config config;
static struct memory_map map;
static enum status fw_cfg_status;

static struct linux_boot_params *const params = (struct linux_boot_params *)HANDOVER_BOOT_PARAMS;

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	return fake_files_find(name, out);
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	if (fw_cfg_status != ST_OK) {
		return fw_cfg_status;
	}
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

enum status fw_cfg_read_u32(uint16_t selector, uint32_t *out)
{
	return fw_cfg_read(selector, 0, out, sizeof(*out));
}

void log_line(const char *format, ...)
{
	(void)format;
}

static struct linux_setup_header *header(void)
{
	return (struct linux_setup_header *)(bzimage + LINUX_HEADER_OFFSET);
}

static void set_cmdline(const char *text)
{
	memcpy(cmdline, text, strlen(text) + 1);
	cmdline_size = (uint32_t)strlen(text) + 1;
}

/* A kernel with the numbers of Debian's 6.12, but smaller. */
static void make_kernel(void)
{
	memset(bzimage, 0xCC, SETUP_SIZE);
	*header() = bzimage_debian_header;
	header()->setup_sects = SECTORS;
	header()->syssize = PM_SIZE / 16;
	header()->init_size = INIT_SIZE;
	memset(bzimage + 0x26C, 0xCC, 0x290 - 0x26C);
	for (unsigned i = 0; i < PM_SIZE; i++) {
		protected_mode[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	kernel_size = PM_SIZE;
	setup_size = SETUP_SIZE;
}

static int setup(void **state)
{
	(void)state;
	low_memory_map(LOW_END);
	memset(params, 0xA5, sizeof(*params));
	memset(initrd, 0x3C, sizeof(initrd));
	initrd_size = INITRD_SIZE;
	make_kernel();
	set_cmdline("console=ttyS0 panic=-1");
	memset(&config, 0, sizeof(config));
	fw_cfg_status = ST_OK;
	acpi_fixture_build(&fixture, false);
	fake_files_reset();
	fake_files_add(NULL, FW_CFG_KERNEL_SIZE, &kernel_size, 4);
	fake_files_add(NULL, FW_CFG_KERNEL_DATA, protected_mode, PM_SIZE);
	fake_files_add(NULL, FW_CFG_SETUP_SIZE, &setup_size, 4);
	fake_files_add(NULL, FW_CFG_SETUP_DATA, bzimage, SETUP_SIZE);
	fake_files_add(NULL, FW_CFG_INITRD_SIZE, &initrd_size, 4);
	fake_files_add(NULL, FW_CFG_INITRD_DATA, initrd, sizeof(initrd));
	fake_files_add(NULL, FW_CFG_CMDLINE_SIZE, &cmdline_size, 4);
	fake_files_add(NULL, FW_CFG_CMDLINE_DATA, cmdline, sizeof(cmdline));
	map = (struct memory_map){
		.count = 2,
		.entries = { { { { 0 }, LOW_END }, MEMORY_ACCEPTED },
			     { { { FOUR_GIB }, 0x1000000 }, MEMORY_ACCEPTED } },
	};
	return 0;
}

/* The steps of shim_main.c from the payload on. mp: in a TD. */
static enum status prepare(const struct mailbox_info *mp, struct handover *out)
{
	struct acpi_arena arena = {
		.memory = gpa_pointer(gpa(ACPI_ARENA)),
		.base = gpa(ACPI_ARENA),
		.size = ACPI_ARENA_SIZE,
	};
	struct payload payload;
	struct handover handover = { 0 };
	TRY(payload_open(&config, &payload));
	enum status status = acpi_install(&arena, &config, mp, &handover.rsdp);
	if (status != ST_NOT_FOUND) {
		TRY(status);
	}
	TRY(rtmr_separate(CC_MR_RTMR0));
	TRY(rtmr_separate(CC_MR_RTMR1));
	TRY(payload_load(&payload, &config, &map));
	handover.reserved_count = regions_reserved(mp != NULL, arena.used, 0, handover.reserved);
	payload_hand_over(&payload, &config, &map, &handover);
	*out = handover;
	return ST_OK;
}

static void assert_refused(enum status expected, const char *text)
{
	struct handover boot = { .entry = gpa(0x1234) };
	assert_refusal(prepare(NULL, &boot), expected, text);
	assert_int_equal(boot.entry.v, 0x1234);
}

static void assert_booted(const struct handover *boot)
{
	assert_int_equal(boot->entry.v, 0x1000200);
	assert_int_equal(boot->argument.v, HANDOVER_BOOT_PARAMS);
	assert_int_equal(boot->window.base.v, 0x1000000);
	assert_int_equal(boot->window.size, WINDOW_SIZE);
	assert_memory_equal(gpa_pointer(gpa(0x1000000)), protected_mode, PM_SIZE);
	assert_int_equal(params->header.header, 0x53726448);
	assert_int_equal(params->header.type_of_loader, 0xFF);
	assert_int_equal(params->header.loadflags, 1);
	assert_int_equal(params->header.setup_data, 0);
	assert_int_equal(params->header.ramdisk_image, (LOW_END - INITRD_SIZE) & ~0xFFF);
	assert_int_equal(params->header.ramdisk_size, INITRD_SIZE);
	assert_memory_equal(gpa_pointer(gpa(params->header.ramdisk_image)), initrd, INITRD_SIZE);
	assert_int_equal(params->header.cmd_line_ptr, HANDOVER_CMDLINE);
	assert_string_equal(gpa_pointer(gpa(HANDOVER_CMDLINE)), "console=ttyS0 panic=-1");
	/* Zero but for what was set. */
	assert_int_equal(params->sentinel, 0);
	assert_int_equal(params->ext_ramdisk_image, 0);
	assert_int_equal(params->ext_cmd_line_ptr, 0);
	assert_int_equal(params->header.later[0], 0);
	static const struct linux_efi_info none;
	assert_memory_equal(&params->efi_info, &none, sizeof(none));
}

static void from_fw_cfg(void **state)
{
	struct handover boot;
	(void)state;
	/* What QEMU or a worse host leaves in the header. */
	header()->type_of_loader = 0xB0;
	header()->loadflags = 0x81;
	header()->setup_data = 0xDEAD0000;
	header()->ramdisk_image = 0x12345;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_booted(&boot);
	assert_int_equal(boot.rsdp.v, 0);
	assert_int_equal(params->acpi_rsdp_addr, 0);
	assert_int_equal(params->e820_entries, 2);
	assert_int_equal(params->e820_table[1].base, FOUR_GIB);
}

static void from_the_image(void **state)
{
	struct handover boot;
	(void)state;
	fake_files_reset();
	fw_cfg_status = ST_NOT_FOUND;
	config.kernel = (struct image_span){ (uintptr_t)bzimage, sizeof(bzimage) };
	config.initrd = (struct image_span){ (uintptr_t)initrd, sizeof(initrd) };
	config.cmdline = (struct image_span){ (uintptr_t)cmdline, cmdline_size - 1 };
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_booted(&boot);
	/* The host has an initrd and a command line to add: neither is taken. */
	setup(NULL);
	config.kernel = (struct image_span){ (uintptr_t)bzimage, sizeof(bzimage) };
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_int_equal(params->header.ramdisk_size, 0);
	assert_string_equal((const char *)(uintptr_t)params->header.cmd_line_ptr, "");
	/* Nor is the host's kernel, by whatever name. */
	fake_files_add("etc/boot/kernel", 0x30, "x", 1);
	fake_files_add("etc/boot/initrd", 0x31, "x", 1);
	fake_files_add("etc/boot/cmdline", 0x32, "x", 1);
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_int_equal(params->header.ramdisk_size, 0);
	assert_string_equal((const char *)(uintptr_t)params->header.cmd_line_ptr, "");
	/* A host without fw_cfg. */
	fake_files_reset();
	fw_cfg_status = ST_NOT_FOUND;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	/* Cut off in the setup part. */
	config.kernel.size = SETUP_SIZE - 1;
	assert_refused(ST_TRUNCATED, "kernel header: setup_sects 39, of 0x4fff bytes");
	config.kernel.size = LINUX_HEADER_END_MAX - 1;
	assert_refused(ST_TRUNCATED, "kernel: size 0x28f at 0x0");
	config.kernel.size = FOUR_GIB;
	assert_refused(ST_NO_SPACE, "kernel: 0x100000000 bytes in the image");
}

/* QEMU 10.1 for a TD: the setup part is changed, the file is not. */
static void from_the_files_of_the_host(void **state)
{
	static uint8_t patched[SETUP_SIZE];
	struct handover boot;
	(void)state;
	memcpy(patched, bzimage, SETUP_SIZE);
	((struct linux_setup_header *)(patched + LINUX_HEADER_OFFSET))->init_size = 1;
	fake_files_reset();
	fake_files_add(NULL, FW_CFG_SETUP_SIZE, &setup_size, 4);
	fake_files_add(NULL, FW_CFG_SETUP_DATA, patched, SETUP_SIZE);
	fake_files_add("etc/boot/kernel", 0x30, bzimage, sizeof(bzimage));
	/* The rest by selector. */
	fake_files_add(NULL, FW_CFG_INITRD_SIZE, &initrd_size, 4);
	fake_files_add(NULL, FW_CFG_INITRD_DATA, initrd, sizeof(initrd));
	fake_files_add(NULL, FW_CFG_CMDLINE_SIZE, &cmdline_size, 4);
	fake_files_add(NULL, FW_CFG_CMDLINE_DATA, cmdline, sizeof(cmdline));
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_booted(&boot);
	/* All by file: what the selectors have is not looked at. */
	uint32_t size = 5;
	fake_files_reset();
	fake_files_add("etc/boot/kernel", 0x30, bzimage, sizeof(bzimage));
	fake_files_add("etc/boot/initrd", 0x31, initrd, sizeof(initrd));
	fake_files_add("etc/boot/cmdline", 0x32, cmdline, cmdline_size - 1);
	fake_files_add(NULL, FW_CFG_INITRD_SIZE, &size, 4);
	fake_files_add(NULL, FW_CFG_CMDLINE_SIZE, &size, 4);
	fake_files_add(NULL, FW_CFG_CMDLINE_DATA, "other", 5);
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_booted(&boot);
}

/* Larger than the room for a setup part. */
static void a_large_file_of_the_host(void **state)
{
	static uint8_t large[HANDOVER_SETUP_SIZE + 0x1001];
	struct handover boot;
	(void)state;
	memcpy(large, bzimage, sizeof(bzimage));
	memset(large + sizeof(bzimage), 0xA7, sizeof(large) - sizeof(bzimage));
	fake_files_add("etc/boot/kernel", 0x30, large, sizeof(large));
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_memory_equal(gpa_pointer(gpa(0x1000000)), large + SETUP_SIZE,
			    sizeof(large) - SETUP_SIZE);
	/* The largest setup part there is. */
	((struct linux_setup_header *)(large + LINUX_HEADER_OFFSET))->setup_sects = 0xFF;
	((struct linux_setup_header *)(large + LINUX_HEADER_OFFSET))->syssize = 0;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_memory_equal(gpa_pointer(gpa(0x1000000)), large + HANDOVER_SETUP_SIZE, 0x1001);
}

static void bad_files_of_the_host(void **state)
{
	(void)state;
	fake_files_add("etc/boot/kernel", 0x30, bzimage, SETUP_SIZE - 1);
	assert_refused(ST_TRUNCATED, "kernel header: setup_sects 39, of 0x4fff bytes");
	setup(NULL);
	fake_files_add("etc/boot/kernel", 0x30, bzimage, LINUX_HEADER_END_MAX - 1);
	assert_refused(ST_TRUNCATED, "kernel: size 0x28f at 0x0");
	setup(NULL);
	fake_files_add("etc/boot/kernel", 0x30, bzimage, sizeof(bzimage) - 1);
	assert_refused(ST_TRUNCATED,
		       "kernel: protected-mode size 0x4fff, init_size 0x1800001, syssize 0x500");
	/* An empty file is no kernel, whatever the selectors have. */
	setup(NULL);
	fake_files_add("etc/boot/kernel", 0x30, bzimage, 0);
	assert_refused(ST_NOT_FOUND, "kernel: none in the image, none of the host");
}

static void td_with_acpi(void **state)
{
	struct handover boot;
	(void)state;
	acpi_fixture_serve(&fixture);
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_booted(&boot);
	assert_int_equal(boot.rsdp.v, ACPI_ARENA);
	assert_int_equal(params->acpi_rsdp_addr, ACPI_ARENA);
	assert_int_equal(params->e820_entries, 7);
	assert_int_equal(params->e820_table[1].base, EVENT_LOG);
	assert_int_equal(params->e820_table[1].size, EVENT_LOG_SIZE);
	assert_int_equal(params->e820_table[1].type, E820_NVS);
	assert_int_equal(params->e820_table[3].base, ACPI_ARENA);
	assert_int_equal(params->e820_table[3].size, 0x1000);
	assert_int_equal(params->e820_table[3].type, E820_ACPI);
	assert_int_equal(params->e820_table[5].base, AP_TABLE);
	assert_int_equal(params->e820_table[5].size, FOUR_GIB - AP_TABLE);
	assert_int_equal(params->e820_table[5].type, E820_NVS);
	/* Malformed tables end the boot. */
	fixture.rsdp[0] = 0;
	assert_refusal(prepare(&mailbox, &boot), ST_BAD_FORMAT,
		       "ACPI RSDP: signature 0x2052545020445300, checksum off by 0x0");
}

static void no_kernel(void **state)
{
	(void)state;
	setup_size = 0;
	assert_refused(ST_NOT_FOUND, "kernel: none in the image, none of the host");
	fw_cfg_status = ST_NOT_FOUND;
	assert_refused(ST_NOT_FOUND, "kernel: none in the image, none of the host");
	fw_cfg_status = ST_TIMEOUT;
	struct handover boot;
	assert_int_equal(prepare(NULL, &boot), ST_TIMEOUT);
}

static void sizes_of_the_host(void **state)
{
	(void)state;
	setup_size = LINUX_HEADER_END_MAX - 1;
	assert_refused(ST_TRUNCATED, "kernel: size 0x28f at 0x0");
	setup_size = HANDOVER_SETUP_SIZE + 1;
	assert_refused(ST_NO_SPACE, "kernel setup part: 0x20001 bytes, at most 0x20000");
	/* Cut at another place the same file would be entered elsewhere. */
	setup_size = SETUP_SIZE - 1;
	assert_refused(ST_TRUNCATED, "kernel header: setup_sects 39, of 0x4fff bytes");
	setup_size = SETUP_SIZE + 512;
	assert_refused(ST_BAD_FORMAT, "kernel header: setup_sects 39, of 0x5200 bytes");
	setup_size = SETUP_SIZE;
	kernel_size = UINT32_MAX;
	assert_refused(
		ST_BAD_FORMAT,
		"kernel: protected-mode size 0xffffffff, init_size 0x1800001, syssize 0x500");
	kernel_size = PM_SIZE - 1;
	assert_refused(ST_TRUNCATED,
		       "kernel: protected-mode size 0x4fff, init_size 0x1800001, syssize 0x500");
	kernel_size = PM_SIZE;
	initrd_size = UINT32_MAX;
	assert_refused(ST_NO_MEMORY,
		       "initrd: 0xffffffff bytes above 0x2801000, initrd_addr_max 0x7fffffff");
	initrd_size = LOW_END - 0x1000000 - WINDOW_SIZE + 1;
	assert_refused(ST_NO_MEMORY,
		       "initrd: 0x57ff001 bytes above 0x2801000, initrd_addr_max 0x7fffffff");
}

static void no_initrd(void **state)
{
	struct handover boot;
	(void)state;
	initrd_size = 0;
	header()->ramdisk_image = 0x2000000;
	header()->ramdisk_size = 0x1000;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_int_equal(params->header.ramdisk_image, 0);
	assert_int_equal(params->header.ramdisk_size, 0);
}

static void command_lines(void **state)
{
	struct handover boot;
	const char *text = (const char *)HANDOVER_CMDLINE;
	(void)state;
	/* None; one without its NUL; one of exactly the kernel's size, and one more. */
	cmdline_size = 0;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_string_equal(text, "");
	set_cmdline("abc");
	cmdline_size = 3;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_string_equal(text, "abc");
	/* Nothing goes along after its NUL. */
	memcpy(cmdline, "ab\0secret", 10);
	cmdline_size = 10;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_memory_equal(text, "ab\0\0\0\0\0\0\0\0", 11);
	memset(cmdline, 'x', sizeof(cmdline));
	cmdline_size = 2047;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	assert_int_equal(strlen(text), 2047);
	cmdline_size = 2048;
	assert_refused(ST_NO_SPACE, "command line: 2048 bytes, cmdline_size 2047");
	header()->cmdline_size = UINT32_MAX;
	cmdline_size = HANDOVER_CMDLINE_SIZE - 1;
	assert_int_equal(prepare(NULL, &boot), ST_OK);
	cmdline_size = HANDOVER_CMDLINE_SIZE;
	assert_refused(ST_NO_SPACE, "command line: 61440 bytes, at most 61439");
}

/* ---- measurement ----------------------------------------------------------------------------- */

#define EXTENDS_MAX 16
static struct {
	uint64_t index;
	uint8_t digest[SHA384_SIZE];
} extends[EXTENDS_MAX];
static unsigned extend_count;

static uint64_t take_extend(struct tdcall_regs *regs)
{
	assert_int_equal(regs->rax, TDG_MR_RTMR_EXTEND);
	assert_within(extend_count, 0, EXTENDS_MAX - 1);
	extends[extend_count].index = regs->rdx;
	memcpy(extends[extend_count++].digest, (const void *)regs->rcx, SHA384_SIZE);
	return TDX_SUCCESS;
}

static int setup_measured(void **state)
{
	setup(state);
	extend_count = 0;
	fake_handler(take_extend);
	return rtmr_start() == ST_OK ? 0 : -1;
}

static void assert_extend(unsigned i, unsigned index, const void *bytes, size_t size)
{
	uint8_t digest[SHA384_SIZE];
	assert_within(i, 0, extend_count - 1);
	assert_int_equal(extends[i].index, index);
	assert_memory_equal(extends[i].digest, SHA384(bytes, size, digest), sizeof(digest));
}

static void all_of_the_host_is_measured(void **state)
{
	struct handover boot;
	(void)state;
	acpi_fixture_serve(&fixture);
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 8);
	assert_extend(0, 0, fixture.commands, fixture.command_count * sizeof(fixture.commands[0]));
	assert_extend(1, 0, fixture.rsdp, fixture.rsdp_size);
	assert_extend(2, 0, fixture.tables, sizeof(fixture.tables));
	assert_extend(3, 0, "\0\0\0", 4);
	assert_extend(4, 1, "\0\0\0", 4);
	assert_extend(5, 1, bzimage, sizeof(bzimage));
	assert_extend(6, 2, cmdline, strlen(cmdline));
	assert_extend(7, 2, initrd, sizeof(initrd));
}

/* The digest is of the user's file, though the setup part that QEMU serves is another. */
static void the_file_is_measured(void **state)
{
	static uint8_t file[sizeof(bzimage)];
	struct handover boot;
	(void)state;
	memcpy(file, bzimage, sizeof(file));
	header()->type_of_loader = 0xB0;
	header()->ramdisk_image = 0x7FFC0000;
	fake_files_add("etc/boot/kernel", 0x30, file, sizeof(file));
	fake_files_add("etc/boot/initrd", 0x31, initrd, 5);
	fake_files_add("etc/boot/cmdline", 0x32, "abc", 3);
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 5);
	assert_extend(2, 1, file, sizeof(file));
	assert_extend(3, 2, "abc", 3);
	assert_extend(4, 2, initrd, 5);
	assert_int_equal(params->header.ramdisk_size, 5);
}

static void what_the_host_has_not_is_no_event(void **state)
{
	struct handover boot;
	(void)state;
	initrd_size = 0;
	cmdline_size = 0;
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 4);
	assert_extend(2, 1, bzimage, sizeof(bzimage));
	/* But for the command line, which the kernel has in any case. */
	assert_extend(3, 2, "", 0);
}

static void the_image_is_measured_already(void **state)
{
	struct handover boot;
	(void)state;
	config.kernel = (struct image_span){ (uintptr_t)bzimage, sizeof(bzimage) };
	config.initrd = (struct image_span){ (uintptr_t)initrd, sizeof(initrd) };
	config.cmdline = (struct image_span){ (uintptr_t)cmdline, cmdline_size - 1 };
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 2);
	/* A kernel of the host's, with the rest in the image. */
	extend_count = 0;
	config.kernel = (struct image_span){ 0 };
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 3);
	assert_extend(2, 1, bzimage, sizeof(bzimage));
	/* A kernel alone. */
	extend_count = 0;
	config.kernel = (struct image_span){ (uintptr_t)bzimage, sizeof(bzimage) };
	config.initrd = config.cmdline = (struct image_span){ 0 };
	assert_int_equal(prepare(&mailbox, &boot), ST_OK);
	assert_int_equal(extend_count, 2);
}

/* A command line that the log cannot hold. */
static void log_full(void **state)
{
	struct handover boot = { .entry = gpa(0x1234) };
	(void)state;
	memset(cmdline, 'x', sizeof(cmdline));
	header()->cmdline_size = UINT32_MAX;
	cmdline_size = EVENT_LOG_SIZE;
	assert_refusal(prepare(&mailbox, &boot), ST_LOG_FULL,
		       "event log: 0x8042 bytes, room for 0x7ed9");
	assert_int_equal(boot.entry.v, 0x1234);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(from_fw_cfg),
		CASE(from_the_image),
		CASE(from_the_files_of_the_host),
		CASE(a_large_file_of_the_host),
		CASE(bad_files_of_the_host),
		CASE(td_with_acpi),
		CASE(no_kernel),
		CASE(sizes_of_the_host),
		CASE(no_initrd),
		CASE(command_lines),
		/* Last: from here on there is a log. */
		cmocka_unit_test_setup(all_of_the_host_is_measured, setup_measured),
		cmocka_unit_test_setup(the_file_is_measured, setup_measured),
		cmocka_unit_test_setup(what_the_host_has_not_is_no_event, setup_measured),
		cmocka_unit_test_setup(the_image_is_measured_already, setup_measured),
		cmocka_unit_test_setup(log_full, setup_measured),
	};
	return cmocka_run_group_tests_name("linux", tests, NULL, NULL);
}
