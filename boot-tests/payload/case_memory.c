// Cases about memory: all of it, shared and private, not accepted, not there.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/tdx/module.h"
#include "arch/x86/insn.h"
#include "arch/x86/pc.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"
#include "loader/memory/regions.h"

#define WORDS_PER_PAGE (MEM_PAGE_SIZE / 8)
/* No memory is here: between RAM and the devices of every machine that the tests use. */
#define NO_MEMORY 0xA0000000
#define SECRET_WORD UINT64_C(0x5EC2E75EC2E75EC2)

/* Read with volatile: each access must happen. */
static volatile uint64_t *words(uint64_t page)
{
	return (volatile uint64_t *)page;
}

/* Pages that firmware, loader or payload have written: their bytes must stay. */
static bool in_use(const struct info *info, uint64_t page)
{
	const struct linux_boot_params *params = info->params;
	const struct linux_setup_header *header = &params->header;
	uint64_t initrd = (uint64_t)params->ext_ramdisk_image << 32 | header->ramdisk_image;
	uint64_t initrd_size = (uint64_t)params->ext_ramdisk_size << 32 | header->ramdisk_size;

	return regions_have(page) ||
	       ranges_overlap(page, MEM_PAGE_SIZE, PAYLOAD_BASE, PAYLOAD_WINDOW) ||
	       ranges_overlap(page, MEM_PAGE_SIZE, initrd, initrd_size);
}

enum pass { PASS_ZERO, PASS_MARK, PASS_READ };

static void visit(uint64_t page, enum pass pass)
{
	volatile uint64_t *word = words(page);
	uint64_t any = 0;

	switch (pass) {
	case PASS_ZERO:
		for (unsigned i = 0; i < WORDS_PER_PAGE; i++) {
			any |= word[i];
		}
		EXPECT(any == 0 || !guest_is_td(), "page %lx is not zero", page);
		return;
	case PASS_MARK:
		word[0] = page;
		word[WORDS_PER_PAGE - 1] = ~page;
		return;
	case PASS_READ:
		EXPECT(word[0] == page && word[WORDS_PER_PAGE - 1] == ~page,
		       "page %lx holds %lx and %lx", page, word[0], word[WORDS_PER_PAGE - 1]);
		return;
	}
}

static uint64_t visit_all(const struct info *info, enum pass pass)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];

		if (entry->type != E820_RAM) {
			continue;
		}
		EXPECT(entry->base + entry->size <= TABLES_IDENTITY_END, "RAM above the map");
		for (uint64_t at = 0; at < entry->size; at += MEM_PAGE_SIZE) {
			if (!in_use(info, entry->base + at)) {
				visit(entry->base + at, pass);
				pages++;
			}
		}
	}
	return pages;
}

/* The VGA window is nobody's RAM, and firmware has left it alone; what is after it is a TD's
 * RAM. */
static void check_vga_window(const struct info *info)
{
	for (uint64_t page = PC_VGA_WINDOW; page < PC_VGA_WINDOW_END; page += MEM_PAGE_SIZE) {
		EXPECT(info_memory_type(info, page) != E820_RAM, "the VGA window is RAM at %lx",
		       page);
	}
	if (guest_is_td()) {
		uint64_t accepted = guest_accept(gpa(PC_VGA_WINDOW));
		EXPECT(accepted == 0, "accept of the VGA window: %lx", accepted);
		EXPECT(info_memory_type(info, PC_VGA_WINDOW_END) == E820_RAM, "no RAM at %x",
		       PC_VGA_WINDOW_END);
	}
}

/* Every page of RAM is there once, and zero where the firmware had no business. */
static void case_memory(const struct info *info)
{
	check_vga_window(info);
	uint64_t pages = visit_all(info, PASS_ZERO);

	EXPECT(pages != 0, "no memory to test");
	/* Every page its own address, then all read back: two pages in one place would show. */
	visit_all(info, PASS_MARK);
	visit_all(info, PASS_READ);
	report("%lu pages are there and were zero", pages);
}
PAYLOAD_CASE("memory", case_memory);

/* Bytes alone mean nothing: runs of 15 or more hold such a word. */
static bool is_fill(uint64_t word)
{
	/* Volatile: else the word that is looked for stands in this very program (clang 19). */
	static const volatile uint64_t ones = UINT64_MAX / 255;
	uint64_t byte = word & UINT8_MAX;

	return byte == MACHINE_FILL && word == byte * ones;
}

/* A file of QEMU's that the firmware does not ask for: its name is in the directory only. */
static void no_directory(void)
{
	static const char name[] = "bios-geometry";

	for (uint64_t at = SHIM_RAM; at < SHIM_RAM_END - sizeof(name); at += sizeof(uint32_t)) {
		EXPECT(memcmp((const void *)at, name, sizeof(name)) != 0,
		       "the host's directory of files is at %lx", at);
	}
}

