// Writes of CR0 and CR4 by the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, CR handling]
#pragma once

#include "boot-tests/module/td.h"

void td_cr_write_cr0(struct vcpu *vcpu);
void td_cr_write_cr4(struct vcpu *vcpu);

/* What a write of value does to the registers in save; pure. allowed: the bits of CR4 that CPUID
 * allows. */
enum cr_outcome { CR_DONE, CR_VE, CR_GP };
enum cr_outcome td_cr0_apply(struct vmcb_save *save, uint64_t value);
enum cr_outcome td_cr4_apply(struct vmcb_save *save, uint64_t value, uint64_t allowed);
