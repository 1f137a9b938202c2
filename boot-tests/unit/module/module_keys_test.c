// Tests of the TDX module: locks and lacks that a host alone on one package never meets.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/module/module_fixture.h"

#define HKID (MODULE_HKID_BASE + 5)

/* The module anew, for a machine of so many packages: CPU n is in package n % packages. */
static void reload(unsigned packages)
{
	fixture.platform.package_count = packages;
	fixture.cpu = 0;
	module_load(&fixture.platform);
}

static int one_package(void **state)
{
	(void)state;
	reload(1);
	fixture_sys_init();
	return 0;
}

static uint64_t on(unsigned cpu, uint64_t leaf, uint64_t rcx)
{
	fixture.cpu = cpu;
	uint64_t status = call(leaf, rcx, 0, 0, 0);
	fixture.cpu = 0;
	return status;
}

/* TDH.SYS.INIT to TDH.SYS.CONFIG. */
static void configure(void)
{
	assert_status(call(TDH_SYS_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	for (unsigned i = 0; i < FIXTURE_CPUS; i++) {
		assert_status(on(i, TDH_SYS_LP_INIT, 0), TDX_SUCCESS);
	}
	uint64_t info = ptr_hpa(fixture_tdmr()).v;
	uint64_t list = fixture_frame(PG_4K);
	memcpy(hpa_ptr(hpa(list)), &info, sizeof(info));
	assert_status(call(TDH_SYS_CONFIG, list, 1, MODULE_HKID_BASE, 0), TDX_SUCCESS);
}

static uint64_t create(uint64_t hkid)
{
	uint64_t tdr = fixture_frame(PG_4K);
	assert_status(call(TDH_MNG_CREATE, tdr, hkid, 0, 0), TDX_SUCCESS);
	return tdr;
}

/* The table of key ids, held by another CPU. It is asked for before the TD's state, but after what
 * the operands say. */
static void kot_is_busy(void **state)
{
	(void)state;
	uint64_t busy = TDX_OPERAND_BUSY | TDX_OPERAND_KOT;
	uint64_t tdr = create(HKID);
	uint64_t page = fixture_frame(PG_4K);
	assert_true(keys_lock(LOCK_SHARED));
	assert_status(call(TDH_MNG_CREATE, page, HKID, 0, 0), busy);
	assert_status(call(TDH_MNG_CREATE, page, HKID + 1, 0, 0), busy);
	assert_status(call(TDH_MNG_CREATE, tdr, HKID + 1, 0, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MNG_VPFLUSHDONE, tdr, 0, 0, 0), busy);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_LIFECYCLE_STATE_INCORRECT);
	/* Write-back shares it. */
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_NO_HKID_READY_TO_WBCACHE);
	keys_unlock(LOCK_SHARED);
	assert_status(call(TDH_MNG_VPFLUSHDONE, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_true(keys_lock(LOCK_EXCLUSIVE));
	assert_status(call(TDH_MNG_VPFLUSHDONE, tdr, 0, 0, 0), busy);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), busy);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0), busy);
	assert_status(call(TDH_PHYMEM_CACHE_WB, 2, 0, 0, 0), TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	keys_unlock(LOCK_EXCLUSIVE);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(pamt_find(hpa(page))->lock, 0);
}

/* Write-back of one package by two CPUs of it; the lock comes before that of the key ids. */
static void write_back_is_busy(void **state)
{
	(void)state;
	struct write_back *own = keys_write_back(0);
	own->lock = LOCK_HELD_EXCLUSIVE;
	assert_true(keys_lock(LOCK_EXCLUSIVE));
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_WBCACHE);
	own->lock = 0;
	keys_unlock(LOCK_EXCLUSIVE);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_NO_HKID_READY_TO_WBCACHE);
}

static bool starves;

static bool takes_starving(void)
{
	bool taken = starves;
	starves = false;
	return taken;
}

/* The next time that the module wants random words it finds no entropy. */
static void starve_once(void)
{
	starves = true;
	module_entropy_hook(takes_starving);
}

static void write_back_is_interrupted(void **state)
{
	(void)state;
	uint64_t tdr = create(HKID);
	uint64_t late = create(HKID + 1);
	assert_status(call(TDH_MNG_VPFLUSHDONE, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_WBCACHE_RESUME_ERROR);
	module_interrupt(3);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_INTERRUPTED_RESUMABLE);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_WBCACHE_NOT_COMPLETE);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_INTERRUPTED_RESUMABLE);
	/* A TD that ends meanwhile has to wait for the next write-back. */
	assert_status(call(TDH_MNG_VPFLUSHDONE, late, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_INTERRUPTED_RESUMABLE);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_WBCACHE_RESUME_ERROR);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, late, 0, 0, 0), TDX_WBCACHE_NOT_COMPLETE);
	/* It always gets on: a host that resumes comes to the end. */
	module_interrupt(1000);
	unsigned calls = 1;
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_INTERRUPTED_RESUMABLE);
	while (call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0) != TDX_SUCCESS) {
		calls++;
	}
	assert_within(calls, 2, 100);
	/* To start once more forgets where the one before stopped. */
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_INTERRUPTED_RESUMABLE);
	module_interrupt(0);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_WBCACHE_RESUME_ERROR);
	assert_status(call(TDH_MNG_KEY_FREEID, late, 0, 0, 0), TDX_SUCCESS);
}

