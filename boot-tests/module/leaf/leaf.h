// All interface functions, one file each. The dispatchers (seamcall_dispatch.c, tdcall.c) check
// what seamcalls.def and tdcalls.def say (versions, TDR or TDVPR, locks, op state) before they call
// one.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"

/* SEAMCALLs: in is what the host passed; out is what it gets back, unchanged at first. */
typedef uint64_t seam_bare_fn(const struct seam_regs *in, struct seam_regs *out);
typedef uint64_t seam_td_fn(const struct td *td, const struct seam_regs *in, struct seam_regs *out);
typedef uint64_t seam_vcpu_fn(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out);

#define SEAMCALL(kind, identifier, function, ...) seam_##kind##_fn function;
#include "boot-tests/module/leaf/seamcalls.def"

/* TDCALLs: registers are vcpu->svm.gpr; the status returned goes to RAX. */
typedef uint64_t tdcall_fn(struct vcpu *vcpu);

/* No status of the ABI: an event for the TD or a TD exit is pending, RIP and RAX stay as they are
 * and the TD executes TDCALL again. */
#define TDCALL_REPEAT UINT64_MAX

#define TDCALL(identifier, function, versioned) tdcall_fn function;
#include "boot-tests/module/leaf/tdcalls.def"

/* What a TDCALL with a host as its answer needs at the next TDH.VP.ENTER (tdg_vp_vmcall.c). */
void tdg_vp_vmcall_report(const struct vcpu *vcpu, struct seam_regs *out);
void tdg_vp_vmcall_complete(struct vcpu *vcpu, const struct seam_regs *in);
