// The UEFI application under a firmware of the test's: what it hands over, and every refusal.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/linux/boot_params.h"
#include "arch/tdx/event_log.h"
#include "arch/uefi/cc_measurement.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "boot-tests/unit/uefi/fake_firmware.h"
#include "linker/memmap.h"
#include "loader/table/pagetable.h"
#include "loader/uefi/uefi_acpi.h"
#include "loader/uefi/uefi_ap_piece.h"

#define SETUP_SIZE (40 * 512)
#define BODY_SIZE 0x4000
#define INITRD_SIZE 0x1801
/* After the firmware's own memory, at the next multiple of 2 MiB. */
#define KERNEL 0x1400000

static uint8_t kernel[SETUP_SIZE + BODY_SIZE];
static uint8_t initrd[INITRD_SIZE];
static struct linux_setup_header *const header = (void *)(kernel + LINUX_HEADER_OFFSET);

static void put_file(unsigned number, const char *path, const void *bytes, size_t size)
{
	fake.files[number].path = path;
	fake.files[number].bytes = bytes;
	fake.files[number].size = size;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(kernel, 0x11, sizeof(kernel));
	*header = bzimage_debian_header;
	header->syssize = BODY_SIZE / 16;
	header->init_size = 0x800000;
	memset(kernel + SETUP_SIZE, 0x22, BODY_SIZE);
	kernel[0] = 'M';
	memset(initrd, 0x33, sizeof(initrd));
	put_file(0, "\\vmlinuz", kernel, sizeof(kernel));
	put_file(1, "\\initrd", initrd, sizeof(initrd));
	return 0;
}

static const struct linux_boot_params *boots(void)
{
	assert_int_equal(fake_run(), UEFI_SUCCESS);
	assert_true(fake.left);
	assert_int_equal(fake.open_files, 0);
	assert_int_equal(fake.entry, KERNEL + LINUX_ENTRY_64);
	return gpa_pointer(gpa(fake.rsi));
}

static void refuses(uefi_status_t status, const char *text)
{
	assert_int_equal(fake_run(), status);
	assert_string_equal(fake.printed, text);
	assert_false(fake.left || fake.reset);
	assert_int_equal(fake.open_files, 0);
}

static void has_e820(const struct linux_boot_params *params, uint64_t base, uint64_t size,
		     uint32_t type)
{
	for (unsigned i = 0; i < params->e820_entries; i++) {
		const struct e820_entry *entry = &params->e820_table[i];
		if (entry->base == base && entry->size == size && entry->type == type) {
			return;
		}
	}
	fail_msg("no e820 entry of type %u at 0x%lx", type, base);
}

/* Neighbours of a type are one entry. */
static void in_e820(const struct linux_boot_params *params, uint64_t base, uint64_t size,
		    uint32_t type)
{
	for (unsigned i = 0; i < params->e820_entries; i++) {
		const struct e820_entry *entry = &params->e820_table[i];
		if (entry->base <= base && base + size <= entry->base + entry->size &&
		    entry->type == type) {
			return;
		}
	}
	fail_msg("no e820 entry of type %u has 0x%lx", type, base);
}

static void hands_over(void **state)
{
	(void)state;
	const struct linux_boot_params *params = boots();
	assert_string_equal(fake.printed, "lintel: kernel at 0x1400200\n");
	assert_memory_equal(gpa_pointer(gpa(KERNEL)), kernel + SETUP_SIZE, BODY_SIZE);
	assert_int_equal(params->header.code32_start, KERNEL);
	assert_int_equal(params->header.ramdisk_size, INITRD_SIZE);
	assert_memory_equal(gpa_pointer(gpa(params->header.ramdisk_image)), initrd, INITRD_SIZE);
	assert_string_equal(gpa_pointer(gpa(params->header.cmd_line_ptr)), "");
	assert_int_equal(params->acpi_rsdp_addr, FAKE_RSDP);
	assert_int_equal(params->efi_info.signature, 0);
	/* The firmware's memory is the kernel's, but what ACPI needs. */
	assert_int_equal(params->e820_entries, 6);
	has_e820(params, 0, 0xA0000, E820_RAM);
	has_e820(params, FAKE_RAM, FAKE_RSDP - FAKE_RAM, E820_RAM);
	has_e820(params, FAKE_RSDP, 0x1000, E820_ACPI);
	has_e820(params, FAKE_RSDP + 0x1000, FAKE_NVS - FAKE_RSDP - 0x1000, E820_RAM);
	has_e820(params, FAKE_NVS, FAKE_NVS_SIZE, E820_NVS);
	has_e820(params, FAKE_NVS + FAKE_NVS_SIZE, FAKE_RAM_END - FAKE_NVS - FAKE_NVS_SIZE,
		 E820_RAM);
	/* The table maps the kernel, and the page that leaves. */
	const struct pt_arena arena = { gpa_pointer(gpa(fake.cr3)), gpa(fake.cr3), 12 };
	struct pt_leaf leaf;
	assert_int_equal(pt_lookup(&arena, gpa(fake.cr3), KERNEL, &leaf), ST_OK);
	assert_int_equal(pt_lookup(&arena, gpa(fake.cr3), (uintptr_t)uefi_leave_page, &leaf),
			 ST_OK);
	assert_int_equal(fake.measured_count, 0);
}

