// The TDVF sink: what it writes, byte by byte where it matters, and back through the reader.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/tdvf_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/image/mrtd.h"
#include "loader/image/plan.h"
#include "loader/image/tdvf_read.h"
#include "loader/table/ap_table.h"

#define PAGE 4096ull
/* What stays zero in the shim's image, as offsets in it, [first, last]. */
static const struct {
	size_t first, last;
	const char *name;
} zero_areas[] = {
	{ 0x7000, 0xCFFF, "AP table" },     { 0xD000, 0xEFFF, "wake-up mailbox" },
	{ 0xF000, 0xF0FF, "image config" }, { 0xFC00, 0xFDFF, "TDX metadata" },
	{ 0xFFB8, 0xFFE3, "GUIDed table" },
};

#define SHIM_SIZE 0x10000
static uint8_t shim[SHIM_SIZE];
static uint8_t kernel[3 * PAGE + 5];
static uint8_t initrd[20 * PAGE];
static const uint8_t cmdline[] = "console=ttyS0";
#define CMDLINE_SIZE (sizeof(cmdline) - 1)

static int set_up(void **state)
{
	(void)state;
	memset(shim, 0xEE, sizeof(shim));
	for (size_t i = 0; i < ARRAY_COUNT(zero_areas); i++) {
		memset(shim + zero_areas[i].first, 0, zero_areas[i].last + 1 - zero_areas[i].first);
	}
	memset(kernel, 0x4B, sizeof(kernel));
	memset(initrd, 0x49, sizeof(initrd));
	return 0;
}

static struct plan_space space;

static struct launch_image launch_of(const struct plan_parts *parts)
{
	struct plan plan;
	struct launch_image launch;
	char error[160] = "";
	assert_int_equal(plan_make(&plan, parts, &space, error, sizeof(error)), ST_OK);
	plan_launch(&plan, &launch);
	return launch;
}

static struct launch_image make_launch(bool payload, uint32_t flags)
{
	struct plan_parts parts = { .shim = { shim, sizeof(shim) }, .flags = flags };
	if (payload) {
		parts.kernel = (struct plan_bytes){ kernel, sizeof(kernel) };
		parts.initrd = (struct plan_bytes){ initrd, sizeof(initrd) };
		parts.cmdline = (struct plan_bytes){ cmdline, CMDLINE_SIZE };
	}
	return launch_of(&parts);
}

static uint8_t *make_image(const struct launch_image *launch, uint64_t *size)
{
	char error[160] = "";
	assert_int_equal(tdvf_sink_size(launch, size), ST_OK);
	uint8_t *image = malloc(*size);
	memset(image, 0x5A, *size);
	assert_int_equal(tdvf_sink_write(launch, image, *size, error, sizeof(error)), ST_OK);
	return image;
}

static uint64_t number(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at, size);
	return value;
}

static void check_section(const struct launch_section *s, enum launch_kind kind, uint64_t address,
			  uint64_t size, const uint8_t *bytes, uint64_t bytes_size)
{
	assert_int_equal(s->kind, kind);
	assert_int_equal(s->measured, kind == LAUNCH_BFV);
	assert_ptr_equal(s->bytes, bytes);
	assert_int_equal(s->base, address);
	assert_int_equal(s->size, size);
	assert_int_equal(s->bytes_size, bytes_size);
}

/* In a TD it is measured as what the sink was given is. */
static void check_mrtd(const struct launch_image *given, const struct launch_image *read)
{
	uint8_t digests[2][SHA384_SIZE];
	measure_mrtd(given, MEASURE_PER_PAGE, digests[0]);
	measure_mrtd(read, MEASURE_PER_PAGE, digests[1]);
	/* The sink's own bytes are measured, too. */
	assert_memory_not_equal(digests[0], digests[1], SHA384_SIZE);
	const struct launch_section *content = &read->sections[0];
	uint8_t *clean = malloc(content->size);
	memcpy(clean, content->bytes, content->size);
	tdvf_sink_clear(clean, gpa(content->base));
	struct launch_image cleaned = *read;
	cleaned.sections[0].bytes = clean;
	measure_mrtd(&cleaned, MEASURE_PER_PAGE, digests[1]);
	assert_memory_equal(digests[0], digests[1], SHA384_SIZE);
	free(clean);
}

