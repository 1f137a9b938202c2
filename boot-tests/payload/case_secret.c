// A secret in private memory, and a host that looks for it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/host_test.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

/* Each poll is a call of the host; the other TD is built and runs meanwhile. */
#define POLLS_MAX 5000000

static const char sentence[] = "This text is a secret of the TD, and no host shall ever read it. ";

static _Alignas(MEM_PAGE_SIZE) uint8_t secret[MEM_PAGE_SIZE];
static _Alignas(MEM_PAGE_SIZE) uint8_t shared[MEM_PAGE_SIZE];

/* No 8 bytes of the text are alike. */
static uint8_t text_byte(unsigned i)
{
	unsigned in_text = i % HOST_TEST_TEXT_SIZE;

	return in_text % 8 == 0 ? (uint8_t)(in_text / 8) :
				  (uint8_t)sentence[in_text % (sizeof(sentence) - 1)];
}

static void tell_host(void)
{
	struct host_test_page page = { HOST_TEST_MAGIC, (uintptr_t)secret, { 0 } };

	for (unsigned i = 0; i < sizeof(page.text); i++) {
		page.text[i] = text_byte(i);
	}
	guest_map_gpa(gpa((uintptr_t)shared), SHARE_SHARED);
	memcpy((void *)(TABLES_SHARED_VIEW + (uintptr_t)shared), &page, sizeof(page));
	guest_out32(HOST_TEST_PORT, (uint32_t)((uintptr_t)shared / MEM_PAGE_SIZE));
}

static uint32_t next_step(void)
{
	uint32_t step = HOST_TEST_WAIT;

	for (unsigned polls = 0; polls < POLLS_MAX && step == HOST_TEST_WAIT; polls++) {
		insn_pause();
		step = guest_in32(HOST_TEST_PORT);
	}
	return step;
}

/* A secret in private memory, beside another TD that has the same: see host_test.h. */
static void case_secret(const struct info *info)
{
	const volatile uint8_t *read = secret;
	uint32_t step;

	(void)info;
	for (unsigned i = 0; i < sizeof(secret); i++) {
		((volatile uint8_t *)secret)[i] = text_byte(i);
	}
	tell_host();
	step = next_step();
	if (step == HOST_TEST_LOST) {
		report("reading the secret, which the host has written to");
		report_fail("read %x", read[0]);
	}
	EXPECT(step == HOST_TEST_INTACT, "the host says %x", step);
	for (unsigned i = 0; i < sizeof(secret); i++) {
		EXPECT(read[i] == text_byte(i), "byte %x of the secret is %x", i, read[i]);
	}
	report("the secret is as it was");
}
PAYLOAD_CASE("secret", case_secret);
