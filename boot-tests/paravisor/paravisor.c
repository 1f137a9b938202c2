// A sample payload: what a paravisor does first, with nothing but the public hand-over header.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// It brings all APs up, accepts memory that was left to it, shares a page with the host and takes
// it back, extends RTMR[3], and powers the TD off. Built with -mgeneral-regs-only (SSE is off), as
// an ELF file whose entry is start(); see the Makefile.
#include <stdint.h>

#include "arch/lintel/handover.h"

#define PAGE_SIZE 0x1000ull
#define UNIT_SIZE 0x200000ull
#define FOUR_GIB 0x100000000ull
#define MAX_CPUS 64
#define STACK_SIZE 0x2000

/* [TDX ABI 1.5; GHCI 1.5] */
#define TDG_VP_VMCALL 0
#define TDG_MR_RTMR_EXTEND 2
#define TDG_MEM_PAGE_ACCEPT 6
#define VMCALL_IO 30
#define VMCALL_MAP_GPA 0x10001
#define VMCALL_RETRY 1
#define ACCEPT_2M 1
#define PAGE_SIZE_MISMATCH 0xC0000B0B00000000ull

#define COM1 0x3F8
/* PM1a_CNT of QEMU's machines, where the shim puts it; others say where in the FADT. */
#define PM1A_CONTROL 0x604
#define SLEEP_S5 0x2000

/* ---- the TDX module and the host ------------------------------------------------------------- */

static uint64_t tdcall(uint64_t leaf, uint64_t rcx, uint64_t rdx)
{
	__asm__ volatile(".byte 0x66, 0x0F, 0x01, 0xCC" /* tdcall */
			 : "+a"(leaf), "+c"(rcx), "+d"(rdx)
			 :
			 : "r8", "r9", "r10", "r11", "memory");
	return leaf;
}

/* The host sees and changes R10 to R15 only. Returns its status; *result is R11. */
static uint64_t vmcall(uint64_t function, const uint64_t operands[4], uint64_t *result)
{
	register uint64_t r10 __asm__("r10") = 0;
	register uint64_t r11 __asm__("r11") = function;
	register uint64_t r12 __asm__("r12") = operands[0];
	register uint64_t r13 __asm__("r13") = operands[1];
	register uint64_t r14 __asm__("r14") = operands[2];
	register uint64_t r15 __asm__("r15") = operands[3];
	uint64_t rax = TDG_VP_VMCALL;
	uint64_t rcx = 0xFC00;
	__asm__ volatile(".byte 0x66, 0x0F, 0x01, 0xCC"
			 : "+a"(rax), "+c"(rcx), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13),
			   "+r"(r14), "+r"(r15)
			 :
			 : "memory");
	*result = r11;
	return rax != 0 ? rax : r10;
}

static void out(uint16_t port, uint64_t size, uint64_t value)
{
	uint64_t ignored;
	vmcall(VMCALL_IO, (const uint64_t[]){ size, 1, port, value }, &ignored);
}

static void print_text(const char *text)
{
	for (; *text != 0; text++) {
		out(COM1, 1, (uint8_t)*text);
	}
}

/* "paravisor: TEXT 0xNUMBER", by one CPU at a time. */
static void print(const char *text, uint64_t number)
{
	static int busy;
	while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE) != 0) {
		__asm__ volatile("pause");
	}
	print_text("paravisor: ");
	print_text(text);
	print_text(" 0x");
	for (int shift = 60; shift >= 0; shift -= 4) {
		if (number >> shift != 0 || shift == 0) {
			out(COM1, 1, (uint8_t) "0123456789abcdef"[number >> shift & 15]);
		}
	}
	print_text("\r\n");
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

/* A sample has no better answer to a call that fails. */
static void require(int holds, const char *text, uint64_t number)
{
	if (!holds) {
		print(text, number);
		for (;;) {
			__asm__ volatile("pause");
		}
	}
}

/* ---- APs ------------------------------------------------------------------------------------- */

/* Read by an AP before it has a table of its own: the AP table maps them, for reading. */
__attribute__((used)) static uint64_t ap_page_table;
__attribute__((used)) static uint64_t ap_stack_end;
static uint8_t ap_stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));
static uint32_t aps_running;

__attribute__((used)) static _Noreturn void ap_main(uint64_t stack_end)
{
	print("an AP runs, its stack ends at", stack_end);
	__atomic_fetch_add(&aps_running, 1, __ATOMIC_RELEASE);
	for (;;) {
		__asm__ volatile("pause");
	}
}

/* With CR0.WP=1 no store, so no CALL either, is possible before CR3 has another table. */
extern const char ap_entry[];
__asm__(".pushsection .text.ap_entry, \"ax\"\n"
	"ap_entry:\n"
	"	mov ap_page_table(%rip), %rax\n"
	"	mov %rax, %cr3\n"
	"	mov ap_stack_end(%rip), %rsp\n"
	"	mov %rsp, %rdi\n"
	"	call ap_main\n"
	".popsection\n");

/* The mailbox of ACPI's multiprocessor wake-up structure. */
struct mailbox {
	uint16_t command;
	uint16_t reserved;
	uint32_t apic_id;
	uint64_t vector;
};

