// An example of a firmware with Lintel's AP path in it: wakes each AP twice and powers the TD off.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// All that it needs of Lintel is installed: headers and liblintel-ap.a (see the Makefile beside
// it). It takes the place of the OS as well: no MADT, the mailbox is at hand.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/mem.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/mailbox.h"
#include "arch/tdx/module.h"
#include "arch/tdx/tdvf.h"
#include "arch/x86/insn.h"
#include "layout.h"
#include "loader/table/ap_table.h"
#include "shim/entry/ap.h"

/* Some 10 s, however fast the TSC. */
#define ANSWER_CYCLES 40000000000
#define ROUNDS 2
#define CPUID_TOPOLOGY 0xB

#define COM1 0x3F8
/* Bus 0, device 31, function 0 of q35. [Intel ICH9 datasheet 13.1] */
#define PCI_ADDRESS 0xCF8
#define PCI_DATA 0xCFC
#define ICH9_PMBASE 0x8000F840
#define ICH9_ACPI_CNTL 0x8000F844
#define ICH9_ACPI_EN 0x80
#define PM_BASE 0x600
#define PM_BASE_IO 1
#define PM1A_CONTROL (PM_BASE + 4)
#define SLEEP_S5 0x2000

/* What the AP path wants; ap_table is in example_entry.nasm, ap_mailbox in the linker script. */
extern const uint64_t ap_table[AP_TABLE_PAGES * 512];
extern volatile struct mailbox ap_mailbox;
extern const uint32_t ap_flags;
const uint32_t ap_flags = 0;

/* example_entry.nasm */
_Noreturn void example_main(uint32_t vcpu_index);
extern const char example_ap[];
extern uint32_t example_woken;
uint32_t example_woken;

extern const struct example_tdvf {
	struct tdvf_descriptor descriptor;
	struct tdvf_section sections[3];
} tdvf_descriptor;
__attribute__((section(".tdvf"), used)) const struct example_tdvf tdvf_descriptor = {
	.descriptor = {
		.signature = TDVF_SIGNATURE,
		.length = sizeof(struct example_tdvf),
		.version = TDVF_VERSION,
		.number_of_sections = 3,
	},
	.sections = {
		{
			.raw_data_size = EXAMPLE_IMAGE_SIZE,
			.memory_address = EXAMPLE_IMAGE,
			.memory_data_size = EXAMPLE_IMAGE_SIZE,
			.type = TDVF_SECTION_BFV,
			.attributes = TDVF_ATTRIBUTE_MR_EXTEND,
		},
		{
			.memory_address = EXAMPLE_RAM,
			.memory_data_size = EXAMPLE_RAM_SIZE,
			.type = TDVF_SECTION_TEMP_MEM,
		},
		{
			.memory_address = EXAMPLE_TD_HOB,
			.memory_data_size = EXAMPLE_TD_HOB_SIZE,
			.type = TDVF_SECTION_TD_HOB,
		},
	},
};

/* ---- the host -------------------------------------------------------------------------------- */

/* One TDVMCALL; operands and results in *regs. A call that is refused ends in the silence of a
 * vCPU that died: there is nobody to tell. */
static void vmcall(uint64_t function, struct tdcall_regs *regs)
{
	regs->rax = TDG_VP_VMCALL;
	regs->rcx = TDVMCALL_EXPOSE_ALL;
	regs->r11 = function;
	if (tdcall(regs) != 0 || regs->r10 != TDVMCALL_SUCCESS) {
		__builtin_trap();
	}
}

static void out(uint16_t port, uint64_t size, uint64_t value)
{
	struct tdcall_regs regs = { .r12 = size, .r13 = TDVMCALL_WRITE, .r14 = port, .r15 = value };
	vmcall(TDVMCALL_IO, &regs);
}

static void print_text(const char *text)
{
	for (; *text != 0; text++) {
		out(COM1, 1, (uint8_t)*text);
	}
}

