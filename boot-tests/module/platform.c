// What the module knows of its platform: one instance.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/platform.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/memory/key_address.h"
#include "loader/image/sha384.h"

static struct module_platform loaded;
static uint8_t report_key[SHA384_SIZE];
_Static_assert(MODULE_KEY_SIZE == SHA384_SIZE, "The report key is one digest.");
static bool (*entropy_hook)(void);
static unsigned interrupts;

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

void platform_set(const struct module_platform *platform)
{
	CHECK(platform->tsc_khz != 0 && platform->cpu_count <= MACHINE_MAX_CPUS);
	CHECK(platform->package_count > 0 && platform->package_count <= MODULE_MAX_PACKAGES);
	CHECK(field_get(MKTME_KEYIDS, platform->keyid_partitioning) +
		      field_get(TDX_KEYIDS, platform->keyid_partitioning) <
	      MODULE_HKIDS);
	CHECK(platform->keyid_bits >= MODULE_KEYID_BITS_MIN &&
	      platform->keyid_bits <= MODULE_KEYID_BITS_MAX);
	CHECK(field_get(MKTME_KEYIDS, platform->keyid_partitioning) +
		      field_get(TDX_KEYIDS, platform->keyid_partitioning) <
	      BIT64(platform->keyid_bits));
	loaded = *platform;
	key_address_reset(platform->keyid_bits, platform->keyid_partitioning);
	module_interrupt(0);
	random_digest(report_key);
}

const struct module_platform *module_platform(void)
{
	return &loaded;
}

uint64_t module_keyid_partitioning(void)
{
	return loaded.keyid_partitioning;
}

unsigned module_keyid_bits(void)
{
	return loaded.keyid_bits;
}

unsigned module_package(unsigned cpu)
{
	return cpu % loaded.package_count;
}

uint32_t module_packages(void)
{
	return (uint32_t)MASK64(loaded.package_count - 1, 0);
}

uint64_t module_tsc_khz(void)
{
	return loaded.tsc_khz;
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

bool module_shared(uint64_t address, uint64_t size, hpa_t *out)
{
	if (!is_aligned(address, size) ||
	    key_address_key(address) > field_get(MKTME_KEYIDS, loaded.keyid_partitioning)) {
		return false;
	}
	*out = hpa(key_address_plain(address));
	return true;
}

const uint8_t *module_report_key(void)
{
	return report_key;
}

/* Takes one of a number that is counted down to 0. */
static bool platform_take(unsigned *count)
{
	unsigned seen = __atomic_load_n(count, __ATOMIC_RELAXED);
	while (seen != 0) {
		if (__atomic_compare_exchange_n(count, &seen, seen - 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

bool module_random(uint64_t *words, unsigned count)
{
	if (entropy_hook != NULL && entropy_hook()) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		uint8_t digest[SHA384_SIZE];
		random_digest(digest);
		memcpy(&words[i], digest, sizeof(words[i]));
	}
	return true;
}

bool module_interrupted(void)
{
	return platform_take(&interrupts);
}

void module_entropy_hook(bool (*starves)(void))
{
	entropy_hook = starves;
}

void module_interrupt(unsigned times)
{
	__atomic_store_n(&interrupts, times, __ATOMIC_RELEASE);
}