/* loaded: the bytes at the end of the file that are loaded into the TD. */
static void check_sections(const struct launch_image *given, const uint8_t *image, uint64_t size,
			   uint64_t loaded)
{
	struct launch_image out;
	char error[160];
	assert_int_equal(tdvf_read(image, size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.count, 3);
	check_section(&out.sections[0], LAUNCH_BFV, FOUR_GIB - loaded, loaded,
		      image + (size - loaded), loaded);
	check_section(&out.sections[1], LAUNCH_TEMP_MEM, 0x100000, 0x69000, NULL, 0);
	check_section(&out.sections[2], LAUNCH_TD_HOB, 0x169000, 0x2000, NULL, 0);
	check_mrtd(given, &out);
	assert_int_equal(out.metadata, size - 0x3F0);
	/* The fall-back pointer alone leads there too. */
	uint8_t *copy = malloc(size);
	memcpy(copy, image, size);
	copy[size - 0x30] ^= 1;
	assert_int_equal(tdvf_read(copy, size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.metadata, size - 0x3F0);
	free(copy);
}

static void default_image(void **state)
{
	(void)state;
	struct launch_image launch = make_launch(false, 0);
	uint64_t size = 0;
	uint8_t *image = make_image(&launch, &size);
	assert_int_equal(size, 0x10000);
	check_sections(&launch, image, size, size);

	/* All bytes outside the areas are the shim's. */
	for (size_t i = 0; i < size; i++) {
		bool ours = false;
		for (size_t a = 0; a < ARRAY_COUNT(zero_areas); a++) {
			ours = ours || (i >= zero_areas[a].first && i <= zero_areas[a].last);
		}
		if (!ours) {
			assert_int_equal(image[i], shim[i]);
		}
	}
	uint64_t *pages = malloc(6 * PAGE);
	assert_int_equal(ap_table_build(pages, gpa(0xFFFF7000)), ST_OK);
	assert_memory_equal(image + 0x7000, pages, 6 * PAGE);
	free(pages);

	/* struct image_config */
	assert_int_equal(number(image + 0xF000, 8), IMAGE_CONFIG_MAGIC);
	assert_int_equal(number(image + 0xF008, 4), 0);
	assert_int_equal(number(image + 0xF00C, 4), 0x10000);
	for (size_t i = 0xF010; i < 0xF040; i++) {
		assert_int_equal(image[i], 0);
	}
	/* The GUID stands before the descriptor; the table ends where the pointer starts. */
	static const uint8_t guid[] = TDVF_DESCRIPTOR_GUID;
	assert_memory_equal(image + 0xFC00, guid, 16);
	assert_int_equal(number(image + 0xFC10, 4), 0x46564454);
	assert_int_equal(number(image + 0xFFB8, 4), 0x3F0);
	assert_int_equal(number(image + 0xFFBC, 2), 22);
	assert_int_equal(number(image + 0xFFCE, 2), 40);
	assert_int_equal(number(image + 0xFFE0, 4), 0xFC10);
	free(image);
}

static void payload_image(void **state)
{
	(void)state;
	struct launch_image launch = make_launch(true, IMAGE_CONFIG_AP_STRICT);
	uint64_t size = 0;
	uint8_t *image = make_image(&launch, &size);
	/* 4 + 20 + 1 pages below the shim, and 7 of padding. */
	assert_int_equal(size, 0x30000);
	check_sections(&launch, image, size, SHIM_SIZE + 25 * PAGE);
	for (size_t i = 0; i < 7 * PAGE; i++) {
		assert_int_equal(image[i], 0);
	}
	const uint8_t *config = image + size - 0x1000;
	const uint8_t *parts = image + 7 * PAGE;
	uint64_t base = FOUR_GIB - size + 7 * PAGE;
	assert_int_equal(number(config + 8, 4), IMAGE_CONFIG_AP_STRICT);
	assert_int_equal(number(config + 12, 4), SHIM_SIZE + 25 * PAGE);
	assert_int_equal(number(config + 16, 8), base);
	assert_int_equal(number(config + 24, 8), sizeof(kernel));
	assert_int_equal(number(config + 32, 8), base + 4 * PAGE);
	assert_int_equal(number(config + 40, 8), sizeof(initrd));
	assert_int_equal(number(config + 48, 8), base + 24 * PAGE);
	assert_int_equal(number(config + 56, 8), CMDLINE_SIZE);
	assert_memory_equal(parts, kernel, sizeof(kernel));
	assert_memory_equal(parts + 4 * PAGE, initrd, sizeof(initrd));
	assert_memory_equal(parts + 24 * PAGE, cmdline, sizeof(cmdline));
	/* What nobody asked for is zero. */
	for (size_t i = sizeof(kernel); i < 4 * PAGE; i++) {
		assert_int_equal(parts[i], 0);
	}
	for (size_t i = 24 * PAGE + CMDLINE_SIZE; i < 25 * PAGE; i++) {
		assert_int_equal(parts[i], 0);
	}
	assert_memory_equal(parts + 25 * PAGE, shim, 0x4000);
	free(image);
}

static void largest_image(void **state)
{
	(void)state;
	uint64_t most = IMAGE_MAX_SIZE - SHIM_SIZE;
	uint8_t *big = malloc(most);
	memset(big, 0x42, most);
	struct plan_parts parts = { .shim = { shim, sizeof(shim) }, .initrd = { big, most } };
	struct launch_image launch = launch_of(&parts);
	uint64_t size = 0;
	uint8_t *image = make_image(&launch, &size);
	assert_int_equal(size, IMAGE_MAX_SIZE);
	check_sections(&launch, image, size, size);
	free(image);
	free(big);
}

/* By the plan, or where the sink itself writes, by the sink. */
static void dirty_shim(void **state)
{
	(void)state;
	struct plan_parts parts = { .shim = { shim, sizeof(shim) } };
	struct plan plan;
	struct launch_image launch;
	uint8_t *image = malloc(SHIM_SIZE);
	memset(image, 0x77, SHIM_SIZE);
	char error[160];
	for (size_t i = 0; i < ARRAY_COUNT(zero_areas); i++) {
		const size_t ends[] = { zero_areas[i].first, zero_areas[i].last };
		for (size_t j = 0; j < 2; j++) {
			bool of_sink = zero_areas[i].first >= 0xFC00;
			shim[ends[j]] = 1;
			enum status st = plan_make(&plan, &parts, &space, error, sizeof(error));
			assert_int_equal(st, of_sink ? ST_OK : ST_BAD_FORMAT);
			if (of_sink) {
				plan_launch(&plan, &launch);
				assert_int_equal(tdvf_sink_write(&launch, image, SHIM_SIZE, error,
								 sizeof(error)),
						 ST_BAD_FORMAT);
			}
			shim[ends[j]] = 0;
			assert_non_null(strstr(error, of_sink ? "content: byte 0x01 at 0xffff" :
								"shim: byte 0x01 at 0xffff"));
			assert_non_null(strstr(error, zero_areas[i].name));
		}
	}
	for (size_t i = 0; i < SHIM_SIZE; i++) {
		assert_int_equal(image[i], 0x77);
	}
	free(image);
}

/* Content of a section that begins just there. */
static void dirty_from_a_first_byte(void **state)
{
	(void)state;
	static uint8_t image[SHIM_SIZE];
	char error[160] = "";
	shim[0xFC00] = 2;
	const struct launch_image launch = {
		.count = 2,
		.sections = {
			{ "low", FOUR_GIB - SHIM_SIZE, 0xFC00, LAUNCH_BFV, true, shim, 0xFC00 },
			{ "high", FOUR_GIB - 0x400, 0x400, LAUNCH_BFV, true, shim + 0xFC00, 0x400 },
		},
	};
	assert_int_equal(tdvf_sink_write(&launch, image, SHIM_SIZE, error, sizeof(error)),
			 ST_BAD_FORMAT);
	assert_string_equal(error, "content: byte 0x02 at 0xfffffc00, where the TDX metadata goes");
	shim[0xFC00] = 0;
	assert_int_equal(tdvf_sink_write(&launch, image, SHIM_SIZE, error, sizeof(error)), ST_OK);
}

static uint8_t *untouched;

static void refuses(const struct launch_image *launch, uint64_t out_size, enum status status,
		    const char *text)
{
	char error[160] = "";
	uint64_t size = 7;
	if (status != ST_BAD_ARGUMENT) {
		assert_int_equal(tdvf_sink_size(launch, &size), status);
		assert_int_equal(size, 7);
	}
	assert_int_equal(tdvf_sink_write(launch, untouched, out_size, error, sizeof(error)),
			 status);
	if (strstr(error, text) == NULL) {
		fail_msg("\"%s\", wanted \"%s\"", error, text);
	}
	for (size_t i = 0; i < 2 * SHIM_SIZE; i++) {
		assert_int_equal(untouched[i], 0x77);
	}
}

static void bad_arguments(void **state)
{
	(void)state;
	const struct launch_image good = make_launch(false, 0);
	untouched = malloc(2 * SHIM_SIZE);
	memset(untouched, 0x77, 2 * SHIM_SIZE);
	refuses(&good, SHIM_SIZE - 1, ST_BAD_ARGUMENT, "image size 0xffff (needed 0x10000)");
	refuses(&good, 2 * SHIM_SIZE, ST_BAD_ARGUMENT, "image size 0x20000 (needed 0x10000)");

	/* The content: shim, AP table, mailbox, reset page; then TempMem and the HOB. */
	assert_int_equal(good.count, 6);
	struct launch_image bad = good;
	bad.count = 3; /* it ends below 4 GiB */
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[1].size -= PAGE; /* a hole */
	bad.sections[1].bytes_size -= PAGE;
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[1].bytes_size = bad.sections[1].size + 1;
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[3].size += PAGE; /* beyond 4 GiB */
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[0].base = AP_TABLE + PAGE; /* round the address space */
	bad.sections[0].size = 0 - PAGE;
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[0].measured = false;
	refuses(&bad, SHIM_SIZE, ST_BAD_RANGE, "launch image: ");
	bad = good;
	bad.sections[0].base = FOUR_GIB - IMAGE_MAX_SIZE - PAGE;
	bad.sections[0].size = bad.sections[1].base - bad.sections[0].base;
	refuses(&bad, SHIM_SIZE, ST_NO_SPACE, "launch image: ");
	bad = good;
	bad.sections[4].kind = LAUNCH_CFV;
	refuses(&bad, SHIM_SIZE, ST_UNSUPPORTED, "launch image: ");
	bad = good;
	bad.sections[4].bytes = shim;
	refuses(&bad, SHIM_SIZE, ST_UNSUPPORTED, "launch image: ");
	bad = good;
	bad.sections[5].measured = true;
	refuses(&bad, SHIM_SIZE, ST_UNSUPPORTED, "launch image: ");
	bad = good;
	for (unsigned i = 0; i < 4; i++) {
		bad.sections[i].kind = LAUNCH_TEMP_MEM;
		bad.sections[i].bytes = NULL;
		bad.sections[i].measured = false;
	}
	refuses(&bad, SHIM_SIZE, ST_NOT_FOUND, "launch image: not found");
	/* As many as the metadata have room for, and one more. */
	bad = good;
	while (bad.count < 4 + SINK_SECTIONS_MAX - 1) {
		bad.sections[bad.count++] = good.sections[4];
	}
	uint64_t size = 0;
	assert_int_equal(tdvf_sink_size(&bad, &size), ST_OK);
	bad.sections[bad.count++] = good.sections[4];
	refuses(&bad, SHIM_SIZE, ST_NO_SPACE, "launch image: ");
	free(untouched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(default_image, set_up),
		cmocka_unit_test_setup(payload_image, set_up),
		cmocka_unit_test_setup(largest_image, set_up),
		cmocka_unit_test_setup(dirty_shim, set_up),
		cmocka_unit_test_setup(dirty_from_a_first_byte, set_up),
		cmocka_unit_test_setup(bad_arguments, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