/* Nothing is left in memory of what the host put there unmeasured before the TD ran. First of all,
 * as all that follows writes memory. */
static void case_left_behind(const struct info *info)
{
	uint64_t bytes = 0;

	no_directory();
	for (uint64_t at = BSP_STACK; at < BSP_STACK + BSP_STACK_SIZE; at += sizeof(uint64_t)) {
		EXPECT(*words(at) == 0, "the firmware's stack holds %lx at %lx", *words(at), at);
	}

	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];

		EXPECT(entry->base + entry->size <= TABLES_IDENTITY_END, "memory above the map");
		for (uint64_t at = 0; at < entry->size; at += sizeof(uint64_t)) {
			EXPECT(!is_fill(*words(entry->base + at)),
			       "the host's bytes are at %lx, of e820 type %u", entry->base + at,
			       entry->type);
		}
		bytes += entry->size;
	}
	report("%lx bytes, and none that the host left unmeasured", bytes);
}
PAYLOAD_CASE("left-behind", case_left_behind);

/* A page of RAM that nobody uses: in the last e820 entry of RAM below 4 GiB. */
static gpa_t spare_page(const struct info *info)
{
	uint64_t page = 0;

	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];
		uint64_t last = entry->base + entry->size - MEM_PAGE_SIZE;

		if (entry->type == E820_RAM && last < FOUR_GIB && !in_use(info, last)) {
			page = last;
		}
	}
	EXPECT(page != 0, "no spare page");
	return gpa(page);
}

/* A page goes shared and back: never shows one world's bytes to the other. */
static void case_share(const struct info *info)
{
	gpa_t page = spare_page(info);
	volatile uint64_t *private_view = words(page.v);
	volatile uint64_t *shared_view = words(TABLES_SHARED_VIEW + page.v);
	uint64_t accepted;

	*private_view = 0x5EC2E7;
	guest_map_gpa(page, SHARE_SHARED);
	EXPECT(*shared_view != 0x5EC2E7, "the host sees what was private");
	*shared_view = 0x0BE9;
	EXPECT(*shared_view == 0x0BE9, "shared memory does not hold what was written");
	guest_map_gpa(page, SHARE_PRIVATE);
	accepted = guest_accept(page);
	EXPECT(accepted == 0, "accept: %lx", accepted);
	for (unsigned i = 0; i < WORDS_PER_PAGE; i++) {
		EXPECT(private_view[i] == 0, "accepted page holds %lx", private_view[i]);
	}
}
PAYLOAD_CASE("share", case_share);

/* What the host does with memory, when it hears of it, changes no byte of a page: the last one is
 * shared, the one below private. */
static void case_moved(const struct info *info)
{
	gpa_t page = spare_page(info);
	volatile uint64_t *shared = words(TABLES_SHARED_VIEW + page.v);
	volatile uint64_t *private_below = words(page.v - MEM_PAGE_SIZE);

	EXPECT(guest_is_td(), "a plain VM shares nothing");
	guest_map_gpa(page, SHARE_SHARED);
	report("shared page %lx", page.v);
	*shared = page.v;
	*private_below = ~page.v;
	guest_get_vmcall_info();
	EXPECT(*shared == page.v, "shared page holds %lx", *shared);
	EXPECT(*private_below == ~page.v, "private page holds %lx", *private_below);
	guest_map_gpa(page, SHARE_PRIVATE);
	EXPECT(guest_accept(page) == TDX_SUCCESS, "page %lx cannot be accepted", page.v);
}
PAYLOAD_CASE("moved", case_moved);

#define RING_SLOTS 8
#define RING_REQUESTS 20
#define RING_BUFFER_SIZE 64

/* What stands in a shared page: requests that QEMU's fw_cfg device takes by DMA, and its
 * answers. */
struct ring {
	volatile struct fw_cfg_dma requests[RING_SLOTS];
	volatile uint32_t buffers[RING_SLOTS][RING_BUFFER_SIZE / sizeof(uint32_t)];
};

