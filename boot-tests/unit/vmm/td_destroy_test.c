// Tests of a TD's whole life on the host's side, with the real module: built, used, taken down;
// each of its SEAMCALLs refused once; and a TD that was recorded on hardware.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/smp.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/td/td_destroy.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/tdvf.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/module/module_fixture.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/mmu/mmu_check.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/td/td_build.h"
#include "boot-tests/vmm/td/td_flush.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define VCPUS 2
#define IMAGE_SIZE 0x10000u
#define VOLUME 0xE000u /* its last two pages */
#define VOLUME_SIZE 0x2000u
#define DESCRIPTOR 0xF000u
#define NEVER UINT_MAX
#define REFUSED (TDX_OPERAND_INVALID | TDX_OPERAND_RCX)

static struct host_td td;
static struct seam_failure failure;
static struct verdict verdict;
static struct blob firmware;
static struct config config = { .page_size = PAGE_SIZE_2M };
static uint64_t tables[MMU_TABLES_SIZE(0) / sizeof(uint64_t)];
static const struct td_place place = {
	.vcpu_count = VCPUS, .hkid = MODULE_HKID_BASE + 1, .memory = 16 * BLOCK, .tables = tables
};

/* --- the machine, and the SEAMCALLs between host and module ----------------------------------- */

static struct {
	unsigned count;  /* of SEAMCALLs */
	unsigned refuse; /* the one that fails: its number */
	bool endless;    /* TDH.PHYMEM.CACHE.WB is interrupted without progress */
	unsigned kicks;
	unsigned of_leaf[TDH_LEAF_COUNT];
} calls;

/* A SEAMCALL on the TD's memory before it runs: leaf, and GPA with level. */
struct step {
	uint64_t leaf, operand;
};
#define STEPS_MAX 20000
static struct step steps[STEPS_MAX];
static unsigned step_count;

unsigned cpu_count(void)
{
	return VCPUS;
}

void smp_call_all(void (*function)(unsigned index))
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

uint64_t time_tsc_khz(void)
{
	return 2600000;
}

uint64_t time_us(void)
{
	static uint64_t now;
	return now += 1000;
}

void td_kick_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &td.kick);
	calls.kicks++;
}

void td_flush_all(const struct td_kick *kick)
{
	td_kick_all(kick);
}

void td_kick_out(const struct td_kick *kick)
{
	(void)kick;
}

void td_flush_wait(const struct td_kick *kick)
{
	(void)kick;
}

void wake_take_kick(void)
{
}

struct seam_result seam(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	if (calls.count++ == calls.refuse) {
		return (struct seam_result){ .status = REFUSED };
	}
	calls.of_leaf[field_get(TDX_LEAF, leaf)]++;
	if ((leaf == TDH_MEM_SEPT_ADD || leaf == TDH_MEM_PAGE_ADD || leaf == TDH_MR_EXTEND) &&
	    step_count < STEPS_MAX) {
		steps[step_count++] = (struct step){ leaf, rcx };
	}
	if (leaf == TDH_PHYMEM_CACHE_WB && calls.endless) {
		return (struct seam_result){ .status = TDX_INTERRUPTED_RESUMABLE };
	}
	struct seam_regs regs = { .rax = leaf, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9 };
	uint64_t status = seamcall(&regs);
	return (struct seam_result){ status, regs.rcx, regs.rdx, regs.r8 };
}

struct seam_result seam_once(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	return seam(leaf, rcx, rdx, r8, r9);
}

enum status seam_status(const char *leaf, uint64_t rcx, struct seam_result result,
			struct seam_failure *failed)
{
	if ((result.status & TDX_ERROR) == 0) {
		return ST_OK;
	}
	*failed = (struct seam_failure){ leaf, rcx, result };
	return ST_TDX;
}

void seam_failure_text(const struct seam_failure *failed, char text[SEAM_FAILURE_SIZE])
{
	snprintf(text, SEAM_FAILURE_SIZE, "%s(RCX 0x%llx) failed", failed->leaf,
		 (unsigned long long)failed->rcx);
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
	put_section(0,
		    (struct tdvf_section){ VOLUME, VOLUME_SIZE, FOUR_GIB - VOLUME_SIZE, VOLUME_SIZE,
					   TDVF_SECTION_BFV, TDVF_ATTRIBUTE_MR_EXTEND });
	put_section(1, (struct tdvf_section){ 0, 0, 0x809000, 2 * PAGE, TDVF_SECTION_TD_HOB, 0 });
	put_section(2, (struct tdvf_section){ 0, 0, 0x810000, PAGE, TDVF_SECTION_TEMP_MEM, 0 });
}

