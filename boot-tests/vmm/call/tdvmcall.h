// TDG.VP.VMCALL as KVM and QEMU answer it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 section 3]
#pragma once

#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/td/host_td.h"
#include "boot-tests/vmm/verdict.h"

/* regs: what TDH.VP.ENTER left, and what the next one takes, if the TD goes on. */
void tdvmcall(struct host_td *td, unsigned index, struct seam_regs *regs, struct verdict *verdict);
