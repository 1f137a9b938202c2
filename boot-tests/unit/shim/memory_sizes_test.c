// Memory of many sizes and shapes, from the host's list to what the kernel is told: each page is
// accepted once, left, or was there, by no call more than must be.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "arch/tdx/hob.h"
#include "arch/tdx/module.h"
#include "arch/x86/pc.h"
#include "linker/memmap.h"
#include "loader/memory/e820.h"
#include "loader/memory/unaccepted.h"
#include "shim/fatal.h"
#include "shim/host/hob_read.h"
#include "shim/log.h"
#include "shim/tdx/accept_map.h"

#define KIB4 UINT64_C(0x1000)
#define MIB2 UINT64_C(0x200000)
#define GIB UINT64_C(0x40000000)
#define IMAGE_SIZE 0x10000
#define BANKS_MAX 16
#define PARTS_MAX (BANKS_MAX + 8)

/* What is not accepted by a round: added before, the VGA window, the bounce buffer. Ascending. */
static const struct {
	uint64_t base, end;
} taken[] = {
	{ PC_VGA_WINDOW, PC_VGA_WINDOW_END },
	{ SHIM_RAM, TD_HOB + TD_HOB_SIZE },
	{ BOUNCE, BOUNCE + BOUNCE_SIZE },
};

struct part {
	uint64_t base, end;
};

/* RAM as the host has it: ascending, apart from each other; the first one has what the shim
 * needs. */
struct shape {
	const char *name;
	unsigned count;
	struct part banks[BANKS_MAX];
};

/* ---- the module ------------------------------------------------------------------------------ */

static bool host_has_large;
static uint64_t calls, bytes, next_small;
static const struct part *wanted;
static unsigned wanted_count;

uint64_t tdcall(struct tdcall_regs *regs)
{
	enum pg_level level = (enum pg_level)field_get(TDX_GPA_LEVEL, regs->rcx);
	uint64_t base = regs->rcx & MASK64(51, 12);
	calls++;
	if (level == PG_2M && !host_has_large) {
		return TDX_PAGE_SIZE_MISMATCH | 1;
	}
	/* One vCPU, and a cursor that only rises: no page twice. */
	assert_true(base >= next_small);
	next_small = base + pg_size(level);
	unsigned i = 0;
	while (i < wanted_count && (base < wanted[i].base || next_small > wanted[i].end)) {
		i++;
	}
	assert_true(i < wanted_count);
	bytes += pg_size(level);
	return TDX_SUCCESS;
}

void log_line(const char *format, ...)
{
	(void)format;
}

void fatal_of_aps(void)
{
}

/* ---- what must be ---------------------------------------------------------------------------- */

/* The shape without what is taken. */
static unsigned parts_of(const struct shape *shape, struct part parts[PARTS_MAX])
{
	unsigned count = 0;
	for (unsigned i = 0; i < shape->count; i++) {
		uint64_t base = shape->banks[i].base;
		for (size_t j = 0; j < ARRAY_COUNT(taken); j++) {
			if (taken[j].base >= base && taken[j].end <= shape->banks[i].end) {
				parts[count++] = (struct part){ base, taken[j].base };
				base = taken[j].end;
			}
		}
		parts[count++] = (struct part){ base, shape->banks[i].end };
	}
	return count;
}

/* Takes what can be left of the parts: whole units above 4 GiB. Returns how much that is. */
static uint64_t leave(struct part parts[PARTS_MAX], unsigned *count)
{
	uint64_t left = 0;
	unsigned all = *count;
	for (unsigned i = 0; i < all; i++) {
		uint64_t first = align_up(parts[i].base, MIB2);
		uint64_t last = align_down(parts[i].end, MIB2);
		if (parts[i].base < FOUR_GIB || first >= last) {
			continue;
		}
		left += last - first;
		parts[*count] = (struct part){ last, parts[i].end };
		parts[i].end = first;
		(*count)++;
	}
	return left;
}

static uint64_t calls_of(const struct part *part)
{
	uint64_t first = align_up(part->base, MIB2);
	uint64_t last = align_down(part->end, MIB2);
	uint64_t pages = (part->end - part->base) / KIB4;
	if (first >= last) {
		return pages;
	}
	return host_has_large ? pages - 511 * ((last - first) / MIB2) : pages + 1;
}

/* ---- the host's list ------------------------------------------------------------------------- */

static void put(uint8_t *list, size_t *size, const void *block, size_t block_size)
{
	assert_true(*size + block_size <= TD_HOB_SIZE);
	memcpy(list + *size, block, block_size);
	*size += block_size;
}

