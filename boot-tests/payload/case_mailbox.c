// Cases about the mailbox: what an AP must not react to, and an OS that is slow, hasty or wrong.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/aps.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/report.h"

#define REWRITES 200
#define OVERRUNS 100
/* Between two looks at an AP that is on its way. */
#define LOOK_CYCLES 2000000
/* A waiting AP sees a command within this, unless the host has other plans with it. */
#define SHORT_SILENCE_CYCLES 100000000

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

/* Nobody acknowledges or changes it; then it is taken back. */
static void expect_ignored(const struct info *info, uint16_t command, uint32_t apic_id,
			   uint64_t cycles)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	uint64_t vector = aps_vector(1);

	EXPECT(!aps_send(info, command, apic_id, vector, cycles),
	       "somebody acknowledges command %x for apic id %x", command, apic_id);
	EXPECT(mailbox->command == command && mailbox->apic_id == apic_id &&
		       mailbox->wakeup_vector == vector,
	       "the mailbox has changed: %x %x %lx", mailbox->command, mailbox->apic_id,
	       mailbox->wakeup_vector);
	mailbox->command = MAILBOX_NOOP;
}

/* Commands that are none, ids that are nobody's: all APs stay parked. */
static void case_mailbox_commands(const struct info *info)
{
	static const uint16_t unknown[] = {
		3, 4, 0x7F, 0x80, 0xFF, 0x100, 0x101, 0x102, 0x200, 0x201, 0x8001, 0xFFFF,
	};
	const uint32_t ids[] = {
		info->apic_ids[0],
		unused_apic_id(info),
		info->apic_ids[1] + 0x100,
		info->apic_ids[1] + 0x10000,
		info->apic_ids[1] | BIT32(31),
		MAILBOX_NO_ID,
	};
	volatile struct mailbox *mailbox = aps_mailbox(info);

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	aps_expect_all_parked(info);
	mailbox->apic_id = info->apic_ids[1];
	mailbox->wakeup_vector = aps_vector(1);
	mailbox->command = MAILBOX_NOOP;
	aps_pause(SILENCE_CYCLES);
	for (unsigned i = 0; i < ARRAY_COUNT(unknown); i++) {
		expect_ignored(info, unknown[i], info->apic_ids[1], SILENCE_CYCLES);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(ids); i++) {
		expect_ignored(info, MAILBOX_WAKEUP, ids[i], SILENCE_CYCLES);
		expect_ignored(info, MAILBOX_TEST, ids[i], SILENCE_CYCLES);
	}
	aps_expect_all_parked(info);
	report("%u commands and %u ids are nobody's", (unsigned)ARRAY_COUNT(unknown),
	       (unsigned)ARRAY_COUNT(ids));
}
PAYLOAD_CASE("mailbox-commands", case_mailbox_commands);

/* Wakes the AP that has this id at entry 1; it takes another id with it when it goes back. */
static void rename_ap(const struct info *info, uint32_t from, uint32_t to)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	const struct ap *ap;

	aps_command(info, MAILBOX_WAKEUP, from, aps_vector(1));
	ap = aps_await(1);
	EXPECT(ap->apic_id == info->apic_ids[1], "apic id %u answers to %x", ap->apic_id, from);
	EXPECT(mailbox->arrived[ap->vcpu_index] == from + 1, "vCPU %u has left id %x",
	       ap->vcpu_index, mailbox->arrived[ap->vcpu_index] - 1);
	mailbox->arrived[ap->vcpu_index] = to + 1;
	aps_release(info, 1);
	aps_expect_parked(info, to);
}

/* The AP answers to whatever 32-bit id it has. The machine gives small ids only. An AP comes back
 * with the id that stands in the firmware half, so other ids are written there. */
