// ELF files: what is read, what is refused, and where a program goes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "linker/memmap.h"

#define BASE UINT64_C(0x2000000)
#define LOW_END UINT64_C(0x8000000)
#define SEGMENT(number, field) (FIXTURE_ELF_SEGMENTS + 56 * (number) + (field))

static uint8_t file[FIXTURE_ELF_SIZE];
static struct elf elf;
static struct payload_fault fault;
static struct memory_map map;

static int setup(void **state)
{
	(void)state;
	fixture_elf(file, 2, BASE);
	memset(&elf, 0xA5, sizeof(elf));
	map = (struct memory_map){ 1, { { { { 0 }, LOW_END }, MEMORY_ACCEPTED } } };
	return 0;
}

/* On the heap, where ASan sees its end. */
static enum status read_file(uint64_t size)
{
	uint8_t *copy = malloc(size + 1);
	memcpy(copy + 1, file, size);
	enum status status = elf_read(copy + 1, size, &elf, &fault);
	free(copy);
	return status;
}

static void refuses(enum status status, const char *field, uint64_t offset, uint64_t value)
{
	assert_int_equal(read_file(sizeof(file)), status);
	assert_string_equal(payload_fault_field(&fault), field);
	assert_int_equal(fault.offset, offset);
	assert_int_equal(fault.value, value);
	assert_true(strlen(payload_fault_text(&fault)) > 0);
	setup(NULL);
}

static void refuses_put(enum status status, const char *field, size_t at, uint64_t value,
			size_t size)
{
	fixture_put(file, at, value, size);
	refuses(status, field, at, value);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void a_program(void **state)
{
	(void)state;
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.base, BASE);
	assert_int_equal(elf.size, FIXTURE_ELF_MEMORY);
	assert_int_equal(elf.align, 0);
	assert_int_equal(elf.entry, 0x10);
	/* A PIE, by the largest alignment of its segments. */
	fixture_elf(file, 3, 0);
	fixture_put(file, SEGMENT(0, 0x30), 0x200000, 8);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.base, 0);
	assert_int_equal(elf.align, 0x200000);
	assert_int_equal(elf.entry, 0x10);
}

/* A kernel that is linked high and loaded low: p_paddr says where. */
static void virtual_addresses(void **state)
{
	(void)state;
	fixture_put(file, SEGMENT(0, 0x10), 0xFFFFFFFF80000000, 8);
	fixture_put(file, 0x18, 0xFFFFFFFF80000233, 8);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.base, BASE);
	assert_int_equal(elf.entry, 0x233);
}

static void segments_that_are_not_loaded(void **state)
{
	(void)state;
	/* PT_NOTE, and a PT_LOAD of nothing, wherever they say they are. */
	fixture_put(file, 0x38, 4, 2);
	fixture_elf_segment(file, 2, 7, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	fixture_put(file, SEGMENT(2, 0), 4, 4);
	fixture_elf_segment(file, 3, 7, UINT64_MAX, UINT64_MAX, 0, 0);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.base, BASE);
	assert_int_equal(elf.size, FIXTURE_ELF_MEMORY);
	/* A base that is not page aligned. */
	fixture_elf_segment(file, 0, 5, 0x1000, BASE + 0x123, 0x234, 0x234);
	fixture_put(file, 0x18, BASE + 0x123, 8);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.base, BASE);
	assert_int_equal(elf.entry, 0x123);
}

