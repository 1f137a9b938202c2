// Thousands of random SEAMCALLs: no crash, and one that fails changes nothing.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/module/td.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "linker/memmap.h"

/* In each round, with a new TD: random calls soon end one. */
#define CALLS 500
#define ROUNDS 8
/* Few, so that pages and key ids are often in use already. */
#define FRAMES 24
#define HKIDS 3
#define SEED UINT64_C(0x9E3779B97F4A7C15)

/* Of the frames a TD is made: that many; the others are free. */
enum {
	TDR_AT,
	TDCX_AT,
	TDVPR_AT = TDCX_AT + TDX_TDCS_PAGES,
	SEPT_AT = TDVPR_AT + TDX_TDVPS_PAGES,
	PAGE_AT = SEPT_AT + 3,
	FREE_AT,
};
_Static_assert(FREE_AT + 4 < FRAMES, "A few frames are free.");

static uint64_t frames[FRAMES];

/* xorshift64* [Vigna, "An experimental exploration of Marsaglia's xorshift generators"] */
static uint64_t random_draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* A page that may be used, with bits that must not be set now and then; or a guest address with a
 * level, a small or any number. Numbers that are addresses have a private key id, so that no call
 * writes where the machine lives. */
static uint64_t random_operand(uint64_t *state)
{
	/* The TD, its vCPU, and what is soon a second TD, which comes and goes. */
	static const unsigned roots[] = { TDR_AT, TDVPR_AT, FREE_AT, FREE_AT };
	uint64_t frame = frames[random_draw(state) % 2 == 0 ?
					random_draw(state) % FRAMES :
					roots[random_draw(state) % ARRAY_COUNT(roots)]];
	switch (random_draw(state) % 32) {
	case 0:
		return random_draw(state) | PRIVATE_BIT;
	case 1:
		return frame | random_draw(state) % MEM_PAGE_SIZE;
	case 2:
		return frame | MODULE_HPA_END << random_draw(state) % 22;
	case 3:
		return MODULE_HKID_BASE + random_draw(state) % HKIDS;
	case 4:
	case 5:
	case 6:
		return random_draw(state) % 4 * MEM_PAGE_SIZE | random_draw(state) % 5;
	default:
		return frame;
	}
}

/* Leaves that get anywhere with random operands: most calls. */
static const unsigned likely[] = {
	TDH_MNG_CREATE,       TDH_MNG_CREATE,      TDH_MNG_KEY_CONFIG,  TDH_MNG_ADDCX,
	TDH_PHYMEM_PAGE_RDMD, TDH_MNG_VPFLUSHDONE, TDH_MNG_KEY_FREEID,  TDH_PHYMEM_PAGE_RECLAIM,
	TDH_MNG_INIT,         TDH_MEM_PAGE_AUG,    TDH_MEM_PAGE_REMOVE, TDH_MEM_RANGE_BLOCK,
	TDH_MEM_SEPT_ADD,     TDH_VP_CREATE,       TDH_PHYMEM_CACHE_WB, TDH_VP_RD,
	TDH_VP_FLUSH,
};

/* What a running TD does is the business of other cases. And of two CPUs none may write, as host,
 * to a page that the other makes one of a TD: the model looks first and writes then. */
static bool allowed(uint64_t rax, bool alone)
{
	uint64_t leaf = field_get(TDX_LEAF, rax);
	return leaf != TDH_VP_ENTER && (alone || (leaf != TDH_SYS_INFO && leaf != TDH_SYS_RDALL));
}

static uint64_t random_rax(uint64_t *state, bool alone)
{
	uint64_t rax;
	do {
		switch (random_draw(state) % 16) {
		case 0:
			rax = random_draw(state);
			break;
		case 1:
			rax = random_draw(state) % TDH_LEAF_COUNT |
			      field_put(TDX_VERSION, random_draw(state));
			break;
		default:
			rax = random_draw(state) % 4 == 0 ?
				      random_draw(state) % TDH_LEAF_COUNT :
				      likely[random_draw(state) % ARRAY_COUNT(likely)];
		}
	} while (!allowed(rax, alone));
	return rax;
}

