// CPUID as the VMM models it: what it configures at TDH.MNG.INIT, and what it answers by TDVMCALL.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/insn.h"
#include "boot-tests/module/seamcall.h"

/* The model's values for the calling CPU. The hypervisor range has KVM's signature, without
 * which Linux turns x2APIC off, and the paravirtual features that QEMU has for a TD. A leaf
 * that there is none of is the last basic one, as KVM answers. */
struct cpuid_result cpuid_model(uint32_t leaf, uint32_t subleaf);

/* The model's values, cut to what TD_PARAMS may say of this leaf; la57: with 5-level paging. */
struct cpuid_result cpuid_configured(const struct cpuid_config_leaf *config, bool la57);