/*
 * The TD of 16 vCPUs that was recorded on hardware [host-side.md 2.8]: all memory SEAMCALLs before
 * it runs, of a host that adds a section whole before it measures it.
 */
#define RECORDED_VCPUS 16
#define RECORDED_IMAGE 0x400000u
#define RECORDED_CODE 0x84000u /* in the image: 892 measured pages after 132 that are not */
#define RECORDED_HOB 0x809000u
#define RECORDED_DESCRIPTOR (RECORDED_IMAGE - 0x1000u)
#define RECORDED_STEPS (7 + 1050 + 14272)

static struct blob recorded_firmware;
/* What QEMU's OVMF has in low memory: 26 pages. */
static const struct {
	uint64_t base, pages;
	uint32_t type;
} recorded_low[] = {
	{ 0x800000, 6, TDVF_SECTION_TEMP_MEM },
	{ RECORDED_HOB, 2, TDVF_SECTION_TD_HOB },
	{ 0x80B000, 2, TDVF_SECTION_TEMP_MEM },
	{ 0x810000, 16, TDVF_SECTION_TEMP_MEM },
};

static void make_recorded_firmware(void)
{
	unsigned count = 2 + ARRAY_COUNT(recorded_low);
	struct tdvf_descriptor descriptor = { TDVF_SIGNATURE, 16 + 32 * count, TDVF_VERSION,
					      count };
	uint64_t base = fixture_frame(PG_2M);
	fixture_frame(PG_2M); /* the two are one */
	uint8_t *data = hpa_ptr(hpa(base));
	recorded_firmware = (struct blob){ data, RECORDED_IMAGE };
	for (uint32_t i = 0; i < RECORDED_IMAGE; i++) {
		data[i] = (uint8_t)(i / PAGE);
	}
	uint32_t pointer = RECORDED_DESCRIPTOR;
	memcpy(data + RECORDED_IMAGE - TDVF_POINTER_FROM_END, &pointer, sizeof(pointer));
	struct tdvf_section sections[2 + ARRAY_COUNT(recorded_low)] = {
		{ RECORDED_CODE, RECORDED_IMAGE - RECORDED_CODE,
		  FOUR_GIB - RECORDED_IMAGE + RECORDED_CODE, RECORDED_IMAGE - RECORDED_CODE,
		  TDVF_SECTION_BFV, TDVF_ATTRIBUTE_MR_EXTEND },
		{ 0, RECORDED_CODE, FOUR_GIB - RECORDED_IMAGE, RECORDED_CODE, TDVF_SECTION_CFV, 0 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(recorded_low); i++) {
		sections[2 + i] = (struct tdvf_section){ 0,
							 0,
							 recorded_low[i].base,
							 recorded_low[i].pages * PAGE,
							 recorded_low[i].type,
							 0 };
	}
	memcpy(data + RECORDED_DESCRIPTOR, &descriptor, sizeof(descriptor));
	memcpy(data + RECORDED_DESCRIPTOR + sizeof(descriptor), sections, sizeof(sections));
}

static struct step recorded[RECORDED_STEPS];

static unsigned record(unsigned at, uint64_t leaf, uint64_t operand, uint64_t stride,
		       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		assert_true(at < RECORDED_STEPS);
		recorded[at++] = (struct step){ leaf, operand + i * stride };
	}
	return at;
}

