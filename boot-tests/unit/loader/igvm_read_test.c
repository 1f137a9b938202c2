// The IGVM reader: files made by hand, each field broken in turn with the checksum made right.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/igvm_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/loader/igvm_fixture.h"
#include "boot-tests/unit/ovmf.h"
#include "loader/image/launch_read.h"

#define PAGE 0x1000u
#define END 0xFFFFFFFFu /* of a table */

static struct igvm_fixture f;
static struct launch_image out;
static char error[200];

/* A copy of just the file's size: reading on is an ASan error. */
static enum status read_file(uint32_t size)
{
	uint8_t *file = malloc(size);
	memcpy(file, f.bytes, size);
	memset(&out, 0x77, sizeof(out));
	strcpy(error, "");
	enum status st = igvm_read(file, size, &out, error, sizeof(error));
	for (size_t i = 0; st != ST_OK && i < sizeof(out); i++) {
		assert_int_equal(((uint8_t *)&out)[i], 0x77);
	}
	for (unsigned i = 0; st == ST_OK && i < out.count; i++) {
		struct launch_section *s = &out.sections[i];
		if (s->bytes != NULL) {
			s->bytes = f.bytes + (s->bytes - file);
		}
	}
	free(file);
	return st;
}

static void wants(enum status status, const char *text)
{
	enum status st = read_file(f.size);
	if (st != status || strstr(error, text) == NULL) {
		fail_msg("%s \"%s\" instead of %s \"%s\"", status_name(st), error,
			 status_name(status), text);
	}
}

static void section(unsigned i, enum launch_kind kind, uint64_t base, uint64_t size, uint32_t page,
		    uint64_t bytes_size)
{
	const struct launch_section *s = &out.sections[i];
	assert_true(i < out.count);
	assert_int_equal(s->kind, kind);
	assert_int_equal(s->measured, kind == LAUNCH_BFV);
	assert_int_equal(s->base, base);
	assert_int_equal(s->size, size);
	assert_int_equal(s->bytes_size, bytes_size);
	if (bytes_size == 0) {
		assert_null(s->bytes);
	} else {
		assert_ptr_equal(s->bytes, f.bytes + f.end + page * PAGE);
	}
	assert_non_null(s->tag);
}

static void good_file(void **state)
{
	(void)state;
	igvm_fixture_good(&f);
	wants(ST_OK, "");
	assert_int_equal(out.count, 5);
	section(0, LAUNCH_BFV, 0xFFFFE000, 0x2000, 0, 0x2000);
	section(1, LAUNCH_CFV, 0x900000, 0x1000, 0, 0);
	section(2, LAUNCH_PARAMETERS, 0x901000, 0x2000, 0, 0);
	section(3, LAUNCH_PARAMETERS, 0x903000, 0x1000, 3, 0x1000);
	section(4, LAUNCH_CFV, 0x904000, 0x1000, 2, 0x1000);
	assert_int_equal(out.file_size, f.size);
	assert_int_equal(out.metadata, 24);
	assert_false(out.mapped);
	static const struct launch_parameter wanted[] = {
		{ 0x30C, 0x902FE8, 0x18 },
		{ 0x307, 0x901010, 0x1FF0 },
		{ 0x30A, 0x903FE0, 0x20 },
		{ 0x30E, 0x903000, 0x1000 },
	};
	assert_int_equal(out.parameter_count, ARRAY_COUNT(wanted));
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		assert_int_equal(out.parameters[i].type, wanted[i].type);
		assert_int_equal(out.parameters[i].base, wanted[i].base);
		assert_int_equal(out.parameters[i].size, wanted[i].size);
	}
	/* Of an area that nobody inserts there are none. */
	igvm_fixture_put(&f, f.headers[FIXTURE_INSERT] + 8, 4, 2);
	igvm_fixture_seal(&f);
	wants(ST_OK, "");
	assert_int_equal(out.parameter_count, 2);
	assert_int_equal(out.parameters[0].type, 0x30A);
	igvm_fixture_good(&f);
	/* error may be NULL-sized. */
	assert_int_equal(igvm_read(f.bytes, f.size, &out, NULL, 0), ST_OK);
	assert_ptr_equal(out.file, f.bytes);
}

