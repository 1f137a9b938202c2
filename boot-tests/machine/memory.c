// The machine's page tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/page_marks.h"

/* OVMF puts 64-bit BARs at 0x7000_0000_0000 when phys-bits is 48: map all of the lower half. */
#define IDENTITY_PDPTS 256
#define WINDOW_TABLES (MACHINE_WINDOW >> 21)
/* What the tables of the stub map. */
#define STUB_MEMORY pg_size(PG_512G)
#define CPUID_ADDRESS_SIZES 0x80000008
#define PHYS_BITS_NEEDED 48
#define PHYS_BITS_5_LEVELS 52 /* what GPAW 52 needs, and a CPU with 5 levels has */

#define TABLE __attribute__((aligned(4096)))

extern const char machine_base[];
extern const char machine_text_end[];
extern const char machine_rodata_end[];

static TABLE uint64_t pml5[PT_ENTRIES]; /* if the CPU has 5 levels */
static TABLE uint64_t pml4[PT_ENTRIES];
static TABLE uint64_t pdpts[IDENTITY_PDPTS][PT_ENTRIES];
static TABLE uint64_t window_pts[WINDOW_TABLES][PT_ENTRIES];

/* Read by smp.nasm. */
uint64_t machine_cr3;

static uint64_t top;

hpa_t memory_base(void)
{
	return ptr_hpa(machine_base);
}

hpa_t memory_pool(void)
{
	return hpa(memory_base().v + MACHINE_WINDOW);
}

hpa_t memory_top(void)
{
	return hpa(top);
}

static uint64_t window_page(uint64_t address)
{
	uint64_t entry = address | PTE_P | PTE_A | PTE_D;
	if (address < (uintptr_t)machine_text_end) {
		return entry;
	}
	return entry | PTE_NX | (address < (uintptr_t)machine_rodata_end ? 0 : PTE_W);
}

/* From the end of the RAM, where nobody has written yet. */
static uint64_t *take_zeroes(uint64_t size)
{
	top = align_down(top - size, pg_size(PG_4K));
	return hpa_ptr(hpa(top));
}

/* The GiBs from memory_base() on in which there is RAM: the window by 4 KiB, all else by 2 MiB. */
static bool map_pool(void)
{
	uint64_t base = memory_base().v;
	CHECK(is_aligned(base, pg_size(PG_1G)) && top <= STUB_MEMORY);
	uint64_t end = align_up(top, pg_size(PG_1G));
	uint64_t areas = (end - base) / pg_size(PG_2M);
	uint64_t *directory = take_zeroes(areas * sizeof(uint64_t));
	uint64_t *guests = take_zeroes((end - memory_pool().v) / pg_size(PG_4K) / 8);
	if (top <= memory_pool().v) {
		return false;
	}
	for (uint64_t i = 0; i < areas; i++) {
		directory[i] =
			(base + i * pg_size(PG_2M)) | PTE_P | PTE_W | PTE_PS | PTE_A | PTE_NX;
	}
	for (uint64_t i = 0; i < WINDOW_TABLES; i++) {
		directory[i] = ptr_hpa(window_pts[i]).v | PTE_P | PTE_W;
		for (uint64_t j = 0; j < PT_ENTRIES; j++) {
			window_pts[i][j] =
				window_page(base + i * pg_size(PG_2M) + j * pg_size(PG_4K));
		}
	}
	uint64_t *gibs = &pdpts[pt_index(base, PG_512G)][pt_index(base, PG_1G)];
	for (uint64_t i = 0; i < areas / PT_ENTRIES; i++) {
		gibs[i] = ptr_hpa(&directory[i * PT_ENTRIES]).v | PTE_P | PTE_W;
	}
	page_marks_init(memory_pool(), hpa(top), &directory[WINDOW_TABLES], guests);
	return true;
}

const char *memory_init(uint64_t ram_end)
{
	top = ram_end;
	bool five_levels = (insn_read_cr4() & CR4_LA57) != 0;
	if ((insn_cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xFF) <
	    (five_levels ? PHYS_BITS_5_LEVELS : PHYS_BITS_NEEDED)) {
		return five_levels ? "QEMU must run with -cpu max,phys-bits=52" :
				     "QEMU must run with -cpu max,phys-bits=48";
	}

	for (uint64_t i = 0; i < IDENTITY_PDPTS; i++) {
		pml4[i] = ptr_hpa(pdpts[i]).v | PTE_P | PTE_W;
		for (uint64_t j = 0; j < PT_ENTRIES; j++) {
			pdpts[i][j] = (i * PT_ENTRIES + j) * pg_size(PG_1G) | PTE_P | PTE_W |
				      PTE_PS | PTE_A | PTE_D | PTE_NX;
		}
	}
	if (!map_pool()) {
		return "no RAM for the machine: give QEMU a greater -m";
	}
	pml5[0] = ptr_hpa(pml4).v | PTE_P | PTE_W;
	machine_cr3 = ptr_hpa(five_levels ? pml5 : pml4).v;
	insn_write_cr3(machine_cr3);
	return NULL;
}

void memory_guard(const void *page)
{
	uint64_t offset = ptr_hpa(page).v - memory_base().v;
	CHECK(offset < MACHINE_WINDOW && is_aligned(offset, pg_size(PG_4K)));
	window_pts[offset / pg_size(PG_2M)][pt_index(offset, PG_4K)] = 0;
	insn_invlpg(ptr_hpa(page).v);
}
