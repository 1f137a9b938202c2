// Cases about the APs: the AP table's bytes, the state at the wake-up vector, there and back again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/lintel/image_config.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/payload/aps.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

/* What an OS writes of the mailbox. */
#define MAILBOX_OS_SIZE 16
#define SPIN_TURNS 1500

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

static void report_state(unsigned cpu, const struct ap *ap)
{
	const struct ap_state *s = &ap->state;

	report("ap %u apic id %u vcpu %u cs=%lx ss=%lx cr0=%lx cr3=%lx cr4=%lx efer=%lx rflags=%lx",
	       cpu, ap->apic_id, ap->vcpu_index, s->cs, s->ss, s->cr0, s->cr3, s->cr4, s->efer,
	       s->rflags);
}

/* Each AP is asked as soon as the one before has acknowledged: they are on their way together. */
static void wake_all(const struct info *info, bool tell)
{
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		aps_command(info, MAILBOX_WAKEUP, info->apic_ids[cpu], aps_vector(cpu));
	}
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		const struct ap *ap = aps_await(cpu);

		if (tell) {
			report_state(cpu, ap);
		}
		EXPECT(ap->apic_id == info->apic_ids[cpu], "apic id %u came to the entry of %u",
		       ap->apic_id, info->apic_ids[cpu]);
		aps_check_state(info, ap);
	}
}

/* Every AP wakes on the AP table, goes back by ResetVector and wakes again: "rounds=N", 3.
 * "tell=0": without a line for each. */
static void case_aps(const struct info *info)
{
	uint64_t rounds = info_option_number(info, "rounds=", 3);
	bool tell = info_option_number(info, "tell=", 1) != 0;

	check_ap_table();
	aps_expect_all_parked(info);
	for (uint64_t round = 1; round <= rounds; round++) {
		wake_all(info, tell && round == 1);
		report("round %lu: %u APs run", round, info->cpu_count - 1);
		for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
			aps_release(info, cpu);
		}
		aps_expect_all_parked(info);
	}
	check_ap_table();
}
PAYLOAD_CASE("aps", case_aps);

#define COPY_SIZE (FOUR_GIB - SHIM_BASE_MIN)

/* The shim's image as it is now, without the bytes that an OS writes. It ends the copy; a kernel
 * that is embedded stands below the shim. */
static void copy_image(uint8_t *copy)
{
	uint64_t image_size = ((const struct image_config *)IMAGE_CONFIG)->image_size;
	uint64_t size = image_size < COPY_SIZE ? image_size : COPY_SIZE;

	memcpy(copy + COPY_SIZE - size, (const void *)(FOUR_GIB - size), size);
	memset(copy + (MAILBOX - SHIM_BASE_MIN), 0, MAILBOX_OS_SIZE);
}

/* One AP after the other goes back and wakes again, "rounds=N" times, 1000: no drift of its state,
 * and no other byte of image and mailbox than at the start. */
static void case_ap_rounds(const struct info *info)
{
	static uint8_t before[COPY_SIZE], after[COPY_SIZE];
	static struct ap first[INFO_MAX_CPUS];
	uint64_t rounds = info_option_number(info, "rounds=", 1000);
	const void *table = before + (AP_TABLE - SHIM_BASE_MIN);

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	check_ap_table();
	copy_image(before);
	for (uint64_t round = 0; round < rounds; round++) {
		unsigned cpu = 1 + (unsigned)(round % (info->cpu_count - 1));
		const struct ap *ap = aps_wake(info, cpu);

		aps_check_state(info, ap);
		if (round < info->cpu_count - 1) {
			first[cpu] = *ap;
		}
		EXPECT(memcmp(&first[cpu], ap, sizeof(*ap)) == 0,
		       "round %lu: ap %u is not as it was the first time", round, cpu);
		EXPECT(memcmp((const void *)AP_TABLE, table, AP_TABLE_SIZE) == 0,
		       "round %lu: the AP table has changed", round);
		aps_release(info, cpu);
		aps_expect_parked(info, info->apic_ids[cpu]);
	}
	copy_image(after);
	for (unsigned i = 0; i < COPY_SIZE; i++) {
		EXPECT(before[i] == after[i], "image: byte at %x was %x and is %x",
		       SHIM_BASE_MIN + i, before[i], after[i]);
	}
	check_ap_table();
	report("%lu times woken and back, not one byte of the image is another", rounds);
}
PAYLOAD_CASE("ap-rounds", case_ap_rounds);

/* APs that spin without PAUSE do not keep the first CPU, which waits with it. */
static void case_ap_spin(const struct info *info)
{
	__atomic_store_n(&aps_spin, true, __ATOMIC_RELAXED);
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		(void)aps_wake(info, cpu);
	}
	/* Each is a turn for the others. */
	for (unsigned i = 0; i < SPIN_TURNS; i++) {
		insn_pause();
	}
	__atomic_store_n(&aps_spin, false, __ATOMIC_RELAXED);
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		aps_release(info, cpu);
	}
	aps_expect_all_parked(info);
	report("%u turns of others", SPIN_TURNS);
}
PAYLOAD_CASE("ap-spin", case_ap_spin);
