// The TDVF reader: an image made by hand, each field broken in turn; stock OVMF images.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/tdvf_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/ovmf.h"
#include "linker/memmap.h"

/* The image of this test: two foreign entries around ours in the table; four sections. */
#define SIZE 0x20000u
#define DESCRIPTOR 0x1F000u
#define SECTION(n) (DESCRIPTOR + 16u + 32u * (n))
#define FOOTER (SIZE - 0x30u)
#define TABLE_LENGTH (FOOTER - 2u)
#define ENTRY_A_END TABLE_LENGTH        /* foreign, 26 bytes */
#define ENTRY_B_END (ENTRY_A_END - 26u) /* ours, 22 bytes */
#define ENTRY_C_END (ENTRY_B_END - 22u) /* foreign, 18 bytes: no data */
#define TABLE_START (ENTRY_C_END - 18u)
#define POINTER (SIZE - 0x20u)

static void put(uint8_t *image, uint32_t offset, unsigned size, uint64_t value)
{
	memcpy(image + offset, &value, size);
}

static void put_section(uint8_t *image, unsigned n, uint32_t offset, uint32_t raw, uint64_t address,
			uint64_t size, uint32_t type, uint32_t attributes)
{
	put(image, SECTION(n), 4, offset);
	put(image, SECTION(n) + 4, 4, raw);
	put(image, SECTION(n) + 8, 8, address);
	put(image, SECTION(n) + 16, 8, size);
	put(image, SECTION(n) + 24, 4, type);
	put(image, SECTION(n) + 28, 4, attributes);
}

static uint8_t *make_image(void)
{
	static const uint8_t footer[] = TDVF_FOOTER_GUID;
	static const uint8_t ours[] = TDVF_METADATA_OFFSET_GUID;
	uint8_t *image = malloc(SIZE);
	memset(image, 0xCC, SIZE);
	memcpy(image + FOOTER, footer, 16);
	put(image, TABLE_LENGTH, 2, TABLE_LENGTH - TABLE_START + 18);
	put(image, ENTRY_A_END - 18, 2, 26);
	memcpy(image + ENTRY_B_END - 16, ours, 16);
	put(image, ENTRY_B_END - 18, 2, 22);
	put(image, ENTRY_B_END - 22, 4, SIZE - DESCRIPTOR);
	put(image, ENTRY_C_END - 18, 2, 18);

	put(image, DESCRIPTOR, 4, 0x46564454);
	put(image, DESCRIPTOR + 4, 4, 16 + 4 * 32);
	put(image, DESCRIPTOR + 8, 4, 1);
	put(image, DESCRIPTOR + 12, 4, 4);
	put_section(image, 0, 0x8000, 0x18000, 0xFFFE8000, 0x18000, 0, 1);
	put_section(image, 1, 0, 0x8000, 0xFFFE0000, 0x8000, 1, 0);
	put_section(image, 2, 0, 0, 0x800000, 0x10000, 3, 0);
	put_section(image, 3, 0, 0, 0x810000, 0x2000, 2, 0);
	return image;
}

static void expect(uint8_t *image, uint64_t size, enum status status, const char *text)
{
	struct launch_image out;
	char error[200] = "";
	memset(&out, 0x77, sizeof(out));
	enum status st = tdvf_read(image, size, &out, error, sizeof(error));
	if (st != status || (text != NULL && strstr(error, text) == NULL)) {
		fail_msg("%s \"%s\" instead of %s \"%s\"", status_name(st), error,
			 status_name(status), text != NULL ? text : "");
	}
	if (st != ST_OK) {
		for (size_t i = 0; i < sizeof(out); i++) {
			assert_int_equal(((uint8_t *)&out)[i], 0x77);
		}
	}
}

static void assert_section(const struct launch_section *s, enum launch_kind kind, uint64_t base,
			   uint64_t size, bool measured, const uint8_t *bytes, uint64_t bytes_size)
{
	assert_int_equal(s->kind, kind);
	assert_int_equal(s->base, base);
	assert_int_equal(s->size, size);
	assert_int_equal(s->measured, measured);
	assert_ptr_equal(s->bytes, bytes);
	assert_int_equal(s->bytes_size, bytes_size);
}

