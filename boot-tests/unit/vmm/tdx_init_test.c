// Tests of the host's module initialization against modules that differ from ours, or fail.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The module is a table of metadata fields and a few answers; memory is the test's own.
#include "boot-tests/machine/smp.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/init/tdx_init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/stats.h"

#define POOL_SIZE (128 * MIB)
#define DIRTY 0x5A

static uint8_t *pool;
/* What the module is like. */
static struct {
	uint16_t entry_4k, entry_2m, entry_1g;
	uint64_t features;
	uint64_t fail_leaf, fail_id, fail_status;
	/* What it was asked. */
	unsigned configs;
	struct tdmr_info tdmr;
} module;

uint64_t time_us(void)
{
	static uint64_t time;
	return time += 1000;
}

unsigned cpu_index(void)
{
	return 0;
}

unsigned cpu_count(void)
{
	return 1;
}

void smp_call_all(void (*function)(unsigned index))
{
	function(0);
}

unsigned module_package(unsigned cpu)
{
	return cpu;
}

uint64_t module_keyid_partitioning(void)
{
	return MODULE_KEYID_PARTITIONING;
}

void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end)
{
	(void)leaf;
	(void)rcx;
	(void)begin;
	(void)end;
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	(void)code;
	fail_msg("machine_exit: %s", format);
	abort();
}

static uint64_t field(uint64_t id)
{
	switch (id) {
	case MD_SYS_MAX_TDMRS:
		return 64;
	case MD_SYS_MAX_RESERVED_PER_TDMR:
		return 16;
	case MD_SYS_PAMT_4K_ENTRY_SIZE:
		return module.entry_4k;
	case MD_SYS_PAMT_2M_ENTRY_SIZE:
		return module.entry_2m;
	case MD_SYS_PAMT_1G_ENTRY_SIZE:
		return module.entry_1g;
	case MD_SYS_TDX_FEATURES0:
		return module.features;
	case MD_SYS_NUM_CMRS:
		return 1;
	case MD_SYS_CMR_BASE:
		return 0;
	case MD_SYS_CMR_SIZE:
		return BIT64(47);
	default:
		return 1;
	}
}

uint64_t seamcall(struct seam_regs *regs)
{
	uint64_t leaf = regs->rax;
	regs->rax = TDX_SUCCESS;
	if (leaf == TDH_SYS_CONFIG) {
		module.configs++;
		uint64_t address = *(const uint64_t *)hpa_ptr(hpa(regs->rcx));
		module.tdmr = *(const struct tdmr_info *)hpa_ptr(hpa(address));
	} else if (leaf == TDH_SYS_TDMR_INIT) {
		/* The module's writes: through a private key, so they must not stay. */
		memset(hpa_ptr(hpa(module.tdmr.pamt_4k_base)), DIRTY, module.tdmr.pamt_4k_size);
		memset(hpa_ptr(hpa(module.tdmr.pamt_2m_base)), DIRTY, module.tdmr.pamt_2m_size);
		memset(hpa_ptr(hpa(module.tdmr.pamt_1g_base)), DIRTY, module.tdmr.pamt_1g_size);
		regs->rdx = module.tdmr.base + module.tdmr.size;
	} else if (leaf == TDH_SYS_RD) {
		regs->r8 = field(regs->rdx);
	}
	if (leaf == module.fail_leaf && (leaf != TDH_SYS_RD || regs->rdx == module.fail_id)) {
		regs->rax = module.fail_status;
	}
	return regs->rax;
}

static int set_up(void **state)
{
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(2 * MIB, POOL_SIZE);
	}
	assert_non_null(pool);
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	memset(&module, 0, sizeof(module));
	module.entry_4k = 16;
	module.entry_2m = 32;
	module.entry_1g = 64;
	module.features = TDX_FEATURES0_NO_RBP_MOD | TDX_FEATURES0_TOPOLOGY_ENUM;
	module.fail_leaf = UINT64_MAX;
	return 0;
}

static enum status enable(struct tdx_host *host)
{
	const struct tdmr_range ram = { ptr_hpa(pool).v, POOL_SIZE };
	*host = (struct tdx_host){ .quiet = true };
	return tdx_enable(host, &ram, 1, TDMR_LINUX);
}