/* What tells it from a TDVF image. */
static void magic(void **state)
{
	(void)state;
	struct launch_image launch;
	igvm_fixture_good(&f);
	assert_true(igvm_is(f.bytes, 4));
	assert_false(igvm_is(f.bytes, 3));
	assert_int_equal(launch_read(f.bytes, f.size, &launch, error, sizeof(error)), ST_OK);
	assert_int_equal(launch.sections[2].kind, LAUNCH_PARAMETERS);
	f.bytes[0] ^= 1;
	assert_false(igvm_is(f.bytes, f.size));
	assert_int_equal(launch_read(f.bytes, f.size, &launch, error, sizeof(error)),
			 ST_BAD_FORMAT);
	assert_non_null(strstr(error, "must be a multiple of 64 KiB"));
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	assert_int_equal(launch_read(ovmf.image, ovmf.size, &launch, error, sizeof(error)), ST_OK);
	assert_int_equal(launch.sections[0].kind, LAUNCH_BFV);
	ovmf_free(&ovmf);
}

/* One value of the good file changed. */
struct poke {
	unsigned header; /* END: of the fixed header */
	unsigned offset; /* in its structure */
	unsigned size;
	uint64_t value;
	enum status status;
	const char *text;
};

static void run_pokes(const struct poke *pokes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct poke *p = &pokes[i];
		igvm_fixture_good(&f);
		uint32_t base = p->header == END ? 0 : f.headers[p->header];
		igvm_fixture_put(&f, base + p->offset, p->size, p->value);
		if (p->header != END) {
			igvm_fixture_seal(&f);
		}
		wants(p->status, p->text);
		if (p->status != ST_OK && p->header != END) {
			char where[40];
			snprintf(where, sizeof(where), " at 0x%x: ", base - 8);
			assert_non_null(strstr(error, where));
		}
	}
}