static void good_image(void **state)
{
	(void)state;
	uint8_t *image = make_image();
	struct launch_image out;
	char error[200];
	assert_int_equal(tdvf_read(image, SIZE, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.file_size, SIZE);
	assert_int_equal(out.metadata, DESCRIPTOR);
	assert_int_equal(out.count, 4);
	assert_ptr_equal(out.file, image);
	assert_section(&out.sections[0], LAUNCH_BFV, 0xFFFE8000, 0x18000, true, image + 0x8000,
		       0x18000);
	assert_section(&out.sections[1], LAUNCH_CFV, 0xFFFE0000, 0x8000, false, image, 0x8000);
	assert_section(&out.sections[2], LAUNCH_TEMP_MEM, 0x800000, 0x10000, false, NULL, 0);
	assert_section(&out.sections[3], LAUNCH_TD_HOB, 0x810000, 0x2000, false, NULL, 0);
	assert_string_equal(out.sections[3].tag, "TD_HOB");
	/* Without the footer, by the pointer; error may be NULL-sized. */
	image[FOOTER] ^= 1;
	put(image, POINTER, 4, DESCRIPTOR);
	assert_int_equal(tdvf_read(image, SIZE, &out, NULL, 0), ST_OK);
	assert_int_equal(out.metadata, DESCRIPTOR);
	free(image);
}

struct poke {
	uint32_t offset;
	unsigned size;
	uint64_t value;
	enum status status;
	const char *text;
};

static void run_pokes(const struct poke *pokes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t *image = make_image();
		put(image, pokes[i].offset, pokes[i].size, pokes[i].value);
		expect(image, SIZE, pokes[i].status, pokes[i].text);
		free(image);
	}
}

/* Each refusal says where in the image the part is that it names. */
static void places(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		{ TABLE_LENGTH, 2, 0, ST_BAD_FORMAT, "lie in the image (at 0x1ffce)" },
		{ ENTRY_A_END - 18, 2, 0, ST_BAD_FORMAT, "lie in the table (at 0x1ffce)" },
		{ ENTRY_B_END - 18, 2, 21, ST_BAD_FORMAT, "must be 22 (at 0x1ffb4)" },
		{ FOOTER, 1, 0, ST_NOT_FOUND, "to no TDVF descriptor (at 0x1ffe0)" },
		{ DESCRIPTOR, 1, 0, ST_BAD_FORMAT, "is not \"TDVF\" (at 0x1f000)" },
		{ SECTION(0) + 24, 4, 1, ST_BAD_FORMAT, "at least one (at 0x1f000)" },
		{ SECTION(2) + 16, 8, 0, ST_BAD_RANGE, "4 KiB, not 0 (at 0x1f050)" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
}

static void broken_table(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		{ TABLE_LENGTH, 2, 0, ST_BAD_FORMAT, "GUIDed table: length 0x0:" },
		{ TABLE_LENGTH, 2, 17, ST_BAD_FORMAT, "length 0x11:" },
		{ TABLE_LENGTH, 2, 18, ST_NOT_FOUND, "has no entry" },
		{ TABLE_LENGTH, 2, 18 + 1, ST_BAD_FORMAT, "bytes left 0x1:" },
		{ TABLE_LENGTH, 2, 18 + 17, ST_BAD_FORMAT, "bytes left 0x11:" },
		{ TABLE_LENGTH, 2, 18 + 18, ST_BAD_FORMAT, "entry length 0x1a:" },
		{ TABLE_LENGTH, 2, 18 + 26, ST_NOT_FOUND, "has no entry" },
		{ TABLE_LENGTH, 2, 18 + 26 + 22, ST_OK, NULL },
		{ ENTRY_A_END - 18, 2, 0, ST_BAD_FORMAT, "entry length 0x0:" },
		{ ENTRY_A_END - 18, 2, 17, ST_BAD_FORMAT, "entry length 0x11:" },
		{ ENTRY_A_END - 18, 2, 0xFFFF, ST_BAD_FORMAT, "entry length 0xffff:" },
		{ ENTRY_A_END - 18, 2, 26 + 22 + 18, ST_NOT_FOUND, "has no entry" },
		{ ENTRY_A_END - 18, 2, 26 + 22 + 19, ST_BAD_FORMAT, "entry length 0x43:" },
		{ ENTRY_B_END - 18, 2, 21, ST_BAD_FORMAT, "TDX metadata entry: length 0x15:" },
		{ ENTRY_B_END - 18, 2, 23, ST_BAD_FORMAT, "TDX metadata entry: length 0x17:" },
		{ ENTRY_B_END - 16, 1, 0, ST_NOT_FOUND, "has no entry" },
		{ ENTRY_B_END - 22, 4, SIZE + 1, ST_TRUNCATED, "offset from the end 0x20001:" },
		{ ENTRY_B_END - 22, 4, 0xFFFFFFFF, ST_TRUNCATED, "0xffffffff:" },
		{ ENTRY_B_END - 22, 4, SIZE, ST_BAD_FORMAT, "signature 0xcccccccc:" },
		{ ENTRY_B_END - 22, 4, 0, ST_TRUNCATED, "descriptor: offset 0x20000:" },
		{ ENTRY_B_END - 22, 4, 15, ST_TRUNCATED, "descriptor: offset 0x1fff1:" },
		/* Without the footer the pointer counts, and it is 0xCCCCCCCC. */
		{ FOOTER, 1, 0, ST_NOT_FOUND, "pointer at size - 0x20 0xcccccccc:" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));

	static const uint32_t pointers[] = { SIZE, SIZE - 3, SIZE - 4, 0, DESCRIPTOR + 1 };
	for (size_t i = 0; i < ARRAY_COUNT(pointers); i++) {
		uint8_t *image = make_image();
		image[FOOTER] = 0;
		put(image, POINTER, 4, pointers[i]);
		expect(image, SIZE, ST_NOT_FOUND, "no GUIDed table");
		free(image);
	}
	/* A table that fills the image down to its first byte, and one byte more. */
	uint8_t *image = calloc(1, 0x10000);
	uint8_t *good = make_image();
	memcpy(image + 0xFFD0, good + FOOTER, 16);
	put(image, 0xFFCE, 2, 0xFFCE + 18);
	put(image, 0xFFCE - 18, 2, 0xFFCE);
	expect(image, 0x10000, ST_NOT_FOUND, "has no entry");
	put(image, 0xFFCE, 2, 0xFFCE + 19);
	expect(image, 0x10000, ST_BAD_FORMAT, "GUIDed table: length 0xffe1:");
	free(image);
	free(good);
}