static void takes_options(void **state)
{
	(void)state;
	fake.options = "lintel.efi kernel=/a/k initrd=\\i cmdline=x y";
	put_file(0, "\\a\\k", kernel, sizeof(kernel));
	put_file(1, "\\i", initrd, sizeof(initrd));
	put_file(2, "\\cmdline", "not this", 8);
	const struct linux_boot_params *params = boots();
	assert_string_equal(gpa_pointer(gpa(params->header.cmd_line_ptr)), "x y");
	assert_int_equal(params->header.ramdisk_size, INITRD_SIZE);
}

static void command_line_file(void **state)
{
	(void)state;
	put_file(2, "\\cmdline", "quiet a=b \r\n", 12);
	put_file(1, NULL, NULL, 0);
	const struct linux_boot_params *params = boots();
	assert_string_equal(gpa_pointer(gpa(params->header.cmd_line_ptr)), "quiet a=b");
	assert_int_equal(params->header.ramdisk_image, 0);
	assert_int_equal(params->header.ramdisk_size, 0);
}

static void command_line_file_of_a_line_end(void **state)
{
	(void)state;
	put_file(2, "\\cmdline", "\n", 1);
	assert_string_equal(gpa_pointer(gpa(boots()->header.cmd_line_ptr)), "");
}

static void no_initrd_is_wanted(void **state)
{
	(void)state;
	fake.options = "initrd=";
	assert_int_equal(boots()->header.ramdisk_size, 0);
}

/* ---- measurement ----------------------------------------------------------------------------- */

static void event_is(unsigned number, uint32_t mr, uint32_t type, uint64_t size, uint8_t first)
{
	struct uefi_cc_event event;
	memcpy(&event, fake.measured[number].event, sizeof(event));
	assert_int_equal(event.header_size, 14);
	assert_int_equal(event.header_version, 1);
	assert_int_equal(event.mr_index, mr);
	assert_int_equal(event.event_type, type);
	assert_int_equal(fake.measured[number].size, size);
	assert_int_equal(fake.measured[number].first, first);
}

static void measures(void **state)
{
	struct uefi_cc_event event;
	(void)state;
	fake.td = true;
	fake.measures = true;
	fake.options = "cmdline=abc";
	boots();
	assert_int_equal(fake.measured_count, 3);
	event_is(0, CC_MR_RTMR1, 0x8000000A, sizeof(kernel), 'M');
	event_is(1, CC_MR_RTMR2, 0xD, 3, 'a');
	event_is(2, CC_MR_RTMR2, 6, INITRD_SIZE, 0x33);
	memcpy(&event, fake.measured[1].event, sizeof(event));
	assert_int_equal(event.size, 18 + 3);
	assert_memory_equal(fake.measured[1].event + 18, "abc", 3);
}

/* Nothing is said of a file before it is measured, so that what is wrong with it is in the log. */
static void measures_what_it_refuses(void **state)
{
	(void)state;
	fake.td = true;
	fake.measures = true;
	header->boot_flag = 0;
	refuses(UEFI_STATUS(LOAD_ERROR),
		"lintel: kernel: boot_flag 0x0 at 0x1fe: must be 0xaa55: EFI_LOAD_ERROR\n");
	assert_int_equal(fake.measured_count, 1);
}

