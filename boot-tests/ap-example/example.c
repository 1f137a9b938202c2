// An example of a firmware with Lintel's AP path in it: wakes each AP twice and powers the TD off.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// It takes the place of the OS as well: no MADT, the mailbox is at hand.
#include <stdbool.h>
#include <stdint.h>

#include "arch/base/mem.h"
#include "arch/tdx/mailbox.h"
#include "arch/tdx/tdvf.h"
#include "arch/x86/insn.h"
#include "boot-tests/ap-example/layout.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/report.h"
#include "loader/table/ap_table.h"
#include "shim/entry/ap.h"

/* Some 10 s, however fast the TSC. */
#define ANSWER_CYCLES 40000000000
#define ROUNDS 2

/* Bus 0, device 31, function 0 of q35. [Intel ICH9 datasheet 13.1] */
#define PCI_ADDRESS 0xCF8
#define PCI_DATA 0xCFC
#define ICH9_PMBASE 0x8000F840
#define ICH9_ACPI_CNTL 0x8000F844
#define ICH9_ACPI_EN 0x80
#define PM_BASE 0x600
#define PM_BASE_IO 1
#define PM1A_CONTROL (PM_BASE + 4)

/* What the AP path wants; ap_table is in example_entry.nasm, ap_mailbox in the linker script. */
extern const uint64_t ap_table[AP_TABLE_PAGES * 512];
extern volatile struct mailbox ap_mailbox;
extern const uint32_t ap_flags;
const uint32_t ap_flags = 0;

/* example_entry.nasm */
_Noreturn void example_main(void);
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

static void pci_write(uint32_t address, uint32_t value)
{
	guest_out32(PCI_ADDRESS, address);
	guest_out32(PCI_DATA, value);
}

static void set_power_port(void)
{
	pci_write(ICH9_PMBASE, PM_BASE | PM_BASE_IO);
	pci_write(ICH9_ACPI_CNTL, ICH9_ACPI_EN);
	report_set_power_port(PM1A_CONTROL);
}

/* The table that is measured is the one that the loader would build for this place. */
static void check_table(void)
{
	static uint64_t built[AP_TABLE_PAGES * 512] __attribute__((aligned(MEM_PAGE_SIZE)));

	EXPECT(ap_table_build(built, gpa((uintptr_t)ap_table)) == ST_OK, "ap_table_build");
	EXPECT(memcmp(built, ap_table, sizeof(built)) == 0, "the AP table is another");
}

static void wait_for_aps(uint32_t count)
{
	uint32_t which;

	ap_mailbox.arrived[guest_vcpu_index()] = guest_apic_id() + 1;
	EXPECT(ap_wait(&ap_mailbox, count, &which) == ST_OK, "arrival of vCPU %u", which);
}

static void command(uint16_t value, uint32_t apic_id, uint64_t vector)
{
	uint64_t begin = insn_rdtsc();

	ap_mailbox.apic_id = apic_id;
	ap_mailbox.wakeup_vector = vector;
	ap_mailbox.command = value;
	while (ap_mailbox.command != MAILBOX_NOOP) {
		EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "no answer to command %u", value);
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
		EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "%u APs of %u came to the vector",
		       example_woken - before, count - 1);
		insn_pause();
	}
	/* Each is back when it answers. */
	for (uint32_t index = 1; index < count; index++) {
		command(MAILBOX_TEST, ap_mailbox.arrived[index] - 1, 0);
	}
}

void example_main(void)
{
	guest_init();
	report_catch_exceptions();
	set_power_port();
	check_table();
	uint32_t count = guest_vcpu_count();
	wait_for_aps(count);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		wake_all(count);
		report("round %u: %u APs woken and back", round, count - 1);
	}
	report_power_off();
}