static void make_recorded_steps(void)
{
	unsigned at = 0;
	at = record(at, TDH_MEM_SEPT_ADD, 4, 0, 1);
	at = record(at, TDH_MEM_SEPT_ADD, 3, 0, 1);
	at = record(at, TDH_MEM_SEPT_ADD, 0xC0000000 | 2, 0, 1);
	at = record(at, TDH_MEM_SEPT_ADD, 0xFFC00000 | 1, 0, 1);
	at = record(at, TDH_MEM_PAGE_ADD, 0xFFC84000, PAGE, 380);
	at = record(at, TDH_MEM_SEPT_ADD, 0xFFE00000 | 1, 0, 1);
	at = record(at, TDH_MEM_PAGE_ADD, 0xFFE00000, PAGE, 512);
	at = record(at, TDH_MR_EXTEND, 0xFFC84000, 0x100, 14272);
	at = record(at, TDH_MEM_PAGE_ADD, 0xFFC00000, PAGE, 132);
	at = record(at, TDH_MEM_SEPT_ADD, 2, 0, 1);
	at = record(at, TDH_MEM_SEPT_ADD, 0x800000 | 1, 0, 1);
	for (unsigned i = 0; i < ARRAY_COUNT(recorded_low); i++) {
		at = record(at, TDH_MEM_PAGE_ADD, recorded_low[i].base, PAGE,
			    (unsigned)recorded_low[i].pages);
	}
	assert_int_equal(at, RECORDED_STEPS);
}

static int load(void **state)
{
	(void)fixture_load(state);
	fixture.nested_top = PG_256T;
	make_firmware();
	make_recorded_firmware();
	frames_init(hpa(align_up(fixture.next, BLOCK)), hpa(fixture.end));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	calls.refuse = NEVER;
	step_count = 0;
	fixture.cpu = 0;
	assert_int_equal(frames_taken(), 0);
	return 0;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* What the machine asks after the end of each TD. */
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
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE, &failure), ST_OK);
	assert_nothing_left();
	assert_int_equal(td.tdr.v, 0);
}

static void fault(uint64_t address, uint64_t ext_qualification)
{
	assert_int_equal(mmu_private_fault(&td.mmu, gpa(address), ext_qualification, &failure),
			 MMU_FIXED);
}

/* The TD has large and small pages, pending, accepted and split ones, and shared memory. */
static void use(void)
{
	uint64_t accept_4k = field_put(EXT_QUAL_TYPE, EXT_QUAL_ACCEPT);
	uint64_t accept_2m = accept_4k | field_put(EXT_QUAL_INFO, PG_2M);
	fault(8 * BLOCK, accept_2m);
	fault(9 * BLOCK, accept_2m);
	fault(10 * BLOCK + 5 * PAGE, accept_4k);
	fault(11 * BLOCK, accept_2m);
	struct gpa_range range;
	gpa_t stopped;
	assert_true(gpa_range_make(9 * BLOCK + 7 * PAGE, 3 * PAGE, &range));
	assert_int_equal(conversion_make(&td.mmu, range, SHARE_SHARED, &stopped, &failure), ST_OK);
	assert_true(gpa_range_make(11 * BLOCK, 2 * BLOCK, &range));
	assert_int_equal(conversion_make(&td.mmu, range, SHARE_SHARED, &stopped, &failure), ST_OK);
}

static void build_and_destroy(void **state)
{
	(void)state;
	assert_nothing_left();
	for (unsigned i = 0; i < 3; i++) { /* the key id is free each time */
		config.gpaw = i == 1 ? GPAW_52 : GPAW_48;
		assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
		assert_int_not_equal(frames_taken(), 0);
		use();
		unsigned kicks = calls.kicks;
		module_interrupt(3);
		destroy();
		assert_false(module_interrupted());
		assert_int_equal(calls.kicks, kicks); /* nobody runs: no IPI */
	}
	config.gpaw = GPAW_48;
	destroy(); /* nothing to do */
}

/* The entry of 4 KiB in a half of the TD. */
static uint64_t *small_entry(const struct tdp_half *half, uint64_t address)
{
	struct tdp_page *page = half->root;
	while (page->role.level != PG_4K) {
		page = page->children[pt_index(address, page->role.level)];
	}
	return &page->entries[pt_index(address, PG_4K)];
}

static void expect_difference(const char *what)
{
	char error[200];
	uint64_t pages;
	assert_int_equal(mmu_check(&td.mmu, &pages, error, sizeof(error)), MMU_DIFFERS);
	if (strstr(error, what) == NULL) {
		fail_msg("'%s' does not say '%s'", error, what);
	}
}

