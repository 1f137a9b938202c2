// Where a vCPU stands, for people.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/host_td.h"

/* Writes where a vCPU stands ("V "): its registers, its last TD exit, its last TDVMCALL. On its own
 * CPU, or once it is out for good. */
void vcpu_log(const struct host_td *td, unsigned index);
