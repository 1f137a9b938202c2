// What a host script changes of what a TD reads of fw_cfg.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>

#include "boot-tests/vmm/script/script_parse.h"

/* If these bytes that a TD reads have those that the rule, one of SCRIPT_FW_CFG, is about: where
 * they begin in them. The bytes of "size" and "hide" are those of the file in the directory. */
bool script_fw_cfg_has(const struct script_rule *rule, const struct hook_fw_cfg *read,
		       uint8_t **where);
/* Changes them. */
void script_fw_cfg_change(const struct script_rule *rule, uint8_t *where);
