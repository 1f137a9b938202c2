// Tests of the module's measurements: MRTD against the loader's prediction, RTMRs against a replay,
// and the TD report byte by byte.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/event.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/unit/loader/sha384_oracle.h"
#include "boot-tests/unit/machine/fake_console.h"
#include "boot-tests/unit/module/module_fixture.h"
#include "boot-tests/unit/ovmf.h"
#include "loader/image/mrtd.h"
#include "loader/image/tdvf_read.h"

#define IMAGE_SPACE 0x1000000u
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define CHUNK 256u
#define ADDRESS UINT64_C(0x40000000)
#define REPORT_TYPE 0x81

static bool exited;
/* The module takes host addresses below 2^42 only. */
static uint8_t *image, *page_source;

static int load(void **state)
{
	(void)fixture_load(state);
	image = hpa_ptr(hpa(fixture_frame(PG_2M)));
	for (unsigned at = BLOCK; at < IMAGE_SPACE; at += BLOCK) {
		(void)fixture_frame(PG_2M);
	}
	page_source = hpa_ptr(hpa(fixture_frame(PG_4K)));
	return 0;
}

/* --- MRTD ------------------------------------------------------------------------------------- */

static void add_page(uint64_t address, const struct launch_section *section)
{
	uint64_t offset = address - section->base;
	memset(page_source, 0, PAGE);
	if (offset < section->bytes_size) {
		memcpy(page_source, section->bytes + offset, PAGE);
	}
	if (offset == 0 || is_aligned(address, BLOCK)) {
		fixture_tables(address);
	}
	assert_status(call(TDH_MEM_PAGE_ADD, address, fixture.tdr, fixture_frame(PG_4K),
			   ptr_hpa(page_source).v),
		      TDX_SUCCESS);
}

static void extend_page(uint64_t address)
{
	for (uint64_t at = 0; at < PAGE; at += CHUNK) {
		assert_status(call(TDH_MR_EXTEND, address + at, fixture.tdr, 0, 0), TDX_SUCCESS);
	}
}

static void add_section(const struct launch_section *section, enum measure_order order)
{
	bool measured = section->measured;
	uint64_t end = section->base + section->size;
	for (uint64_t at = section->base; at < end; at += PAGE) {
		add_page(at, section);
		if (measured && order == MEASURE_PER_PAGE) {
			extend_page(at);
		}
	}
	for (uint64_t at = section->base; measured && order == MEASURE_PER_SECTION && at < end;
	     at += PAGE) {
		extend_page(at);
	}
}

/* Builds a TD of the image and compares its MRTD with what the loader predicts. */
static void check_mrtd(const struct launch_image *launch)
{
	uint8_t predicted[2][SHA384_SIZE];
	for (unsigned order = MEASURE_PER_PAGE; order <= MEASURE_PER_SECTION; order++) {
		fixture_init(fixture_params());
		fixture_vcpus();
		for (unsigned i = 0; i < launch->count; i++) {
			add_section(&launch->sections[i], (enum measure_order)order);
		}
		fixture_finalize();
		measure_mrtd(launch, (enum measure_order)order, predicted[order]);
		assert_memory_equal(module_measured.mrtd, predicted[order], SHA384_SIZE);
	}
	assert_memory_not_equal(predicted[0], predicted[1], SHA384_SIZE);
}

/* Sections of each kind; one has less data than memory. */
static void mrtd_of_sections(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 0x8000; i++) {
		image[i] = (uint8_t)(i * 31 + i / 4096);
	}
	struct launch_image launch = { .count = 4 };
	const struct launch_section sections[] = {
		{ "BFV", 0xFFFFB000, 0x5000, LAUNCH_BFV, true, image + 0x3000, 0x5000 },
		{ "CFV", 0xFFFF8000, 0x3000, LAUNCH_CFV, false, image, 0x3000 },
		{ "TD_HOB", 0x809000, 0x2000, LAUNCH_TD_HOB, false, NULL, 0 },
		{ "TempMem", 0x1FF000, 0x3000, LAUNCH_TEMP_MEM, true, NULL, 0 },
	};
	memcpy(launch.sections, sections, sizeof(sections));
	check_mrtd(&launch);
}

static void mrtd_of_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	assert_true(ovmf.size <= IMAGE_SPACE);
	memcpy(image, ovmf.image, ovmf.size);
	struct launch_image launch;
	char error[160];
	assert_int_equal(tdvf_read(image, ovmf.size, &launch, error, sizeof(error)), ST_OK);
	ovmf_free(&ovmf);
	check_mrtd(&launch);
}

/* --- RTMR and report -------------------------------------------------------------------------- */

/* A TD with one page of its own at ADDRESS. */
static uint8_t *make_td(const struct td_params *params)
{
	uint64_t data = fixture_frame(PG_4K);
	fixture_init(params);
	fixture_vcpus();
	fixture_tables(ADDRESS);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, data, ptr_hpa(page_source).v),
		      TDX_SUCCESS);
	fixture_finalize();
	return hpa_ptr(hpa(data));
}

struct extend {
	unsigned index;
	uint8_t digest[SHA384_SIZE];
};

static void extend_and_record(uint8_t *data, struct extend *log, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		log[i].index = (i * i + i / 3) % 4;
		sha384_of(&i, sizeof(i), "event", 5, log[i].digest);
		memcpy(data + 64, log[i].digest, SHA384_SIZE);
		assert_status(
			tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS + 64, log[i].index, 0, 0, &exited),
			TDX_SUCCESS);
	}
}

