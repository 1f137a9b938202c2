// A firmware for tests of the UEFI application.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/uefi/fake_firmware.h"

#include <stdlib.h>
#include <string.h>

#include "arch/acpi/cpus.h"
#include "arch/base/check.h"
#include "arch/linux/efi.h"
#include "arch/tdx/mailbox.h"
#include "arch/uefi/cc_measurement.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "linker/memmap.h"

#define ALLOCATED_MAX 64
#define FAKE_XSDT (FAKE_RSDP + 0x40)
#define FAKE_MADT (FAKE_RSDP + 0x100)
#define KEY_BASE 1000

struct fake_firmware fake;
const char uefi_leave_page[16] __attribute__((aligned(4096)));

static struct {
	uint64_t base, size;
	uint32_t type;
} allocated[ALLOCATED_MAX];
static unsigned allocated_count;
static unsigned map_number; /* changes with each allocation */
static jmp_buf leave;

void fake_reset(void)
{
	low_memory_map(FAKE_RAM_END);
	memset(gpa_pointer(gpa(FAKE_RAM)), 0xA5, FAKE_RAM_END - FAKE_RAM);
	memset(&fake, 0, sizeof(fake));
	fake.vcpus = 1;
	fake.mailbox = FAKE_MAILBOX;
	fake.deaf = FAKE_NO_CPU;
	fake.lost = FAKE_NO_CPU;
	allocated_count = 0;
	map_number = 0;
}

static void seal(struct acpi_header *table)
{
	uint8_t *bytes = (uint8_t *)table;
	table->checksum = 0;
	for (uint32_t i = 0; i < table->length; i++) {
		table->checksum = (uint8_t)(table->checksum - (i != 9 ? bytes[i] : 0));
	}
}

static void put_tables(void)
{
	struct acpi_rsdp *rsdp = gpa_pointer(gpa(FAKE_RSDP));
	struct acpi_header *xsdt = gpa_pointer(gpa(FAKE_XSDT));
	struct acpi_madt *madt = gpa_pointer(gpa(FAKE_MADT));
	struct acpi_madt_local_x2apic *cpu = (void *)(madt + 1);
	unsigned cpus = fake.madt_vcpus != 0 ? fake.madt_vcpus : fake.vcpus;
	uint64_t entry = FAKE_MADT;
	*rsdp = (struct acpi_rsdp){ .signature = ACPI_RSDP_SIGNATURE,
				    .revision = 2,
				    .xsdt = FAKE_XSDT };
	*xsdt = (struct acpi_header){ .signature = ACPI_XSDT, .length = sizeof(*xsdt) + 8 };
	memcpy(xsdt + 1, &entry, sizeof(entry));
	seal(xsdt);
	*madt = (struct acpi_madt){ .header = { .signature = ACPI_MADT, .length = sizeof(*madt) } };
	for (unsigned i = 0; i < cpus; i++, cpu++) {
		*cpu = (struct acpi_madt_local_x2apic){ .entry = { 9, sizeof(*cpu) },
							.apic_id = fake.ids[i],
							.flags = 1 };
		madt->header.length += (uint32_t)sizeof(*cpu);
	}
	if (fake.mailbox != 0) {
		*(struct acpi_madt_wakeup *)cpu =
			(struct acpi_madt_wakeup){ .entry = { 0x10, 16 }, .mailbox = fake.mailbox };
		madt->header.length += 16;
	}
	seal(&madt->header);
}

uefi_status_t fake_run(void)
{
	put_tables();
	memset(gpa_pointer(gpa(FAKE_MAILBOX)), 0, FAKE_NVS_SIZE);
	if (setjmp(leave) != 0) {
		return UEFI_SUCCESS;
	}
	return uefi_main();
}

/* Does this call of the service fail? */
static bool fails(enum fake_service service)
{
	unsigned number = ++fake.calls[service];
	return service == fake.fails && number >= fake.when && number - fake.when < fake.times;
}

void uefi_print(const char *text)
{
	CHECK(strlen(fake.printed) + strlen(text) < sizeof(fake.printed));
	strcat(fake.printed, text);
}

