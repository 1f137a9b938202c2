// The TD HOB list: the one that QEMU writes, and every way it can be wrong, by name.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/hob_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/hob.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"

#define IMAGE_SIZE 0x10000
#define GIB UINT64_C(0x40000000)
/* What metadata adds ends here. */
#define ADDED_END (TD_HOB + TD_HOB_SIZE)

/* A list under construction; the page is as large as the metadata section. */
struct list {
	_Alignas(8) uint8_t bytes[TD_HOB_SIZE];
	size_t size;
};

static void put(struct list *list, const void *block, size_t size)
{
	assert_true(list->size + size <= sizeof(list->bytes));
	memcpy(list->bytes + list->size, block, size);
	list->size += size;
}

static struct hob_handoff *handoff_of(struct list *list)
{
	return (struct hob_handoff *)list->bytes;
}

static void begin(struct list *list)
{
	memset(list, 0, sizeof(*list));
	const struct hob_handoff block = {
		.header = { HOB_TYPE_HANDOFF, sizeof(block), 0 },
		.version = HOB_HANDOFF_VERSION,
	};
	put(list, &block, sizeof(block));
}

static struct hob_resource resource_of(uint32_t type, uint64_t start, uint64_t length)
{
	return (struct hob_resource){
		.header = { HOB_TYPE_RESOURCE_DESCRIPTOR, sizeof(struct hob_resource), 0 },
		.resource_type = type,
		.attributes = HOB_ATTRIBUTES_MEMORY,
		.physical_start = start,
		.resource_length = length,
	};
}

static void resource(struct list *list, uint32_t type, uint64_t start, uint64_t length)
{
	const struct hob_resource block = resource_of(type, start, length);
	put(list, &block, sizeof(block));
}

static void end(struct list *list)
{
	const struct hob_header block = { HOB_TYPE_END_OF_HOB_LIST, sizeof(block), 0 };
	put(list, &block, sizeof(block));
	handoff_of(list)->end_of_hob_list = TD_HOB + list->size;
}

#define UNACCEPTED HOB_RESOURCE_MEMORY_UNACCEPTED
#define ADDED HOB_RESOURCE_SYSTEM_MEMORY

/* As QEMU does for a TD with 6 GiB: RAM split around the metadata sections. */
static void qemu_list(struct list *list)
{
	begin(list);
	resource(list, UNACCEPTED, 0, SHIM_RAM);
	resource(list, ADDED, SHIM_RAM, TEMPMEM_END - SHIM_RAM);
	resource(list, ADDED, TD_HOB, TD_HOB_SIZE);
	resource(list, UNACCEPTED, ADDED_END, 2 * GIB - ADDED_END);
	resource(list, UNACCEPTED, 4 * GIB, 4 * GIB);
	end(list);
}

/* What the last hob_read() said. */
static size_t list_size;

/* A copy of exactly size bytes, so that the sanitizer sees a read after them. */
static enum status read_bytes(const uint8_t *bytes, size_t size, unsigned gpaw,
			      struct memory_map *map)
{
	uint8_t *copy = test_malloc(size + 1);
	memcpy(copy, bytes, size);
	enum status status = hob_read(copy, size, gpaw, IMAGE_SIZE, map, &list_size);
	test_free(copy);
	return status;
}

static void refuses(const struct list *list, enum status want, const char *text)
{
	struct memory_map map;
	struct memory_map before;
	memset(&map, 0x5A, sizeof(map));
	before = map;
	list_size = 0x1234;
	assert_refusal(read_bytes(list->bytes, sizeof(list->bytes), 48, &map), want, text);
	assert_memory_equal(&map, &before, sizeof(map));
	assert_int_equal(list_size, 0x1234);
}

static void refuses_resource(const struct hob_resource *block, enum status want, const char *text)
{
	struct list list;
	begin(&list);
	put(&list, block, sizeof(*block));
	end(&list);
	refuses(&list, want, text);
}

static void refuses_range(uint32_t type, uint64_t start, uint64_t length, enum status want,
			  const char *text)
{
	const struct hob_resource block = resource_of(type, start, length);
	refuses_resource(&block, want, text);
}

static void accepts(const struct list *list, struct memory_map *map)
{
	assert_int_equal(read_bytes(list->bytes, sizeof(list->bytes), 48, map), ST_OK);
}