static uint64_t random_call(uint64_t *state, uint64_t rax)
{
	struct seam_regs regs;
	uint64_t rcx = random_operand(state);
	uint64_t rdx = random_draw(state) % 4 == 0 ? MODULE_HKID_BASE + random_draw(state) % HKIDS :
						     random_operand(state);
	uint64_t r8 = random_operand(state);
	return selftest_call(&regs, rax, rcx, rdx, r8, random_operand(state));
}

/* --- all that the module holds ---------------------------------------------------------------- */

/* FNV-1a, a word at a time. */
static uint64_t random_add(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * UINT64_C(0x100000001B3);
}

static uint64_t add_keys(uint64_t hash)
{
	for (uint32_t hkid = 0; hkid < MODULE_HKIDS; hkid++) {
		if (key_is_private(hkid)) {
			hash = random_add(random_add(hash, keys_state(hkid)), keys_cached(hkid));
		}
	}
	const struct write_back *write_back = keys_write_back(0);
	return random_add(random_add(random_add(hash, write_back->lock), write_back->next),
			  write_back->hkids);
}

/* TDR, TDCS, TDVPS, Secure EPT and memory of TDs. To ask for a field of a vCPU makes it the CPU's,
 * which holds even when there is no such field. */
static uint64_t add_page(uint64_t hash, uint64_t page, enum tdx_page_type type)
{
	static uint64_t words[MEM_PAGE_SIZE / 8];
	if (type == TDX_PAGE_NDA) {
		return hash;
	}
	memcpy(words, hpa_ptr(hpa(page)), sizeof(words));
	if (type == TDX_PAGE_TDR) {
		((struct tdr *)words)->associated = 0;
	} else if (type == TDX_PAGE_TDVPR) {
		((struct vcpu *)words)->cpu = 0;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
		hash = random_add(hash, words[i]);
	}
	return hash;
}

static uint64_t digest(const struct tdmr_range *pool)
{
	uint64_t hash = random_add(UINT64_C(0xCBF29CE484222325), sys_state());
	for (uint64_t page = pool->base; page < pool->base + pool->size; page += MEM_PAGE_SIZE) {
		const struct pamt_entry *entry = pamt_find(hpa(page));
		EXPECT(entry != NULL);
		const uint64_t words[] = { entry->type, entry->level, entry->lock, entry->owner,
					   entry->bepoch };
		for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
			hash = random_add(hash, words[i]);
		}
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		const struct pamt_entry *entry = pamt_find(hpa(frames[i]));
		hash = add_page(hash, frames[i], (enum tdx_page_type)entry->type);
	}
	return add_keys(hash);
}

/* TDH.SYS.INFO zeroes the host's structure before it looks at the other operands, and TD_FATAL is a
 * change. */
static bool changes_nothing(uint64_t rax, uint64_t status)
{
	return (status & TDX_ERROR) != 0 && field_get(TDX_LEAF, rax) != TDH_SYS_INFO &&
	       (status & TDX_STATUS_CODE) != TDX_TD_FATAL;
}

/* --- a TD, and the runs ----------------------------------------------------------------------- */

static void random_must(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	struct seam_regs regs;
	EXPECT_EQUAL(selftest_call(&regs, rax, rcx, rdx, r8, r9), TDX_SUCCESS);
}

/* All that a TD can have, but it cannot run yet. */
static void random_build(void)
{
	hpa_t page = frames_take_page();
	struct td_params *params = hpa_ptr(page);
	memset(params, 0, MEM_PAGE_SIZE);
	params->xfam = 3;
	params->max_vcpus = 2;
	params->eptp_controls = 0x1E;
	params->tsc_frequency = 40;
	uint64_t tdr = frames[TDR_AT];
	random_must(TDH_MNG_CREATE, tdr, MODULE_HKID_BASE + 1, 0, 0);
	random_must(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0);
	for (unsigned i = 0; i < TDX_TDCS_PAGES; i++) {
		random_must(TDH_MNG_ADDCX, frames[TDCX_AT + i], tdr, 0, 0);
	}
	random_must(TDH_MNG_INIT, tdr, page.v, 0, 0);
	random_must(TDH_VP_CREATE, frames[TDVPR_AT], tdr, 0, 0);
	for (unsigned i = 1; i < TDX_TDVPS_PAGES; i++) {
		random_must(TDH_VP_ADDCX, frames[TDVPR_AT + i], frames[TDVPR_AT], 0, 0);
	}
	random_must(TDH_VP_INIT, frames[TDVPR_AT], 0, 0, 0);
	for (uint64_t level = PG_512G; level >= PG_2M; level--) {
		random_must(TDH_MEM_SEPT_ADD, level, tdr, frames[SEPT_AT + PG_512G - level], 0);
	}
	random_must(TDH_MEM_PAGE_ADD, 0, tdr, frames[PAGE_AT], page.v);
	frames_give_page(page);
}

