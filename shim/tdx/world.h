// Which world the shim woke up in: a TD or a plain VM, and what the TDX module says about the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "shim/tdx/tdg.h"

/* Called once, before anything else: the entry code found out whether this is a TD. */
enum status world_init(bool td) MUST_CHECK;

bool world_is_td(void);
/* In a TD: what TDG.VP.INFO said. On a plain VM: 48 bits, one vCPU, no attributes. */
const struct td_info *world_info(void);

/* ST_UNSUPPORTED: the host can look into this TD and change it, and the image refuses that. */
enum status world_check_debug(bool allowed) MUST_CHECK;

/*
 * Makes sure that an access to memory that was not accepted stops the TD instead of raising #VE:
 * by attribute, or by TD_CTLS where the attribute is flexible. ST_UNSUPPORTED: neither holds.
 */
enum status world_check_config(void) MUST_CHECK;
