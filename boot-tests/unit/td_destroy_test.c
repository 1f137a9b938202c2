// Tests of a TD's whole life on the host's side, with the real module: built, used, taken down; and
// each of its SEAMCALLs refused once.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td_destroy.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/tdvf.h"
#include "arch/tdx/ve.h"
#include "boot-tests/machine/cpu.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/module.h"
#include "boot-tests/unit/module_fixture.h"
#include "boot-tests/vmm/frames.h"
#include "boot-tests/vmm/run.h"
#include "boot-tests/vmm/seam.h"
#include "boot-tests/vmm/td_build.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define VCPUS 2
#define IMAGE_SIZE 0x10000u
#define VOLUME 0xE000u /* its last two pages */
#define VOLUME_SIZE 0x2000u
#define DESCRIPTOR 0xF000u
#define NEVER UINT_MAX
#define REFUSED (TDX_OPERAND_INVALID | TDX_OPERAND_RCX)

static struct td td;
static struct blob firmware;
static struct config config;
static const struct td_place place = { .vcpu_count = VCPUS,
				       .hkid = MODULE_HKID_BASE + 1,
				       .memory = 16 * BLOCK };

/* --- the machine, and the SEAMCALLs between host and module ----------------------------------- */

static struct {
	unsigned count;   /* of SEAMCALLs */
	unsigned refuse;  /* the one that fails: its number */
	bool endless;     /* TDH.PHYMEM.CACHE.WB is interrupted without progress */
	unsigned kicks;
} calls;

unsigned cpu_count(void)
{
	return VCPUS;
}

void cpu_call_all(void (*function)(unsigned index))
{
	unsigned caller = fixture.cpu;
	for (fixture.cpu = 0; fixture.cpu < VCPUS; fixture.cpu++) {
		function(fixture.cpu);
	}
	fixture.cpu = caller;
}

uint32_t cpu_apic_id(unsigned index)
{
	return 2 * index;
}

uint64_t cpu_tsc_khz(void)
{
	return 2600000;
}

uint64_t cpu_time_us(void)
{
	static uint64_t now;
	return now += 1000;
}

void run_kick_all(struct td *of)
{
	assert_ptr_equal(of, &td);
	calls.kicks++;
}

void run_end(struct td *of, enum machine_exit_code code, const char *format, ...)
{
	(void)of;
	machine_exit(code, "%s", format);
}

struct seam_result seam(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	if (calls.count++ == calls.refuse) {
		return (struct seam_result){ .status = REFUSED };
	}
	if (leaf == TDH_PHYMEM_CACHE_WB && calls.endless) {
		return (struct seam_result){ .status = TDX_INTERRUPTED_RESUMABLE };
	}
	struct seam_regs regs = { .rax = leaf, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9 };
	uint64_t status = seamcall(&regs);
	return (struct seam_result){ status, regs.rcx, regs.rdx, regs.r8 };
}

enum status seam_status(const char *name, uint64_t rcx, struct seam_result result)
{
	(void)name;
	(void)rcx;
	return result.status & TDX_ERROR ? ST_TDX : ST_OK;
}

void seam_failed(const char *name, uint64_t rcx, struct seam_result result)
{
	machine_exit(EXIT_TD_STOPPED, "%s %llx %llx", name, (unsigned long long)rcx,
		     (unsigned long long)result.status);
}

struct seam_result seam_must_named(const char *name, uint64_t leaf, uint64_t rcx, uint64_t rdx,
				   uint64_t r8, uint64_t r9)
{
	struct seam_result result = seam(leaf, rcx, rdx, r8, r9);
	if (result.status & TDX_ERROR) {
		seam_failed(name, rcx, result);
	}
	return result;
}

/* --- a firmware image ------------------------------------------------------------------------- */

static void put(uint32_t offset, unsigned size, uint64_t value)
{
	memcpy(firmware.data + offset, &value, size);
}

static void put_section(unsigned n, struct tdvf_section section)
{
	memcpy(firmware.data + DESCRIPTOR + sizeof(struct tdvf_descriptor) + n * sizeof(section),
	       &section, sizeof(section));
}

/* Two measured pages, two of TD HOB, one zeroed. */
static void make_firmware(void)
{
	struct tdvf_descriptor descriptor = { TDVF_SIGNATURE, 16 + 3 * 32, TDVF_VERSION, 3 };
	/* The module takes host addresses below 2^42 only. */
	firmware = (struct blob){ hpa_ptr(hpa(fixture_frame(PG_2M))), IMAGE_SIZE };
	memset(firmware.data, 0xF4, IMAGE_SIZE);
	memcpy(firmware.data + DESCRIPTOR, &descriptor, sizeof(descriptor));
	put(IMAGE_SIZE - TDVF_POINTER_FROM_END, 4, DESCRIPTOR);
	put_section(0, (struct tdvf_section){ VOLUME, VOLUME_SIZE, FOUR_GIB - VOLUME_SIZE,
					      VOLUME_SIZE, TDVF_SECTION_BFV,
					      TDVF_ATTRIBUTE_MR_EXTEND });
	put_section(1, (struct tdvf_section){ 0, 0, 0x809000, 2 * PAGE, TDVF_SECTION_TD_HOB, 0 });
	put_section(2, (struct tdvf_section){ 0, 0, 0x810000, PAGE, TDVF_SECTION_TEMP_MEM, 0 });
}

