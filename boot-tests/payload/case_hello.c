// Cases about the hand-over: memory map, CPUs, entry state, page tables; and a TDCALL that is none.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/mailbox.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "arch/x86/paging.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_main.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

/* [Linux Documentation/arch/x86/boot.rst, 64-bit BOOT PROTOCOL] */
#define BOOT_CS 0x10
#define BOOT_DS 0x18

static void check_entry(const struct entry_state *entry)
{
	const uint16_t *segments = entry_segments;

	report("entry cr0=%lx cr3=%lx cr4=%lx efer=%lx rflags=%lx cs=%x ss=%x ds=%x es=%x",
	       entry->cr0, entry->cr3, entry->cr4, entry->efer, entry->rflags, segments[0],
	       segments[1], segments[2], segments[3]);
	EXPECT(segments[0] == BOOT_CS && segments[1] == BOOT_DS && segments[2] == BOOT_DS &&
		       segments[3] == BOOT_DS,
	       "segments of the boot protocol");
	EXPECT((entry->rflags & (RFLAGS_IF | RFLAGS_DF)) == 0, "IF and DF must be clear");
	EXPECT((entry->cr0 & (CR0_PE | CR0_PG)) == (CR0_PE | CR0_PG), "CR0");
	EXPECT((entry->efer & (EFER_LME | EFER_LMA)) == (EFER_LME | EFER_LMA), "EFER");
	EXPECT((entry->cr4 & (CR4_PCIDE | CR4_LA57)) == 0, "CR4.PCIDE and CR4.LA57 must be clear");
}

static void check_memory_map(const struct linux_boot_params *params)
{
	uint64_t end = 0;
	uint64_t ram = 0;

	EXPECT(params->sentinel == 0, "boot_params.sentinel");
	EXPECT(params->e820_entries != 0 && params->e820_entries <= LINUX_E820_MAX,
	       "%u e820 entries", params->e820_entries);
	for (unsigned i = 0; i < params->e820_entries; i++) {
		const struct e820_entry *entry = &params->e820_table[i];

		report("e820 %016lx-%016lx type %u", entry->base, entry->base + entry->size,
		       entry->type);
		EXPECT(entry->size != 0 && entry->base >= end &&
			       entry->base + entry->size > entry->base,
		       "e820 entry %u is empty, unsorted or overlaps", i);
		end = entry->base + entry->size;
		if (entry->type == E820_RAM) {
			ram += entry->size;
			EXPECT((entry->base | entry->size) % MEM_PAGE_SIZE == 0, "unaligned RAM");
		}
	}
	report("ram %lu KiB", ram / 1024);
}

static void check_cpus(const struct info *info)
{
	EXPECT(info->apic_ids[0] == guest_apic_id(), "the first CPU of the MADT is not the BSP");
	for (unsigned i = 0; i < info->cpu_count; i++) {
		report("cpu %u apic id %u", i, info->apic_ids[i]);
		for (unsigned j = 0; j < i; j++) {
			EXPECT(info->apic_ids[i] != info->apic_ids[j], "two CPUs of one id");
		}
	}
	report("cpus %u", info->cpu_count);
	if (!guest_is_td()) {
		EXPECT(info->mailbox == 0, "a wake-up structure on a plain VM");
		return;
	}
	report("gpaw %u", guest_gpaw());
	report("mailbox %lx reset vector %lx", info->mailbox, info->reset_vector);
	EXPECT(info->mailbox != 0 && info->mailbox % MEM_PAGE_SIZE == 0, "mailbox address");
	EXPECT(info->reset_vector != 0 && info->reset_vector < FOUR_GIB, "reset vector");
	/* Type 2 would be mapped shared by Linux, type 1 and 3 be given away. */
	EXPECT(info_memory_type(info, info->mailbox) == E820_NVS, "the mailbox is of e820 type %u",
	       info_memory_type(info, info->mailbox));
}

/* The map, the CPUs and the entry state are what the boot protocol promises. */
static void case_hello(const struct info *info)
{
	check_entry(&info->entry);
	check_memory_map(info->params);
	check_cpus(info);
}
PAYLOAD_CASE("hello", case_hello);

/* The kernel's window; and low memory, where a kernel that changes the paging mode runs code. */
static bool may_be_wx(uint64_t address, uint64_t size)
{
	return (address >= MEM_PAGE_SIZE && address + size <= 0xA0000) ||
	       (address >= PAYLOAD_BASE && address + size <= PAYLOAD_BASE + PAYLOAD_WINDOW);
}

/* No page of the hand-over table is both writable and executable but the kernel's window and [4
 * KiB, 640 KiB). */
static void case_wx(const struct info *info)
{
	uint64_t pages = 0;
	uint64_t address = 0;

	EXPECT((info->entry.cr0 & CR0_WP) != 0, "CR0.WP is clear: read-only pages are not");
	while (address < BIT64(47)) {
		struct tables_step step = tables_walk(info->entry.cr3, address);
		uint64_t size = pg_size(step.level);

		if (step.present) {
			pages++;
			EXPECT((step.entry & PTE_ADDRESS & ~(size - 1)) == address,
			       "%lx is not mapped to itself: %lx", address, step.entry);
			EXPECT(!step.writable || !step.executable || may_be_wx(address, size),
			       "%lx is writable and executable: %lx", address, step.entry);
		}
		address += size;
	}
	report("hand-over table: %lu leaves", pages);
}
PAYLOAD_CASE("wx", case_wx);

/* A TDCALL leaf that the module does not have is refused, and the TD goes on. */
static void case_unknown_leaf(const struct info *info)
{
	/* Of the ABI but for TD partitioning; reserved; of no module. */
	static const uint64_t leaves[] = { 25, 14, 0xFFFF };

	(void)info;
	EXPECT(guest_is_td(), "no TDCALL on a plain VM");
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		struct tdcall_regs regs = { .rax = leaves[i], .rcx = 1, .rdx = 2, .r8 = 3 };
		uint64_t status = tdcall(&regs);

		EXPECT(status == (TDX_OPERAND_INVALID | TDX_OPERAND_RAX), "leaf %lu: %lx",
		       leaves[i], status);
		EXPECT(regs.rcx == 1 && regs.rdx == 2 && regs.r8 == 3, "leaf %lu has outputs",
		       leaves[i]);
	}
}
PAYLOAD_CASE("unknown-leaf", case_unknown_leaf);