/* 001-R92, 001-R54, 001-R64 */
static void host_and_module_have_the_same(void **state)
{
	(void)state;
	char error[200];
	uint64_t pages;
	const uint64_t private_page = 10 * BLOCK + 5 * PAGE;
	const uint64_t shared_page = 9 * BLOCK + 8 * PAGE;
	assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
	use();
	assert_int_equal(mmu_shared_fault(&td.mmu, gpa(shared_page)), MMU_FIXED);
	assert_int_equal(mmu_check(&td.mmu, &pages, error, sizeof(error)), MMU_AGREES);
	assert_int_equal(frame_list_count(&td.control), 6 + 6 * VCPUS);
	assert_int_equal(module_pages_of(td.tdr), pages + 6 + 6 * VCPUS);

	uint64_t *leaf = small_entry(&td.mmu.tdp.mirror, private_page);
	uint64_t kept = *leaf;
	static const struct {
		uint64_t value;
		const char *what;
	} rows[] = {
		{ TDP_ABSENT, "is another thing" },
		{ TDP_FROZEN, "is frozen" },
		{ PTE_P | PTE_W | PTE_U | PAGE, "is another frame" },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		*leaf = rows[i].value;
		expect_difference(rows[i].what);
	}
	*leaf = kept;
	leaf[1] = kept;
	expect_difference("is no page");
	leaf[1] = TDP_ABSENT;
	struct guest_block *block = &td.mmu.frames.blocks[10];
	block->small[5] += PAGE;
	expect_difference("not its own");
	block->small[5] -= PAGE;
	attributes_set(&td.mmu.attributes, gpa(private_page), gpa(private_page + PAGE),
		       SHARE_SHARED);
	expect_difference("is private, and shared by attribute");
	/* The module has nothing against it: it is the host's rule. */
	assert_int_equal(mmu_shared_fault(&td.mmu, gpa(private_page)), MMU_FIXED);
	assert_int_equal(call(TDH_MEM_SEPT_RD, private_page, td.tdr.v, 0, 0), TDX_SUCCESS);
	assert_int_equal(field_get(TDX_SEPT_RDX_STATE, fixture.regs.rdx), TDX_SEPT_PENDING);
	attributes_set(&td.mmu.attributes, gpa(private_page), gpa(private_page + PAGE),
		       SHARE_PRIVATE);
	expect_difference("is shared, and private by attribute");
	*small_entry(&td.mmu.tdp.shared, private_page) = TDP_ABSENT;
	assert_int_equal(mmu_check(&td.mmu, &pages, error, sizeof(error)), MMU_AGREES);
	destroy();
}

/* A vCPU that belongs to another CPU holds the end up until it is flushed there. */
static void flush_on_its_cpu(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
	uint64_t built = frames_taken();
	fixture.cpu = 1;
	assert_int_equal(call(TDH_VP_RD, td.vcpus[1].tdvpr.v, MD_VP_VCPU_INDEX, 0, 0), TDX_SUCCESS);
	fixture.cpu = 0;
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE, &failure), ST_TDX);
	assert_int_equal(frames_taken(), built);
	fixture.cpu = 1;
	assert_int_equal(td_flush_vcpu(&td, 1, &failure), ST_OK);
	assert_int_equal(td_flush_vcpu(&td, 1, &failure), ST_OK);
	fixture.cpu = 0;
	destroy();
}

/* Interrupts without progress: 10,000 times, as Linux, and not for ever. */
static void cache_write_back_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
	calls.endless = true;
	unsigned count = calls.count;
	assert_int_equal(td_destroy(&td, MODULE_HKID_BASE, &failure), ST_TDX);
	assert_within(calls.count - count, 10000, 10010);
	calls.endless = false;
	destroy();
}

static void refused_while_built(void **state)
{
	(void)state;
	assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
	unsigned count = calls.count;
	destroy();
	assert_within(count, 50, 200);
	for (unsigned i = 0; i < count; i++) {
		calls.count = 0;
		calls.refuse = i;
		assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_TDX);
		assert_int_equal(calls.count, i + 1);
		assert_int_equal(verdict.code, EXIT_TD_STOPPED);
		assert_memory_equal(verdict.text, "host: the TD cannot be built: TDH_", 34);
		destroy();
	}
}