static void case_mailbox_ids(const struct info *info)
{
	static const uint32_t ids[] = {
		0,       254,        255,        256,        0xFFFF,
		0x10000, 0x12345678, 0x7FFFFFFF, 0x80000000, MAILBOX_NO_ID - 1,
	};
	uint32_t id = info->apic_ids[1];

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	for (unsigned i = 0; i < ARRAY_COUNT(ids); i++) {
		rename_ap(info, id, ids[i]);
		id = ids[i];
		/* Each half and each byte counts. */
		expect_ignored(info, MAILBOX_TEST, id ^ BIT32(0), SHORT_SILENCE_CYCLES);
		expect_ignored(info, MAILBOX_TEST, id ^ BIT32(8), SHORT_SILENCE_CYCLES);
		expect_ignored(info, MAILBOX_TEST, id ^ BIT32(16), SHORT_SILENCE_CYCLES);
		expect_ignored(info, MAILBOX_TEST, id ^ BIT32(31), SHORT_SILENCE_CYCLES);
		report("an AP with id %x", id);
	}
	rename_ap(info, id, info->apic_ids[1]);
	aps_expect_all_parked(info);
}
PAYLOAD_CASE("mailbox-ids", case_mailbox_ids);

/* Stores in halves, so that an AP may see the one without the other. */
static void write_halves(volatile void *field, uint32_t first, uint32_t second)
{
	volatile uint32_t *halves = field;

	halves[0] = first;
	aps_pause(SHORT_SILENCE_CYCLES);
	halves[1] = second;
	aps_pause(SHORT_SILENCE_CYCLES);
}

static void expect_nobody(const struct info *info)
{
	aps_pause(SHORT_SILENCE_CYCLES);
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		EXPECT(aps_at(cpu) == NULL, "apic id %u has come to entry %u", aps_at(cpu)->apic_id,
		       cpu);
	}
}

/* The AP comes to entry 1, has acknowledged, and goes back. */
static void expect_woken(const struct info *info, const char *what)
{
	EXPECT(aps_await(1)->apic_id == info->apic_ids[1], "apic id %u woke",
	       aps_await(1)->apic_id);
	EXPECT(aps_mailbox(info)->command == MAILBOX_NOOP, "not acknowledged");
	aps_release(info, 1);
	aps_expect_all_parked(info);
	report("woken: %s", what);
}

/* A command written field by field, slowly, in all orders that the specification allows. */
static void case_mailbox_torn(const struct info *info)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	volatile uint8_t *command = (volatile uint8_t *)&mailbox->command;
	volatile uint16_t *id_halves = (volatile uint16_t *)&mailbox->apic_id;
	uint32_t nobody = unused_apic_id(info);
	uint32_t id = info->apic_ids[1];
	uint64_t vector = aps_vector(1);

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	aps_expect_all_parked(info);

	mailbox->apic_id = id;
	write_halves(&mailbox->wakeup_vector, (uint32_t)vector, 0);
	expect_nobody(info);
	mailbox->command = MAILBOX_WAKEUP;
	expect_woken(info, "field by field");

	/* 0100, 0101, 0001: only the last one is a command. */
	command[1] = 1;
	mailbox->apic_id = id;
	mailbox->wakeup_vector = vector;
	expect_nobody(info);
	command[0] = MAILBOX_WAKEUP;
	expect_nobody(info);
	command[1] = 0;
	expect_woken(info, "command by bytes");

	/* While the command is nobody's, the rest of it may change in any way. */
	mailbox->apic_id = nobody;
	mailbox->wakeup_vector = aps_vector(2);
	mailbox->command = MAILBOX_WAKEUP;
	expect_nobody(info);
	write_halves(&mailbox->wakeup_vector, UINT32_MAX, UINT32_MAX);
	write_halves(&mailbox->wakeup_vector, (uint32_t)vector, 0);
	expect_nobody(info);
	mailbox->apic_id = id;
	expect_woken(info, "id last");

	mailbox->apic_id = BIT32(16);
	mailbox->wakeup_vector = vector;
	mailbox->command = MAILBOX_WAKEUP;
	id_halves[0] = (uint16_t)id;
	expect_nobody(info);
	id_halves[1] = 0;
	expect_woken(info, "id by halves");
}
PAYLOAD_CASE("mailbox-torn", case_mailbox_torn);