static void headers(void **state)
{
	(void)state;
	assert_int_equal(read_file(63), ST_TRUNCATED);
	assert_string_equal(payload_fault_field(&fault), "ELF size");
	assert_int_equal(fault.offset, 0);
	assert_int_equal(fault.value, 63);
	/* 32 bits, big endian, another version, another system. */
	for (size_t i = 4; i < 8; i++) {
		file[i] ^= 3;
		uint64_t ident;
		memcpy(&ident, file, 8);
		refuses(ST_UNSUPPORTED, "e_ident", 0, ident);
	}
	refuses_put(ST_UNSUPPORTED, "e_machine", 0x12, 3, 2);
	refuses_put(ST_UNSUPPORTED, "e_type", 0x10, 1, 2);
	refuses_put(ST_UNSUPPORTED, "e_type", 0x10, 4, 2);
	refuses_put(ST_BAD_FORMAT, "e_phentsize", 0x36, 57, 2);
	refuses_put(ST_TRUNCATED, "e_phoff", 0x20, UINT64_MAX, 8);
	refuses_put(ST_TRUNCATED, "e_phoff", 0x20, FIXTURE_ELF_SIZE - 111, 8);
	/* As many program headers as the file has room for; they are none. */
	fixture_put(file, 0x20, FIXTURE_ELF_SIZE - 112, 8);
	refuses(ST_BAD_FORMAT, "e_entry", 0x18, BASE + 0x10);
	fixture_put(file, 0x38, 0, 2);
	refuses(ST_BAD_FORMAT, "e_entry", 0x18, BASE + 0x10);
}

static void refuses_segment(enum status status, const char *field, size_t at, uint64_t value)
{
	fixture_put(file, SEGMENT(1, at), value, 8);
	refuses(status, field, SEGMENT(1, 0), value);
}

static void segments(void **state)
{
	(void)state;
	refuses_segment(ST_BAD_FORMAT, "p_filesz", 0x20, 0x1101);
	refuses_segment(ST_TRUNCATED, "p_offset", 0x08, FIXTURE_ELF_SIZE - 0x7F);
	refuses_segment(ST_TRUNCATED, "p_offset", 0x08, UINT64_MAX);
	refuses_segment(ST_UNSUPPORTED, "p_paddr", 0x18, FOUR_GIB - 0x10FF);
	refuses_segment(ST_UNSUPPORTED, "p_paddr", 0x18, UINT64_MAX);
	refuses_segment(ST_BAD_FORMAT, "p_paddr", 0x18, BASE + 0x233);
	refuses_segment(ST_BAD_FORMAT, "p_align", 0x30, 0x3000);
	refuses_segment(ST_BAD_FORMAT, "p_align", 0x30, 0x80000000);
	fixture_put(file, SEGMENT(1, 0x28), FOUR_GIB + 1, 8);
	refuses(ST_UNSUPPORTED, "p_paddr", SEGMENT(1, 0), BASE + 0x2000);
	/* Each border from within. */
	fixture_put(file, SEGMENT(1, 0x20), 0x80, 8);
	fixture_put(file, SEGMENT(1, 0x28), 0x80, 8);
	fixture_put(file, SEGMENT(1, 0x18), BASE + 0x234, 8);
	fixture_put(file, SEGMENT(1, 0x30), 0x40000000, 8);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.size, 0x1000);
	fixture_put(file, SEGMENT(1, 0x30), 0, 8);
	fixture_put(file, SEGMENT(1, 0x18), FOUR_GIB - 0x80, 8);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	assert_int_equal(elf.size, FOUR_GIB - BASE);
	/* Not static. */
	setup(NULL);
	fixture_put(file, SEGMENT(1, 0), 3, 4);
	refuses(ST_UNSUPPORTED, "p_type", SEGMENT(1, 0), 3);
}

static void entries(void **state)
{
	(void)state;
	refuses_put(ST_BAD_FORMAT, "e_entry", 0x18, BASE - 1, 8);
	refuses_put(ST_BAD_FORMAT, "e_entry", 0x18, BASE + 0x234, 8);
	/* In data, and in what the file does not have. */
	refuses_put(ST_BAD_FORMAT, "e_entry", 0x18, BASE + 0x2000, 8);
	fixture_put(file, SEGMENT(1, 4), 7, 4);
	refuses_put(ST_BAD_FORMAT, "e_entry", 0x18, BASE + 0x2080, 8);
}

/* ---- placing and loading --------------------------------------------------------------------- */