static void broken_descriptor(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		{ DESCRIPTOR, 1, 0, ST_BAD_FORMAT, "descriptor: signature 0x46564400:" },
		{ DESCRIPTOR + 4, 4, 16 + 4 * 32 - 1, ST_BAD_FORMAT, "length 0x8f:" },
		{ DESCRIPTOR + 4, 4, 16 + 4 * 32 + 1, ST_BAD_FORMAT, "length 0x91:" },
		{ DESCRIPTOR + 4, 4, 0, ST_BAD_FORMAT, "length 0x0:" },
		{ DESCRIPTOR + 8, 4, 0, ST_UNSUPPORTED, "version 0x0:" },
		{ DESCRIPTOR + 8, 4, 2, ST_UNSUPPORTED, "version 0x2:" },
		{ DESCRIPTOR + 12, 4, 0, ST_BAD_FORMAT, "number_of_sections 0x0:" },
		{ DESCRIPTOR + 12, 4, 1, ST_BAD_FORMAT, "number_of_sections 0x1:" },
		{ DESCRIPTOR + 12, 4, 3, ST_BAD_FORMAT, "length 0x90:" },
		{ DESCRIPTOR + 12, 4, 5, ST_BAD_FORMAT, "length 0x90:" },
		{ DESCRIPTOR + 12, 4, 17, ST_UNSUPPORTED, "number_of_sections 0x11:" },
		{ DESCRIPTOR + 12, 4, 0x8000004, ST_UNSUPPORTED, "number_of_sections 0x8000004:" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));

	/* Sixteen sections are taken; a descriptor at the very end of the image is not. */
	uint8_t *image = make_image();
	put(image, DESCRIPTOR + 12, 4, 16);
	put(image, DESCRIPTOR + 4, 4, 16 + 16 * 32);
	for (unsigned n = 4; n < 16; n++) {
		put_section(image, n, 0, 0, 0x900000 + n * 0x1000, 0x1000, 3, 0);
	}
	expect(image, SIZE, ST_OK, NULL);
	memmove(image + SIZE - 16, image + DESCRIPTOR, 16);
	put(image, ENTRY_B_END - 22, 4, 16);
	expect(image, SIZE, ST_TRUNCATED, "descriptor: length 0x210:");
	free(image);
}