/* What the user gave: a verdict that names it, and nothing is taken. */
static void firmware_that_cannot_run(void **state)
{
	(void)state;
	static const struct td_place too_small = { .vcpu_count = VCPUS,
						   .hkid = MODULE_HKID_BASE + 1,
						   .memory = 4 * BLOCK };
	static const struct {
		const struct td_place *place;
		uint32_t pointer; /* to the descriptor */
		enum status status;
		const char *text;
	} rows[] = {
		{ &place, 0, ST_BAD_FORMAT, "firmware: " },
		{ &too_small, DESCRIPTOR, ST_BAD_RANGE, "cannot lay out the TD: " },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		verdict = (struct verdict){ 0 };
		put(IMAGE_SIZE - TDVF_POINTER_FROM_END, 4, rows[i].pointer);
		assert_int_equal(td_build(&td, rows[i].place, &config, firmware, &verdict),
				 rows[i].status);
		put(IMAGE_SIZE - TDVF_POINTER_FROM_END, 4, DESCRIPTOR);
		assert_true(verdict.given);
		assert_int_equal(verdict.code, EXIT_SETUP);
		assert_memory_equal(verdict.text, rows[i].text, strlen(rows[i].text));
		assert_int_equal(calls.count, 0);
		assert_nothing_left();
		destroy(); /* nothing to do */
	}
}

static void refused_while_destroyed(void **state)
{
	(void)state;
	uint64_t accept_2m =
		field_put(EXT_QUAL_TYPE, EXT_QUAL_ACCEPT) | field_put(EXT_QUAL_INFO, PG_2M);
	unsigned count = 0;
	for (unsigned i = 0; i == 0 || i < count; i++) {
		calls.refuse = NEVER;
		assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
		fault(8 * BLOCK, accept_2m);
		if (count == 0) {
			calls.count = 0;
			destroy();
			count = calls.count;
			assert_within(count, 20, 200);
			continue;
		}
		calls.count = 0;
		calls.refuse = i;
		assert_int_equal(td_destroy(&td, MODULE_HKID_BASE, &failure), ST_TDX);
		assert_int_equal(calls.count, i + 1);
		destroy();
	}
}

/* The module anew, on a machine of so many packages. Frames of the host stay where they are. */
static void reload(unsigned packages)
{
	fixture.platform.package_count = packages;
	module_load(&fixture.platform);
	fixture_sys_init();
}

/* Key and caches of both packages. */
static void two_packages(void **state)
{
	(void)state;
	reload(2);
	assert_int_equal(td_build(&td, &place, &config, firmware, &verdict), ST_OK);
	assert_int_equal(calls.of_leaf[TDH_MNG_KEY_CONFIG], 2);
	module_interrupt(3);
	destroy();
	assert_int_equal(calls.of_leaf[TDH_PHYMEM_CACHE_WB], 2 + 3);
	reload(1);
}

/* --- the recorded TD -------------------------------------------------------------------------- */

static const struct config recorded_config = { .gpaw = GPAW_52, .mrtd_order = MRTD_ORDER_SECTION };
static const struct td_place recorded_place = { .vcpu_count = RECORDED_VCPUS,
						.hkid = MODULE_HKID_BASE + 1,
						.memory = 16 * BLOCK,
						.tables = tables };

/* Our host makes the same calls in the same order. */
static void built_as_on_hardware(void **state)
{
	(void)state;
	make_recorded_steps();
	assert_int_equal(
		td_build(&td, &recorded_place, &recorded_config, recorded_firmware, &verdict),
		ST_OK);
	assert_int_equal(calls.of_leaf[TDH_MNG_ADDCX], 6);
	assert_int_equal(calls.of_leaf[TDH_VP_CREATE], RECORDED_VCPUS);
	assert_int_equal(calls.of_leaf[TDH_VP_ADDCX], 5 * RECORDED_VCPUS);
	assert_int_equal(calls.of_leaf[TDH_VP_INIT], RECORDED_VCPUS);
	assert_int_equal(calls.of_leaf[TDH_MEM_SEPT_ADD], 7);
	assert_int_equal(calls.of_leaf[TDH_MEM_PAGE_ADD], 1050);
	assert_int_equal(calls.of_leaf[TDH_MR_EXTEND], 14272);
	assert_int_equal(step_count, RECORDED_STEPS);
	for (unsigned i = 0; i < RECORDED_STEPS; i++) {
		assert_int_equal(steps[i].leaf, recorded[i].leaf);
		assert_int_equal(steps[i].operand, recorded[i].operand);
	}
	destroy();
}

