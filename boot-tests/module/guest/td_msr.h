// RDMSR and WRMSR of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, MSR virtualization]
#pragma once

#include "boot-tests/module/td.h"

enum msr_outcome { MSR_DONE, MSR_VE, MSR_GP };

enum msr_outcome td_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
enum msr_outcome td_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value);

/* Lets the TD have the MSRs that VMRUN switches without an exit. */
void td_msr_allow_native(uint8_t *msrpm);
