// What TDCALLs cost, in clocks of the TSC: instructions when QEMU runs with -icount.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

#define CALLS 1000
/* Blocks of 2 MiB that are converted and accepted again, whole and page by page. */
#define LARGE_BLOCKS 8
#define SMALL_BLOCKS 1

/* boot-tests/bench.py reads this line. */
static void report_cost(const char *name, uint64_t calls, uint64_t clocks)
{
	report("bench %s %lu %lu", name, calls, clocks);
}

/* count calls with the same operands, each of which must succeed. */
static void measure(const char *name, const struct tdcall_regs *operands)
{
	uint64_t clocks = 0;

	for (unsigned i = 0; i < CALLS; i++) {
		struct tdcall_regs regs = *operands;
		uint64_t begin = insn_rdtsc();
		uint64_t status = tdcall(&regs);

		clocks += insn_rdtsc() - begin;
		EXPECT(status == 0, "%s: %lx", name, status);
	}
	report_cost(name, CALLS, clocks);
}

/* The block goes shared and back: the host has taken its memory away. */
static void convert(uint64_t block)
{
	for (unsigned i = 0; i < 2; i++) {
		enum share share = i == 0 ? SHARE_SHARED : SHARE_PRIVATE;
		struct tdcall_regs regs = {
			.rax = TDG_VP_VMCALL,
			.rcx = TDVMCALL_EXPOSE_ALL,
			.r11 = TDVMCALL_MAP_GPA,
			.r12 = gpa_with_share(gpa(block), share, guest_gpaw()),
			.r13 = pg_size(PG_2M),
		};
		uint64_t status = tdcall(&regs);

		EXPECT(status == 0 && regs.r10 == TDVMCALL_SUCCESS, "MapGPA of %lx: %lx, %lx",
		       block, status, regs.r10);
	}
}

/* Each accept faults, the host adds the page, the TD's accept is tried again. */
static void measure_accept(const char *name, uint64_t base, unsigned blocks, enum pg_level level)
{
	uint64_t clocks = 0;
	uint64_t size = blocks * pg_size(PG_2M);

	for (uint64_t at = 0; at < size; at += pg_size(level)) {
		struct tdcall_regs regs = {
			.rax = TDG_MEM_PAGE_ACCEPT,
			.rcx = (base + at) | (uint64_t)level,
		};
		uint64_t begin;
		uint64_t status;

		if (is_aligned(at, pg_size(PG_2M))) {
			convert(base + at);
		}
		begin = insn_rdtsc();
		status = tdcall(&regs);
		clocks += insn_rdtsc() - begin;
		EXPECT(status == 0, "accept of %lx: %lx", base + at, status);
	}
	report_cost(name, size / pg_size(level), clocks);
}

/* The last RAM below 4 GiB, in whole blocks that nobody uses. */
static uint64_t spare_blocks(const struct info *info)
{
	const uint64_t size = (LARGE_BLOCKS + SMALL_BLOCKS) * pg_size(PG_2M);
	uint64_t base = 0;

	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];
		uint64_t end = align_down(entry->base + entry->size, pg_size(PG_2M));

		if (entry->type == E820_RAM && end <= FOUR_GIB && end >= entry->base + size &&
		    end - size >= PAYLOAD_BASE + PAYLOAD_WINDOW) {
			base = end - size;
		}
	}
	EXPECT(base != 0, "no spare memory");
	return base;
}

/* What TDCALLs cost; of use with tdrun --icount. */
static void case_bench(const struct info *info)
{
	uint64_t blocks;

	EXPECT(guest_is_td(), "a plain VM has no TDCALL");
	measure("vp-info", &(struct tdcall_regs){ .rax = TDG_VP_INFO });
	measure("vmcall", &(struct tdcall_regs){
				  .rax = TDG_VP_VMCALL,
				  .rcx = TDVMCALL_EXPOSE_ALL,
				  .r11 = TDVMCALL_GET_TD_VM_CALL_INFO,
			  });
	blocks = spare_blocks(info);
	measure_accept("accept-2m", blocks, LARGE_BLOCKS, PG_2M);
	measure_accept("accept-4k", blocks + LARGE_BLOCKS * pg_size(PG_2M), SMALL_BLOCKS, PG_4K);
}
PAYLOAD_CASE("bench", case_bench);
