// Hypercalls in KVM's own ABI: a TDVMCALL whose R10 is not 0.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux Documentation/virt/kvm/x86/hypercalls.rst, arch/x86/kvm/x86.c __kvm_emulate_hypercall]
#pragma once

#include <stdint.h>

#include "boot-tests/vmm/td/host_td.h"

struct seam_regs;

/* R10 the number, R11 to R14 the arguments. Returns what goes into R10: 0, a count, or a negative
 * errno of KVM's. A number that CPUID 0x40000001 does not offer is -KVM_ENOSYS. */
uint64_t kvm_hypercall(struct host_td *td, const struct seam_regs *regs);