static void broken_sections(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		/* data_offset, raw_data_size */
		{ SECTION(0), 4, 0x8001, ST_TRUNCATED, "section 0: data_offset 0x8001:" },
		{ SECTION(0), 4, 0x7FFF, ST_OK, NULL },
		{ SECTION(0), 4, 0xFFFFFFFF, ST_TRUNCATED, "section 0: data_offset" },
		{ SECTION(1), 4, SIZE, ST_TRUNCATED, "section 1: data_offset 0x20000:" },
		{ SECTION(0) + 4, 4, 0, ST_BAD_FORMAT, "section 0: raw_data_size 0x0:" },
		{ SECTION(1) + 4, 4, 0, ST_BAD_FORMAT, "section 1: raw_data_size 0x0:" },
		{ SECTION(0) + 4, 4, 0x17FFF, ST_OK, NULL },
		{ SECTION(0) + 4, 4, 0x18001, ST_BAD_FORMAT, "memory_data_size 0x18000:" },
		{ SECTION(2) + 4, 4, 1, ST_BAD_FORMAT, "section 2: raw_data_size 0x1:" },
		{ SECTION(3) + 4, 4, 0x2000, ST_BAD_FORMAT, "section 3: raw_data_size 0x2000:" },
		{ SECTION(2), 4, 0xFFFFFFFF, ST_OK, NULL }, /* not looked at without data */
		/* memory_address, memory_data_size */
		{ SECTION(2) + 8, 8, 0x800001, ST_BAD_RANGE, "memory_address 0x800001:" },
		{ SECTION(2) + 8, 8, 0x800800, ST_BAD_RANGE, "memory_address 0x800800:" },
		{ SECTION(2) + 16, 8, 0, ST_BAD_RANGE, "section 2: memory_data_size 0x0:" },
		{ SECTION(2) + 16, 8, 0xFFF, ST_BAD_RANGE, "memory_data_size 0xfff:" },
		{ SECTION(2) + 16, 8, 0xFFFFFFFFFFFFF000, ST_BAD_RANGE, "wraps" },
		{ SECTION(2) + 16, 8, 0xFFFFFFFFFF800000, ST_UNSUPPORTED, "above 4 GiB" },
		{ SECTION(2) + 8, 8, 0xFFFFFFFFFFFF0000, ST_UNSUPPORTED, "above 4 GiB" },
		{ SECTION(2) + 8, 8, 0xFFFFFFFFFFFF1000, ST_BAD_RANGE, "wraps" },
		{ SECTION(2) + 8, 8, 0x100000000, ST_UNSUPPORTED, "memory_address 0x100000000:" },
		{ SECTION(0) + 8, 8, 0xFFFE9000, ST_UNSUPPORTED, "above 4 GiB" },
		{ SECTION(2) + 8, 8, 0x7F0000, ST_OK, NULL },
		{ SECTION(2) + 8, 8, 0x801000, ST_OK, NULL },
		/* type, attributes */
		{ SECTION(2) + 24, 4, 4, ST_UNSUPPORTED, "section 2: type 0x4:" },
		{ SECTION(2) + 24, 4, 0xFFFFFFFF, ST_UNSUPPORTED, "type 0xffffffff:" },
		{ SECTION(2) + 24, 4, 2, ST_BAD_FORMAT, "TD HOB sections 0x2:" },
		{ SECTION(3) + 24, 4, 3, ST_BAD_FORMAT, "TD HOB sections 0x0:" },
		{ SECTION(0) + 24, 4, 1, ST_BAD_FORMAT, "BFV sections 0x0:" },
		{ SECTION(0) + 28, 4, 0, ST_OK, NULL },
		{ SECTION(1) + 28, 4, 1, ST_OK, NULL },
		{ SECTION(0) + 28, 4, 3, ST_UNSUPPORTED, "section 0: attributes 0x3:" },
		{ SECTION(0) + 28, 4, 0x80000001, ST_UNSUPPORTED, "attributes 0x80000001:" },
		{ SECTION(2) + 28, 4, 1, ST_UNSUPPORTED, "section 2: attributes 0x1:" },
		{ SECTION(3) + 28, 4, 1, ST_UNSUPPORTED, "section 3: attributes 0x1:" },
		{ SECTION(3) + 28, 4, 2, ST_UNSUPPORTED, "section 3: attributes 0x2:" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(pokes); i++) {
		/* 0x801000 overlaps the HOB: make room, it is there for its alignment alone. */
		uint8_t *image = make_image();
		put(image, SECTION(3) + 8, 8, 0x900000);
		put(image, pokes[i].offset, pokes[i].size, pokes[i].value);
		expect(image, SIZE, pokes[i].status, pokes[i].text);
		free(image);
	}
	static const struct poke overlaps[] = {
		{ SECTION(3) + 8, 8, 0x80F000, ST_BAD_RANGE,
		  "section 3: memory_address 0x80f000:" },
		{ SECTION(3) + 8, 8, 0x7FF000, ST_BAD_RANGE, "overlaps" },
		{ SECTION(3) + 8, 8, 0x7FE000, ST_OK, NULL },
		{ SECTION(2) + 16, 8, 0x11000, ST_BAD_RANGE, "section 3: memory_address" },
		{ SECTION(1) + 8, 8, 0xFFFF0000, ST_BAD_RANGE, "section 1: memory_address" },
	};
	run_pokes(overlaps, ARRAY_COUNT(overlaps));
}

