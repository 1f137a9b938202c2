// A secret in private memory, and a host script that looks for it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

#define TEXT_SIZE 256
#define PLANTED_SIZE 16

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

#define PLANTED_SIZE 16

/* What the machine looks for (--secret): "text=TEXT", else "Lintel-16-secret". That is not in the
 * payload, which the host may have given: it is made of this. */
static void planted_text(const struct info *info, char *text)
{
	static const volatile uint8_t inverse[PLANTED_SIZE] = { 0xB3, 0x96, 0x91, 0x8B, 0x9A, 0x93,
								0xD2, 0xCE, 0xC9, 0xD2, 0x8C, 0x9A,
								0x9C, 0x8D, 0x9A, 0x8B };
	const char *given;

	if (info_option(info, "text=", &given) == PLANTED_SIZE) {
		memcpy(text, given, PLANTED_SIZE);
		return;
	}
	for (unsigned i = 0; i < PLANTED_SIZE; i++) {
		text[i] = (char)~inverse[i];
	}
}

/* The page at "page=GPA", and what is there of it when it is shared. */
static gpa_t planted_page(const struct info *info)
{
	gpa_t page = gpa(info_option_number(info, "page=", 0));

	EXPECT(info_memory_type(info, page.v) == E820_RAM, "no RAM at %lx", page.v);
	return page;
}

static uint64_t shared_view(gpa_t page)
{
	return TABLES_SHARED_VIEW + page.v;
}

static void plant(gpa_t page, const char *text)
{
	for (unsigned i = 0; i < MEM_PAGE_SIZE; i += PLANTED_SIZE) {
		memcpy((void *)(page.v + i), text, PLANTED_SIZE);
	}
}

/* The page at "page=GPA" is full of the text, and so was the one after it, which is shared while
 * the host hears of them by GetTdVmCallInfo. */
static void case_plant(const struct info *info)
{
	gpa_t page = planted_page(info);
	gpa_t shared = gpa(page.v + MEM_PAGE_SIZE);
	char text[PLANTED_SIZE];

	planted_text(info, text);
	plant(page, text);
	plant(shared, text);
	guest_map_gpa(shared, SHARE_SHARED);
	*(volatile uint64_t *)shared_view(shared) = shared.v;
	guest_get_vmcall_info();
	EXPECT(*(volatile uint64_t *)shared_view(shared) == shared.v, "shared page holds %lx",
	       *(volatile uint64_t *)shared_view(shared));
	for (unsigned i = 0; i < MEM_PAGE_SIZE; i += PLANTED_SIZE) {
		EXPECT(memcmp((void *)(page.v + i), text, PLANTED_SIZE) == 0,
		       "the text at %x is another", i);
	}
	guest_map_gpa(shared, SHARE_PRIVATE);
	EXPECT(guest_accept(shared) == TDX_SUCCESS, "page %lx cannot be accepted", shared.v);
	EXPECT(*(volatile uint64_t *)shared.v == 0, "accepted page holds %lx",
	       *(volatile uint64_t *)shared.v);
}
PAYLOAD_CASE("plant", case_plant);

/* The three cases that show a part of the text have names as long as "plant,aps": a host script
 * changes the one into the other. Here it is in a register. */
static void case_leak_regs(const struct info *info)
{
	char text[PLANTED_SIZE];
	uint64_t word;

	planted_text(info, text);
	memcpy(&word, text + 3, sizeof(word));
	guest_write_msr(0, word);
}
PAYLOAD_CASE("leak-regs", case_leak_regs);

static void leak(const struct info *info)
{
	char text[PLANTED_SIZE];
	gpa_t page = planted_page(info);

	planted_text(info, text);
	guest_map_gpa(page, SHARE_SHARED);
	memcpy((void *)(shared_view(page) + 77), text + 5, 8);
}

/* In a page that is private again when the TD ends. */
static void case_leak_maps(const struct info *info)
{
	leak(info);
	guest_map_gpa(planted_page(info), SHARE_PRIVATE);
}
PAYLOAD_CASE("leak-maps", case_leak_maps);

/* In a page that stays shared. */
PAYLOAD_CASE("leak-ends", leak);
