// 1,000 SEAMCALLs with random leaves and operands: no crash, and a call that fails changes nothing.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "boot-tests/cases/selftest.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/module.h"
#include "boot-tests/module/pamt.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/vmm/frames.h"
#include "boot-tests/vmm/tdx_init.h"
#include "linker/memmap.h"

#define CALLS 1000
/* Few, so that pages and key ids are often in use already. */
#define FRAMES 8
#define HKIDS 3
#define PRIVATE_BIT BIT64(HPA_WIDTH + 5)
#define SEED UINT64_C(0x9E3779B97F4A7C15)

static uint64_t state = SEED;

/* xorshift64* [Vigna, "An experimental exploration of Marsaglia's xorshift generators"] */
static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static uint64_t frames[FRAMES];

/* A page that may be used, with bits that must not be set now and then; or a small or any number.
 * Numbers that are addresses have a private key id, so that no call writes where the machine lives. */
static uint64_t operand(void)
{
	uint64_t frame = frames[next() % FRAMES];
	switch (next() % 8) {
	case 0:
		return next() | PRIVATE_BIT;
	case 1:
		return frame | next() % MEM_PAGE_SIZE;
	case 2:
		return frame | BIT64(HPA_WIDTH + next() % 22);
	case 3:
		return MODULE_HKID_BASE + next() % HKIDS;
	case 4:
		return next() % 5;
	default:
		return frame;
	}
}

/* FNV-1a over what the module holds of every page that can be a TD's. */
static uint64_t digest(const struct tdmr_range *pool)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ sys_state();
	for (uint64_t page = pool->base; page < pool->base + pool->size; page += MEM_PAGE_SIZE) {
		const struct pamt_entry *entry = pamt_find(hpa(page));
		EXPECT(entry != 0);
		const uint64_t words[] = { entry->type, entry->level, entry->lock, entry->owner,
					   entry->bepoch };
		for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
			hash = (hash ^ words[i]) * UINT64_C(0x100000001B3);
		}
	}
	return hash;
}

/* Leaves that bring the module up. */
static const unsigned bring_up[] = {
	TDH_SYS_CONFIG, TDH_SYS_KEY_CONFIG, TDH_SYS_INIT, TDH_SYS_LP_INIT,
};

/* Leaves that get anywhere with random operands: every second call. */
static const unsigned likely[] = {
	TDH_MNG_CREATE, TDH_MNG_CREATE, TDH_MNG_KEY_CONFIG, TDH_MNG_ADDCX, TDH_PHYMEM_PAGE_RDMD,
	TDH_MNG_VPFLUSHDONE, TDH_MNG_KEY_FREEID, TDH_PHYMEM_PAGE_RECLAIM, TDH_MNG_INIT,
};

static uint64_t random_rax(void)
{
	switch (next() % 16) {
	case 0:
		return next();
	case 1:
		return next() % TDH_LEAF_COUNT | field_put(TDX_VERSION, next());
	default:
		return next() % 2 == 0 ? next() % TDH_LEAF_COUNT :
					 likely[next() % ARRAY_COUNT(likely)];
	}
}

static void run(const struct tdmr_range *pool, unsigned *failed)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct seam_regs regs;
		uint64_t rax = random_rax();
		uint64_t rcx = operand();
		uint64_t rdx = next() % 4 == 0 ? MODULE_HKID_BASE + next() % HKIDS : operand();
		uint64_t before = digest(pool);
		uint64_t status = selftest_call(&regs, rax, rcx, rdx, operand(), operand());
		if (status & TDX_ERROR) {
			EXPECT_EQUAL(digest(pool), before);
			*failed += 1;
		}
	}
	struct module_census census = module_census();
	EXPECT_EQUAL((uintptr_t)census.broken, 0);
	EXPECT(census.owned != 0);
}

void selftest_random(const struct module_platform *platform)
{
	struct tdx_host host = { .quiet = true };
	struct tdmr_range ram = selftest_ram();
	struct tdmr_range pool = selftest_pool();
	unsigned failed = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		frames[i] = pool.base + i * MEM_PAGE_SIZE;
	}
	/* Before the module is ready, then with one that is. */
	module_load(platform);
	selftest_sys_init();
	for (unsigned i = 0; i < CALLS; i++) {
		struct seam_regs regs;
		uint64_t leaf = next() % TDH_LEAF_COUNT;
		bool brings_up = false;
		for (unsigned j = 0; j < ARRAY_COUNT(bring_up); j++) {
			brings_up = brings_up || leaf == bring_up[j];
		}
		if (!brings_up) {
			(void)selftest_call(&regs, leaf, operand(), operand(), operand(), operand());
			EXPECT_EQUAL(sys_state(), SYS_SYSINIT_DONE);
		}
	}
	module_load(platform);
	EXPECT_EQUAL(tdx_enable(&host, &ram, 1, TDMR_LINUX), ST_OK);
	run(&pool, &failed);
	log_line('L', "selftest: %u of %u random SEAMCALLs failed", failed, CALLS);
	EXPECT(failed > CALLS / 2 && failed < CALLS);
}
