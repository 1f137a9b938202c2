// What the module knows of its platform: one instance, set by module_load().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

uint64_t module_tsc_khz(void);
/* Reserves a key id for a TD; false when it is in use. hkid must be one of the platform's. */
bool module_take_hkid(uint32_t hkid);

#define MODULE_KEY_SIZE 48
/* The key of report MACs, made at load. */
const uint8_t *module_report_key(void);
/* 64 unpredictable bits: as good as the TSC's jitter, which is enough where nobody attacks. */
uint64_t module_random(void);