/* A host that has brought up a new module, with a TD. */
static void bring_up(const struct module_platform *platform, struct tdx_host *host)
{
	struct tdmr_range ram = selftest_ram();
	module_load(platform);
	*host = (struct tdx_host){ .quiet = true };
	EXPECT_EQUAL(tdx_enable(host, &ram, 1, TDMR_LINUX), ST_OK);
	random_build();
	selftest_check_pages();
}

static void random_take_down(const struct module_platform *platform, struct tdx_host *host)
{
	selftest_check_pages();
	tdx_release(host);
	module_load(platform);
}

/* How many have failed. */
static unsigned run_alone(const struct tdmr_range *pool, uint64_t *state)
{
	unsigned failed = 0;
	for (unsigned i = 0; i < CALLS; i++) {
		uint64_t rax = random_rax(state, true);
		uint64_t before = digest(pool);
		uint64_t status = random_call(state, rax);
		if (changes_nothing(rax, status)) {
			EXPECT_EQUAL(digest(pool), before);
		}
		failed += (status & TDX_ERROR) != 0;
	}
	return failed;
}

static unsigned succeeded;
static uint64_t states[MACHINE_MAX_CPUS];

static void run_among(unsigned index)
{
	uint64_t state = states[index];
	for (unsigned i = 0; i < CALLS; i++) {
		uint64_t status = random_call(&state, random_rax(&state, false));
		if ((status & TDX_ERROR) == 0) {
			__atomic_fetch_add(&succeeded, 1, __ATOMIC_RELAXED);
		}
	}
	states[index] = state;
}

/* Leaves that bring the module up. */
static const unsigned bring_up_leaves[] = {
	TDH_SYS_CONFIG,
	TDH_SYS_KEY_CONFIG,
	TDH_SYS_INIT,
	TDH_SYS_LP_INIT,
};

/* Before the module is ready. */
static void run_early(void)
{
	uint64_t state = SEED;
	selftest_sys_init();
	for (unsigned i = 0; i < CALLS; i++) {
		uint64_t leaf = random_draw(&state) % TDH_LEAF_COUNT;
		bool brings_up = false;
		for (unsigned j = 0; j < ARRAY_COUNT(bring_up_leaves); j++) {
			brings_up = brings_up || leaf == bring_up_leaves[j];
		}
		if (!brings_up) {
			(void)random_call(&state, leaf);
			EXPECT_EQUAL(sys_state(), SYS_SYSINIT_DONE);
		}
	}
}

void selftest_random(const struct module_platform *platform)
{
	struct tdx_host host;
	struct tdmr_range pool = selftest_pool();
	for (unsigned i = 0; i < FRAMES; i++) {
		frames[i] = pool.base + i * MEM_PAGE_SIZE;
	}
	module_load(platform);
	run_early();
	uint64_t state = SEED;
	unsigned failed = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		bring_up(platform, &host);
		failed += run_alone(&pool, &state);
		random_take_down(platform, &host);
	}
	console_line('L', "selftest: %u of %u random SEAMCALLs failed", failed, ROUNDS * CALLS);
	EXPECT(failed > ROUNDS * CALLS / 2 && failed < ROUNDS * CALLS);
	for (unsigned i = 0; i < cpu_count(); i++) {
		states[i] = SEED + i;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		bring_up(platform, &host);
		smp_call_all(run_among);
		random_take_down(platform, &host);
	}
	console_line('L', "selftest: %u of %u random SEAMCALLs on %u CPUs at once succeeded",
		     succeeded, ROUNDS * CALLS * cpu_count(), cpu_count());
	EXPECT(succeeded > 0);
}
