// All interface functions, one file each. The dispatchers (seamcall.c, tdcall.c) check what their
// tables say (versions, TDR or TDVPR, locks, op state) before they call one.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"

/* SEAMCALLs: in is what the host passed; out is what it gets back, unchanged at first. */
typedef uint64_t seam_bare_fn(const struct seam_regs *in, struct seam_regs *out);
typedef uint64_t seam_td_fn(const struct td *td, const struct seam_regs *in, struct seam_regs *out);
typedef uint64_t seam_vcpu_fn(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out);

seam_bare_fn tdh_mng_create;
seam_bare_fn tdh_mng_key_reclaimid;
seam_bare_fn tdh_phymem_cache_wb;
seam_bare_fn tdh_phymem_page_rdmd;
seam_bare_fn tdh_phymem_page_reclaim;
seam_bare_fn tdh_phymem_page_wbinvd;
seam_bare_fn tdh_sys_config;
seam_bare_fn tdh_sys_info;
seam_bare_fn tdh_sys_init;
seam_bare_fn tdh_sys_key_config;
seam_bare_fn tdh_sys_lp_init;
seam_bare_fn tdh_sys_lp_shutdown;
seam_bare_fn tdh_sys_rd;
seam_bare_fn tdh_sys_rdall;
seam_bare_fn tdh_sys_tdmr_init;
seam_td_fn tdh_mng_addcx;
seam_td_fn tdh_mng_key_config;
seam_td_fn tdh_mng_init;
seam_td_fn tdh_mng_key_freeid;
seam_td_fn tdh_mng_rd;
seam_td_fn tdh_mng_vpflushdone;
seam_td_fn tdh_mng_wr;
seam_td_fn tdh_mem_sept_add;
seam_td_fn tdh_mem_rd;
seam_td_fn tdh_mem_sept_rd;
seam_td_fn tdh_mem_sept_remove;
seam_td_fn tdh_mem_wr;
seam_td_fn tdh_mem_page_add;
seam_td_fn tdh_mem_page_aug;
seam_td_fn tdh_mem_page_remove;
seam_td_fn tdh_mem_page_demote;
seam_td_fn tdh_mem_page_promote;
seam_td_fn tdh_mem_page_relocate;
seam_td_fn tdh_mem_range_block;
seam_td_fn tdh_mem_range_unblock;
seam_td_fn tdh_mem_track;
seam_td_fn tdh_mr_extend;
seam_td_fn tdh_mr_finalize;
seam_td_fn tdh_vp_create;
seam_vcpu_fn tdh_vp_addcx;
seam_vcpu_fn tdh_vp_init;
seam_vcpu_fn tdh_vp_enter;
seam_vcpu_fn tdh_vp_flush;
seam_vcpu_fn tdh_vp_rd;
seam_vcpu_fn tdh_vp_wr;

/* TDCALLs: registers are vcpu->svm.gpr; the status returned goes to RAX. */
typedef uint64_t tdcall_fn(struct vcpu *vcpu);

/* No status of the ABI: an event for the TD or a TD exit is pending, RIP and RAX stay as they are
 * and the TD executes TDCALL again. */
#define TDCALL_REPEAT UINT64_MAX

tdcall_fn tdg_vp_vmcall;
tdcall_fn tdg_vp_info;
tdcall_fn tdg_mr_rtmr_extend;
tdcall_fn tdg_vp_veinfo_get;
tdcall_fn tdg_mr_report;
tdcall_fn tdg_vp_cpuidve_set;
tdcall_fn tdg_mem_page_accept;
tdcall_fn tdg_vm_rd;
tdcall_fn tdg_vm_wr;
tdcall_fn tdg_vp_rd;
tdcall_fn tdg_vp_wr;
tdcall_fn tdg_sys_rd;
tdcall_fn tdg_sys_rdall;
tdcall_fn tdg_mr_verifyreport;
tdcall_fn tdg_mem_page_attr_rd;
tdcall_fn tdg_mem_page_attr_wr;

/* What a TDCALL with a host as its answer needs at the next TDH.VP.ENTER (tdg_vp_vmcall.c). */
void tdg_vp_vmcall_report(const struct vcpu *vcpu, struct seam_regs *out);
void tdg_vp_vmcall_complete(struct vcpu *vcpu, const struct seam_regs *in);