static int load(void **state)
{
	(void)state;
	fixture_load();
	make_firmware();
	frames_init(hpa(align_up(fixture.next, BLOCK)), hpa(fixture.end));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	calls.refuse = NEVER;
	fixture.cpu = 0;
	assert_int_equal(frames_taken(), 0);
	return 0;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* What the machine asks behind the end of each TD. */
static void assert_nothing_left(void)
{
	struct module_census census = module_census();
	assert_int_equal(frames_taken(), 0);
	assert_null(census.broken);
	assert_int_equal(census.owned, 0);
	assert_int_equal(census.hkids, 1);
}

static void destroy(void)
{
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE), ST_OK);
	assert_nothing_left();
	assert_int_equal(td.tdr.v, 0);
}

/* The TD has large and small pages, pending, accepted and split ones, and shared memory. */
static void use(void)
{
	uint64_t accept_4k = field_put(EXT_QUAL_TYPE, EXT_QUAL_ACCEPT);
	uint64_t accept_2m = accept_4k | field_put(EXT_QUAL_INFO, PG_2M);
	mmu_private_fault(&td.mmu, 0, gpa(8 * BLOCK), accept_2m);
	mmu_private_fault(&td.mmu, 0, gpa(9 * BLOCK), accept_2m);
	mmu_private_fault(&td.mmu, 0, gpa(10 * BLOCK + 5 * PAGE), accept_4k);
	mmu_private_fault(&td.mmu, 0, gpa(11 * BLOCK), accept_2m);
	struct gpa_range range;
	gpa_t stopped;
	assert_true(gpa_range_make(9 * BLOCK + 7 * PAGE, 3 * PAGE, &range));
	assert_int_equal(mmu_convert(&td.mmu, range, SHARE_SHARED, &stopped), ST_OK);
	assert_true(gpa_range_make(11 * BLOCK, 2 * BLOCK, &range));
	assert_int_equal(mmu_convert(&td.mmu, range, SHARE_SHARED, &stopped), ST_OK);
}

static void build_and_destroy(void **state)
{
	(void)state;
	assert_nothing_left();
	for (unsigned i = 0; i < 3; i++) { /* the key id is free each time */
		assert_int_equal(td_build(&td, &place, &config, firmware), ST_OK);
		assert_int_not_equal(frames_taken(), 0);
		use();
		unsigned kicks = calls.kicks;
		module_interrupt(3);
		destroy();
		assert_false(module_interrupted());
		assert_int_equal(calls.kicks, kicks); /* nobody runs: no IPI */
	}
	destroy(); /* nothing to do */
}

/* A vCPU that belongs to another CPU holds the end up until it is flushed there. */
static void flush_on_its_cpu(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware), ST_OK);
	uint64_t built = frames_taken();
	fixture.cpu = 1;
	assert_int_equal(call(TDH_VP_RD, td.vcpus[1].tdvpr.v, MD_VP_VCPU_INDEX, 0, 0), TDX_SUCCESS);
	fixture.cpu = 0;
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE), ST_TDX);
	assert_int_equal(frames_taken(), built);
	fixture.cpu = 1;
	assert_int_equal(td_flush_vcpu(&td, 1), ST_OK);
	assert_int_equal(td_flush_vcpu(&td, 1), ST_OK);
	fixture.cpu = 0;
	destroy();
}

/* Interrupts without progress: 10,000 times, as Linux, and not for ever. */
static void cache_write_back_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware), ST_OK);
	calls.endless = true;
	unsigned count = calls.count;
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE), ST_TDX);
	assert_in_range(calls.count - count, 10000, 10010);
	calls.endless = false;
	destroy();
}

static void refused_while_built(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware), ST_OK);
	unsigned count = calls.count;
	destroy();
	assert_in_range(count, 50, 200);
	for (unsigned i = 0; i < count; i++) {
		calls.count = 0;
		calls.refuse = i;
		assert_int_equal(td_build(&td, &place, &config, firmware), ST_TDX);
		assert_int_equal(calls.count, i + 1);
		destroy();
	}
}

static void refused_while_destroyed(void **state)
{
	(void)state;
	uint64_t accept_2m = field_put(EXT_QUAL_TYPE, EXT_QUAL_ACCEPT) |
			     field_put(EXT_QUAL_INFO, PG_2M);
	unsigned count = 0;
	for (unsigned i = 0; i == 0 || i < count; i++) {
		calls.refuse = NEVER;
		assert_int_equal(td_build(&td, &place, &config, firmware), ST_OK);
		mmu_private_fault(&td.mmu, 0, gpa(8 * BLOCK), accept_2m);
		if (count == 0) {
			calls.count = 0;
			destroy();
			count = calls.count;
			assert_in_range(count, 20, 200);
			continue;
		}
		calls.count = 0;
		calls.refuse = i;
		assert_int_equal(td_destroy(&td, MODULE_HKID_BASE), ST_TDX);
		assert_int_equal(calls.count, i + 1);
		destroy();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(build_and_destroy, setup),
		cmocka_unit_test_setup(flush_on_its_cpu, setup),
		cmocka_unit_test_setup(cache_write_back_is_bounded, setup),
		cmocka_unit_test_setup(refused_while_built, setup),
		cmocka_unit_test_setup(refused_while_destroyed, setup),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
