// Cases about the APs: the mailbox, the AP table, the state at the wake-up vector, ResetVector.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/mailbox.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/payload/cases.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/main.h"
#include "boot-tests/payload/report.h"
#include "boot-tests/payload/tables.h"
#include "linker/memmap.h"

#define AP_STACK_SIZE 0x2000
/* Some 10 s, however fast the TSC: a vCPU may share its core with seven others. */
#define ANSWER_CYCLES 40000000000
/* Long enough for a waiting AP to see a command that is not for it. */
#define SILENCE_CYCLES 500000000
#define ROUNDS 3

enum ap_phase { AP_PARKED, AP_RUNS, AP_GOES };

static struct ap {
	enum ap_phase phase;   /* AP_RUNS by the AP, AP_GOES by the first CPU */
	uint32_t apic_id;      /* as the AP itself sees it */
	uint32_t vcpu_index;
	uint64_t cs, cr0, cr3, cr4, efer, rflags;
	uint64_t reset_vector;
} aps[INFO_MAX_CPUS];
static uint8_t stacks[INFO_MAX_CPUS][AP_STACK_SIZE] __attribute__((aligned(16)));

uint64_t ap_cr3;
uint64_t ap_stack;
uint64_t ap_store_target;
/* Whose turn it is: one AP is woken at a time. */
static struct ap *ap_starting;

_Noreturn void ap_main(uint64_t cs, uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer,
		       uint64_t rflags)
{
	struct ap *ap = ap_starting;

	report_catch_exceptions();
	ap->cs = cs;
	ap->cr0 = cr0;
	ap->cr3 = cr3;
	ap->cr4 = cr4;
	ap->efer = efer;
	ap->rflags = rflags;
	ap->apic_id = guest_apic_id();
	ap->vcpu_index = guest_vcpu_index();
	__atomic_store_n(&ap->phase, AP_RUNS, __ATOMIC_RELEASE);
	while (__atomic_load_n(&ap->phase, __ATOMIC_ACQUIRE) != AP_GOES) {
		insn_pause();
	}
	ap_give_back(ap->reset_vector);
}

static struct mailbox *mailbox_of(const struct info *info)
{
	EXPECT(info->mailbox != 0, "no wake-up structure");
	return (struct mailbox *)info->mailbox;
}

/* Gives a command; true when an AP acknowledged it in time. */
static bool send(struct mailbox *mailbox, uint16_t command, uint32_t apic_id, uint64_t vector,
		 uint64_t cycles)
{
	uint64_t begin = insn_rdtsc();

	mailbox->apic_id = apic_id;
	mailbox->wakeup_vector = vector;
	__atomic_store_n(&mailbox->command, command, __ATOMIC_RELEASE);
	while (__atomic_load_n(&mailbox->command, __ATOMIC_ACQUIRE) != MAILBOX_NOOP) {
		if (insn_rdtsc() - begin > cycles) {
			return false;
		}
		insn_pause();
	}
	EXPECT(mailbox->apic_id == apic_id && mailbox->wakeup_vector == vector,
	       "the AP wrote more of the mailbox than the command");
	return true;
}

static void wake(const struct info *info, unsigned cpu)
{
	struct mailbox *mailbox = mailbox_of(info);
	struct ap *ap = &aps[cpu];
	uint64_t begin = insn_rdtsc();

	ap->phase = AP_PARKED;
	ap_cr3 = insn_read_cr3();
	ap_stack = (uint64_t)stacks[cpu] + AP_STACK_SIZE;
	ap_starting = ap;
	EXPECT(send(mailbox, MAILBOX_WAKEUP, info->apic_ids[cpu], (uint64_t)ap_entry,
		    ANSWER_CYCLES), "apic id %u does not acknowledge", info->apic_ids[cpu]);
	while (__atomic_load_n(&ap->phase, __ATOMIC_ACQUIRE) != AP_RUNS) {
		EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "apic id %u does not arrive",
		       info->apic_ids[cpu]);
		insn_pause();
	}
}