static void expect(const struct memory_map *map, unsigned i, uint64_t base, uint64_t size,
		   enum memory_kind kind)
{
	assert_true(i < map->count);
	assert_int_equal(map->entries[i].range.base.v, base);
	assert_int_equal(map->entries[i].range.size, size);
	assert_int_equal(map->entries[i].kind, kind);
}

static void the_list_of_qemu(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	qemu_list(&list);
	accepts(&list, &map);
	assert_int_equal(map.count, 4);
	expect(&map, 0, 0, SHIM_RAM, MEMORY_UNACCEPTED);
	expect(&map, 1, SHIM_RAM, ADDED_END - SHIM_RAM, MEMORY_ACCEPTED);
	expect(&map, 2, ADDED_END, 2 * GIB - ADDED_END, MEMORY_UNACCEPTED);
	expect(&map, 3, 4 * GIB, 4 * GIB, MEMORY_UNACCEPTED);
	/* What is measured: all blocks but the last. */
	assert_int_equal(list_size, 56 + 5 * 48);
}

static void both_meanings_of_the_end_pointer(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	qemu_list(&list);
	handoff_of(&list)->end_of_hob_list -= sizeof(struct hob_header);
	accepts(&list, &map);
}

/* A block of zeros but for its header, padded as hosts do. */
static void put_block(struct list *list, uint16_t type, uint16_t length)
{
	const struct hob_header header = { type, length, 0 };
	static const uint8_t zeros[0x400];
	put(list, &header, sizeof(header));
	put(list, zeros, align_up(length, 8) - sizeof(header));
}