static void put_range(uint8_t *list, size_t *size, uint32_t type, uint64_t base, uint64_t end)
{
	const struct hob_resource range = {
		.header = { HOB_TYPE_RESOURCE_DESCRIPTOR, sizeof(range), 0 },
		.resource_type = type,
		.attributes = HOB_ATTRIBUTES_MEMORY,
		.physical_start = base,
		.resource_length = end - base,
	};
	if (base != end) {
		put(list, size, &range, sizeof(range));
	}
}

/* Sections first, then RAM around them, the banks from the one with this number on. */
static void read_list(const struct shape *shape, unsigned start, struct memory_map *map)
{
	static uint8_t list[TD_HOB_SIZE];
	size_t size = 0, list_size;
	struct hob_handoff handoff = { .header = { HOB_TYPE_HANDOFF, sizeof(handoff), 0 },
				       .version = HOB_HANDOFF_VERSION };
	const struct hob_header last = { HOB_TYPE_END_OF_HOB_LIST, sizeof(last), 0 };
	memset(list, 0, sizeof(list));
	put(list, &size, &handoff, sizeof(handoff));
	put_range(list, &size, HOB_RESOURCE_SYSTEM_MEMORY, TD_HOB, TD_HOB + TD_HOB_SIZE);
	put_range(list, &size, HOB_RESOURCE_SYSTEM_MEMORY, SHIM_RAM, TD_HOB);
	for (unsigned i = 0; i < shape->count; i++) {
		const struct part *bank = &shape->banks[(start + i) % shape->count];
		uint64_t base = bank->base;
		if (base < SHIM_RAM) {
			put_range(list, &size, HOB_RESOURCE_MEMORY_UNACCEPTED, base, SHIM_RAM);
			base = TD_HOB + TD_HOB_SIZE;
		}
		put_range(list, &size, HOB_RESOURCE_MEMORY_UNACCEPTED, base, bank->end);
	}
	handoff.end_of_hob_list = TD_HOB + size;
	memcpy(list, &handoff, sizeof(handoff));
	put(list, &size, &last, sizeof(last));
	assert_int_equal(hob_read(list, sizeof(list), 48, IMAGE_SIZE, map, &list_size), ST_OK);
}

/* ---- the way of a boot ----------------------------------------------------------------------- */

static uint64_t bytes_of(const struct memory_map *map, enum memory_kind kind)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < map->count; i++) {
		sum += map->entries[i].kind == kind ? map->entries[i].range.size : 0;
	}
	return sum;
}

/* The kernel is told of all RAM but the VGA window, whoever accepts it. */
static void check_e820(const struct memory_map *map, const struct shape *shape)
{
	struct e820_entry entries[MEMORY_MAP_ENTRIES];
	unsigned count;
	uint64_t ram = 0, want = 0;
	assert_int_equal(e820_build(map, NULL, 0, entries, ARRAY_COUNT(entries), &count), ST_OK);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(entries[i].type, E820_RAM);
		ram += entries[i].size;
	}
	for (unsigned i = 0; i < shape->count; i++) {
		want += shape->banks[i].end - shape->banks[i].base;
	}
	assert_int_equal(ram, want - (PC_VGA_WINDOW_END - PC_VGA_WINDOW));
	/* Gaps alone cut it: the window's, and one before each bank but the first. */
	assert_int_equal(count, shape->count + 1);
}

static void check_bits(const struct memory_map *map, uint64_t left)
{
	static uint64_t table[UNACCEPTED_TABLE_SIZE / sizeof(uint64_t)];
	uint64_t bits = 0;
	if (left == 0) {
		return;
	}
	uint64_t size = unaccepted_table_fill(map, (struct linux_unaccepted_table *)table);
	assert_true(size <= sizeof(table));
	for (uint64_t i = sizeof(struct linux_unaccepted_table) / 8; i < size / 8; i++) {
		bits += (uint64_t)__builtin_popcountll(table[i]);
	}
	assert_int_equal(bits * MIB2, left);
}

