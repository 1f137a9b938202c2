// Finds MADT and MCFG among QEMU's ACPI tables, and changes them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/i386/acpi-build.c: the tables follow each other, FACS first]
#include "boot-tests/vmm/td/host_acpi.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/acpi/cpus.h"
#include "arch/acpi/mcfg.h"
#include "arch/base/mem.h"

/* What FACS, which has no common header, and all tables begin with. */
struct table_begin {
	uint32_t signature;
	uint32_t length;
};

static bool is_kept(uint32_t id, const uint32_t *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (ids[i] == id) {
			return true;
		}
	}
	return false;
}

static void keep_entry(uint8_t *at, uint32_t length, const uint32_t *ids, unsigned count)
{
	const struct acpi_madt_entry *entry = (const void *)at;
	if (entry->type == ACPI_MADT_LOCAL_APIC && length >= sizeof(struct acpi_madt_local_apic)) {
		struct acpi_madt_local_apic *cpu = (void *)at;
		if (!is_kept(cpu->apic_id, ids, count)) {
			cpu->flags = 0;
		}
	} else if (entry->type == ACPI_MADT_LOCAL_X2APIC &&
		   length >= sizeof(struct acpi_madt_local_x2apic)) {
		struct acpi_madt_local_x2apic *cpu = (void *)at;
		if (!is_kept(cpu->apic_id, ids, count)) {
			cpu->flags = 0;
		}
	}
}

static enum status keep_in_madt(uint8_t *madt, uint32_t size, const uint32_t *ids, unsigned count)
{
	uint32_t at = sizeof(struct acpi_madt);
	while (at < size) {
		const struct acpi_madt_entry *entry = (const void *)(madt + at);
		if (size - at < sizeof(*entry) || entry->length < sizeof(*entry) ||
		    entry->length > size - at) {
			return ST_BAD_FORMAT;
		}
		keep_entry(madt + at, entry->length, ids, count);
		at += entry->length;
	}
	return ST_OK;
}

/* The first table with that signature; null: there is none. */
static uint8_t *find_table(uint8_t *tables, uint32_t size, uint32_t signature, uint32_t *table_size)
{
	struct table_begin begin;
	for (uint32_t at = 0; size - at >= sizeof(begin); at += begin.length) {
		memcpy(&begin, tables + at, sizeof(begin));
		if (begin.length < sizeof(begin) || begin.length > size - at) {
			break;
		}
		if (begin.signature == signature) {
			*table_size = begin.length;
			return tables + at;
		}
	}
	return NULL;
}

enum status host_acpi_keep_cpus(uint8_t *tables, uint32_t size, const uint32_t *ids, unsigned count)
{
	uint32_t madt_size;
	uint8_t *madt = find_table(tables, size, ACPI_MADT, &madt_size);
	return madt == NULL ? ST_BAD_FORMAT : keep_in_madt(madt, madt_size, ids, count);
}

enum status host_acpi_no_pic(uint8_t *tables, uint32_t size)
{
	uint32_t madt_size;
	struct acpi_madt *madt = (void *)find_table(tables, size, ACPI_MADT, &madt_size);
	if (madt == NULL || madt_size < sizeof(*madt)) {
		return ST_BAD_FORMAT;
	}
	madt->flags &= ~ACPI_MADT_PCAT_COMPAT;
	return ST_OK;
}

void host_acpi_one_bus(uint8_t *tables, uint32_t size)
{
	uint32_t mcfg_size;
	struct acpi_mcfg *mcfg = (void *)find_table(tables, size, ACPI_MCFG, &mcfg_size);
	if (mcfg != NULL && mcfg_size >= sizeof(*mcfg)) {
		mcfg->last_bus = mcfg->first_bus;
	}
}
