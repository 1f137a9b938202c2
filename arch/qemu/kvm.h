// KVM's own calls of a guest: TDVMCALLs with R10 != 0, which is the number.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux Documentation/virt/kvm/x86/hypercalls.rst, include/uapi/linux/kvm_para.h]
#pragma once

#define KVM_HC_VAPIC_POLL_IRQ 1
#define KVM_HC_KICK_CPU 5
#define KVM_HC_SEND_IPI 10
#define KVM_HC_SCHED_YIELD 11
#define KVM_HC_MAP_GPA_RANGE 12