static void measurement_that_fails(void **state)
{
	static const char *const texts[] = {
		"lintel: kernel: measurement of 36864 bytes into RTMR[1]: EFI_DEVICE_ERROR\n",
		"lintel: command line: measurement of 0 bytes into RTMR[2]: EFI_DEVICE_ERROR\n",
		"lintel: initrd: measurement of 6145 bytes into RTMR[2]: EFI_DEVICE_ERROR\n",
	};
	for (unsigned i = 0; i < 3; i++) {
		setup(state);
		fake.td = true;
		fake.measures = true;
		fake.fails = FAKE_MEASURE;
		fake.when = i + 1;
		fake.times = 1;
		fake.status = UEFI_STATUS(DEVICE_ERROR);
		refuses(UEFI_STATUS(DEVICE_ERROR), texts[i]);
	}
}

static void paging_of_five_levels(void **state)
{
	(void)state;
	fake.five_levels = true;
	refuses(UEFI_STATUS(UNSUPPORTED), "lintel: the firmware's page table has 5 levels, must "
					  "be 4: EFI_UNSUPPORTED\n");
}

static void td_that_measures_nothing(void **state)
{
	(void)state;
	fake.td = true;
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: the firmware of this TD has no EFI_CC_MEASUREMENT_PROTOCOL: "
		"EFI_UNSUPPORTED\n");
	assert_int_equal(fake.calls[FAKE_OPEN], 0);
}

/* ---- APs ------------------------------------------------------------------------------------- */

static void make_td(void)
{
	static const uint32_t ids[FAKE_CPUS] = { 7, 0x10, 0, 0x123 };
	fake.td = true;
	fake.measures = true;
	fake.vcpus = FAKE_CPUS;
	memcpy(fake.ids, ids, sizeof(ids));
}

static void takes_the_aps(void **state)
{
	(void)state;
	make_td();
	const struct linux_boot_params *params = boots();
	assert_int_equal(fake.woken_count, 3);
	assert_int_equal(fake.woken[0], 0x10);
	assert_int_equal(fake.woken[1], 0);
	assert_int_equal(fake.woken[2], 0x123);
	uint64_t piece = align_down(fake.vectors[0], MEM_PAGE_SIZE) - AP_TABLE_SIZE - MAILBOX_SIZE;
	const struct uefi_ap_head *head = uefi_ap_head(gpa_pointer(gpa(piece)));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fake.vectors[i], head->entry);
	}
	char text[120];
	snprintf(text, sizeof(text), "lintel: kernel at 0x1400200\nlintel: 3 APs parked at 0x%lx\n",
		 piece);
	assert_string_equal(fake.printed, text);
	const struct mailbox *mailbox = uefi_ap_mailbox(gpa_pointer(gpa(piece)));
	assert_int_equal(mailbox->arrived[0], 8);
	assert_int_equal(mailbox->arrived[3], 0x124);
	assert_int_equal(mailbox->command, MAILBOX_NOOP);
	/* All of it is the kernel's to leave alone; the tables name it. */
	has_e820(params, piece, UEFI_AP_SIZE, E820_NVS);
	static struct uefi_acpi acpi;
	struct uefi_acpi_fault fault;
	assert_int_equal(uefi_acpi_read(gpa(params->acpi_rsdp_addr), &acpi, &fault), ST_OK);
	assert_int_equal(acpi.mailbox, piece + AP_TABLE_SIZE);
	assert_int_equal(acpi.cpu_count, FAKE_CPUS);
	has_e820(params, params->acpi_rsdp_addr, 0x1000, E820_ACPI);
}

/* So that a kernel's mailbox is ours in any TD. */
static void td_of_one_vcpu(void **state)
{
	(void)state;
	make_td();
	fake.vcpus = 1;
	fake.mailbox = 0;
	const struct linux_boot_params *params = boots();
	assert_int_equal(fake.woken_count, 0);
	assert_int_not_equal(params->acpi_rsdp_addr, FAKE_RSDP);
	assert_string_equal(fake.printed, "lintel: kernel at 0x1400200\n");
}