static void sizes(void **state)
{
	(void)state;
	uint8_t *image = make_image();
	expect(image, 0, ST_BAD_FORMAT, "image: size 0x0:");
	expect(image, SIZE - 1, ST_BAD_FORMAT, "image: size 0x1ffff:");
	expect(image, 0x1010000, ST_UNSUPPORTED, "image: size 0x1010000:");
	expect(image, 0xFFFFFFFFFFFF0000, ST_UNSUPPORTED, "size 0xffffffffffff0000:");
	expect(image, SIZE / 2, ST_NOT_FOUND, NULL);
	free(image);
	image = calloc(1, 0x1000000);
	expect(image, 0x1000000, ST_NOT_FOUND, NULL);
	free(image);
}

/* The OVMF of any release, against its raw metadata; BFV and CFV are the file. */
static void stock_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	struct launch_image out;
	char error[200];
	assert_int_equal(tdvf_read(ovmf.image, ovmf.size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.count, ovmf.count);
	static const enum launch_kind kinds[] = { LAUNCH_BFV, LAUNCH_CFV, LAUNCH_TD_HOB,
						  LAUNCH_TEMP_MEM };
	unsigned count[LAUNCH_KIND_COUNT] = { 0 };
	uint64_t file_bytes = 0;
	for (unsigned i = 0; i < out.count; i++) {
		const struct launch_section *section = &out.sections[i];
		const struct ovmf_section *raw = &ovmf.sections[i];
		assert_section(
			section, kinds[raw->type], raw->base, raw->size, raw->attributes == 1,
			raw->raw_size != 0 ? ovmf.image + raw->data_offset : NULL, raw->raw_size);
		count[section->kind]++;
		file_bytes += section->bytes_size;
	}
	assert_int_equal(count[LAUNCH_BFV], 1);
	assert_int_equal(count[LAUNCH_CFV], 1);
	assert_int_equal(count[LAUNCH_TD_HOB], 1);
	assert_true(count[LAUNCH_TEMP_MEM] > 0);
	assert_int_equal(file_bytes, ovmf.size);
	ovmf_free(&ovmf);
}

static void known_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	ovmf_skip_unknown(&ovmf);
	struct launch_image out;
	char error[200];
	assert_int_equal(tdvf_read(ovmf.image, ovmf.size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.count, ovmf.known->count);
	assert_int_equal(out.sections[0].kind, LAUNCH_BFV);
	assert_int_equal(out.sections[1].kind, LAUNCH_CFV);
	assert_int_equal(out.sections[4].kind, LAUNCH_TD_HOB);
	assert_int_equal(out.sections[4].base, 0x809000);
	ovmf_free(&ovmf);
}

/* Without its variables, as the half OVMF_CODE is: the metadata speak of the whole image. */
static void stock_ovmf_code(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	const uint64_t cut = align_up(ovmf.sections[1].raw_size, IMAGE_ALIGN);
	char text[64];
	snprintf(text, sizeof(text), "section 0: data_offset 0x%x:", ovmf.sections[0].data_offset);
	expect(ovmf.image + cut, ovmf.size - cut, ST_TRUNCATED, text);
	ovmf_free(&ovmf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_image),      cmocka_unit_test(places),
		cmocka_unit_test(broken_table),    cmocka_unit_test(broken_descriptor),
		cmocka_unit_test(broken_sections), cmocka_unit_test(sizes),
		cmocka_unit_test(stock_ovmf),      cmocka_unit_test(known_ovmf),
		cmocka_unit_test(stock_ovmf_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