static uint64_t frame(void)
{
	return frames_take(PG_4K).v;
}

static void must(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	assert_int_equal(call(leaf, rcx, rdx, r8, r9), TDX_SUCCESS);
}

/* The page that the recorded host copied to this address. */
static uint64_t source_of(uint64_t address, uint64_t zero)
{
	uint64_t base = FOUR_GIB - RECORDED_IMAGE;
	return address < base ? zero : ptr_hpa(recorded_firmware.data).v + (address - base);
}

/* The recorded calls themselves, as they stand, by the module. Last: the TD stays. */
static void recorded_calls(void **state)
{
	(void)state;
	uint64_t tdr = frame();
	uint64_t tdvpr = 0;
	must(TDH_MNG_CREATE, tdr, 33, 0, 0);
	must(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0);
	for (unsigned i = 0; i < 6; i++) {
		must(TDH_MNG_ADDCX, frame(), tdr, 0, 0);
	}
	struct td_params *params = fixture_params();
	params->attributes = 0x10000000;
	params->max_vcpus = RECORDED_VCPUS;
	params->eptp_controls = 0x26;
	params->config_flags = 1;
	must(TDH_MNG_INIT, tdr, ptr_hpa(params).v, 0, 0);
	for (unsigned i = 0; i < RECORDED_VCPUS; i++) {
		tdvpr = frame();
		must(TDH_VP_CREATE, tdvpr, tdr, 0, 0);
		for (unsigned j = 0; j < 5; j++) {
			must(TDH_VP_ADDCX, frame(), tdvpr, 0, 0);
		}
		must(TDH_VP_INIT | field_put(TDX_VERSION, 1), tdvpr, RECORDED_HOB, i, 0);
	}
	uint64_t zero = frame();
	memset(hpa_ptr(hpa(zero)), 0, PAGE);
	for (unsigned i = 0; i < RECORDED_STEPS; i++) {
		uint64_t operand = recorded[i].operand;
		if (recorded[i].leaf == TDH_MEM_SEPT_ADD) {
			must(TDH_MEM_SEPT_ADD, operand, tdr, frame(), 0);
			must(TDH_MEM_SEPT_RD, operand, tdr, 0, 0);
			assert_int_equal(fixture.regs.rcx, 0x7);
			assert_int_equal(fixture.regs.rdx, 0x8400 | (operand & 7));
		} else if (recorded[i].leaf == TDH_MEM_PAGE_ADD) {
			uint64_t page = frame();
			must(TDH_MEM_PAGE_ADD, operand, tdr, page, source_of(operand, zero));
			must(TDH_MEM_SEPT_RD, operand, tdr, 0, 0);
			assert_int_equal(fixture.regs.rcx, BIT64(63) | page | 0xF7);
			assert_int_equal(fixture.regs.rdx, 0x400);
		} else {
			must(TDH_MR_EXTEND, operand, tdr, 0, 0);
		}
	}
	must(TDH_MR_FINALIZE, tdr, 0, 0, 0);
	must(TDH_VP_WR, tdvpr, 0x203C, zero, UINT64_MAX);
	struct module_census census = module_census();
	assert_null(census.broken);
	/* TDR, TDCS, TDVPS, Secure EPT, memory. */
	assert_int_equal(census.owned, 1 + 6 + 6 * RECORDED_VCPUS + 7 + 1050);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(build_and_destroy, setup),
		cmocka_unit_test_setup(host_and_module_have_the_same, setup),
		cmocka_unit_test_setup(flush_on_its_cpu, setup),
		cmocka_unit_test_setup(cache_write_back_is_bounded, setup),
		cmocka_unit_test_setup(refused_while_built, setup),
		cmocka_unit_test_setup(firmware_that_cannot_run, setup),
		cmocka_unit_test_setup(refused_while_destroyed, setup),
		cmocka_unit_test_setup(two_packages, setup),
		cmocka_unit_test_setup(built_as_on_hardware, setup),
		cmocka_unit_test_setup(recorded_calls, setup),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
