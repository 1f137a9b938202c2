// Two TDs, and a host that reads both their secrets, writes to one, and uses a key id again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   first TD     tells its page, waits . . . . . . . . . . . . . . . . . . . . , checks it, goes on
//   second TD    tells its page, reads what the host has written to: ends
//   third TD     is the second one built anew, with its key id: tells its page, checks it, ends
#include "boot-tests/vmm/host_test_entry.h"

#include <stddef.h>

#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/payload/host_test.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/host_memory.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "linker/memmap.h"

/* Bytes that are encrypted together. */
#define BLOCK 32
#define WORDS(size) ((size) / sizeof(uint64_t))
#define INTEGRITY_ERROR (TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE | EXIT_REASON_EXCEPTION_OR_NMI)

/* The TDs in the order in which they told their pages but that the first TD is number 0. */
enum { FIRST, SECOND, THIRD, TDS };

static struct {
	struct spinlock lock;
	struct secret {
		hpa_t frame; /* 0: not told yet */
		struct host_test_page told;
		uint8_t cipher[MEM_PAGE_SIZE];
	} secrets[TDS];
	unsigned second; /* SECOND or THIRD: which the second TD is now; TDS: it is gone for good */
	uint32_t steps[TDS];
} test = { .second = SECOND };

static unsigned number_of(const struct host_td *td)
{
	return td->place.ends_all ? FIRST : test.second;
}

/* Do the bytes hold any 8 bytes of the text? */
static bool shows_text(const void *bytes, size_t size, const struct host_test_page *told)
{
	const uint64_t *words = bytes;
	uint64_t text[WORDS(HOST_TEST_TEXT_SIZE)];
	memcpy(text, told->text, sizeof(text));
	for (size_t i = 0; i < WORDS(size); i++) {
		for (size_t j = 0; j < ARRAY_COUNT(text); j++) {
			if (words[i] == text[j]) {
				return true;
			}
		}
	}
	return false;
}

/* Everything through the host's loads. */
static void look(struct host_td *td, uint64_t shared_page, struct secret *secret)
{
	static _Alignas(uint64_t) uint8_t shared[MEM_PAGE_SIZE];
	hpa_t frame;
	EXPECT(mmu_is_shared(&td->mmu, shared_page, MEM_PAGE_SIZE));
	host_read(ptr_hpa(mmu_shared(&td->mmu, shared_page)), shared, sizeof(shared));
	memcpy(&secret->told, shared, sizeof(secret->told));
	EXPECT_EQUAL(secret->told.magic, HOST_TEST_MAGIC);
	EXPECT(shows_text(shared, sizeof(shared), &secret->told));
	EXPECT(mmu_private_frame(&td->mmu, gpa(secret->told.secret), &frame));
	host_read(frame, secret->cipher, sizeof(secret->cipher));
	EXPECT(!shows_text(secret->cipher, sizeof(secret->cipher), &secret->told));
	/* The same text stands in the page many times. */
	for (size_t at = HOST_TEST_TEXT_SIZE; at < MEM_PAGE_SIZE; at += BLOCK) {
		EXPECT(memcmp(secret->cipher + at, secret->cipher + at % HOST_TEST_TEXT_SIZE,
			      BLOCK) != 0);
	}
	secret->frame = frame;
}

static void differ(const struct secret *one, const struct secret *other)
{
	EXPECT(memcmp(one->told.text, other->told.text, HOST_TEST_TEXT_SIZE) == 0);
	for (size_t at = 0; at < MEM_PAGE_SIZE; at += BLOCK) {
		EXPECT(memcmp(one->cipher + at, other->cipher + at, BLOCK) != 0);
	}
}

/* Under the lock. The TDs run: they read the port. */
static void told(unsigned number)
{
	struct secret *secrets = test.secrets;
	if (number == THIRD) {
		differ(&secrets[THIRD], &secrets[FIRST]);
		differ(&secrets[THIRD], &secrets[SECOND]);
		console_line('L', "host test: third TD, frame 0x%llx, the second one's was 0x%llx",
			     (unsigned long long)secrets[THIRD].frame.v,
			     (unsigned long long)secrets[SECOND].frame.v);
		test.steps[THIRD] = HOST_TEST_INTACT;
	} else if (secrets[FIRST].frame.v != 0 && secrets[SECOND].frame.v != 0) {
		static const uint8_t byte = 0x5A;
		differ(&secrets[FIRST], &secrets[SECOND]);
		console_line('L', "host test: no secret read, frames 0x%llx and 0x%llx",
			     (unsigned long long)secrets[FIRST].frame.v,
			     (unsigned long long)secrets[SECOND].frame.v);
		host_write(hpa(secrets[SECOND].frame.v + MEM_PAGE_SIZE / 2), &byte, sizeof(byte));
		test.steps[SECOND] = HOST_TEST_LOST;
	}
}

/* --- the port --------------------------------------------------------------------------------- */

static void write_port(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict)
{
	struct host_td *td = device;
	(void)port;
	(void)verdict;
	EXPECT_EQUAL(size, sizeof(uint32_t));
	spin_lock(&test.lock);
	unsigned number = number_of(td);
	EXPECT(number < TDS && test.secrets[number].frame.v == 0);
	look(td, value * MEM_PAGE_SIZE, &test.secrets[number]);
	told(number);
	spin_unlock(&test.lock);
}

static uint64_t read_port(void *device, uint64_t port, unsigned size)
{
	const struct host_td *td = device;
	(void)port;
	EXPECT_EQUAL(size, sizeof(uint32_t));
	spin_lock(&test.lock);
	unsigned number = number_of(td);
	EXPECT(number < TDS);
	uint32_t step = test.steps[number];
	spin_unlock(&test.lock);
	return step;
}

/* --- the TDs' lives --------------------------------------------------------------------------- */

static void built(struct host_td *td)
{
	device_add(&td->ports, (struct device_row){ HOST_TEST_PORT, 1, td, read_port, write_port });
}

static void ended(struct host_td *td, const char *reason)
{
	if (number_of(td) == FIRST) {
		return;
	}
	char expected[128] = "TD powered itself off";
	bool lost = test.second == SECOND;
	if (lost) {
		fmt_print(expected, sizeof(expected),
			  "host: TDH_VP_ENTER of vCPU 0 failed: 0x%016llx",
			  (unsigned long long)INTEGRITY_ERROR);
	}
	if (strlen(reason) != strlen(expected) || memcmp(reason, expected, strlen(expected)) != 0) {
		console_line('E', "the second TD ended otherwise than by: %s", expected);
		selftest_failed(__FILE__, __LINE__, reason, 0);
	}
	if (lost) { /* nothing is left to it but its end */
		struct seam_regs regs;
		EXPECT_EQUAL(selftest_call(&regs, TDH_VP_ENTER, td->vcpus[0].tdvpr.v, 0, 0, 0),
			     TDX_TD_FATAL);
	}
}

static bool again(const struct td_place *place)
{
	(void)place;
	spin_lock(&test.lock);
	bool lost = test.second == SECOND;
	if (lost) {
		static _Alignas(uint64_t) uint8_t bytes[MEM_PAGE_SIZE];
		const struct secret *secret = &test.secrets[SECOND];
		host_read(secret->frame, bytes, sizeof(bytes));
		EXPECT(!shows_text(bytes, sizeof(bytes), &secret->told));
	} else {
		test.steps[FIRST] = HOST_TEST_INTACT;
	}
	test.second++;
	spin_unlock(&test.lock);
	return lost;
}

const struct td_observer host_test_observer = { built, ended, again };
