// A firmware for tests of the UEFI application.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/uefi/fake_firmware.h"

#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/linux/efi.h"
#include "arch/uefi/cc_measurement.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "linker/memmap.h"

#define ALLOCATED_MAX 64
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
	allocated_count = 0;
	map_number = 0;
}

uefi_status_t fake_run(void)
{
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

/* ---- files ------------------------------------------------------------------------------------
 */

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

/* ---- memory -----------------------------------------------------------------------------------
 */

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

/* ---- measurement, and the end -----------------------------------------------------------------
 */

bool uefi_in_td(void)
{
	return fake.td;
}

bool uefi_measures(void)
{
	return fake.measures;
}

uefi_status_t uefi_measure(const void *bytes, uint64_t size, const void *event)
{
	struct uefi_cc_event header;
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
