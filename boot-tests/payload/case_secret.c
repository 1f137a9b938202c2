// A secret in private memory, and a host script that looks for it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

#define TEXT_SIZE 256

static const char sentence[] = "This text is a secret of the TD, and no host shall ever read it. ";

/* No 8 bytes of the text are alike. */
static uint8_t text_byte(unsigned i)
{
	unsigned in_text = i % TEXT_SIZE;

	return in_text % 8 == 0 ? (uint8_t)(in_text / 8) :
				  (uint8_t)sentence[in_text % (sizeof(sentence) - 1)];
}

/* The text again and again. */
static void fill(volatile uint8_t *page)
{
	for (unsigned i = 0; i < MEM_PAGE_SIZE; i++) {
		page[i] = text_byte(i);
	}
}

/* Fills the page at "secret=GPA", which stays private, and the one after it, which becomes shared,
 * with the same text; the host hears of it by GetTdVmCallInfo. Both pages are zero in the end. */
static void case_secret(const struct info *info)
{
	gpa_t secret = gpa(info_option_number(info, "secret=", 0));
	gpa_t shared = gpa(secret.v + MEM_PAGE_SIZE);
	volatile uint8_t *read = (volatile uint8_t *)secret.v;

	EXPECT(info_memory_type(info, secret.v) == E820_RAM, "no RAM at %lx", secret.v);
	fill(read);
	guest_map_gpa(shared, SHARE_SHARED);
	fill((volatile uint8_t *)(TABLES_SHARED_VIEW + shared.v));
	guest_get_vmcall_info();
	report("reading the secret");
	for (unsigned i = 0; i < MEM_PAGE_SIZE; i++) {
		EXPECT(read[i] == text_byte(i), "byte %x of the secret is %x", i, read[i]);
	}
	report("the secret is as it was");
	memset((void *)secret.v, 0, MEM_PAGE_SIZE);
	guest_map_gpa(shared, SHARE_PRIVATE);
	EXPECT(guest_accept(shared) == TDX_SUCCESS, "page %lx cannot be accepted", shared.v);
}
PAYLOAD_CASE("secret", case_secret);