/* A command is written again and again while it is acknowledged; the vector right after it was. */
static void case_mailbox_rewritten(const struct info *info)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	uint32_t id = info->apic_ids[1];

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	aps_expect_all_parked(info);
	for (unsigned round = 0; round < REWRITES; round++) {
		uint64_t begin = insn_rdtsc();

		/* Until the AP is there: it may acknowledge one, and must not mind others. */
		mailbox->apic_id = id;
		mailbox->wakeup_vector = aps_vector(1);
		while (aps_at(1) == NULL) {
			mailbox->command = MAILBOX_WAKEUP;
			/* Without it the AP's next turn under TCG is a tenth of a second away. */
			if (round % 8 != 0) {
				insn_pause();
			}
			EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "nobody comes");
		}
		mailbox->command = MAILBOX_NOOP;
		aps_release(info, 1);
		aps_expect_all_parked(info);

		/* Acknowledged is acknowledged: the vector may be another's at once. */
		mailbox->apic_id = id;
		mailbox->wakeup_vector = aps_vector(1);
		mailbox->command = MAILBOX_WAKEUP;
		while (mailbox->command != MAILBOX_NOOP) {
			insn_pause();
			EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "not acknowledged");
		}
		mailbox->wakeup_vector = UINT64_MAX;
		mailbox->apic_id = MAILBOX_NO_ID;
		aps_await(1);

		/* A command that waits for an AP to come back. */
		mailbox->apic_id = id;
		mailbox->wakeup_vector = aps_vector(1);
		mailbox->command = MAILBOX_WAKEUP;
		aps_release(info, 1);
		aps_await(1);
		EXPECT(mailbox->command == MAILBOX_NOOP, "not acknowledged");
		aps_release(info, 1);
		aps_expect_all_parked(info);
	}
	report("%u rounds", REWRITES);
}
PAYLOAD_CASE("mailbox-rewritten", case_mailbox_rewritten);

/* Whether the AP is at the vector; else it answers two tests. One test would not do: the late
 * acknowledgement of an AP that is on its way looks like the answer to it. */
static bool is_running(const struct info *info, unsigned cpu, uint32_t index)
{
	unsigned answers = 0;
	uint64_t begin = insn_rdtsc();

	while (answers < 2) {
		if (aps_at(index) != NULL) {
			return true;
		}
		if (aps_send(info, MAILBOX_TEST, info->apic_ids[cpu], 0, LOOK_CYCLES)) {
			answers++;
		} else {
			aps_mailbox(info)->command = MAILBOX_NOOP;
		}
		EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "apic id %u is lost",
		       info->apic_ids[cpu]);
	}
	return false;
}

/* A command for one AP replaces that for another: each AP is at a vector given, or parked.
 * The specification forbids it to the OS. No AP may be lost all the same. */
static void case_mailbox_overrun(const struct info *info)
{
	volatile struct mailbox *mailbox = aps_mailbox(info);
	uint32_t index[INFO_MAX_CPUS];
	unsigned woken[3] = { 0 };

	EXPECT(info->cpu_count == 3, "needs three CPUs");
	for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
		index[cpu] = aps_wake(info, cpu)->vcpu_index;
		aps_release(info, cpu);
		aps_expect_parked(info, info->apic_ids[cpu]);
	}
	for (unsigned round = 0; round < OVERRUNS; round++) {
		unsigned first = 1 + round % 2;
		unsigned running = 0;
		uint64_t begin = insn_rdtsc();

		mailbox->apic_id = info->apic_ids[first];
		mailbox->wakeup_vector = (uint64_t)ap_entry_by_index;
		mailbox->command = MAILBOX_WAKEUP;
		for (unsigned i = 0; i < round; i++) {
			insn_pause();
		}
		mailbox->apic_id = info->apic_ids[3 - first];
		mailbox->command = MAILBOX_WAKEUP;
		while (mailbox->command != MAILBOX_NOOP) {
			insn_pause();
			EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "not acknowledged");
		}
		for (unsigned cpu = 1; cpu < info->cpu_count; cpu++) {
			if (is_running(info, cpu, index[cpu])) {
				EXPECT(aps_at(index[cpu])->apic_id == info->apic_ids[cpu],
				       "apic id %u is vCPU %u", aps_at(index[cpu])->apic_id,
				       index[cpu]);
				running++;
				aps_release(info, index[cpu]);
				aps_expect_parked(info, info->apic_ids[cpu]);
			}
		}
		EXPECT(running != 0, "acknowledged by nobody");
		woken[running]++;
	}
	report("one AP woke %u times, both %u times", woken[1], woken[2]);
}
PAYLOAD_CASE("mailbox-overrun", case_mailbox_overrun);
