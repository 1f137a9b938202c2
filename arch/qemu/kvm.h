// KVM's own calls of a guest: TDVMCALLs with R10 != 0, which is the number.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux Documentation/virt/kvm/x86/hypercalls.rst, include/uapi/linux/kvm_para.h]
#pragma once

enum kvm_hypercall {
#define KVM_HYPERCALL(identifier, number) KVM_HC_##identifier = (number),
#include "arch/qemu/hypercalls.def"
	KVM_HC_COUNT = 16, /* more than any number */
};
