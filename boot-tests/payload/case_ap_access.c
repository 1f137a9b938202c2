// Cases about what an AP can do at the wake-up vector: stores, loads and fetches on the AP table.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "boot-tests/payload/aps.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

/* The instruction that a fetch leads to, on a page of its own. */
#define STUB_SIZE 7

static bool option_is(const struct info *info, const char *name, const char *word)
{
	const char *value = "";
	unsigned length = info_option(info, name, &value);

	return length == strlen(word) && memcmp(value, word, length) == 0;
}

static uint64_t target(const struct info *info, volatile uint8_t *ram)
{
	if (option_is(info, "at=", "ram")) {
		return (uint64_t)ram;
	}
	if (option_is(info, "at=", "mailbox")) {
		/* Of the OS's half, but not of the fields. */
		return info->mailbox + offsetof(struct mailbox, reserved_os);
	}
	if (option_is(info, "at=", "table")) {
		return AP_TABLE;
	}
	if (option_is(info, "at=", "image")) {
		return info->reset_vector;
	}
	return info_option_number(info, "at=", 0);
}

/* One AP does "access=store", load or fetch through the AP table, "at=" ram, mailbox, table, image
 * or a number; it survives, or the run ends with its death. */
static void case_ap_access(const struct info *info)
{
	static volatile uint8_t ram;

	ap_access = option_is(info, "access=", "store") ? ACCESS_STORE :
		    option_is(info, "access=", "load")  ? ACCESS_LOAD :
		    option_is(info, "access=", "fetch") ? ACCESS_FETCH :
							  ACCESS_NONE;
	ap_access_address = target(info, &ram);
	EXPECT(ap_access != ACCESS_NONE && ap_access_address != 0, "access= and at= are needed");
	report("the AP's access to %lx", ap_access_address);
	aps_wake(info, 1);
	if (ap_access == ACCESS_STORE) {
		EXPECT(*(volatile uint8_t *)ap_access_address == 1, "the store is lost");
	}
	report("it went through");
}
PAYLOAD_CASE("ap-access", case_ap_access);

/* MOV EAX, target; JMP RAX: fits into the first field of the image config, which nobody needs any
 * more once the shim has gone. */
static void write_stub(uint8_t *at, uint64_t to)
{
	uint32_t low = (uint32_t)to;

	EXPECT(low == to, "an entry above 4 GiB");
	at[0] = 0xB8;
	memcpy(at + 1, &low, sizeof(low));
	at[5] = 0xFF;
	at[6] = 0xE0;
}

static void wake_at(const struct info *info, uint64_t vector)
{
	uint8_t saved[STUB_SIZE];
	uint8_t *stub = (uint8_t *)vector;
	const struct ap *ap;

	EXPECT(info_memory_type(info, vector) != 0, "no memory at %lx", vector);
	memcpy(saved, stub, STUB_SIZE);
	write_stub(stub, aps_vector(1));
	aps_command(info, MAILBOX_WAKEUP, info->apic_ids[1], vector);
	ap = aps_await(1);
	EXPECT(ap->apic_id == info->apic_ids[1], "apic id %u woke", ap->apic_id);
	aps_check_state(info, ap);
	aps_release(info, 1);
	aps_expect_parked(info, info->apic_ids[1]);
	memcpy(stub, saved, STUB_SIZE);
	report("woken at %lx", vector);
}

/* The last page of RAM below 4 GiB. */
static uint64_t last_low_page(const struct info *info)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];

		if (entry->type == E820_RAM && entry->base < FOUR_GIB) {
			last = entry->base + entry->size - MEM_PAGE_SIZE;
		}
	}
	return last;
}

/* An AP wakes at each of a list of odd vectors. */
static void case_ap_vectors(const struct info *info)
{
	const uint64_t vectors[] = {
		0x1000,
		0x9F000,
		0x100000,
		2 * MEM_PAGE_SIZE - 3, /* across two pages */
		last_low_page(info),
		RESET_PAGE, /* 4 GiB - 4 KiB */
	};

	EXPECT(info->cpu_count > 1, "needs a second CPU");
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		wake_at(info, vectors[i]);
	}
	/* What the mailbox page reserves for the OS may be its wake-up code. */
	uint64_t os = (uint64_t)aps_mailbox(info)->reserved_os;
	wake_at(info, os);
	wake_at(info, os + sizeof(aps_mailbox(info)->reserved_os) - STUB_SIZE);
	report("woken in the mailbox page");
}
PAYLOAD_CASE("ap-vectors", case_ap_vectors);

/* An AP is sent to "vector=N", from where none comes back. */
static void case_ap_vector(const struct info *info)
{
	uint64_t vector = info_option_number(info, "vector=", 0);
	bool acknowledged;

	EXPECT(info->cpu_count > 1 && vector != 0, "needs a second CPU and vector=");
	report("to vector %lx", vector);
	acknowledged = aps_send(info, MAILBOX_WAKEUP, info->apic_ids[1], vector, ANSWER_CYCLES);
	aps_pause(ANSWER_CYCLES);
	report_fail("the AP %s, and nothing happens",
		    acknowledged ? "acknowledged" : "did not acknowledge");
}
PAYLOAD_CASE("ap-vector", case_ap_vector);
