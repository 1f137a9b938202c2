// What TD_PARAMS may say, enumerated by the platform's metadata and checked by TDH.MNG.INIT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TD_PARAMS; ATTRIBUTES_FIXED, XFAM_FIXED, CONFIG_FLAGS_FIXED]
#pragma once

#include "arch/tdx/module.h"

#define ATTRIBUTES_ALLOWED (TD_ATTRIBUTES_DEBUG | TD_ATTRIBUTES_SEPT_VE_DISABLE | TD_ATTRIBUTES_PKS)
/* Of these, what the CPU has: td_cpuid_platform_xfam(). */
#define XFAM_ALLOWED 0x6DBE7
#define XFAM_REQUIRED 0x3
/* SSB_NO, BHI_NO and PBRSB_NO, which the host can hide, and RRSBA, which it can set. */
#define ARCH_CAPABILITIES_RRSBA BIT64(19)
#define ARCH_CAPABILITIES_CONFIG_MASK (BIT64(4) | ARCH_CAPABILITIES_RRSBA | BIT64(20) | BIT64(24))
/* HP_LOCK_TIMEOUT, in us. */
#define HP_LOCK_TIMEOUT_DEFAULT 1000000
#define HP_LOCK_TIMEOUT_MIN 10000
#define HP_LOCK_TIMEOUT_MAX 100000000
#define CONFIG_FLAGS_ALLOWED \
	(TD_CONFIG_FLAGS_GPAW | TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE | TD_CONFIG_FLAGS_NO_RBP_MOD)
