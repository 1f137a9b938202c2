// What the module knows of its platform: one instance, set by module_load().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/module.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/cpu.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/pamt.h"
#include "boot-tests/module/sys.h"
#include "loader/sha384.h"

/* A key id is 6 bits of a physical address. */
#define HKID_COUNT 64

static struct module_platform loaded;
static bool hkid_taken[HKID_COUNT];
static uint64_t hkids_cached; /* bit n: caches may hold lines of key id n */
static uint8_t report_key[SHA384_SIZE];
_Static_assert(MODULE_KEY_SIZE == SHA384_SIZE, "The report key is one digest.");

#define RANDOM_SAMPLES 64

/* Fills digest with the hash of many TSC readings. */
static void random_digest(uint8_t digest[SHA384_SIZE])
{
	struct sha384 hash;
	sha384_init(&hash);
	for (unsigned i = 0; i < RANDOM_SAMPLES; i++) {
		uint64_t sample = insn_rdtsc();
		sha384_update(&hash, &sample, sizeof(sample));
	}
	sha384_final(&hash, digest);
}

void module_load(const struct module_platform *platform)
{
	CHECK(platform->tsc_khz != 0 && platform->cpu_count <= MACHINE_MAX_CPUS);
	CHECK(field_get(MKTME_KEYIDS, platform->keyid_partitioning) +
		      field_get(TDX_KEYIDS, platform->keyid_partitioning) <
	      HKID_COUNT);
	loaded = *platform;
	memset(hkid_taken, 0, sizeof(hkid_taken));
	hkids_cached = 0;
	random_digest(report_key);
	md_platform_init(loaded.cmrs);
	sys_reset();
	pamt_reset();
}

const struct module_platform *module_platform(void)
{
	return &loaded;
}

uint64_t module_keyid_partitioning(void)
{
	return loaded.keyid_partitioning;
}

uint64_t module_tsc_khz(void)
{
	return loaded.tsc_khz;
}

bool module_hkid_private(uint64_t hkid)
{
	uint64_t first = field_get(MKTME_KEYIDS, loaded.keyid_partitioning) + 1;
	return hkid >= first && hkid - first < field_get(TDX_KEYIDS, loaded.keyid_partitioning);
}

bool module_take_hkid(uint32_t hkid)
{
	CHECK(module_hkid_private(hkid));
	return !__atomic_exchange_n(&hkid_taken[hkid], true, __ATOMIC_ACQ_REL);
}

unsigned module_hkids_taken(void)
{
	unsigned taken = 0;
	for (unsigned i = 0; i < HKID_COUNT; i++) {
		taken += hkid_taken[i];
	}
	return taken;
}

bool module_convertible(uint64_t base, uint64_t size)
{
	uint64_t at = base;
	for (unsigned i = 0; i < TDX_MAX_CMRS; i++) {
		const struct cmr_info *cmr = &loaded.cmrs[i];
		if (at >= cmr->base && at - cmr->base < cmr->size) {
			at = cmr->base + cmr->size;
		}
	}
	return at - base >= size;
}

void module_end_hkid(uint32_t hkid)
{
	__atomic_fetch_or(&hkids_cached, BIT64(hkid), __ATOMIC_ACQ_REL);
}

bool module_write_back(void)
{
	return __atomic_exchange_n(&hkids_cached, 0, __ATOMIC_ACQ_REL) != 0;
}

bool module_free_hkid(uint32_t hkid)
{
	if (__atomic_load_n(&hkids_cached, __ATOMIC_ACQUIRE) & BIT64(hkid)) {
		return false;
	}
	__atomic_store_n(&hkid_taken[hkid], false, __ATOMIC_RELEASE);
	return true;
}

const uint8_t *module_report_key(void)
{
	return report_key;
}

uint64_t module_random(void)
{
	uint8_t digest[SHA384_SIZE];
	random_digest(digest);
	uint64_t value = 0;
	for (unsigned i = 0; i < sizeof(value); i++) {
		value = value << 8 | digest[i];
	}
	return value;
}