/* Keys are configured, and caches written back, once on each package. */
static void packages(void **state)
{
	(void)state;
	reload(3);
	configure();
	assert_status(on(0, TDH_SYS_KEY_CONFIG, 0), TDX_SUCCESS);
	assert_status(on(0, TDH_SYS_KEY_CONFIG, 0), TDX_KEY_CONFIGURED);
	assert_status(on(3, TDH_SYS_KEY_CONFIG, 0), TDX_KEY_CONFIGURED);
	assert_status(on(2, TDH_SYS_KEY_CONFIG, 0), TDX_SUCCESS);
	assert_status(call(TDH_SYS_TDMR_INIT, 0, 0, 0, 0), TDX_SYS_NOT_READY);
	starve_once();
	assert_status(on(1, TDH_SYS_KEY_CONFIG, 0), TDX_KEY_GENERATION_FAILED);
	assert_int_equal(sys_state(), SYS_SYSCONFIG_DONE);
	assert_status(on(1, TDH_SYS_KEY_CONFIG, 0), TDX_SUCCESS);
	assert_int_equal(sys_state(), SYS_READY);
	assert_status(on(1, TDH_SYS_KEY_CONFIG, 0), TDX_SYS_KEY_CONFIG_NOT_PENDING);
	do {
		assert_status(call(TDH_SYS_TDMR_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	} while (fixture.regs.rdx < TDX_TDMR_ALIGN);
	assert_status(call(TDH_SYS_RD, 0, MD_SYS_NUM_PKGS, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 3);

	uint64_t tdr = create(HKID);
	uint64_t page = fixture_frame(PG_4K);
	const struct tdr *fields = hpa_ptr(hpa(tdr));
	assert_status(on(1, TDH_MNG_KEY_CONFIG, tdr), TDX_SUCCESS);
	uint64_t key = fields->key[0];
	assert_status(on(1, TDH_MNG_KEY_CONFIG, tdr), TDX_KEY_CONFIGURED);
	assert_status(call(TDH_MNG_ADDCX, page, tdr, 0, 0), TDX_TD_KEYS_NOT_CONFIGURED);
	assert_status(on(3, TDH_MNG_KEY_CONFIG, tdr), TDX_SUCCESS);
	assert_status(on(0, TDH_MNG_KEY_CONFIG, tdr), TDX_KEY_CONFIGURED);
	assert_status(on(2, TDH_MNG_KEY_CONFIG, tdr), TDX_SUCCESS);
	assert_int_equal(fields->key[0], key);
	assert_int_equal(fields->packages, 7);
	assert_status(on(2, TDH_MNG_KEY_CONFIG, tdr), TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_MNG_ADDCX, page, tdr, 0, 0), TDX_SUCCESS);

	assert_status(call(TDH_MNG_VPFLUSHDONE, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(on(0, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START), TDX_SUCCESS);
	assert_status(on(3, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START), TDX_SUCCESS);
	assert_status(on(2, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_WBCACHE_NOT_COMPLETE);
	module_interrupt(1);
	assert_status(on(1, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START), TDX_INTERRUPTED_RESUMABLE);
	/* Where a package was interrupted is its own affair. */
	assert_status(on(2, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME), TDX_WBCACHE_RESUME_ERROR);
	assert_status(on(1, TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, tdr, 0, 0, 0), TDX_SUCCESS);
}

/* Each leaf that needs a random number, without one: nothing is changed, and it can be called
 * again. */
static void no_entropy(void **state)
{
	(void)state;
	reload(1);
	starve_once();
	assert_status(call(TDH_SYS_INIT, 0, 0, 0, 0), TDX_RND_NO_ENTROPY);
	assert_int_equal(sys_state(), SYS_SYSINIT_PENDING);
	assert_status(call(TDH_SYS_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	starve_once();
	assert_status(call(TDH_SYS_LP_INIT, 0, 0, 0, 0), TDX_RND_NO_ENTROPY);
	assert_status(call(TDH_SYS_RD, 0, MD_NONE, 0, 0), TDX_SYS_LP_INIT_NOT_DONE);
	reload(1);
	fixture_sys_init();
	uint64_t tdr = fixture_frame(PG_4K);
	starve_once();
	assert_status(call(TDH_MNG_CREATE, tdr, HKID, 0, 0), TDX_RND_NO_ENTROPY);
	assert_int_equal(pamt_find(hpa(tdr))->type, TDX_PAGE_NDA);
	assert_status(call(TDH_MNG_CREATE, tdr, HKID, 0, 0), TDX_SUCCESS);
	starve_once();
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_KEY_GENERATION_FAILED);
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_SUCCESS);
	for (unsigned i = 1; i < TDX_TDCS_PAGES; i++) {
		assert_status(call(TDH_MNG_ADDCX, fixture_frame(PG_4K), tdr, 0, 0), TDX_SUCCESS);
	}
	uint64_t last = fixture_frame(PG_4K);
	starve_once();
	assert_status(call(TDH_MNG_ADDCX, last, tdr, 0, 0), TDX_RND_NO_ENTROPY);
	assert_int_equal(pamt_find(hpa(last))->type, TDX_PAGE_NDA);
	assert_status(call(TDH_MNG_INIT, tdr, ptr_hpa(fixture_params()).v, 0, 0),
		      TDX_TDCS_NOT_ALLOCATED);
	assert_status(call(TDH_MNG_ADDCX, last, tdr, 0, 0), TDX_SUCCESS);
}

/* The module keeps a key id that it has been given, even if it took nothing else. */
static void refused_configuration_keeps_its_key(void **state)
{
	(void)state;
	reload(1);
	assert_status(call(TDH_SYS_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	for (unsigned i = 0; i < FIXTURE_CPUS; i++) {
		assert_status(on(i, TDH_SYS_LP_INIT, 0), TDX_SUCCESS);
	}
	uint64_t list = fixture_frame(PG_4K);
	uint64_t wrong = fixture_frame(PG_4K) + 64;
	memcpy(hpa_ptr(hpa(list)), &wrong, sizeof(wrong));
	assert_status(call(TDH_SYS_CONFIG, list, 1, HKID, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(keys_state(HKID), KEY_RESERVED);
	wrong = ptr_hpa(fixture_tdmr()).v;
	list = fixture_frame(PG_4K);
	memcpy(hpa_ptr(hpa(list)), &wrong, sizeof(wrong));
	assert_status(call(TDH_SYS_CONFIG, list, 1, MODULE_HKID_BASE, 0), TDX_SUCCESS);
	assert_status(call(TDH_SYS_KEY_CONFIG, 0, 0, 0, 0), TDX_SUCCESS);
	do {
		assert_status(call(TDH_SYS_TDMR_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	} while (fixture.regs.rdx < TDX_TDMR_ALIGN);
	assert_status(call(TDH_MNG_CREATE, fixture_frame(PG_4K), HKID, 0, 0), TDX_HKID_NOT_FREE);
}

static void fatal_td_gets_no_more(void **state)
{
	(void)state;
	uint64_t tdr = create(HKID);
	struct tdr *fields = hpa_ptr(hpa(tdr));
	fields->fatal = true;
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_TD_FATAL);
	fields->fatal = false;
	assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_SUCCESS);
	fields->fatal = true;
	assert_status(call(TDH_MNG_ADDCX, fixture_frame(PG_4K), tdr, 0, 0), TDX_TD_FATAL);
}

/* A TD and a vCPU, in use by another CPU. */
static void td_is_busy(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	struct pamt_entry *tdr = pamt_find(hpa(fixture.tdr));
	struct pamt_entry *tdvpr = pamt_find(hpa(fixture.tdvpr[0]));
	static const struct {
		uint64_t leaf;
		bool alone; /* it cannot share the vCPU */
	} leaves[] = { { TDH_VP_RD, false },
		       { TDH_VP_WR, false },
		       { TDH_VP_FLUSH, true },
		       { TDH_VP_INIT, true } };
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		uint64_t leaf = leaves[i].leaf;
		tdr->lock = LOCK_HELD_EXCLUSIVE;
		assert_status(call(leaf, fixture.tdvpr[0], 0, 0, 0),
			      TDX_OPERAND_BUSY | TDX_OPERAND_TDR);
		tdr->lock = 0;
		tdvpr->lock = leaves[i].alone ? 1 : LOCK_HELD_EXCLUSIVE;
		assert_status(call(leaf, fixture.tdvpr[0], 0, 0, 0),
			      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
		tdvpr->lock = 0;
	}
	/* Version 1 of TDH.VP.INIT wants the TD for itself. */
	tdr->lock = 1;
	assert_status(call(TDH_VP_INIT, fixture.tdvpr[0], 0, 0, 0), TDX_VCPU_STATE_INCORRECT);
	assert_status(call(TDH_VP_INIT | field_put(TDX_VERSION, 1), fixture.tdvpr[0], 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TDR);
	/* A lock comes before what the TD's state says. */
	tdr->lock = LOCK_HELD_EXCLUSIVE;
	struct tdr *fields = hpa_ptr(hpa(fixture.tdr));
	fields->fatal = true;
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TDR);
	tdr->lock = 0;
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], 0, 0, 0), TDX_TD_FATAL);
	assert_int_equal(tdr->lock | tdvpr->lock, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(kot_is_busy, one_package),
		cmocka_unit_test_setup(write_back_is_busy, one_package),
		cmocka_unit_test_setup(write_back_is_interrupted, one_package),
		cmocka_unit_test(packages),
		cmocka_unit_test(no_entropy),
		cmocka_unit_test(refused_configuration_keeps_its_key),
		cmocka_unit_test_setup(fatal_td_gets_no_more, one_package),
		cmocka_unit_test_setup(td_is_busy, one_package),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
