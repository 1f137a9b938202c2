// What QEMU's pc and q35 need from the first firmware, and their memory map without a TD HOB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 13.1 (LPC), Q35 datasheet PCIEXBAR; Intel 82371AB (PIIX4) 7.1]
#include "shim/host/q35.h"

#include <stdbool.h>

#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "arch/qemu/q35.h"
#include "arch/x86/pc.h"
#include "linker/memmap.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/port.h"
#include "shim/refusal.h"

/* Vendor in the low half, device in the high half of the first register. */
#define ID_Q35_HOST 0x29C08086
#define ID_ICH9_LPC 0x29188086
#define ID_I440FX 0x12378086
#define ID_PIIX4_PM 0x71138086

/* 64 buses, the fewest there can be: MCFG tells, and Linux asks each function of each bus, in a TD
 * by two TDVMCALLs. */
#define Q35_PCIEXBAR_64_MIB (2 << 1)

#define PIIX4_PMBASE 0x40
#define PIIX4_PMBASE_IO BIT32(0)
#define PIIX4_PMREGMISC 0x80
#define PIIX4_PMIOSE BIT32(0)

/* Memory that the CMOS of a PC reports, in 64 KiB: from 16 MiB on, and from 4 GiB on. */
#define CMOS_PORT_INDEX 0x70
#define CMOS_PORT_DATA 0x71
#define CMOS_ABOVE_16M 0x34
#define CMOS_ABOVE_4G 0x5B
#define CMOS_UNIT 0x10000
#define SIXTEEN_MIB 0x1000000

#define E820_FILE "etc/e820"
#define E820_FILE_MAX 48

struct pci_function {
	uint8_t device;
	uint8_t function;
};

/* Bus 0 only; where is a multiple of 4. */
static void pci_select(struct pci_function at, uint8_t where)
{
	port_out(PCI_PORT_ADDRESS, 4,
		 PCI_ADDRESS_ENABLE | (uint32_t)at.device << 11 | (uint32_t)at.function << 8 |
			 where);
}

static uint32_t pci_read(struct pci_function at, uint8_t where)
{
	pci_select(at, where);
	return port_in(PCI_PORT_DATA, 4);
}

static void pci_write(struct pci_function at, uint8_t where, uint32_t value)
{
	pci_select(at, where);
	port_out(PCI_PORT_DATA, 4, value);
}

static enum status unknown(struct pci_function at, uint32_t id)
{
	return refuse(ST_UNSUPPORTED, "chipset: PCI 0:%u.%u is 0x%x", at.device, at.function, id);
}

static enum status q35_init(struct pci_function host)
{
	static const struct pci_function lpc = { 31, 0 };
	uint32_t id = pci_read(lpc, 0);
	if (id != ID_ICH9_LPC) {
		return unknown(lpc, id);
	}
	uint32_t control = pci_read(lpc, ICH9_ACPI_CNTL);
	if ((control & ICH9_ACPI_EN) == 0) {
		pci_write(lpc, ICH9_PMBASE, ICH9_PM_PORTS | ICH9_PMBASE_IO);
		pci_write(lpc, ICH9_ACPI_CNTL, control | ICH9_ACPI_EN);
	}
	if ((pci_read(host, Q35_PCIEXBAR) & Q35_PCIEXBAR_ENABLE) == 0) {
		pci_write(host, Q35_PCIEXBAR + 4, 0);
		pci_write(host, Q35_PCIEXBAR,
			  Q35_PCIEXBAR_BASE | Q35_PCIEXBAR_64_MIB | Q35_PCIEXBAR_ENABLE);
	}
	return ST_OK;
}

static enum status i440fx_init(void)
{
	static const struct pci_function pm = { 1, 3 };
	uint32_t id = pci_read(pm, 0);
	if (id != ID_PIIX4_PM) {
		return unknown(pm, id);
	}
	uint32_t misc = pci_read(pm, PIIX4_PMREGMISC);
	if ((misc & PIIX4_PMIOSE) == 0) {
		pci_write(pm, PIIX4_PMBASE, ICH9_PM_PORTS | PIIX4_PMBASE_IO);
		pci_write(pm, PIIX4_PMREGMISC, misc | PIIX4_PMIOSE);
	}
	return ST_OK;
}

