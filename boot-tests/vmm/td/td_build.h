// Builds a TD from a firmware image, as KVM and QEMU do, up to its first instruction.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/td/host_td.h"
#include "boot-tests/vmm/verdict.h"

/*
 * td is all zero; config must stay. Each vCPU can then be entered on its own CPU. Any other status
 * comes with a verdict. ST_TDX: a SEAMCALL failed; td_destroy() takes back what was done until
 * then. Else nothing was done: ST_BAD_FORMAT, the firmware is no TDVF image; ST_BAD_RANGE, it
 * cannot be laid out in this memory; ST_NO_SPACE, its TD HOB section is too small.
 */
enum status td_build(struct host_td *td, const struct td_place *place, const struct config *config,
		     struct blob firmware, struct verdict *verdict) MUST_CHECK;
