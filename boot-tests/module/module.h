// What the module knows of its platform: one instance, set by module_load().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

const struct module_platform *module_platform(void);
uint64_t module_tsc_khz(void);

/* Is this a private key id of the platform? */
bool module_hkid_private(uint64_t hkid);
/* Reserves a private key id; false when it is in use. */
bool module_take_hkid(uint32_t hkid);

/* The TD of a key id has ended, but caches may hold lines of it. */
void module_end_hkid(uint32_t hkid);
/* Writes back the lines of all such key ids; false when there are none. */
bool module_write_back(void);
/* Gives a key id back; false while caches may hold lines of it. */
bool module_free_hkid(uint32_t hkid);
/* How many are reserved, the module's own included. */
unsigned module_hkids_taken(void);
/* Are all of [base, base + size) convertible? Regions that touch count as one. */
bool module_convertible(uint64_t base, uint64_t size);

#define MODULE_KEY_SIZE 48
/* The key of report MACs, made at load. */
const uint8_t *module_report_key(void);
/* 64 unpredictable bits: as good as the TSC's jitter, which is enough where nobody attacks. */
uint64_t module_random(void);