static void check(const struct shape *shape, unsigned start, bool large, bool lazy)
{
	static struct accept_map work;
	struct memory_map map;
	struct part parts[PARTS_MAX];
	unsigned count = parts_of(shape, parts);
	uint64_t left = 0, want = 0, want_bytes = 0;
	host_has_large = large;
	read_list(shape, start, &map);
	assert_int_equal(memory_map_remove(&map, PC_VGA_WINDOW, PC_VGA_WINDOW_END - PC_VGA_WINDOW),
			 ST_OK);
	assert_int_equal(memory_map_set_kind(&map, BOUNCE, BOUNCE_SIZE, MEMORY_ACCEPTED), ST_OK);
	if (lazy) {
		left = leave(parts, &count);
		unaccepted_leave(&map, FOUR_GIB, UNACCEPTED_TABLE_SIZE);
	}
	assert_int_equal(unaccepted_left(&map), left);
	for (unsigned i = 0; i < count; i++) {
		want += parts[i].base == parts[i].end ? 0 : calls_of(&parts[i]);
		want_bytes += parts[i].end - parts[i].base;
	}
	memset(&work, 0, sizeof(work));
	calls = bytes = next_small = 0;
	wanted = parts;
	wanted_count = count;
	accept_map_start(&work, &map);
	assert_int_equal(accept_map_finish(&work, 0), ST_OK);
	if (calls != want || bytes != want_bytes || bytes_of(&map, MEMORY_UNACCEPTED) != 0) {
		fail_msg("%s: %lu calls for 0x%lx bytes, not %lu for 0x%lx", shape->name, calls,
			 bytes, want, want_bytes);
	}
	check_e820(&map, shape);
	check_bits(&map, left);
}

/* A host of small pages by as many calls as the first bank has pages, at least. */
static void check_shape(const struct shape *shape)
{
	for (unsigned start = 0; start < shape->count; start++) {
		check(shape, start, true, true);
		check(shape, start, true, false);
	}
	if (shape->banks[0].end <= 256 * MIB) {
		check(shape, 0, false, true);
	}
}

/* As QEMU splits it: below 2.75 GiB all is low, else 2 GiB are. */
static struct shape plain(const char *name, uint64_t size)
{
	if (size < TD_LOW_MEMORY_MAX) {
		return (struct shape){ name, 1, { { 0, size } } };
	}
	return (struct shape){ name,
			       2,
			       { { 0, 2 * GIB }, { FOUR_GIB, FOUR_GIB + size - 2 * GIB } } };
}

/* 16 MiB to 64 GiB, each also with an odd MiB, and an odd 4 KiB more. */
static void sizes(void **state)
{
	(void)state;
	for (uint64_t size = SHIM_RAM_END; size <= 64 * GIB; size *= 2) {
		const struct shape shapes[] = {
			plain("a power of two", size),
			plain("an odd MiB", size + MIB),
			plain("an odd page", size + KIB4),
			plain("both", size + MIB + 3 * KIB4),
			plain("a page less", size == SHIM_RAM_END ? size : size - KIB4),
		};
		for (size_t i = 0; i < ARRAY_COUNT(shapes); i++) {
			check_shape(&shapes[i]);
		}
	}
}

static void holes(void **state)
{
	(void)state;
	static const struct shape shapes[] = {
		{ "a hole of a page", 2, { { 0, 20 * MIB }, { 20 * MIB + KIB4, 64 * MIB } } },
		{ "a hole of odd pages",
		  3,
		  { { 0, SHIM_RAM_END }, { 0x1003000, 0x1FFF000 }, { 0x2001000, 0x4000000 } } },
		{ "one page", 2, { { 0, SHIM_RAM_END }, { 0x1234000, 0x1235000 } } },
		{ "up to the image", 2, { { 0, GIB }, { FOUR_GIB - 16 * MIB2, FOUR_GIB - MIB2 } } },
		{ "a unit less a page",
		  2,
		  { { 0, SHIM_RAM_END }, { FOUR_GIB + KIB4, FOUR_GIB + MIB2 } } },
		{ "a unit and ragged ends",
		  2,
		  { { 0, SHIM_RAM_END }, { FOUR_GIB + MIB2 - KIB4, FOUR_GIB + 2 * MIB2 + KIB4 } } },
	};
	for (size_t i = 0; i < ARRAY_COUNT(shapes); i++) {
		check_shape(&shapes[i]);
	}
}

/* NUMA: the memory of each node, with the gap below 4 GiB and without, with gaps between. */
static void banks(void **state)
{
	(void)state;
	static const struct shape shapes[] = {
		{ "two nodes",
		  3,
		  { { 0, 2 * GIB },
		    { FOUR_GIB, FOUR_GIB + 2 * GIB },
		    { FOUR_GIB + 3 * GIB, FOUR_GIB + 5 * GIB } } },
		{ "four nodes of odd size",
		  5,
		  { { 0, GIB + MIB },
		    { FOUR_GIB, FOUR_GIB + GIB - MIB },
		    { 9 * GIB + 3 * KIB4, 10 * GIB },
		    { 16 * GIB, 17 * GIB + 5 * KIB4 },
		    { 64 * GIB - MIB2, 64 * GIB + KIB4 } } },
		{ "far away", 2, { { 0, 2 * GIB }, { 1024 * GIB, 1025 * GIB } } },
	};
	for (size_t i = 0; i < ARRAY_COUNT(shapes); i++) {
		check_shape(&shapes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(holes),
		cmocka_unit_test(banks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
