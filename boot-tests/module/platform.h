// What the module knows of its platform: one instance.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

/* Of each key id, 0 included, something is kept. */
#define MODULE_HKIDS 64

/* Takes the facts over, and makes a new report key. */
void platform_set(const struct module_platform *platform);
const struct module_platform *module_platform(void);
uint64_t module_tsc_khz(void);
/* All packages, as a bit map. */
uint32_t module_packages(void);

/* Are all of [base, base + size) convertible? Regions that touch count as one. */
bool module_convertible(uint64_t base, uint64_t size);

/*
 * Memory that the host shares with the module, by module_host_read() and module_host_write():
 * aligned to size, below 2^48, with a key id that is not private. False: OPERAND_INVALID.
 */
bool module_shared(uint64_t address, uint64_t size, hpa_t *out);

#define MODULE_KEY_SIZE 48
/* The key of report MACs, made at load. */
const uint8_t *module_report_key(void);
/* Words nobody can predict: as good as the TSC's jitter, which is enough where nobody attacks.
 * False, and nothing is written: no entropy. */
bool module_random(uint64_t *words, unsigned count);

/* Does an interrupt wait for the host? Leaves that take long ask. In the machine none ever does:
 * interrupts go to the TD. */
bool module_interrupted(void);

/* For tests: module_interrupted() finds so many interrupts; platform_set() takes it back. */
void module_interrupt(unsigned times);