/* The device sees which item is asked for, and leaves it, and its status, in the slot's place. */
static void ring_turn(struct ring *ring, gpa_t page, unsigned number)
{
	unsigned slot = number % RING_SLOTS;
	bool signature = number % 3 == 0;
	uint32_t item = signature ? FW_CFG_SIGNATURE : FW_CFG_ID;
	uint32_t wanted =
		signature ? FW_CFG_SIGNATURE_VALUE : FW_CFG_ID_TRADITIONAL | FW_CFG_ID_DMA;
	uint64_t request = page.v + offsetof(struct ring, requests[slot]);
	uint64_t buffer = page.v + offsetof(struct ring, buffers[slot]);

	ring->buffers[slot][0] = ring->buffers[slot][1] = ~number;
	ring->requests[slot].address = __builtin_bswap64(buffer);
	ring->requests[slot].length = __builtin_bswap32(sizeof(wanted));
	ring->requests[slot].control =
		__builtin_bswap32(item << 16 | FW_CFG_DMA_SELECT | FW_CFG_DMA_READ);
	guest_out32(FW_CFG_PORT_DMA_HIGH, __builtin_bswap32((uint32_t)(request >> 32)));
	guest_out32(FW_CFG_PORT_DMA_LOW, __builtin_bswap32((uint32_t)request));
	EXPECT(ring->requests[slot].control == 0, "request %u: the device leaves %x", number,
	       __builtin_bswap32(ring->requests[slot].control));
	EXPECT(ring->buffers[slot][0] == wanted && ring->buffers[slot][1] == ~number,
	       "request %u: %x, %x after it", number, ring->buffers[slot][0],
	       ring->buffers[slot][1]);
}

/* Requests go round in shared memory, from the TD to its host and back. */
static void case_ring(const struct info *info)
{
	gpa_t page = spare_page(info);
	_Static_assert(sizeof(struct ring) <= MEM_PAGE_SIZE, "The ring is in one page.");

	EXPECT(guest_is_td(), "a plain VM shares nothing");
	guest_map_gpa(page, SHARE_SHARED);
	for (unsigned i = 0; i < RING_REQUESTS; i++) {
		ring_turn((struct ring *)(TABLES_SHARED_VIEW + page.v), page, i);
	}
	report("%u requests by %u slots", RING_REQUESTS, RING_SLOTS);
	guest_map_gpa(page, SHARE_PRIVATE);
	EXPECT(guest_accept(page) == TDX_SUCCESS, "page %lx cannot be accepted", page.v);
}
PAYLOAD_CASE("ring", case_ring);

static void case_unaccepted(const struct info *info)
{
	gpa_t page = spare_page(info);

	guest_map_gpa(page, SHARE_SHARED);
	guest_map_gpa(page, SHARE_PRIVATE);
	report("reading page %lx, private again and not accepted", page.v);
	report_fail("read %lx", *words(page.v));
}
PAYLOAD_CASE("unaccepted", case_unaccepted);

/* Access first: with #VE for such pages on again, the host adds the page that is touched, and the
 * module tells the TD. The shim's handler, still in place, must not accept it. */
static void case_access_first(const struct info *info)
{
	gpa_t page = spare_page(info);
	struct tdcall_regs regs = { .rax = TDG_VM_WR,
				    .rdx = MD_TD_CTLS,
				    .r9 = TD_CTLS_PENDING_VE_DISABLE };

	guest_map_gpa(page, SHARE_SHARED);
	guest_map_gpa(page, SHARE_PRIVATE);
	EXPECT(tdcall(&regs) == TDX_SUCCESS, "TDG.VM.WR of TD_CTLS: %lx", regs.rax);
	EXPECT((regs.r8 & TD_CTLS_PENDING_VE_DISABLE) != 0, "TD_CTLS was %lx", regs.r8);
	report("reading page %lx, private again and not accepted", page.v);
	insn_lidt(&info->entry.idt);
	report_fail("read %lx", *words(page.v));
}
PAYLOAD_CASE("access-first", case_access_first);

/* An access of the wrong kind that the host answers by a conversion, which nobody asked for: what
 * was in the page stays private, and is lost. */
static void case_memory_fault(const struct info *info)
{
	gpa_t page = spare_page(info);
	volatile uint64_t *shared = words(TABLES_SHARED_VIEW + page.v);

	EXPECT(guest_is_td(), "a plain VM shares nothing");
	*words(page.v) = SECRET_WORD;
	report("reading page %lx as a shared one, which it is not", page.v);
	uint64_t value = *shared;
	EXPECT(value != SECRET_WORD, "the host has the private content");
	*shared = page.v;
	EXPECT(*shared == page.v, "shared page %lx has %lx", page.v, *shared);
	guest_map_gpa(page, SHARE_PRIVATE);
	EXPECT(guest_accept(page) == TDX_SUCCESS, "page %lx cannot be accepted", page.v);
	EXPECT(*words(page.v) == 0, "page %lx has %lx", page.v, *words(page.v));
}
PAYLOAD_CASE("memory-fault", case_memory_fault);

static void case_no_memory(const struct info *info)
{
	EXPECT(info_memory_type(info, NO_MEMORY) == 0, "there is memory at %x", NO_MEMORY);
	report("reading %x, where nothing is", NO_MEMORY);
	report_fail("read %lx", *words(NO_MEMORY));
}
PAYLOAD_CASE("no-memory", case_no_memory);