static void tables_that_do_not_fit_the_td(void **state)
{
	make_td();
	fake.madt_vcpus = 3;
	refuses(UEFI_STATUS(UNSUPPORTED), "lintel: ACPI MADT: 3 processors, of 4 vCPUs; this one "
					  "is 0x7: EFI_UNSUPPORTED\n");
	setup(state);
	make_td();
	fake.mailbox = 0;
	refuses(UEFI_STATUS(NOT_FOUND),
		"lintel: ACPI MADT: 4 processors, and no mailbox: EFI_NOT_FOUND\n");
	/* Not in NVS: below it, above it, and not a page of it. */
	static const uint64_t bad[] = { FAKE_MAILBOX - 0x1000, FAKE_MAILBOX + FAKE_NVS_SIZE,
					FAKE_MAILBOX + 0x10 };
	for (unsigned i = 0; i < 3; i++) {
		char text[100];
		setup(state);
		make_td();
		fake.mailbox = bad[i];
		snprintf(text, sizeof(text),
			 "lintel: ACPI MADT: mailbox at 0x%lx: no page of ACPI NVS: "
			 "EFI_LOAD_ERROR\n",
			 bad[i]);
		refuses(UEFI_STATUS(LOAD_ERROR), text);
	}
	setup(state);
	make_td();
	fake.index = 4;
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: vCPU 4 boots, of 4, at most 1504: EFI_UNSUPPORTED\n");
	setup(state);
	make_td();
	fake.vcpus = 1505;
	fake.madt_vcpus = FAKE_CPUS;
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: vCPU 0 boots, of 1505, at most 1504: EFI_UNSUPPORTED\n");
}

static void memory_that_a_td_lacks(void **state)
{
	static const char *const texts[] = {
		"lintel: AP path: 0x9000 bytes of memory below 4 GiB: EFI_NOT_FOUND\n",
		"lintel: ACPI: 0xf4 bytes of memory below 4 GiB: EFI_NOT_FOUND\n",
	};
	for (unsigned i = 0; i < 2; i++) {
		setup(state);
		make_td();
		fake.fails = FAKE_ALLOCATE;
		fake.when = 6 + i;
		fake.times = 1;
		fake.status = UEFI_STATUS(NOT_FOUND);
		refuses(UEFI_STATUS(NOT_FOUND), texts[i]);
	}
}

/* There is no way back for an AP that has left the firmware. */
static void resets(uefi_status_t status, const char *text)
{
	assert_int_equal(fake_run(), UEFI_SUCCESS);
	assert_true(fake.reset);
	assert_int_equal(fake.reset_status, status);
	assert_non_null(strstr(fake.printed, text));
}

static void aps_that_do_not_come(void **state)
{
	make_td();
	fake.deaf = 0;
	resets(UEFI_STATUS(TIMEOUT), "lintel: AP of x2APIC id 0x0: no answer in the firmware's "
				     "mailbox at 0x7f00000: EFI_TIMEOUT\n");
	assert_int_equal(fake.calls[FAKE_EXIT], 0);
	/* A minute; an AP that answers takes two steps. */
	assert_int_equal(fake.stalled_us, 60000000 + 2 * 100);
	setup(state);
	make_td();
	fake.lost = 0x123;
	resets(UEFI_STATUS(TIMEOUT),
	       "lintel: AP of x2APIC id 0x123: does not arrive: EFI_TIMEOUT\n");
	assert_int_equal(fake.stalled_us, 60000000 + 5 * 100);
}

/* ---- memory that nobody has accepted --------------------------------------------------------- */

#define MIB2 0x200000ull
#define VERSION_TEXT 0x400

/* Below 4 GiB three units and a page; above, a range that begins and ends with a page of a unit. */
static void leave_memory(const char *version)
{
	fake.unaccepted[0].base = FAKE_RAM_END;
	fake.unaccepted[0].end = FAKE_RAM_END + 3 * MIB2 + 0x1000;
	fake.unaccepted[1].base = FOUR_GIB + MIB2 - 0x1000;
	fake.unaccepted[1].end = FOUR_GIB + 0x40001000;
	header->kernel_version = VERSION_TEXT - LINUX_VERSION_TEXT_BASE;
	strcpy((char *)kernel + VERSION_TEXT, version);
}

static bool is_left(const struct linux_unaccepted_table *table, uint64_t address)
{
	uint64_t unit = (address - table->base) / MIB2;
	assert_true(unit / 8 < table->size);
	return (table->bitmap[unit / 64] >> unit % 64 & 1) != 0;
}