/* One after the other, as they share the mailbox and the place that says where the stack is. */
static void start_aps(const struct lintel_handover *handover)
{
	volatile struct mailbox *mailbox = (volatile struct mailbox *)handover->mailbox;
	const uint32_t *apic_ids = (const uint32_t *)handover->apic_ids;
	require(handover->vcpu_count <= MAX_CPUS, "too many vCPUs:", handover->vcpu_count);
	ap_page_table = handover->page_table;
	for (uint32_t i = 1; i < handover->vcpu_count; i++) {
		ap_stack_end = (uint64_t)ap_stacks[i] + STACK_SIZE;
		mailbox->apic_id = apic_ids[i];
		mailbox->vector = (uint64_t)ap_entry;
		__atomic_store_n(&mailbox->command, 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&aps_running, __ATOMIC_ACQUIRE) != i) {
			__asm__ volatile("pause");
		}
	}
	print("APs that run:", aps_running);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const struct lintel_range *find_range(const struct lintel_handover *handover, uint32_t type,
					     uint64_t size)
{
	const struct lintel_range *ranges = (const struct lintel_range *)handover->ranges;
	for (uint32_t i = 0; i < handover->range_count; i++) {
		if (ranges[i].type == type && ranges[i].base >= UNIT_SIZE &&
		    ranges[i].size >= size) {
			return &ranges[i];
		}
	}
	return 0;
}

/*
 * Maps a unit, of which bits says more than its address, at 4 GiB + number * 2 MiB: the hand-over
 * table has nothing there, and is ours to change.
 */
static volatile uint8_t *map_unit(const struct lintel_handover *handover, unsigned number,
				  uint64_t unit, uint64_t bits)
{
	static uint64_t directory[512] __attribute__((aligned(4096)));
	uint64_t *pml4 = (uint64_t *)handover->page_table;
	uint64_t *pdpt = (uint64_t *)(pml4[0] & ~0xFFFull);
	pdpt[4] = (uint64_t)directory | 3;
	directory[number] = unit | bits | 1ull << 63 | 0x83;
	return (volatile uint8_t *)(FOUR_GIB + number * UNIT_SIZE);
}

static void accept_page(uint64_t page)
{
	uint64_t status = tdcall(TDG_MEM_PAGE_ACCEPT, page, 0);
	require(status == 0, "accept:", status);
}

/* At once, or page by page where the host has it in pages. */
static void accept_unit(uint64_t unit)
{
	uint64_t status = tdcall(TDG_MEM_PAGE_ACCEPT, unit | ACCEPT_2M, 0);
	if ((status & ~0xFFFFFFFFull) != PAGE_SIZE_MISMATCH) {
		require(status == 0, "accept:", status);
		return;
	}
	for (uint64_t page = unit; page < unit + UNIT_SIZE; page += PAGE_SIZE) {
		accept_page(page);
	}
}

/* The first unit of what was left, and its bit in the table that says so. */
static void accept_lazily(const struct lintel_handover *handover)
{
	const struct lintel_range *range =
		find_range(handover, LINTEL_MEMORY_UNACCEPTED, UNIT_SIZE);
	if (range == 0) {
		print("bytes left to accept:", 0);
		return;
	}
	print("bytes left to accept:", range->size);
	accept_unit(range->base);
	/* struct efi_unaccepted_memory: version, unit, base, size, bits. */
	uint64_t *table = (uint64_t *)handover->unaccepted;
	uint64_t unit = (range->base - table[1]) / UNIT_SIZE;
	table[3 + unit / 64] &= ~(1ull << unit % 64);
	volatile uint8_t *bytes = map_unit(handover, 0, range->base, 0);
	bytes[0] = 1;
	print("accepted and written, at", range->base);
}

static void map_gpa(uint64_t page)
{
	uint64_t next;
	uint64_t status;
	do {
		status = vmcall(VMCALL_MAP_GPA, (const uint64_t[]){ page, PAGE_SIZE, 0, 0 }, &next);
	} while (status == VMCALL_RETRY);
	require(status == 0, "MapGPA:", status);
}

/* A page of free memory; what was in it is lost both ways. */
static void share_and_take_back(const struct lintel_handover *handover)
{
	const uint64_t shared = 1ull << (handover->gpa_width - 1);
	const struct lintel_range *range = find_range(handover, LINTEL_MEMORY_FREE, 2 * UNIT_SIZE);
	require(range != 0, "ranges without free memory:", handover->range_count);
	uint64_t unit = (range->base + UNIT_SIZE - 1) & ~(UNIT_SIZE - 1);
	volatile uint8_t *page = (volatile uint8_t *)unit;
	page[0] = 0x5A;
	map_gpa(unit | shared);
	/* The SHARED bit of the entry says which alias is meant; only this page is touched by
	 * it. */
	volatile uint8_t *alias = map_unit(handover, 1, unit, shared);
	alias[0] = 0x77;
	require(alias[0] == 0x77, "shared page has", alias[0]);
	map_gpa(unit);
	accept_page(unit);
	require(page[0] == 0, "page taken back has", page[0]);
	print("shared and taken back, at", unit);
}

/* ---- the entry ------------------------------------------------------------------------------- */

_Noreturn void start(const struct lintel_handover *handover);

_Noreturn void start(const struct lintel_handover *handover)
{
	static const uint8_t digest[48] __attribute__((aligned(64))) = "a digest";
	require(handover->magic == LINTEL_HANDOVER_MAGIC && handover->version >= 1,
		"no hand-over:", handover->magic);
	print("entered at", (uint64_t)start);
	print("command line, first letter", *(const uint8_t *)handover->cmdline);
	print("flags", handover->flags);
	start_aps(handover);
	accept_lazily(handover);
	share_and_take_back(handover);
	require(tdcall(TDG_MR_RTMR_EXTEND, (uint64_t)digest, 3) == 0, "RTMR[3]:", 3);
	print("done, of vCPUs", handover->vcpu_count);
	out(PM1A_CONTROL, 2, SLEEP_S5);
	for (;;) {
		__asm__ volatile("pause");
	}
}