static void blocks_that_are_passed_over(void **state)
{
	(void)state;
	static const struct {
		uint16_t type, length;
	} blocks[] = {
		{ HOB_TYPE_GUID_EXTENSION, 24 },
		{ HOB_TYPE_GUID_EXTENSION, 32 },
		/* An ACPI table of 37 bytes: cloud-hypervisor. */
		{ HOB_TYPE_GUID_EXTENSION, 61 },
		{ HOB_TYPE_CPU, 16 },
		{ HOB_TYPE_MEMORY_ALLOCATION, 48 },
		{ HOB_TYPE_MEMORY_ALLOCATION, 72 },
		{ HOB_TYPE_UNUSED, 8 },
		{ HOB_TYPE_UNUSED, 0x400 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(blocks); i++) {
		struct list list;
		struct memory_map map;
		begin(&list);
		put_block(&list, blocks[i].type, blocks[i].length);
		resource(&list, UNACCEPTED, 0, SHIM_RAM);
		end(&list);
		accepts(&list, &map);
		assert_int_equal(map.count, 1);
		expect(&map, 0, 0, SHIM_RAM, MEMORY_UNACCEPTED);
		/* They are measured, and what pads them. */
		assert_int_equal(list_size, 56 + align_up(blocks[i].length, 8) + 48);
		/* The padding may not reach out of the list. */
		if (blocks[i].length == 61) {
			assert_refusal(read_bytes(list.bytes, 56 + 63, 48, &map), ST_TRUNCATED,
				       "TD HOB 0x38: block of 0x40 bytes, 0x3f left");
		}
	}
}

/* As cloud-hypervisor, dragonball and older QEMUs describe what is no memory of the guest's. */
static void other_resources(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	begin(&list);
	struct hob_resource mmio = resource_of(HOB_RESOURCE_MEMORY_MAPPED_IO, 2 * GIB, 0x7EE00000);
	mmio.attributes = 0x403;
	put(&list, &mmio, sizeof(mmio));
	resource(&list, HOB_RESOURCE_IO, 0, 0x10000);
	resource(&list, HOB_RESOURCE_IO_RESERVED, 0xFFFF, 1);
	/* Ports that would overlap, were they memory; KVM's identity map and TSS. */
	resource(&list, HOB_RESOURCE_IO, 0x10, 0x10);
	resource(&list, HOB_RESOURCE_MEMORY_RESERVED, 0xFEFFC000, 0x4000);
	resource(&list, UNACCEPTED, 0, SHIM_RAM);
	end(&list);
	accepts(&list, &map);
	assert_int_equal(map.count, 3);
	expect(&map, 0, 0, SHIM_RAM, MEMORY_UNACCEPTED);
	expect(&map, 1, 2 * GIB, 0x7EE00000, MEMORY_MMIO);
	expect(&map, 2, 0xFEFFC000, 0x4000, MEMORY_RESERVED);

	refuses_range(HOB_RESOURCE_IO, 1, 0x10000, ST_BAD_RANGE, "TD HOB: ports 0x1, size 0x10000");
	refuses_range(HOB_RESOURCE_IO_RESERVED, UINT64_MAX, 2, ST_BAD_RANGE,
		      "TD HOB: ports 0xffffffffffffffff, size 0x2");
}

/* Each is checked as memory is. */
static void bad_other_resources(void **state)
{
	(void)state;
	static const uint32_t types[] = { HOB_RESOURCE_MEMORY_MAPPED_IO,
					  HOB_RESOURCE_MEMORY_RESERVED };
	for (unsigned i = 0; i < ARRAY_COUNT(types); i++) {
		struct list list;
		refuses_range(types[i], BIT64(47), 0x1000, ST_BAD_RANGE,
			      "TD HOB: memory 0x800000000000, size 0x1000: above the guest's "
			      "width");
		refuses_range(types[i], FOUR_GIB - 0x1000, 0x1000, ST_BAD_RANGE,
			      "TD HOB: memory 0xfffff000, size 0x1000: on the image");
		refuses_range(types[i], BSP_STACK, 0x1000, ST_BAD_RANGE,
			      "TD HOB: memory 0x121000, size 0x1000: no memory, but in a section");
		refuses_range(types[i], UINT64_C(0xFFFFFFFFFFFFF000), 0x2000, ST_BAD_RANGE,
			      "TD HOB: memory 0xfffffffffffff000, size 0x2000: above the guest's "
			      "width");
		refuses_range(types[i], 0x1800, 0x1000, ST_BAD_RANGE,
			      "TD HOB: memory 0x1800, size 0x1000: range 0");
		begin(&list);
		resource(&list, types[i], 4 * GIB, 2 * GIB);
		resource(&list, UNACCEPTED, 3 * GIB, 0x1000);
		resource(&list, UNACCEPTED, 5 * GIB, GIB);
		end(&list);
		refuses(&list, ST_BAD_RANGE,
			"TD HOB: memory 0x140000000, size 0x40000000: range 2");
	}
}

static void any_order_is_the_same_map(void **state)
{
	(void)state;
	struct list list;
	struct memory_map sorted, map;
	qemu_list(&list);
	accepts(&list, &sorted);
	/* All 120 orders of the five resources. */
	for (unsigned order = 0; order < 120; order++) {
		struct list other;
		unsigned left = 0x1F;
		unsigned choice = order;
		begin(&other);
		for (unsigned n = 5; n > 0; choice /= n, n--) {
			unsigned i = 0;
			for (unsigned skip = choice % n; skip > 0 || (left >> i & 1) == 0; i++) {
				skip -= left >> i & 1;
			}
			left &= ~(1u << i);
			put(&other, list.bytes + 56 + i * 48, 48);
		}
		end(&other);
		memset(&map, 0, sizeof(map));
		accepts(&other, &map);
		assert_int_equal(map.count, sorted.count);
		for (unsigned i = 0; i < map.count; i++) {
			expect(&map, i, sorted.entries[i].range.base.v,
			       sorted.entries[i].range.size, sorted.entries[i].kind);
		}
	}
}

static void bytes_behind_the_end_are_not_read(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	qemu_list(&list);
	memset(list.bytes + list.size, 0xFF, sizeof(list.bytes) - list.size);
	accepts(&list, &map);
}

static void a_list_may_fill_the_section(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	qemu_list(&list);
	assert_int_equal(read_bytes(list.bytes, list.size, 48, &map), ST_OK);
}

static void truncated_at_every_byte(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	qemu_list(&list);
	for (size_t size = 0; size < list.size; size++) {
		assert_int_equal(read_bytes(list.bytes, size, 48, &map), ST_TRUNCATED);
		assert_memory_equal(refusal_text(ST_TRUNCATED), "TD HOB 0x", 9);
	}
}

static void no_end_block(void **state)
{
	(void)state;
	struct list list;
	begin(&list);
	uint64_t start = 16 * GIB;
	while (list.size + sizeof(struct hob_resource) <= sizeof(list.bytes)) {
		/* One growing range, so that the map does not fill up first. */
		resource(&list, UNACCEPTED, start, 0x1000);
		start += 0x1000;
	}
	struct memory_map map;
	assert_refusal(read_bytes(list.bytes, list.size, 48, &map), ST_TRUNCATED,
		       "TD HOB 0x1fe8: block of 0x8 bytes, 0x0 left");
	/* The rest of the section is zero. */
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x1fe8: block type 0x0 length 0 reserved 0x0");
}

static void zeros_are_no_list(void **state)
{
	(void)state;
	static const struct list list;
	refuses(&list, ST_BAD_FORMAT,
		"TD HOB: first block type 0x0 length 0 reserved 0x0 version 0");
}

static void zeros_behind_the_handoff(void **state)
{
	(void)state;
	struct list list;
	begin(&list);
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x38: block type 0x0 length 0 reserved 0x0");
}

static void handoff_wrong_type(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	handoff_of(&list)->header.type = HOB_TYPE_RESOURCE_DESCRIPTOR;
	refuses(&list, ST_BAD_FORMAT,
		"TD HOB: first block type 0x3 length 56 reserved 0x0 version 9");
}

static void handoff_wrong_length(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	handoff_of(&list)->header.length = 48;
	refuses(&list, ST_BAD_FORMAT,
		"TD HOB: first block type 0x1 length 48 reserved 0x0 version 9");
}

static void handoff_reserved_not_zero(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	handoff_of(&list)->header.reserved = 1;
	refuses(&list, ST_BAD_FORMAT,
		"TD HOB: first block type 0x1 length 56 reserved 0x1 version 9");
}

static void handoff_wrong_version(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	handoff_of(&list)->version = 8;
	refuses(&list, ST_BAD_FORMAT,
		"TD HOB: first block type 0x1 length 56 reserved 0x0 version 8");
}

static void handoff_twice(void **state)
{
	(void)state;
	struct list list;
	begin(&list);
	const struct hob_handoff again = *handoff_of(&list);
	put(&list, &again, sizeof(again));
	end(&list);
	refuses(&list, ST_UNSUPPORTED, "TD HOB 0x38: block type 0x1");
}

static void end_pointer_elsewhere(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	handoff_of(&list)->end_of_hob_list += 8;
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x128: end of list 0x169138");
	handoff_of(&list)->end_of_hob_list = 0;
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x128: end of list 0x0");
}

static void end_block_too_long(void **state)
{
	(void)state;
	struct list list;
	qemu_list(&list);
	((struct hob_header *)(list.bytes + list.size - 8))->length = 16;
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x128: block type 0xffff length 16 reserved 0x0");
}

static void unknown_block(void **state)
{
	(void)state;
	struct list list;
	const struct hob_header block = { 0x0042, sizeof(block), 0 };
	begin(&list);
	put(&list, &block, sizeof(block));
	end(&list);
	refuses(&list, ST_UNSUPPORTED, "TD HOB 0x38: block type 0x42");
}

static void block_of_length(uint16_t type, uint16_t length, enum status want, const char *text)
{
	struct list list;
	struct hob_resource block = resource_of(UNACCEPTED, 0, 0x1000);
	block.header.type = type;
	block.header.length = length;
	begin(&list);
	put(&list, &block, sizeof(block));
	end(&list);
	refuses(&list, want, text);
}

static void block_lengths(void **state)
{
	(void)state;
	/* 0 would never move on. */
	block_of_length(HOB_TYPE_RESOURCE_DESCRIPTOR, 0, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x3 length 0 reserved 0x0");
	block_of_length(HOB_TYPE_RESOURCE_DESCRIPTOR, 4, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x3 length 4 reserved 0x0");
	block_of_length(HOB_TYPE_RESOURCE_DESCRIPTOR, 40, ST_BAD_FORMAT,
			"TD HOB: resource length 40 type 0x7 attributes 0x7");
	block_of_length(HOB_TYPE_RESOURCE_DESCRIPTOR, 47, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x3 length 47 reserved 0x0");
	block_of_length(HOB_TYPE_RESOURCE_DESCRIPTOR, 56, ST_BAD_FORMAT,
			"TD HOB: resource length 56 type 0x7 attributes 0x7");
	block_of_length(HOB_TYPE_GUID_EXTENSION, 16, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x4 length 16 reserved 0x0");
	block_of_length(HOB_TYPE_MEMORY_ALLOCATION, 40, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x2 length 40 reserved 0x0");
	block_of_length(HOB_TYPE_MEMORY_ALLOCATION, 52, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x2 length 52 reserved 0x0");
	block_of_length(HOB_TYPE_CPU, 8, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x6 length 8 reserved 0x0");
	block_of_length(HOB_TYPE_CPU, 24, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0x6 length 24 reserved 0x0");
	block_of_length(HOB_TYPE_UNUSED, 12, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0xfffe length 12 reserved 0x0");
	block_of_length(HOB_TYPE_UNUSED, 0, ST_BAD_FORMAT,
			"TD HOB 0x38: block type 0xfffe length 0 reserved 0x0");
	block_of_length(HOB_TYPE_GUID_EXTENSION, 0xFFF8, ST_TRUNCATED,
			"TD HOB 0x38: block of 0xfff8 bytes, 0x1fc8 left");
}

static void block_length_unaligned(void **state)
{
	(void)state;
	struct list list;
	const struct PACKED {
		struct hob_header header;
		uint8_t body[20];
	} extension = { .header = { HOB_TYPE_GUID_EXTENSION, sizeof(extension), 0 } };
	begin(&list);
	put(&list, &extension, sizeof(extension));
	end(&list);
	/* Blocks start on multiples of 8: the END block must not follow without padding. */
	refuses(&list, ST_BAD_FORMAT, "TD HOB 0x58: block type 0x0 length 0 reserved 0x0");
}

static void block_reserved_not_zero(void **state)
{
	(void)state;
	struct hob_resource block = resource_of(UNACCEPTED, 0, 0x1000);
	block.header.reserved = 0x80000000;
	refuses_resource(&block, ST_BAD_FORMAT,
			 "TD HOB 0x38: block type 0x3 length 48 reserved 0x80000000");
}

static void resource_attributes(void **state)
{
	(void)state;
	/* Not present or initialized; read-, write-, execution-protected, read-only, persistent,
	 * special purpose; unknown. */
	static const uint32_t wrong[] = {
		0, 1, 2, 0x87, 0x107, 0x207, 0x40007, 0x800007, 0x8000007, 0x10000007, 0x80000007,
	};
	/* Of no use, ECC, cacheable, protectable, more reliable; encrypted: Intel's first QEMU. */
	static const uint32_t right[] = { 3, 7, 0x7F, 0x3C07, 0x700007, 0x2000007, 0x4000007 };
	char text[80];
	for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
		struct hob_resource block = resource_of(UNACCEPTED, 0, 0x1000);
		block.attributes = wrong[i];
		snprintf(text, sizeof(text), "TD HOB: resource length 48 type 0x7 attributes 0x%x",
			 wrong[i]);
		refuses_resource(&block, ST_BAD_FORMAT, text);
		block = resource_of(ADDED, SHIM_RAM, 0x1000);
		block.attributes = wrong[i];
		*strchr(strchr(text, 'x'), '7') = '0';
		refuses_resource(&block, ST_BAD_FORMAT, text);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(right); i++) {
		struct list list;
		struct memory_map map;
		struct hob_resource block = resource_of(UNACCEPTED, 0, 0x1000);
		begin(&list);
		block.attributes = right[i];
		put(&list, &block, sizeof(block));
		end(&list);
		accepts(&list, &map);
	}
	/* What is no memory may have any that are known. */
	struct hob_resource block = resource_of(HOB_RESOURCE_MEMORY_MAPPED_IO, 0, 0x1000);
	block.attributes = 0x10000000;
	refuses_resource(&block, ST_BAD_FORMAT,
			 "TD HOB: resource length 48 type 0x1 attributes 0x10000000");
}

static void resource_types(void **state)
{
	(void)state;
	for (uint32_t type = HOB_RESOURCE_FIRMWARE_DEVICE;
	     type <= HOB_RESOURCE_MEMORY_MAPPED_IO_PORT; type++) {
		char text[] = "TD HOB: resource type 0x?";
		text[sizeof(text) - 2] = (char)('0' + type);
		refuses_range(type, 0, 0x1000, ST_UNSUPPORTED, text);
	}
	refuses_range(HOB_RESOURCE_TYPE_LAST + 1, 0, 0x1000, ST_BAD_FORMAT,
		      "TD HOB: resource length 48 type 0x8 attributes 0x7");
	refuses_range(0x10000007, 0, 0x1000, ST_BAD_FORMAT,
		      "TD HOB: resource length 48 type 0x10000007 attributes 0x7");
}

static void ranges_that_are_none(void **state)
{
	(void)state;
	refuses_range(UNACCEPTED, 0x1000, 0, ST_BAD_RANGE,
		      "TD HOB: memory 0x1000, size 0x0: range 0");
	refuses_range(UNACCEPTED, 0x1800, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x1800, size 0x1000: range 0");
	refuses_range(UNACCEPTED, 0x1000, 0x1800, ST_BAD_RANGE,
		      "TD HOB: memory 0x1000, size 0x1800: range 0");
	refuses_range(UNACCEPTED, UINT64_C(0xFFFFFFFFFFFFF000), 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0xfffffffffffff000, size 0x2000: above the guest's width");
	refuses_range(UNACCEPTED, UINT64_C(0xFFFFFFFFFFFFF000), 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0xfffffffffffff000, size 0x1000: above the guest's width");
	refuses_range(UNACCEPTED, 0x1000, UINT64_C(0xFFFFFFFFFFFFF000), ST_BAD_RANGE,
		      "TD HOB: memory 0x1000, size 0xfffffffffffff000: above the guest's width");
}

static void ranges_above_the_guest_width(void **state)
{
	(void)state;
	const uint64_t limit = BIT64(47);
	refuses_range(UNACCEPTED, limit, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x800000000000, size 0x1000: above the guest's width");
	refuses_range(UNACCEPTED, limit - 0x1000, 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0x7ffffffff000, size 0x2000: above the guest's width");
	refuses_range(UNACCEPTED, limit | 0x1000, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x800000001000, size 0x1000: above the guest's width");
	refuses_range(UNACCEPTED, BIT64(51), 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x8000000000000, size 0x1000: above the guest's width");

	struct list list;
	struct memory_map map;
	begin(&list);
	resource(&list, UNACCEPTED, limit - 0x1000, 0x1000);
	end(&list);
	accepts(&list, &map);
	begin(&list);
	resource(&list, UNACCEPTED, limit, 0x1000);
	end(&list);
	assert_int_equal(read_bytes(list.bytes, list.size, 52, &map), ST_OK);
}

static void overlapping(void **state)
{
	(void)state;
	struct list list;
	begin(&list);
	resource(&list, UNACCEPTED, 4 * GIB, GIB);
	resource(&list, UNACCEPTED, 5 * GIB - 0x1000, GIB);
	end(&list);
	refuses(&list, ST_BAD_RANGE, "TD HOB: memory 0x13ffff000, size 0x40000000: range 1");
}

static void the_same_range_twice(void **state)
{
	(void)state;
	struct list list;
	begin(&list);
	resource(&list, UNACCEPTED, 4 * GIB, GIB);
	resource(&list, UNACCEPTED, 4 * GIB, GIB);
	end(&list);
	refuses(&list, ST_BAD_RANGE, "TD HOB: memory 0x100000000, size 0x40000000: range 1");
}

static void on_the_image(void **state)
{
	(void)state;
	const uint64_t image = FOUR_GIB - IMAGE_SIZE;
	refuses_range(UNACCEPTED, image, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0xffff0000, size 0x1000: on the image");
	refuses_range(UNACCEPTED, image - 0x1000, 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0xfffef000, size 0x2000: on the image");
	refuses_range(UNACCEPTED, FOUR_GIB - 0x1000, 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0xfffff000, size 0x2000: on the image");
	refuses_range(UNACCEPTED, 2 * GIB, 4 * GIB, ST_BAD_RANGE,
		      "TD HOB: memory 0x80000000, size 0x100000000: on the image");

	struct list list;
	struct memory_map map;
	begin(&list);
	resource(&list, UNACCEPTED, image - 0x1000, 0x1000);
	resource(&list, UNACCEPTED, FOUR_GIB, 0x1000);
	end(&list);
	accepts(&list, &map);
}

/* Accepting a page twice would zero or give away what the shim stands on. */
static void unaccepted_on_added_pages(void **state)
{
	(void)state;
	refuses_range(UNACCEPTED, 0, GIB, ST_BAD_RANGE,
		      "TD HOB: memory 0x0, size 0x40000000: unaccepted, but in a section");
	refuses_range(UNACCEPTED, SHIM_RAM, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x100000, size 0x1000: unaccepted, but in a section");
	refuses_range(UNACCEPTED, BSP_STACK, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x121000, size 0x1000: unaccepted, but in a section");
	refuses_range(UNACCEPTED, TD_HOB, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x169000, size 0x1000: unaccepted, but in a section");
	refuses_range(UNACCEPTED, ADDED_END - 0x1000, 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0x16a000, size 0x2000: unaccepted, but in a section");
}

/* Memory that is only said to be accepted would kill the kernel at its first touch. */
static void accepted_elsewhere(void **state)
{
	(void)state;
	refuses_range(ADDED, 0, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x0, size 0x1000: accepted, but in no section");
	refuses_range(ADDED, SHIM_RAM - 0x1000, 0x2000, ST_BAD_RANGE,
		      "TD HOB: memory 0xff000, size 0x2000: accepted, but in no section");
	refuses_range(ADDED, TD_HOB, TD_HOB_SIZE + 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x169000, size 0x3000: accepted, but in no section");
	refuses_range(ADDED, ADDED_END, 0x1000, ST_BAD_RANGE,
		      "TD HOB: memory 0x16b000, size 0x1000: accepted, but in no section");
	refuses_range(ADDED, 4 * GIB, GIB, ST_BAD_RANGE,
		      "TD HOB: memory 0x100000000, size 0x40000000: accepted, but in no section");
}

static void more_ranges_than_a_map_holds(void **state)
{
	(void)state;
	struct list list;
	struct memory_map map;
	begin(&list);
	for (uint64_t i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		resource(&list, UNACCEPTED, 4 * GIB + i * 0x2000, 0x1000);
	}
	struct list one_more = list;
	end(&list);
	accepts(&list, &map);
	assert_int_equal(map.count, MEMORY_MAP_ENTRIES);
	resource(&one_more, UNACCEPTED, 8 * GIB, 0x1000);
	end(&one_more);
	refuses(&one_more, ST_NO_SPACE, "TD HOB: memory 0x200000000, size 0x1000: range 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_of_qemu),
		cmocka_unit_test(both_meanings_of_the_end_pointer),
		cmocka_unit_test(blocks_that_are_passed_over),
		cmocka_unit_test(other_resources),
		cmocka_unit_test(bad_other_resources),
		cmocka_unit_test(any_order_is_the_same_map),
		cmocka_unit_test(bytes_behind_the_end_are_not_read),
		cmocka_unit_test(a_list_may_fill_the_section),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(no_end_block),
		cmocka_unit_test(zeros_are_no_list),
		cmocka_unit_test(zeros_behind_the_handoff),
		cmocka_unit_test(handoff_wrong_type),
		cmocka_unit_test(handoff_wrong_length),
		cmocka_unit_test(handoff_reserved_not_zero),
		cmocka_unit_test(handoff_wrong_version),
		cmocka_unit_test(handoff_twice),
		cmocka_unit_test(end_pointer_elsewhere),
		cmocka_unit_test(end_block_too_long),
		cmocka_unit_test(unknown_block),
		cmocka_unit_test(block_lengths),
		cmocka_unit_test(block_length_unaligned),
		cmocka_unit_test(block_reserved_not_zero),
		cmocka_unit_test(resource_attributes),
		cmocka_unit_test(resource_types),
		cmocka_unit_test(ranges_that_are_none),
		cmocka_unit_test(ranges_above_the_guest_width),
		cmocka_unit_test(overlapping),
		cmocka_unit_test(the_same_range_twice),
		cmocka_unit_test(on_the_image),
		cmocka_unit_test(unaccepted_on_added_pages),
		cmocka_unit_test(accepted_elsewhere),
		cmocka_unit_test(more_ranges_than_a_map_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