static void leaves_memory(void **state)
{
	(void)state;
	make_td();
	fake.vcpus = 1;
	leave_memory("6.5.0");
	const struct linux_boot_params *params = boots();
	assert_string_equal(fake.printed,
			    "lintel: 1 MiB that the firmware has not accepted stay unused\n"
			    "lintel: left 1028 MiB to the kernel to accept\n"
			    "lintel: kernel at 0x1400200\n");
	/* RAM, but for what is no whole unit. */
	has_e820(params, FAKE_RAM_END + 3 * MIB2, 0x1000, E820_RESERVED);
	has_e820(params, FOUR_GIB + MIB2 - 0x1000, 0x1000, E820_RESERVED);
	has_e820(params, FOUR_GIB + MIB2, 0x40000000 - MIB2, E820_RAM);
	has_e820(params, FOUR_GIB + 0x40000000, 0x1000, E820_RESERVED);
	/* Linux finds the table by the EFI that is left. */
	assert_int_equal(params->efi_info.signature, LINUX_EFI_LOADER_64);
	uint64_t base = params->efi_info.system_table;
	const struct efi_system_table *system = gpa_pointer(gpa(base));
	const struct efi_configuration_table *tables = gpa_pointer(gpa(system->tables));
	static const uint8_t guid[] = LINUX_EFI_UNACCEPTED_GUID;
	assert_memory_equal(tables[system->table_count - 1].guid, guid, sizeof(guid));
	const struct linux_unaccepted_table *table =
		gpa_pointer(gpa(tables[system->table_count - 1].table));
	assert_int_equal(table->base, FAKE_RAM_END);
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(is_left(table, FAKE_RAM_END + i * MIB2));
	}
	assert_false(is_left(table, FAKE_RAM_END + 3 * MIB2));
	assert_false(is_left(table, FOUR_GIB));
	assert_true(is_left(table, FOUR_GIB + MIB2));
	assert_true(is_left(table, FOUR_GIB + 0x40000000 - MIB2));
	/* And it stays: it and the functions that a kernel of kexec calls. */
	uint64_t size = align_up(EFI_TABLES_SIZE + 24 + table->size, MEM_PAGE_SIZE);
	const struct efi_runtime_services *runtime = gpa_pointer(gpa(system->runtime));
	uint64_t piece =
		align_down(runtime->functions[0], MEM_PAGE_SIZE) - AP_TABLE_SIZE - MAILBOX_SIZE;
	in_e820(params, base, size, E820_ACPI);
	has_e820(params, piece, UEFI_AP_SIZE, E820_NVS);
}

/* A kernel that does not accept it, and a machine that is no TD. */
static void leaves_memory_out(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		setup(state);
		if (i == 0) {
			make_td();
			fake.vcpus = 1;
		}
		leave_memory(i == 0 ? "6.4.0" : "6.5.0");
		const struct linux_boot_params *params = boots();
		assert_string_equal(
			fake.printed,
			"lintel: 1029 MiB that the firmware has not accepted stay unused\n"
			"lintel: kernel at 0x1400200\n");
		has_e820(params, FAKE_RAM_END, 3 * MIB2 + 0x1000, E820_RESERVED);
		has_e820(params, FOUR_GIB + MIB2 - 0x1000, 0x40000000 - MIB2 + 0x2000,
			 E820_RESERVED);
		assert_int_equal(params->efi_info.signature, 0);
	}
}

static void no_memory_for_the_tables(void **state)
{
	(void)state;
	make_td();
	fake.vcpus = 1;
	leave_memory("6.5.0");
	fake.fails = FAKE_ALLOCATE;
	fake.when = 8;
	fake.times = 1;
	fake.status = UEFI_STATUS(OUT_OF_RESOURCES);
	assert_int_equal(fake_run(), UEFI_STATUS(OUT_OF_RESOURCES));
	assert_non_null(strstr(fake.printed,
			       "lintel: EFI tables: 0x4150 bytes of memory below 4 GiB: "
			       "EFI_OUT_OF_RESOURCES\n"));
}

/* ---- files ----------------------------------------------------------------------------------- */