static void replay(const struct extend *log, unsigned count, uint8_t rtmr[4][SHA384_SIZE])
{
	memset(rtmr, 0, 4 * SHA384_SIZE);
	for (unsigned i = 0; i < count; i++) {
		uint8_t *r = rtmr[log[i].index];
		sha384_of(r, SHA384_SIZE, log[i].digest, SHA384_SIZE, r);
	}
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

/* The digest's bytes are in their order. */
static void an_extend_is_traced(void **state)
{
	(void)state;
	uint8_t *data = make_td(fixture_params());
	for (unsigned i = 0; i < SHA384_SIZE; i++) {
		data[64 + i] = (uint8_t)i;
	}
	event_trace_on = true;
	event_trace_only = "rtmr";
	fake_console_text[0] = 0;
	assert_status(tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS + 64, 2, 0, 0, &exited),
		      TDX_SUCCESS);
	assert_status(tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS + 64, 4, 0, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	event_trace_on = false;
	event_trace_only = "";
	assert_string_equal(strchr(fake_console_text + 2, ' '),
			    " 0 rtmr_extend register=0x2 digest0=0x1020304050607 "
			    "digest1=0x8090a0b0c0d0e0f digest2=0x1011121314151617 "
			    "digest3=0x18191a1b1c1d1e1f digest4=0x2021222324252627 "
			    "digest5=0x28292a2b2c2d2e2f\n");
}

/* Offsets as [TDX ABI 1.5 TDREPORT_STRUCT] has them, not as our struct does. */
static void report_is_as_the_abi_says(void **state)
{
	(void)state;
	static struct extend log[40];
	uint8_t rtmr[4][SHA384_SIZE], digest[SHA384_SIZE];
	struct td_params *params = fixture_params();
	memset(params->mrconfigid, 0xC1, SHA384_SIZE);
	memset(params->mrowner, 0xC2, SHA384_SIZE);
	memset(params->mrownerconfig, 0xC3, SHA384_SIZE);
	uint8_t *data = make_td(params);
	extend_and_record(data, log, 40);
	replay(log, 40, rtmr);
	for (unsigned i = 0; i < 4 * 6; i++) {
		assert_status(tdcall_of_td(TDG_VM_RD, 0, MD_TD_RTMR + i, 0, 0, &exited),
			      TDX_SUCCESS);
		assert_memory_equal(&fixture_svm()->gpr[R8], (uint8_t *)rtmr + 8 * i, 8);
	}
	memset(data, 0x42, 64);
	assert_status(tdcall_of_td(TDG_MR_REPORT, ADDRESS + 0x400, ADDRESS, 0, 0, &exited),
		      TDX_SUCCESS);
	const uint8_t *r = data + 0x400;
	assert_int_equal(r[0], REPORT_TYPE);
	assert_true(all_zero(r + 1, 31)); /* subtype, version, reserved, CPUSVN */
	sha384_of(r + 256, 239, "", 0, digest);
	assert_memory_equal(r + 32, digest, SHA384_SIZE);
	sha384_of(r + 512, 512, "", 0, digest);
	assert_memory_equal(r + 80, digest, SHA384_SIZE);
	assert_memory_equal(r + 128, data, 64);
	assert_true(all_zero(r + 192, 32));
	assert_false(all_zero(r + 224, 32)); /* MAC */
	assert_memory_equal(r + 512, &params->attributes, 8);
	assert_memory_equal(r + 520, &params->xfam, 8);
	assert_memory_equal(r + 528, module_measured.mrtd, SHA384_SIZE);
	assert_memory_equal(r + 576, params->mrconfigid, SHA384_SIZE);
	assert_memory_equal(r + 624, params->mrowner, SHA384_SIZE);
	assert_memory_equal(r + 672, params->mrownerconfig, SHA384_SIZE);
	assert_memory_equal(r + 720, rtmr, sizeof(rtmr));
	assert_true(all_zero(r + 912, 112)); /* no service TD; reserved */
}

/* Each byte that the MAC covers counts, and each of the MAC. */
static void report_mac(void **state)
{
	(void)state;
	uint8_t *data = make_td(fixture_params());
	uint8_t *r = data + 0x400;
	assert_status(tdcall_of_td(TDG_MR_REPORT, ADDRESS + 0x400, ADDRESS, 0, 0, &exited),
		      TDX_SUCCESS);
	for (unsigned i = 0; i < 256; i++) {
		assert_status(tdcall_of_td(TDG_MR_VERIFYREPORT, ADDRESS + 0x400, 0, 0, 0, &exited),
			      TDX_SUCCESS);
		r[i] ^= 0x10;
		uint64_t bad = i >= 16 && i < 32 ? TDX_INVALID_CPUSVN : TDX_INVALID_REPORTMACSTRUCT;
		assert_status(tdcall_of_td(TDG_MR_VERIFYREPORT, ADDRESS + 0x400, 0, 0, 0, &exited),
			      bad);
		r[i] ^= 0x10;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mrtd_of_sections),    cmocka_unit_test(mrtd_of_ovmf),
		cmocka_unit_test(an_extend_is_traced), cmocka_unit_test(report_is_as_the_abi_says),
		cmocka_unit_test(report_mac),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