static void check_state(const struct info *info, unsigned cpu)
{
	const struct ap *ap = &aps[cpu];
	const uint64_t cr0_set = CR0_PE | CR0_PG | CR0_NE;
	/* The image says which of the two hand-over states it was made with. */
	bool strict = info_option_number(info, "strict=", 0) != 0;

	report("ap %u apic id %u vcpu %u cs=%lx cr0=%lx cr3=%lx cr4=%lx efer=%lx rflags=%lx",
	       cpu, ap->apic_id, ap->vcpu_index, ap->cs, ap->cr0, ap->cr3, ap->cr4, ap->efer,
	       ap->rflags);
	EXPECT(ap->apic_id == info->apic_ids[cpu], "another AP answered");
	EXPECT((ap->cr0 & cr0_set) == cr0_set && ((ap->cr0 & CR0_WP) != 0) == strict, "CR0");
	EXPECT((ap->cr0 & (CR0_CD | CR0_NW)) == 0, "caches are off");
	EXPECT(ap->cr3 == AP_TABLE, "CR3 is not the AP table");
	EXPECT((ap->cr4 & (CR4_PAE | CR4_MCE)) == (CR4_PAE | CR4_MCE) &&
	       (ap->cr4 & (CR4_PCIDE | CR4_PGE | CR4_LA57)) == 0, "CR4");
	EXPECT(ap->efer == info->entry.efer, "EFER is not that of the first CPU");
	EXPECT((ap->rflags & (RFLAGS_IF | RFLAGS_DF | RFLAGS_TF)) == 0, "RFLAGS");
}

/* Identity for exactly [0, 4 GiB), read and execute, nothing writable, A and D set: walked by the
 * first CPU through the page tables' own bytes. */
static void check_ap_table(void)
{
	static const uint64_t upper = PTE_P | PTE_A;
	const uint64_t *pml4 = (const uint64_t *)AP_TABLE;
	const uint64_t *pdpt = (const uint64_t *)(pml4[0] & PTE_ADDRESS);

	for (uint64_t address = 0; address < FOUR_GIB; address += pg_size(PG_2M)) {
		struct tables_step step = tables_walk(AP_TABLE, address);

		EXPECT(step.present && step.level == PG_2M && step.executable,
		       "AP table: %lx is not a 2 MiB page that can be executed", address);
		EXPECT(step.entry == (address | PTE_P | PTE_A | PTE_D | PTE_PS),
		       "AP table: leaf of %lx is %lx", address, step.entry);
	}
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		EXPECT(i == 0 ? (pml4[i] & ~PTE_ADDRESS) == upper : pml4[i] == 0,
		       "AP table: PML4 entry %u is %lx", i, pml4[i]);
		EXPECT(i < 4 ? (pdpt[i] & ~PTE_ADDRESS) == upper : pdpt[i] == 0,
		       "AP table: PDPT entry %u is %lx", i, pdpt[i]);
	}
	report("AP table: read-only identity of 4 GiB");
}

/* Sends every AP to ResetVector, and asks each whether it is back. */
static void give_back_all(const struct info *info)
{
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		aps[cpu].reset_vector = info->reset_vector;
		__atomic_store_n(&aps[cpu].phase, AP_GOES, __ATOMIC_RELEASE);
	}
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		EXPECT(send(mailbox_of(info), MAILBOX_TEST, info->apic_ids[cpu], 0, ANSWER_CYCLES),
		       "apic id %u does not come back", info->apic_ids[cpu]);
	}
}

static uint32_t unused_apic_id(const struct info *info)
{
	uint32_t id = 0;

	for (unsigned i = 0; i < info->cpu_count; i++) {
		if (info->apic_ids[i] >= id) {
			id = info->apic_ids[i] + 1;
		}
	}
	return id;
}

void case_aps(const struct info *info)
{
	uint64_t rounds = info_option_number(info, "rounds=", ROUNDS);
	struct mailbox *mailbox = mailbox_of(info);

	check_ap_table();
	EXPECT(!send(mailbox, MAILBOX_WAKEUP, unused_apic_id(info), (uint64_t)ap_entry,
		     SILENCE_CYCLES), "somebody answers to an id that nobody has");
	__atomic_store_n(&mailbox->command, MAILBOX_NOOP, __ATOMIC_RELEASE);
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		EXPECT(send(mailbox, MAILBOX_TEST, info->apic_ids[cpu], 0, ANSWER_CYCLES),
		       "apic id %u does not answer a test", info->apic_ids[cpu]);
	}
	for (uint64_t round = 1; round <= rounds; round++) {
		for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
			wake(info, cpu);
			check_state(info, cpu);
		}
		report("round %lu: %u APs run", round, info->cpu_count - 1);
		give_back_all(info);
	}
	/* Not one byte of it has changed. */
	check_ap_table();
}

void case_ap_store(const struct info *info)
{
	static uint8_t target;

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	ap_store_target = (uint64_t)&target;
	report("storing through the AP table");
	wake(info, 1);
	EXPECT(__atomic_load_n(&target, __ATOMIC_ACQUIRE) == 1, "the store is lost");
	report("the store went through");
}
