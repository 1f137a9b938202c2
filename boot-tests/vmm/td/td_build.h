// Builds a TD from a firmware image, as KVM and QEMU do, up to its first instruction.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/td/host_td.h"

/* Stops the machine, by name, when the image or the size of memory cannot be used. Each vCPU can
 * then be entered on its own CPU. td is all zero. ST_TDX: a SEAMCALL failed; td_destroy() takes
 * back what was done until then. */
enum status td_build(struct host_td *td, const struct td_place *place, const struct config *config,
		     struct blob firmware) MUST_CHECK;
