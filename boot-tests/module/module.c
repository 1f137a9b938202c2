// What the module knows of its platform: one instance, set by module_load().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/module.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/module/pamt.h"
#include "loader/sha384.h"

static uint64_t tsc_khz;
static bool hkid_taken[MODULE_HKID_COUNT];
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

hpa_t module_load(const struct module_platform *platform)
{
	CHECK(tsc_khz == 0 && platform->tsc_khz != 0);
	tsc_khz = platform->tsc_khz;
	hkid_taken[0] = true;
	random_digest(report_key);
	hpa_t first = pamt_init(platform->memory_base, platform->memory_end);
	log_line('L', "module: convertible memory 0x%llx to 0x%llx, PAMT 0x%llx bytes",
		 (unsigned long long)platform->memory_base.v,
		 (unsigned long long)platform->memory_end.v,
		 (unsigned long long)(first.v - platform->memory_base.v));
	return first;
}

uint64_t module_tsc_khz(void)
{
	return tsc_khz;
}

bool module_take_hkid(uint32_t hkid)
{
	CHECK(hkid >= MODULE_HKID_BASE && hkid - MODULE_HKID_BASE < MODULE_HKID_COUNT);
	return !__atomic_exchange_n(&hkid_taken[hkid - MODULE_HKID_BASE], true, __ATOMIC_ACQ_REL);
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