void uefi_load_options(const void **text, size_t *size)
{
	static uint16_t wide[512];
	size_t length = fake.options != NULL ? strlen(fake.options) : 0;
	CHECK(length < 512);
	for (size_t i = 0; i < length; i++) {
		wide[i] = (uint8_t)fake.options[i];
	}
	*text = length != 0 ? wide : NULL;
	*size = 2 * length;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_path(const uint16_t *path, const char *text)
{
	size_t i = 0;
	while (text[i] != 0 && path[i] == (uint8_t)text[i]) {
		i++;
	}
	return text[i] == 0 && path[i] == 0;
}

uefi_status_t uefi_file_open(const uint16_t *path, struct uefi_file *out)
{
	if (fails(FAKE_OPEN)) {
		return fake.status;
	}
	for (unsigned i = 0; i < FAKE_FILES; i++) {
		if (fake.files[i].path != NULL && is_path(path, fake.files[i].path)) {
			*out = (struct uefi_file){ &fake.files[i], fake.files[i].size };
			fake.open_files++;
			return UEFI_SUCCESS;
		}
	}
	return UEFI_STATUS(NOT_FOUND);
}

uefi_status_t uefi_file_read(const struct uefi_file *file, void *to)
{
	size_t number = (size_t)((const char *)file->handle - (const char *)fake.files) /
			sizeof(fake.files[0]);
	uefi_file_close(file);
	if (fails(FAKE_READ)) {
		return fake.status;
	}
	memcpy(to, fake.files[number].bytes, fake.files[number].size);
	return UEFI_SUCCESS;
}

void uefi_file_close(const struct uefi_file *file)
{
	CHECK(file->handle != NULL && fake.open_files > 0);
	fake.open_files--;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool is_free(uint64_t base, uint64_t size)
{
	if (base < FAKE_RAM || base + size > FAKE_RSDP ||
	    ranges_overlap(base, size, FAKE_BOOT_DATA, FAKE_BOOT_DATA_END - FAKE_BOOT_DATA)) {
		return false;
	}
	for (unsigned i = 0; i < allocated_count; i++) {
		if (ranges_overlap(base, size, allocated[i].base, allocated[i].size)) {
			return false;
		}
	}
	return true;
}

uefi_status_t uefi_allocate_at(gpa_t base, uint64_t size, uint32_t type)
{
	size = align_up(size, MEM_PAGE_SIZE);
	if (fails(FAKE_ALLOCATE)) {
		return fake.status;
	}
	if (!is_aligned(base.v, MEM_PAGE_SIZE) || !is_free(base.v, size)) {
		return UEFI_STATUS(NOT_FOUND);
	}
	CHECK(allocated_count < ALLOCATED_MAX);
	allocated[allocated_count].base = base.v;
	allocated[allocated_count].size = size;
	allocated[allocated_count++].type = type;
	map_number++;
	return UEFI_SUCCESS;
}

/* The highest place, as firmware does. */
uefi_status_t uefi_allocate_below(uint64_t limit, uint64_t size, uint32_t type, gpa_t *out)
{
	size = align_up(size, MEM_PAGE_SIZE);
	limit = limit < FAKE_RAM_END ? limit : FAKE_RAM_END;
	for (uint64_t base = limit - size; base >= FAKE_RAM && size <= limit;
	     base -= MEM_PAGE_SIZE) {
		if (is_free(base, size)) {
			*out = gpa(base);
			return uefi_allocate_at(*out, size, type);
		}
	}
	return UEFI_STATUS(OUT_OF_RESOURCES);
}

static void add_descriptor(struct uefi_map *map, uint64_t base, uint64_t end, uint32_t type)
{
	static uint8_t bytes[(2 * ALLOCATED_MAX + 8) * 48];
	const struct efi_memory_descriptor entry = { .type = type,
						     .base = base,
						     .pages = (end - base) / MEM_PAGE_SIZE };
	if (base != end) {
		memcpy(bytes + map->size, &entry, sizeof(entry));
		map->size += map->descriptor_size;
	}
	map->descriptors = bytes;
}

/* Page by page is slow, but the same whatever was allocated. */
static uint32_t type_at(uint64_t address)
{
	if (address >= FAKE_NVS && address < FAKE_NVS + FAKE_NVS_SIZE) {
		return EFI_ACPI_NVS;
	}
	if (address >= FAKE_RSDP && address < FAKE_RSDP + MEM_PAGE_SIZE) {
		return EFI_ACPI_RECLAIM;
	}
	if (address > FAKE_RSDP || (address >= FAKE_BOOT_DATA && address < FAKE_BOOT_DATA_END)) {
		return EFI_BOOT_DATA;
	}
	for (unsigned i = 0; i < allocated_count; i++) {
		if (address >= allocated[i].base &&
		    address - allocated[i].base < allocated[i].size) {
			return allocated[i].type;
		}
	}
	return EFI_CONVENTIONAL;
}

uefi_status_t uefi_memory_map(struct uefi_map *out, uint64_t *key)
{
	struct uefi_map map = { .descriptor_size = fake.short_map != 0 ? fake.short_map : 48 };
	uint64_t start = FAKE_RAM;
	if (fails(FAKE_MAP)) {
		return fake.status;
	}
	add_descriptor(&map, 0, 0xA0000, EFI_CONVENTIONAL);
	add_descriptor(&map, fake.bad_map ? 0 : 0xFFC00000, FOUR_GIB, EFI_MMIO);
	for (unsigned i = 0; i < 2; i++) {
		add_descriptor(&map, fake.unaccepted[i].base, fake.unaccepted[i].end,
			       EFI_UNACCEPTED);
	}
	for (uint64_t at = FAKE_RAM; at < FAKE_RAM_END; at += MEM_PAGE_SIZE) {
		if (at + MEM_PAGE_SIZE == FAKE_RAM_END ||
		    type_at(at + MEM_PAGE_SIZE) != type_at(at)) {
			add_descriptor(&map, start, at + MEM_PAGE_SIZE, type_at(at));
			start = at + MEM_PAGE_SIZE;
		}
	}
	*out = map;
	*key = KEY_BASE + map_number;
	return UEFI_SUCCESS;
}

gpa_t uefi_find_table(const uint8_t guid[16])
{
	static const uint8_t acpi[] = EFI_ACPI_20_GUID;
	CHECK(memcmp(guid, acpi, sizeof(acpi)) == 0);
	return gpa(FAKE_RSDP);
}

/* ---- measurement, and the end ---------------------------------------------------------------- */

bool uefi_five_levels(void)
{
	return fake.five_levels;
}

bool uefi_in_td(void)
{
	return fake.td;
}

struct uefi_td_info uefi_td_info(void)
{
	return (struct uefi_td_info){ fake.vcpus, fake.index, fake.ids[0] };
}

/* The APs have time for one step: out of the firmware's mailbox, or into ours. */
void uefi_stall(unsigned microseconds)
{
	struct mailbox *mailbox = gpa_pointer(gpa(FAKE_MAILBOX));
	static uint32_t coming;
	static uint64_t at;
	CHECK(microseconds != 0);
	fake.stalled_us += microseconds;
	if (mailbox->command == MAILBOX_WAKEUP && mailbox->apic_id != fake.deaf) {
		CHECK(fake.woken_count < FAKE_CPUS);
		coming = mailbox->apic_id;
		at = mailbox->wakeup_vector;
		fake.vectors[fake.woken_count] = at;
		fake.woken[fake.woken_count++] = coming;
		mailbox->command = MAILBOX_NOOP;
	} else if (mailbox->command == MAILBOX_NOOP && coming != fake.lost) {
		struct mailbox *ours =
			gpa_pointer(gpa(align_down(at, MEM_PAGE_SIZE) - MAILBOX_SIZE));
		ours->arrived[fake.woken_count] = coming + 1;
	}
}

void uefi_reset(uefi_status_t status)
{
	fake.reset = true;
	fake.reset_status = status;
	longjmp(leave, 1);
}

bool uefi_measures(void)
{
	return fake.measures;
}

uefi_status_t uefi_measure(const void *bytes, uint64_t size, const void *event)
{
	struct uefi_cc_event header;
	if (!fake.measures) {
		return UEFI_SUCCESS;
	}
	CHECK(fake.measured_count < FAKE_MEASURED);
	if (fails(FAKE_MEASURE)) {
		return fake.status;
	}
	memcpy(&header, event, sizeof(header));
	CHECK(header.size >= sizeof(header));
	memcpy(fake.measured[fake.measured_count].event, event,
	       header.size < 64 ? header.size : 64);
	fake.measured[fake.measured_count].size = size;
	if (size != 0) {
		memcpy(&fake.measured[fake.measured_count].first, bytes, 1);
	}
	fake.measured_count++;
	return UEFI_SUCCESS;
}

uefi_status_t uefi_exit(uint64_t key)
{
	if (fails(FAKE_EXIT)) {
		fake.short_map = fake.short_map_later ? 39 : fake.short_map;
		map_number++;
		return fake.status;
	}
	CHECK(key == KEY_BASE + map_number);
	return UEFI_SUCCESS;
}

void uefi_leave(uint64_t entry, uint64_t rsi, uint64_t cr3)
{
	fake.left = true;
	fake.entry = entry;
	fake.rsi = rsi;
	fake.cr3 = cr3;
	longjmp(leave, 1);
}