enum status platform_init(void)
{
	static const struct pci_function host = { 0, 0 };
	uint32_t id = pci_read(host, 0);
	switch (id) {
	case ID_Q35_HOST:
		return q35_init(host);
	case ID_I440FX:
		return i440fx_init();
	default:
		return unknown(host, id);
	}
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t cmos_read(uint8_t where, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++) {
		port_out(CMOS_PORT_INDEX, 1, where + i);
		value |= (uint64_t)(port_in(CMOS_PORT_DATA, 1) & 0xFF) << (8 * i);
	}
	return value;
}

static enum status add(struct memory_map *map, uint64_t base, uint64_t end, enum memory_kind kind)
{
	enum status status = memory_map_add(map, base, end - base, kind);
	if (status != ST_OK) {
		return refuse(status, "platform memory: 0x%lx to 0x%lx", base, end);
	}
	return ST_OK;
}

/* Adds [base, end) without video memory and BIOS area: no RAM, though fw_cfg counts them as
 * such. */
static enum status add_ram(struct memory_map *map, uint64_t base, uint64_t end)
{
	if (base < PC_LEGACY_END && end > PC_VGA_WINDOW) {
		if (base < PC_VGA_WINDOW) {
			TRY(add(map, base, PC_VGA_WINDOW, MEMORY_ACCEPTED));
		}
		TRY(add(map, PC_VGA_WINDOW, PC_LEGACY_END, MEMORY_RESERVED));
		base = PC_LEGACY_END;
	}
	return base < end ? add(map, base, end, MEMORY_ACCEPTED) : ST_OK;
}

/* Whole pages only: fewer for RAM, more for anything else. */
static enum status add_e820(struct memory_map *map, const struct fw_cfg_e820 *entry)
{
	uint64_t end = entry->base + entry->size;
	if (end < entry->base || end > UINT64_MAX - MEM_PAGE_SIZE) {
		return refuse(ST_BAD_RANGE, E820_FILE ": 0x%lx, size 0x%lx", entry->base,
			      entry->size);
	}
	if (entry->type == E820_RAM) {
		return add_ram(map, align_up(entry->base, MEM_PAGE_SIZE),
			       align_down(end, MEM_PAGE_SIZE));
	}
	uint64_t base = align_down(entry->base, MEM_PAGE_SIZE);
	if (entry->size == 0) {
		return ST_OK;
	}
	return add(map, base, align_up(end, MEM_PAGE_SIZE), MEMORY_RESERVED);
}

static void sort_by_base(struct fw_cfg_e820 *entries, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct fw_cfg_e820 moving = entries[i];
		unsigned to = i;
		for (; to > 0 && entries[to - 1].base > moving.base; to--) {
			entries[to] = entries[to - 1];
		}
		entries[to] = moving;
	}
}

static enum status memory_from_e820(struct memory_map *map, const struct fw_cfg_item *item)
{
	struct fw_cfg_e820 entries[E820_FILE_MAX];
	unsigned count = item->size / (unsigned)sizeof(entries[0]);
	if (count == 0 || item->size % sizeof(entries[0]) != 0) {
		return refuse(ST_BAD_FORMAT, E820_FILE ": %u bytes", item->size);
	}
	if (count > E820_FILE_MAX) {
		return refuse(ST_NO_SPACE, E820_FILE ": %u entries, at most %u", count,
			      E820_FILE_MAX);
	}
	TRY(fw_cfg_read(item->selector, 0, entries, item->size));
	sort_by_base(entries, count);
	for (unsigned i = 0; i < count; i++) {
		TRY(add_e820(map, &entries[i]));
	}
	return ST_OK;
}

static enum status memory_from_cmos(struct memory_map *map)
{
	uint64_t low = cmos_read(CMOS_ABOVE_16M, 2) * CMOS_UNIT;
	uint64_t high = cmos_read(CMOS_ABOVE_4G, 3) * CMOS_UNIT;
	TRY(add_ram(map, 0, SIXTEEN_MIB + low));
	return high != 0 ? add_ram(map, FOUR_GIB, FOUR_GIB + high) : ST_OK;
}

enum status platform_memory(struct memory_map *map)
{
	struct fw_cfg_item item;
	map->count = 0;
	enum status status = fw_cfg_file_find(E820_FILE, &item);
	if (status == ST_NOT_FOUND) {
		return memory_from_cmos(map);
	}
	TRY(status);
	return memory_from_e820(map, &item);
}