/* Three sizes, and each goes where it belongs. */
static void sizes_of_pamt_entries(void **state)
{
	(void)state;
	struct tdx_host host;
	assert_int_equal(enable(&host), ST_OK);
	assert_int_equal(host.sysinfo.pamt_4k_entry_size, 16);
	assert_int_equal(host.sysinfo.pamt_2m_entry_size, 32);
	assert_int_equal(host.sysinfo.pamt_1g_entry_size, 64);
	uint64_t pages = module.tdmr.size / MEM_PAGE_SIZE;
	assert_int_equal(module.tdmr.pamt_4k_size, 16 * pages);
	assert_int_equal(module.tdmr.pamt_2m_size, align_up(32 * pages / 512, MEM_PAGE_SIZE));
	assert_int_equal(module.tdmr.pamt_1g_size, MEM_PAGE_SIZE);
	tdx_release(&host);
}

/* A field that cannot be read leaves none of the others behind. */
static void nothing_is_half_read(void **state)
{
	(void)state;
	static const uint64_t ids[] = { MD_SYS_MAX_TDMRS, MD_SYS_MAX_RESERVED_PER_TDMR,
					MD_SYS_PAMT_4K_ENTRY_SIZE, MD_SYS_PAMT_2M_ENTRY_SIZE,
					MD_SYS_PAMT_1G_ENTRY_SIZE };
	const struct tdmr_sysinfo nothing = { 0 };
	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		struct tdx_host host;
		module.fail_leaf = TDH_SYS_RD;
		module.fail_id = ids[i];
		module.fail_status = TDX_METADATA_FIELD_ID_INCORRECT;
		assert_int_equal(enable(&host), ST_TDX);
		assert_memory_equal(&host.sysinfo, &nothing, sizeof(nothing));
		assert_int_equal(module.configs, 0);
	}
}

/* The host's compiler keeps frames in RBP. */
static void a_module_that_changes_rbp_is_refused(void **state)
{
	(void)state;
	struct tdx_host host;
	module.features = ~(uint64_t)TDX_FEATURES0_NO_RBP_MOD;
	assert_int_equal(enable(&host), ST_UNSUPPORTED);
	assert_int_equal(host.state, TDX_FAILED);
	assert_int_equal(module.configs, 0);
	module.features = TDX_FEATURES0_NO_RBP_MOD | TDX_FEATURES0_TOPOLOGY_ENUM;
	assert_int_equal(enable(&host), ST_OK);
	tdx_release(&host);
}

/* As by KVM. */
static void a_module_without_topology_is_refused(void **state)
{
	(void)state;
	struct tdx_host host;
	module.features = ~(uint64_t)TDX_FEATURES0_TOPOLOGY_ENUM;
	assert_int_equal(enable(&host), ST_UNSUPPORTED);
	assert_int_equal(host.state, TDX_FAILED);
	assert_int_equal(module.configs, 0);
}

static void assert_clean(uint64_t base, uint64_t size)
{
	const uint8_t *bytes = hpa_ptr(hpa(base));
	assert_true(size != 0);
	for (uint64_t i = 0; i < size; i++) {
		assert_int_equal(bytes[i], 0);
	}
}

/* What the module has written to the PAMTs goes back clean, whatever call fails. */
static void pamts_go_back_clean(void **state)
{
	(void)state;
	static const uint64_t leaves[] = { TDH_SYS_CONFIG, TDH_SYS_KEY_CONFIG, TDH_SYS_TDMR_INIT };
	for (size_t i = 0; i < ARRAY_COUNT(leaves); i++) {
		struct tdx_host host;
		memset(pool, DIRTY, POOL_SIZE);
		uint64_t taken = frames_taken();
		module.fail_leaf = leaves[i];
		module.fail_status = TDX_KEY_GENERATION_FAILED;
		assert_int_equal(enable(&host), ST_TDX);
		assert_null(host.pamt);
		assert_null(host.tdmrs);
		assert_int_equal(frames_taken(), taken);
		assert_clean(module.tdmr.pamt_4k_base, module.tdmr.pamt_4k_size);
		assert_clean(module.tdmr.pamt_2m_base, module.tdmr.pamt_2m_size);
		assert_clean(module.tdmr.pamt_1g_base, module.tdmr.pamt_1g_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sizes_of_pamt_entries, set_up),
		cmocka_unit_test_setup(nothing_is_half_read, set_up),
		cmocka_unit_test_setup(a_module_that_changes_rbp_is_refused, set_up),
		cmocka_unit_test_setup(a_module_without_topology_is_refused, set_up),
		cmocka_unit_test_setup(pamts_go_back_clean, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