static void fixed_header(void **state)
{
	(void)state;
	igvm_fixture_good(&f);
	const struct poke pokes[] = {
		{ END, 0x00, 4, 0x4D564748, ST_BAD_FORMAT, "at 0x0: magic 0x4d564748:" },
		{ END, 0x04, 4, 0, ST_UNSUPPORTED, "at 0x0: format_version 0x0: only 1 and 2" },
		{ END, 0x04, 4, 3, ST_UNSUPPORTED, "at 0x0: format_version 0x3: only 1 and 2" },
		/* Version 2: what follows is the first variable header. */
		{ END, 0x04, 4, 2, ST_UNSUPPORTED, "at 0x0: architecture 0x1: must be 0" },
		{ END, 0x08, 4, 16, ST_BAD_FORMAT, "at 0x0: variable_header_offset 0x10:" },
		{ END, 0x08, 4, 28, ST_BAD_FORMAT, "at 0x0: variable_header_offset 0x1c:" },
		{ END, 0x08, 4, 0xFFFFFFF8, ST_TRUNCATED, "at 0x0: variable_header_size" },
		{ END, 0x0C, 4, f.size - 24 + 1, ST_TRUNCATED, "ends outside the file" },
		{ END, 0x0C, 4, 0xFFFFFFFF, ST_TRUNCATED,
		  "at 0x0: variable_header_size 0xffffffff:" },
		{ END, 0x0C, 4, f.end - 24 - 8, ST_BAD_FORMAT, "at 0x0: checksum 0x" },
		{ END, 0x10, 4, f.size - 1, ST_BAD_FORMAT, "at 0x0: total_file_size 0x" },
		{ END, 0x14, 4, 0, ST_BAD_FORMAT, "at 0x0: checksum 0x0: is not the CRC-32" },
		{ END, 0x18, 1, 2, ST_BAD_FORMAT, "at 0x0: checksum 0x" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
	/* File data are not in the checksum. */
	igvm_fixture_good(&f);
	f.bytes[f.end] ^= 1;
	wants(ST_OK, "");
	/* Sizes. */
	assert_int_equal(read_file(23), ST_TRUNCATED);
	assert_non_null(strstr(error, "at 0x0: file size 0x17: too small"));
	assert_int_equal(read_file(24), ST_BAD_FORMAT);
	assert_int_equal(read_file(f.size - 1), ST_BAD_FORMAT);
	assert_non_null(strstr(error, "at 0x0: total_file_size"));
	uint8_t *large = calloc(1, 0x1000001);
	assert_int_equal(igvm_read(large, 0x1000001, &out, error, sizeof(error)), ST_UNSUPPORTED);
	assert_non_null(strstr(error, "at 0x0: file size 0x1000001: is above 16 MiB"));
	assert_int_equal(igvm_read(large, 0x1000000, &out, error, sizeof(error)), ST_BAD_FORMAT);
	free(large);
}

/* The smallest file there is. */
static void make_small(uint32_t version)
{
	uint32_t data = (version == 1 ? 24 : 32) + 24 + 32;
	igvm_fixture_start(&f, version);
	IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
	IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000, 0, 1, data);
	igvm_fixture_finish(&f, 1);
}

static void version_2(void **state)
{
	(void)state;
	make_small(1);
	wants(ST_OK, "");
	make_small(2);
	wants(ST_OK, "");
	section(0, LAUNCH_BFV, 0xFFFFF000, 0x1000, 0, 0x1000);
	assert_int_equal(out.metadata, 32);
	igvm_fixture_put(&f, 0x18, 4, 1);
	wants(ST_UNSUPPORTED, "at 0x0: architecture 0x1: must be 0, x64");
	make_small(2);
	igvm_fixture_put(&f, 0x1C, 4, 0x10000);
	wants(ST_UNSUPPORTED, "at 0x0: page_size 0x10000: must be 4 KiB");
	make_small(2);
	igvm_fixture_put(&f, 0x08, 4, 24);
	wants(ST_BAD_FORMAT, "at 0x0: variable_header_offset 0x18:");
	assert_int_equal(read_file(31), ST_TRUNCATED);
	assert_non_null(strstr(error, "at 0x0: file size 0x1f: too small for version 2"));
	/* The page's last byte is the file's. */
	make_small(1);
	igvm_fixture_put(&f, f.headers[1] + 12, 4, f.end + 1);
	igvm_fixture_seal(&f);
	wants(ST_TRUNCATED, "file_offset 0x51: the contents end outside the file");
}

static void variable_headers(void **state)
{
	(void)state;
	const struct poke pokes[] = {
		/* -8: type, -4: length. */
		{ FIXTURE_POLICY, -8u, 4, 0x106, ST_UNSUPPORTED, "type 0x106: is not known" },
		{ FIXTURE_POLICY, -8u, 4, 0, ST_UNSUPPORTED, "type 0x0: is not known" },
		{ FIXTURE_POLICY, -8u, 4, 0x306, ST_UNSUPPORTED, "type 0x306: is not known" },
		{ FIXTURE_POLICY, -8u, 4, 0x80000106, ST_OK, "" },
		/* What is known is not skipped. */
		{ FIXTURE_POLICY, -8u, 4, 0x80000101, ST_OK, "" },
		{ FIXTURE_ZEROS, -8u, 4, 0x80000304, ST_BAD_FORMAT, "length 0x18: is not that" },
		{ FIXTURE_OPTIONAL, -8u, 4, 0x177, ST_UNSUPPORTED, "type 0x177: is not known" },
		{ FIXTURE_OPTIONAL, 5, 1, 1, ST_BAD_FORMAT, "padding 0x1: must be 0" },
		{ FIXTURE_OPTIONAL, 7, 1, 0xFF, ST_BAD_FORMAT, "padding 0xff: must be 0" },
		{ FIXTURE_VP_CONTEXT, 20, 1, 1, ST_BAD_FORMAT, "padding 0x1: must be 0" },
		{ FIXTURE_POLICY, -4u, 4, 15, ST_BAD_FORMAT, "length 0xf: is not that" },
		{ FIXTURE_UNMEASURED, -4u, 4, 25, ST_TRUNCATED, "length 0x19: ends outside" },
		{ FIXTURE_UNMEASURED, -4u, 4, 16, ST_BAD_FORMAT, "length 0x10: is not that" },
		{ FIXTURE_POLICY, -4u, 4, 0xFFFFFFFF, ST_TRUNCATED, "length 0xffffffff: ends" },
		{ FIXTURE_POLICY, -4u, 4, 0xFFFFFFF8, ST_TRUNCATED, "length 0xfffffff8: ends" },
		/* Sections never go back. */
		{ FIXTURE_AREA, -8u, 4, 0x001, ST_BAD_FORMAT, "PLATFORM at" },
		{ FIXTURE_AREA, -8u, 4, 0x101, ST_BAD_FORMAT, "type 0x101: follows" },
		{ FIXTURE_SNP_POLICY, -8u, 4, 0x001, ST_BAD_FORMAT, "type 0x1: follows" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
	/* What is left is too little for a header: 8 bytes are one. */
	make_small(1);
	igvm_fixture_put(&f, f.headers[1] + 12, 4, 0);
	f.end += 4;
	igvm_fixture_put(&f, 0x0C, 4, f.end - 24);
	igvm_fixture_seal(&f);
	wants(ST_TRUNCATED, "variable header at 0x50: bytes left 0x4: too few");
	make_small(1);
	memset(f.bytes + f.end, 0, 8);
	f.bytes[f.end + 3] = 0x80;
	f.end += 8;
	igvm_fixture_put(&f, f.headers[1] + 12, 4, 0);
	igvm_fixture_put(&f, 0x0C, 4, f.end - 24);
	igvm_fixture_seal(&f);
	wants(ST_OK, "");
}

static void platforms(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		{ FIXTURE_SNP, 0, 4, 0, ST_BAD_FORMAT, "compatibility_mask 0x0: must be one bit" },
		{ FIXTURE_SNP, 0, 4, 6, ST_BAD_FORMAT, "compatibility_mask 0x6: must be one bit" },
		{ FIXTURE_TDX, 0, 4, 2, ST_BAD_FORMAT, "compatibility_mask 0x2: must be one bit" },
		{ FIXTURE_TDX, 4, 1, 1, ST_BAD_FORMAT, "highest_vtl 0x1: must be 0 or 2" },
		{ FIXTURE_TDX, 4, 1, 3, ST_BAD_FORMAT, "highest_vtl 0x3: must be 0 or 2" },
		{ FIXTURE_TDX, 4, 1, 2, ST_OK, "" },
		{ FIXTURE_TDX, 6, 2, 2, ST_UNSUPPORTED, "platform_version 0x2: only 1" },
		{ FIXTURE_TDX, 6, 2, 0, ST_UNSUPPORTED, "platform_version 0x0: only 1" },
		{ FIXTURE_SNP, 6, 2, 9, ST_OK, "" },
		{ FIXTURE_TDX, 8, 8, 0, ST_OK, "" },
		{ FIXTURE_TDX, 8, 8, 1ull << 51, ST_OK, "" },
		{ FIXTURE_TDX, 8, 8, 1ull << 46, ST_BAD_FORMAT, "shared_gpa_boundary 0x4000" },
		{ FIXTURE_TDX, 8, 8, 3ull << 47, ST_BAD_FORMAT, "shared_gpa_boundary 0x1800" },
		{ FIXTURE_POLICY, 0, 8, 7, ST_OK, "" },
		{ FIXTURE_POLICY, 0, 8, 8, ST_BAD_FORMAT, "policy 0x8: reserved bits" },
		{ FIXTURE_POLICY, 0, 8, 1ull << 63, ST_BAD_FORMAT, "policy 0x80000000" },
		{ FIXTURE_POLICY, 8, 4, 0, ST_BAD_FORMAT, "compatibility_mask 0x0: must name" },
		{ FIXTURE_POLICY, 8, 4, 4, ST_BAD_FORMAT, "compatibility_mask 0x4: must name" },
		{ FIXTURE_POLICY, 8, 4, 5, ST_BAD_FORMAT, "compatibility_mask 0x5: must name" },
		{ FIXTURE_POLICY, 12, 4, 1, ST_BAD_FORMAT, "reserved 0x1: must be 0" },
		{ FIXTURE_SNP_POLICY, 8, 4, 3, ST_BAD_FORMAT, "policy 0x30000: is there twice" },
		/* Not of TDX: not looked at. */
		{ FIXTURE_SNP_POLICY, 12, 4, 1, ST_OK, "" },
		{ FIXTURE_RELOCATION, 0, 4, 0, ST_BAD_FORMAT, "compatibility_mask 0x0:" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
	/* Two of TDX, and none. */
	igvm_fixture_good(&f);
	f.bytes[f.headers[FIXTURE_SNP] + 5] = 3;
	igvm_fixture_seal(&f);
	wants(ST_BAD_FORMAT, "SUPPORTED_PLATFORM at 0x30: platform_type 0x3: TDX is there twice");
	igvm_fixture_good(&f);
	f.bytes[f.headers[FIXTURE_TDX] + 5] = 4;
	igvm_fixture_seal(&f);
	wants(ST_NOT_FOUND, "GUEST_POLICY at 0x48: type 0x101: there is no platform TDX");
	igvm_fixture_start(&f, 1);
	igvm_fixture_finish(&f, 0);
	wants(ST_NOT_FOUND, "page 0xfffff000: that of the reset vector must be there");
}

static void pages(void **state)
{
	(void)state;
	igvm_fixture_good(&f);
	const struct poke pokes[] = {
		{ FIXTURE_CODE, 0, 8, 0xFFFFE001, ST_BAD_RANGE, "gpa 0xffffe001: must be a mul" },
		{ FIXTURE_CODE, 0, 8, 0xFFFFE800, ST_BAD_RANGE, "gpa 0xffffe800: must be a mul" },
		{ FIXTURE_CODE, 0, 8, 1ull << 32, ST_UNSUPPORTED, "it ends above 4 GiB" },
		{ FIXTURE_CODE, 0, 8, 0 - 0x1000ull, ST_UNSUPPORTED, "it ends above 4 GiB" },
		{ FIXTURE_CODE, 0, 8, 0, ST_OK, "" },
		{ FIXTURE_RESET, 0, 8, 0xFFFFE000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_ZEROS, 0, 8, 0xFFFFF000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_UNMEASURED, 0, 8, 0x902000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_UNMEASURED, 0, 8, 0x903000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_CODE, 8, 4, 0, ST_BAD_FORMAT, "compatibility_mask 0x0: must name" },
		{ FIXTURE_CODE, 8, 4, 9, ST_BAD_FORMAT, "compatibility_mask 0x9: must name" },
		{ FIXTURE_CODE, 12, 4, 1, ST_BAD_FORMAT, "file_offset 0x1: lies before" },
		{ FIXTURE_CODE, 12, 4, f.end - 1, ST_BAD_FORMAT, "lies before the file data" },
		{ FIXTURE_CODE, 12, 4, f.size, ST_TRUNCATED, "the contents end outside" },
		{ FIXTURE_CODE, 12, 4, f.size + 1, ST_TRUNCATED, "the contents end outside" },
		{ FIXTURE_CODE, 12, 4, f.size - 0xFFF, ST_TRUNCATED, "the contents end outside" },
		{ FIXTURE_CODE, 12, 4, 0xFFFFFFFF, ST_TRUNCATED, "file_offset 0xffffffff: the" },
		{ FIXTURE_CODE, 12, 4, f.size - 0x1000, ST_OK, "" },
		{ FIXTURE_CODE, 16, 4, 1, ST_UNSUPPORTED, "flags 0x1: a page of 2 MiB" },
		{ FIXTURE_CODE, 16, 4, 4, ST_UNSUPPORTED, "flags 0x4: a shared page" },
		{ FIXTURE_CODE, 16, 4, 6, ST_UNSUPPORTED, "flags 0x6: a shared page" },
		{ FIXTURE_CODE, 16, 4, 8, ST_BAD_FORMAT, "flags 0x8: reserved bits" },
		{ FIXTURE_CODE, 16, 4, 0x80000000, ST_BAD_FORMAT, "flags 0x80000000: reserved" },
		{ FIXTURE_CODE, 16, 4, 2, ST_OK, "" },
		{ FIXTURE_CODE, 20, 2, 1, ST_UNSUPPORTED, "data_type 0x1: a TD has normal" },
		{ FIXTURE_CODE, 20, 2, 4, ST_UNSUPPORTED, "data_type 0x4: a TD has normal" },
		{ FIXTURE_CODE, 22, 2, 1, ST_BAD_FORMAT, "reserved 0x1: must be 0" },
		/* That of SNP becomes TDX's. */
		{ FIXTURE_SNP_PAGE, 8, 4, 3, ST_UNSUPPORTED, "data_type 0x1: a TD has normal" },
		{ FIXTURE_VP_CONTEXT, 8, 4, 3, ST_UNSUPPORTED, "VP_CONTEXT at" },
		{ FIXTURE_REQUIRED, 0, 8, 0x800800, ST_BAD_RANGE, "gpa 0x800800: must have" },
		{ FIXTURE_REQUIRED, 0, 8, 0 - 0x1000ull, ST_BAD_RANGE, "gpa 0xffff" },
		{ FIXTURE_REQUIRED, 12, 4, 0x800, ST_BAD_RANGE, "gpa 0x800000: must have" },
		{ FIXTURE_REQUIRED, 12, 4, 0, ST_BAD_RANGE, "gpa 0x800000: must have" },
		{ FIXTURE_REQUIRED, 16, 4, 1, ST_OK, "" },
		{ FIXTURE_REQUIRED, 16, 4, 2, ST_BAD_FORMAT, "flags 0x2: reserved bits" },
		{ FIXTURE_REQUIRED, 20, 4, 1, ST_BAD_FORMAT, "reserved 0x1: must be 0" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
	/* The reset vector must be measured, and no parameter. */
	igvm_fixture_good(&f);
	igvm_fixture_put(&f, f.headers[FIXTURE_RESET] + 16, 4, 2);
	igvm_fixture_seal(&f);
	wants(ST_NOT_FOUND, "that of the reset vector must be there, and measured");
	igvm_fixture_good(&f);
	igvm_fixture_put(&f, f.headers[FIXTURE_RESET], 4, 0x5000);
	igvm_fixture_put(&f, f.headers[FIXTURE_INSERT_2], 4, 0xFFFFF000);
	igvm_fixture_seal(&f);
	wants(ST_NOT_FOUND, "that of the reset vector must be there, and measured");
}

static void parameters(void **state)
{
	(void)state;
	igvm_fixture_good(&f);
	const struct poke pokes[] = {
		{ FIXTURE_AREA, 0, 8, 0, ST_BAD_FORMAT, "number_of_bytes 0x0: must be" },
		{ FIXTURE_AREA, 0, 8, 0x1800, ST_BAD_FORMAT, "number_of_bytes 0x1800: must be" },
		{ FIXTURE_AREA, 0, 8, 0x1001000, ST_UNSUPPORTED, "0x1001000: is above 16 MiB" },
		{ FIXTURE_AREA, 0, 8, 0 - 0x1000ull, ST_UNSUPPORTED, "is above 16 MiB" },
		{ FIXTURE_AREA_2, 8, 4, 7, ST_BAD_FORMAT, "parameter_area_index 0x7: is there" },
		{ FIXTURE_AREA_2, 12, 4, f.end - 1, ST_BAD_FORMAT, "lies before the file data" },
		{ FIXTURE_AREA_2, 12, 4, f.size - 0xFFF, ST_TRUNCATED, "the contents end" },
		{ FIXTURE_AREA_2, 0, 8, 0x2000, ST_TRUNCATED, "the contents end outside" },
		{ FIXTURE_MAP, 0, 4, 8, ST_NOT_FOUND, "parameter_area_index 0x8: no such area" },
		{ FIXTURE_MAP, 4, 4, 0x1FE9, ST_TRUNCATED, "byte_offset 0x1fe9: the parameter" },
		{ FIXTURE_MAP, 4, 4, 0xFFFFFFFF, ST_TRUNCATED, "byte_offset 0xffffffff: the" },
		{ FIXTURE_VP_COUNT, 4, 4, 0x1FFC, ST_OK, "" },
		{ FIXTURE_VP_COUNT, 4, 4, 0x1FFD, ST_TRUNCATED, "byte_offset 0x1ffd: the par" },
		{ FIXTURE_VP_COUNT, -8u, 4, 0x313, ST_OK, "" },
		{ FIXTURE_MMIO, 4, 4, 0xFE1, ST_TRUNCATED, "byte_offset 0xfe1: the parameter" },
		{ FIXTURE_CMDLINE, 4, 4, 0xFFF, ST_OK, "" },
		{ FIXTURE_CMDLINE, 4, 4, 0x1000, ST_TRUNCATED, "byte_offset 0x1000: the par" },
		{ FIXTURE_CMDLINE, -8u, 4, 0x308, ST_OK, "" },
		{ FIXTURE_CMDLINE, -8u, 4, 0x309, ST_OK, "" },
		{ FIXTURE_CMDLINE, -8u, 4, 0x30F, ST_OK, "" },
		{ FIXTURE_CMDLINE, -8u, 4, 0x310, ST_OK, "" },
		{ FIXTURE_CMDLINE, -8u, 4, 0x312, ST_OK, "" },
		{ FIXTURE_INSERT, 12, 4, 9, ST_NOT_FOUND, "parameter_area_index 0x9: no such" },
		{ FIXTURE_INSERT_2, 12, 4, 7, ST_BAD_FORMAT, "0x7: the area has been inserted" },
		{ FIXTURE_INSERT, 0, 8, 0x901001, ST_BAD_RANGE, "gpa 0x901001: must be" },
		{ FIXTURE_INSERT, 0, 8, 0xFFFFD000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_INSERT, 0, 8, 0x8FF000, ST_BAD_RANGE, "overlaps an earlier page" },
		{ FIXTURE_INSERT, 0, 8, 0 - 0x1000ull, ST_BAD_RANGE, "it wraps around 2^64" },
		{ FIXTURE_INSERT, 0, 8, 0 - 0x2000ull, ST_UNSUPPORTED, "it ends above 4 GiB" },
		/* One that nobody inserts. */
		{ FIXTURE_INSERT, 8, 4, 2, ST_OK, "" },
	};
	run_pokes(pokes, ARRAY_COUNT(pokes));
	/* The largest area. */
	igvm_fixture_good(&f);
	igvm_fixture_put(&f, f.headers[FIXTURE_AREA], 4, 0x1000000);
	igvm_fixture_put(&f, f.headers[FIXTURE_INSERT], 4, 0x2000000);
	igvm_fixture_seal(&f);
	wants(ST_OK, "");
	section(2, LAUNCH_PARAMETERS, 0x2000000, 0x1000000, 0, 0);
}

/* Types that no row of the good file has. */
static void other_types(void **state)
{
	(void)state;
	static const struct {
		uint32_t type, length, mask_at;
		enum status status;
		const char *text;
	} rows[] = {
		{ 0x103, 32, 0, ST_OK, "" },
		{ 0x104, 16, 0, ST_OK, "" },
		{ 0x105, 16, 0, ST_OK, "" },
		{ 0x30B, 696, 0, ST_BAD_FORMAT, "SNP_ID_BLOCK at 0x30: type 0x30b: is not TDX's" },
		{ 0x311, 864, 0, ST_BAD_FORMAT, "VBS_MEASUREMENT at 0x30: type 0x311: is not" },
		{ 0x30D, 16, 8, ST_UNSUPPORTED, "ERROR_RANGE at 0x30: type 0x30d: shared pages" },
		{ 0x304, 20, 8, ST_UNSUPPORTED, "VP_CONTEXT at 0x30: type 0x304: a vCPU" },
		{ 0x307, 8, 8, ST_NOT_FOUND, "VP_COUNT at 0x30: parameter_area_index 0x0: no" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint32_t words[256] = { 0 };
		words[rows[i].mask_at / 4] = 1;
		igvm_fixture_start(&f, 1);
		IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
		igvm_fixture_add(&f, rows[i].type, rows[i].length, words, rows[i].length / 4);
		IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000, 0, 1);
		igvm_fixture_finish(&f, 0);
		wants(rows[i].status, rows[i].text);
	}
	/* An area that is inserted takes no parameter. */
	igvm_fixture_start(&f, 1);
	IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
	IGVM_FIXTURE_ADD(&f, 0x301, 16, 0x1000, 0, 0);
	IGVM_FIXTURE_ADD(&f, 0x303, 16, 0x1000, 0, 1, 0);
	IGVM_FIXTURE_ADD(&f, 0x30C, 8, 0, 0);
	IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000, 0, 1);
	igvm_fixture_finish(&f, 0);
	wants(ST_BAD_FORMAT, "MEMORY_MAP at 0x60: parameter_area_index 0x0: the area has been");
}

/* A section per range of pages, as long as each continues the last one. */
static void ranges(void **state)
{
	(void)state;
	static const struct {
		uint32_t gpa, page, flags; /* page: of the data + 1, 0: zeros */
	} rows[] = {
		{ 0x10000, 1, 0 },    { 0x11000, 2, 0 }, { 0x12000, 0, 0 },
		{ 0x13000, 0, 0 },    { 0x14000, 3, 0 }, /* after zeros */
		{ 0x15000, 3, 0 },                       /* not where the file goes on */
		{ 0x16000, 4, 2 },                       /* not measured */
		{ 0x18000, 5, 2 },                       /* a hole in memory */
		{ 0x17000, 0, 2 },                       /* downwards */
		{ 0xFFFFF000, 0, 0 },
	};
	uint32_t data = 24 + 24 + ARRAY_COUNT(rows) * 32;
	igvm_fixture_start(&f, 1);
	IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint32_t offset = rows[i].page != 0 ? data + (rows[i].page - 1) * PAGE : 0;
		IGVM_FIXTURE_ADD(&f, 0x302, 24, rows[i].gpa, 0, 1, offset, rows[i].flags);
	}
	igvm_fixture_finish(&f, 5);
	wants(ST_OK, "");
	assert_int_equal(out.count, 7);
	section(0, LAUNCH_BFV, 0x10000, 0x4000, 0, 0x2000);
	section(1, LAUNCH_BFV, 0x14000, 0x1000, 2, 0x1000);
	section(2, LAUNCH_BFV, 0x15000, 0x1000, 2, 0x1000);
	section(3, LAUNCH_CFV, 0x16000, 0x1000, 3, 0x1000);
	section(4, LAUNCH_CFV, 0x18000, 0x1000, 4, 0x1000);
	section(5, LAUNCH_CFV, 0x17000, 0x1000, 0, 0);
	section(6, LAUNCH_BFV, 0xFFFFF000, 0x1000, 0, 0);
}

/* 16 of each, and one more. */
static void limits(void **state)
{
	(void)state;
	for (uint32_t count = 16; count <= 17; count++) {
		igvm_fixture_start(&f, 1);
		IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
		for (uint32_t i = 0; i < count; i++) {
			IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000 - i * 0x2000, 0, 1);
		}
		igvm_fixture_finish(&f, 0);
		wants(count == 16 ? ST_OK : ST_UNSUPPORTED,
		      count == 16 ? "" : "gpa 0xfffdf000: there are 16 ranges of pages already");

		igvm_fixture_start(&f, 1);
		IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
		for (uint32_t i = 0; i < count; i++) {
			IGVM_FIXTURE_ADD(&f, 0x301, 16, 0x1000, 0, i);
		}
		IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000, 0, 1);
		igvm_fixture_finish(&f, 0);
		wants(count == 16 ? ST_OK : ST_UNSUPPORTED,
		      count == 16 ? "" : "parameter_area_index 0x10: there are 16 areas already");

		igvm_fixture_start(&f, 1);
		IGVM_FIXTURE_ADD(&f, 0x001, 16, 1, 0x00010300);
		IGVM_FIXTURE_ADD(&f, 0x301, 16, 0x1000, 0, 0);
		for (uint32_t i = 0; i < count; i++) {
			IGVM_FIXTURE_ADD(&f, 0x307, 8, 0, 4 * i);
		}
		IGVM_FIXTURE_ADD(&f, 0x303, 16, 0x1000, 0, 1, 0);
		IGVM_FIXTURE_ADD(&f, 0x302, 24, 0xFFFFF000, 0, 1);
		igvm_fixture_finish(&f, 0);
		wants(count == 16 ? ST_OK : ST_UNSUPPORTED,
		      count == 16 ? "" : "byte_offset 0x40: there are 16 parameters already");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file),
		cmocka_unit_test(magic),
		cmocka_unit_test(fixed_header),
		cmocka_unit_test(version_2),
		cmocka_unit_test(variable_headers),
		cmocka_unit_test(platforms),
		cmocka_unit_test(pages),
		cmocka_unit_test(parameters),
		cmocka_unit_test(other_types),
		cmocka_unit_test(ranges),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
