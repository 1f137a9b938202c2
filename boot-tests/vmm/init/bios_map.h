// What QEMU's machine is to the TDX module: convertible memory, key ids, processors.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/seamcall.h"

/* All RAM of the machine is convertible; all CPUs have been started. Half of the key ids that
 * keyid_bits of an address can name are private, of 63 at most. */
struct module_platform platform_make(unsigned keyid_bits);