static void files_that_are_not_there(void **state)
{
	fake.options = "kernel=k";
	refuses(UEFI_STATUS(NOT_FOUND), "lintel: k: open: EFI_NOT_FOUND\n");
	setup(state);
	fake.options = "initrd=i";
	refuses(UEFI_STATUS(NOT_FOUND), "lintel: i: open: EFI_NOT_FOUND\n");
	setup(state);
	fake.options = "kernle=k";
	refuses(UEFI_STATUS(LOAD_ERROR),
		"lintel: load options: character 0: kernle=k: not kernel=FILE, initrd=FILE or "
		"cmdline=TEXT: EFI_LOAD_ERROR\n");
	setup(state);
	fake.fails = FAKE_OPEN;
	fake.when = 1;
	fake.times = 1;
	fake.status = UEFI_STATUS(NO_MEDIA);
	refuses(UEFI_STATUS(NO_MEDIA), "lintel: \\vmlinuz: open: EFI_NO_MEDIA\n");
}

static void files_that_are_refused(void **state)
{
	put_file(0, "\\vmlinuz", kernel, 0);
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: \\vmlinuz: 0 bytes, must be 1 to 4294967295: EFI_UNSUPPORTED\n");
	setup(state);
	put_file(1, "\\initrd", initrd, 0x100000000);
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: \\initrd: 4294967296 bytes, must be 1 to 4294967295: EFI_UNSUPPORTED\n");
	setup(state);
	put_file(0, "\\vmlinuz", kernel, SETUP_SIZE - 1);
	refuses(UEFI_STATUS(LOAD_ERROR),
		"lintel: kernel header: setup_sects 39, of 0x4fff bytes: EFI_LOAD_ERROR\n");
	setup(state);
	put_file(2, "\\cmdline", "a\0b", 3);
	refuses(UEFI_STATUS(LOAD_ERROR),
		"lintel: \\cmdline: byte 1 of 3 is a NUL: EFI_LOAD_ERROR\n");
	setup(state);
	header->cmdline_size = 2;
	fake.options = "cmdline=abc";
	refuses(UEFI_STATUS(BAD_BUFFER_SIZE),
		"lintel: command line: 3 bytes, cmdline_size 2: EFI_BAD_BUFFER_SIZE\n");
}

static void kernels_of_another_kind(void **state)
{
	memcpy(kernel,
	       "\x7F"
	       "ELF",
	       4);
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: \\vmlinuz: an ELF file: must be a bzImage: EFI_UNSUPPORTED\n");
	setup(state);
	kernel[1] = 'Z';
	header->header = 0;
	refuses(UEFI_STATUS(UNSUPPORTED),
		"lintel: \\vmlinuz: a UKI, which the firmware starts itself: must be a bzImage: "
		"EFI_UNSUPPORTED\n");
}

static void reads_that_fail(void **state)
{
	static const char *const texts[] = {
		"lintel: \\vmlinuz: read of 36864 bytes: EFI_END_OF_FILE\n",
		"lintel: \\cmdline: read of 1 bytes: EFI_END_OF_FILE\n",
		"lintel: \\initrd: read of 6145 bytes: EFI_END_OF_FILE\n",
	};
	for (unsigned i = 0; i < 3; i++) {
		setup(state);
		put_file(2, "\\cmdline", "a", 1);
		fake.fails = FAKE_READ;
		fake.when = i + 1;
		fake.times = 1;
		fake.status = UEFI_STATUS(END_OF_FILE);
		refuses(UEFI_STATUS(END_OF_FILE), texts[i]);
	}
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void places_that_are_not_there(void **state)
{
	header->init_size = 0x7000000;
	refuses(UEFI_STATUS(OUT_OF_RESOURCES),
		"lintel: kernel: window from 0x1000000, init_size 0x7000000: no RAM of init_size "
		"there: EFI_OUT_OF_RESOURCES\n");
	setup(state);
	header->initrd_addr_max = KERNEL;
	refuses(UEFI_STATUS(OUT_OF_RESOURCES),
		"lintel: initrd: 0x1801 bytes above 0x1c00000, initrd_addr_max 0x1400000: "
		"EFI_OUT_OF_RESOURCES\n");
}

static void allocations_that_fail(void **state)
{
	static const char *const texts[] = {
		"lintel: kernel: 0x9000 bytes of memory below 4 GiB: EFI_NOT_FOUND\n",
		"lintel: kernel: 0x800000 bytes of memory at 0x1400000: EFI_NOT_FOUND\n",
		"lintel: command line: 0x1000 bytes of memory below 4 GiB: EFI_NOT_FOUND\n",
		"lintel: initrd: 0x1801 bytes of memory at 0x7df4000: EFI_NOT_FOUND\n",
		"lintel: boot_params: 0x1000 bytes of memory below 4 GiB: EFI_NOT_FOUND\n",
		"lintel: hand-over table: 12 pages below 4 GiB: EFI_NOT_FOUND\n",
	};
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		setup(state);
		fake.fails = FAKE_ALLOCATE;
		fake.when = i + 1;
		fake.times = 1;
		fake.status = UEFI_STATUS(NOT_FOUND);
		refuses(UEFI_STATUS(NOT_FOUND), texts[i]);
	}
}