static void print_number(uint32_t number)
{
	if (number >= 10) {
		print_number(number / 10);
	}
	out(COM1, 1, '0' + number % 10);
}

static _Noreturn void power_off(void)
{
	for (;;) {
		out(PM1A_CONTROL, 2, SLEEP_S5);
	}
}

static void require(bool holds, const char *what, uint32_t number)
{
	if (!holds) {
		print_text("example: FAIL ");
		print_text(what);
		print_text(" ");
		print_number(number);
		print_text("\r\n");
		power_off();
	}
}

static void set_power_port(void)
{
	out(PCI_ADDRESS, 4, ICH9_PMBASE);
	out(PCI_DATA, 4, PM_BASE | PM_BASE_IO);
	out(PCI_ADDRESS, 4, ICH9_ACPI_CNTL);
	out(PCI_DATA, 4, ICH9_ACPI_EN);
}

/* The host's word: ap_wait() looks whether an AP has the same. */
static uint32_t own_apic_id(void)
{
	struct tdcall_regs regs = { .r12 = CPUID_TOPOLOGY, .r13 = 0 };
	vmcall(TDVMCALL_CPUID, &regs);
	return (uint32_t)regs.r15;
}

static uint32_t count_of_vcpus(void)
{
	struct tdcall_regs regs = { .rax = TDG_VP_INFO };
	require(tdcall(&regs) == 0, "TDG.VP.INFO", 0);
	return (uint32_t)field_get(TDG_VP_INFO_NUM_VCPUS, regs.r8);
}

/* ---- the AP path ----------------------------------------------------------------------------- */

/* The table that is measured is the one that the loader would build for this place. */
static void check_table(void)
{
	static uint64_t built[AP_TABLE_PAGES * 512] __attribute__((aligned(MEM_PAGE_SIZE)));
	enum status status = ap_table_build(built, gpa((uintptr_t)ap_table));
	require(status == ST_OK, "ap_table_build: status", status);
	require(memcmp(built, ap_table, sizeof(built)) == 0, "AP table: pages", AP_TABLE_PAGES);
}

static void wait_for_aps(uint32_t vcpu_index, uint32_t count)
{
	uint32_t which;
	ap_mailbox.arrived[vcpu_index] = own_apic_id() + 1;
	enum status status = ap_wait(&ap_mailbox, count, &which);
	require(status == ST_OK, "arrival of vCPU", which);
}

static void command(uint16_t value, uint32_t apic_id, uint64_t vector)
{
	uint64_t begin = insn_rdtsc();
	ap_mailbox.apic_id = apic_id;
	ap_mailbox.wakeup_vector = vector;
	ap_mailbox.command = value;
	while (ap_mailbox.command != MAILBOX_NOOP) {
		require(insn_rdtsc() - begin < ANSWER_CYCLES, "no answer of APIC id", apic_id);
		insn_pause();
	}
}

static void wake_all(uint32_t count)
{
	uint32_t before = example_woken;
	uint64_t begin = insn_rdtsc();
	for (uint32_t index = 1; index < count; index++) {
		command(MAILBOX_WAKEUP, ap_mailbox.arrived[index] - 1, (uintptr_t)example_ap);
	}
	while (__atomic_load_n(&example_woken, __ATOMIC_ACQUIRE) != before + count - 1) {
		require(insn_rdtsc() - begin < ANSWER_CYCLES,
			"APs at the vector:", example_woken - before);
		insn_pause();
	}
	/* Each is back when it answers. */
	for (uint32_t index = 1; index < count; index++) {
		command(MAILBOX_TEST, ap_mailbox.arrived[index] - 1, 0);
	}
}

void example_main(uint32_t vcpu_index)
{
	set_power_port();
	check_table();
	uint32_t count = count_of_vcpus();
	wait_for_aps(vcpu_index, count);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		wake_all(count);
		print_text("example: round ");
		print_number(round);
		print_text(": ");
		print_number(count - 1);
		print_text(" APs woken and back\r\n");
	}
	power_off();
}