static void places(uint64_t base)
{
	struct gpa_range window;
	assert_int_equal(elf_place(&elf, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, base);
	assert_int_equal(window.size, elf.size);
}

static void refuses_place(enum status status, uint64_t base)
{
	struct gpa_range window = { gpa(0x1234), 5 };
	assert_int_equal(elf_place(&elf, &map, &window, &fault), status);
	assert_string_equal(payload_fault_field(&fault), "load address");
	assert_int_equal(fault.value, base);
	assert_int_equal(window.base.v, 0x1234);
}

static void where_it_is_linked(void **state)
{
	(void)state;
	elf = (struct elf){ .base = SHIM_RAM_END, .size = LOW_END - SHIM_RAM_END };
	places(SHIM_RAM_END);
	elf.size += MEM_PAGE_SIZE;
	refuses_place(ST_NO_MEMORY, SHIM_RAM_END);
	elf.base = SHIM_RAM_END - MEM_PAGE_SIZE;
	refuses_place(ST_UNSUPPORTED, SHIM_RAM_END - MEM_PAGE_SIZE);
	elf = (struct elf){ .base = FOUR_GIB - MEM_PAGE_SIZE, .size = MEM_PAGE_SIZE };
	refuses_place(ST_NO_MEMORY, FOUR_GIB - MEM_PAGE_SIZE);
	elf.size += MEM_PAGE_SIZE;
	refuses_place(ST_UNSUPPORTED, FOUR_GIB - MEM_PAGE_SIZE);
	/* Memory that is not accepted is none. */
	elf = (struct elf){ .base = BASE, .size = MEM_PAGE_SIZE };
	map.entries[0].kind = MEMORY_LEFT;
	refuses_place(ST_NO_MEMORY, BASE);
}

static void where_a_pie_is_moved(void **state)
{
	(void)state;
	elf = (struct elf){ .base = 0, .size = 0x3000, .align = 0x1000 };
	places(0x1000000);
	elf.base = 0x5000;
	elf.align = 0x200000;
	places(0x1005000);
	/* Linked higher than it goes. */
	elf.base = 0x7FE05000;
	places(0x1005000);
	elf.align = 0x4000000;
	elf.base = 0;
	places(0x4000000);
}

static void bytes_and_zeros(void **state)
{
	uint8_t memory[FIXTURE_ELF_MEMORY + 1];
	(void)state;
	memset(memory, 0xA5, sizeof(memory));
	memset(file + 0x1000, 0x11, 0x234);
	memset(file + 0x2000, 0x22, 0x80);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	elf_load(&elf, file, memory);
	for (size_t i = 0; i < FIXTURE_ELF_MEMORY; i++) {
		unsigned want = i < 0x234 ? 0x11 : i >= 0x2000 && i < 0x2080 ? 0x22 : 0;
		assert_int_equal(memory[i], want);
	}
	assert_int_equal(memory[FIXTURE_ELF_MEMORY], 0xA5);
	/* Where its base is not page aligned, and beside what is not loaded. */
	fixture_put(file, 0x38, 3, 2);
	fixture_elf_segment(file, 0, 5, 0x1000, BASE + 0x123, 0x234, 0x234);
	fixture_put(file, 0x18, BASE + 0x123, 8);
	fixture_elf_segment(file, 2, 7, 0x1000, UINT64_MAX, UINT64_MAX, 0);
	memset(file + 0x1000, 0x11, 0x234);
	assert_int_equal(read_file(sizeof(file)), ST_OK);
	elf_load(&elf, file, memory);
	for (size_t i = 0; i < 0x2000; i++) {
		assert_int_equal(memory[i], i >= 0x123 && i < 0x123 + 0x234 ? 0x11 : 0);
	}
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_program),
		CASE(virtual_addresses),
		CASE(segments_that_are_not_loaded),
		CASE(headers),
		CASE(segments),
		CASE(entries),
		CASE(where_it_is_linked),
		CASE(where_a_pie_is_moved),
		CASE(bytes_and_zeros),
	};
	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