static void maps_that_are_refused(void **state)
{
	/* To place the kernel, to place the initrd, to see what is accepted, to leave. */
	for (unsigned i = 0; i < 4; i++) {
		setup(state);
		fake.fails = FAKE_MAP;
		fake.when = i + 1;
		fake.times = 1;
		fake.status = UEFI_STATUS(BUFFER_TOO_SMALL);
		refuses(UEFI_STATUS(BUFFER_TOO_SMALL),
			i < 3 ? "lintel: memory map: EFI_BUFFER_TOO_SMALL\n" :
				"lintel: kernel at 0x1400200\n"
				"lintel: memory map: EFI_BUFFER_TOO_SMALL\n");
	}
	setup(state);
	fake.bad_map = true;
	refuses(UEFI_STATUS(INVALID_PARAMETER),
		"lintel: memory map: descriptor 1: address range is empty, unaligned, unordered or "
		"overlaps: EFI_INVALID_PARAMETER\n");
	setup(state);
	fake.short_map = 39;
	refuses(UEFI_STATUS(LOAD_ERROR), "lintel: memory map: descriptor 0: input is not of the "
					 "format expected: EFI_LOAD_ERROR\n");
}

/* ---- leaving --------------------------------------------------------------------------------- */

static void exit_fails(unsigned times, uefi_status_t status)
{
	fake.fails = FAKE_EXIT;
	fake.when = 1;
	fake.times = times;
	fake.status = status;
}

/* Each time with the key of a new map. */
static void a_map_that_changes(void **state)
{
	(void)state;
	exit_fails(7, UEFI_STATUS(INVALID_PARAMETER));
	boots();
	assert_int_equal(fake.calls[FAKE_EXIT], 8);
	assert_int_equal(fake.calls[FAKE_MAP], 3 + 8);
}

/* What may have lost some of its services boots nothing else. */
static void a_map_that_never_rests(void **state)
{
	exit_fails(8, UEFI_STATUS(INVALID_PARAMETER));
	resets(UEFI_STATUS(INVALID_PARAMETER), "lintel: ExitBootServices: EFI_INVALID_PARAMETER\n");
	assert_int_equal(fake.calls[FAKE_EXIT], 8);
	setup(state);
	exit_fails(1, UEFI_STATUS(UNSUPPORTED));
	resets(UEFI_STATUS(UNSUPPORTED), "lintel: ExitBootServices: EFI_UNSUPPORTED\n");
	assert_int_equal(fake.calls[FAKE_EXIT], 1);
	/* A map that cannot be had any more. */
	setup(state);
	exit_fails(1, UEFI_STATUS(INVALID_PARAMETER));
	fake.short_map_later = true;
	resets(UEFI_STATUS(LOAD_ERROR), "lintel: memory map: descriptor 0: ");
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(hands_over),
		CASE(takes_options),
		CASE(command_line_file),
		CASE(command_line_file_of_a_line_end),
		CASE(no_initrd_is_wanted),
		CASE(measures),
		CASE(measures_what_it_refuses),
		CASE(measurement_that_fails),
		CASE(paging_of_five_levels),
		CASE(td_that_measures_nothing),
		CASE(takes_the_aps),
		CASE(td_of_one_vcpu),
		CASE(tables_that_do_not_fit_the_td),
		CASE(memory_that_a_td_lacks),
		CASE(aps_that_do_not_come),
		CASE(leaves_memory),
		CASE(leaves_memory_out),
		CASE(no_memory_for_the_tables),
		CASE(files_that_are_not_there),
		CASE(files_that_are_refused),
		CASE(kernels_of_another_kind),
		CASE(reads_that_fail),
		CASE(places_that_are_not_there),
		CASE(allocations_that_fail),
		CASE(maps_that_are_refused),
		CASE(a_map_that_changes),
		CASE(a_map_that_never_rests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
