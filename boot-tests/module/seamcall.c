// SEAMCALL: checks what all leaves share, and dispatches.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 SEAMCALL; allowed op states; lock table]
#include "boot-tests/module/seamcall.h"

#include "boot-tests/machine/debug_log.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

/*
 * What a leaf needs before it runs. Exactly one of bare, td and vcpu is set: the leaf works on
 * nothing, on the TDR or on the TDVPR that stands in register, without the flags.
 */
struct seam_leaf {
	const char *name;
	seam_bare_fn *bare;
	seam_td_fn *td;
	seam_vcpu_fn *vcpu;
	uint32_t operand;    /* TDX_OPERAND_RCX or _RDX */
	uint64_t flags;      /* bits of the register that are no address */
	enum lock_mode lock; /* of the TDR or TDVPR */
	enum lock_mode tdr;  /* of the TDR behind a TDVPR */
	uint32_t op_states;  /* 0: the leaf looks itself */
	uint32_t outputs;    /* registers, by OUT(): 0 unless the leaf sets them */
	uint8_t max_version;
	bool l2_pages;   /* version 1: R9 to R11 are pages of L2 VMs, and there are none */
	bool next_field; /* version 1: RDX is the next field, MD_NONE unless the leaf sets it */
	bool serial_v1;  /* version 1 locks the TDR behind a TDVPR exclusive */
	bool early;      /* may run before the module is ready */
	bool since_1_5;  /* a module of 1.0 does not know it */
};

#define RCX_OPERAND .operand = TDX_OPERAND_RCX
#define RDX_OPERAND .operand = TDX_OPERAND_RDX
#define SHARED .lock = LOCK_SHARED
#define EXCLUSIVE .lock = LOCK_EXCLUSIVE
#define TDR_SHARED .tdr = LOCK_SHARED
#define INITIALIZED .op_states = OP_INITIALIZED
#define BUILT .op_states = OP_INITIALIZED | OP_RUNNABLE
#define OUT(reg) BIT32(TDX_OPERAND_##reg)
#define OUT_ENTRY .outputs = OUT(RCX) | OUT(RDX)
#define OUT_PAGE .outputs = OUT(RCX) | OUT(RDX) | OUT(R8) | OUT(R9) | OUT(R10) | OUT(R11)
#define OUT_FIELD .outputs = OUT(R8)
#define OUT_DATA .outputs = OUT(RCX) | OUT(RDX) | OUT(R8)

static const struct seam_leaf leaves[TDH_LEAF_COUNT] = {
	[TDH_VP_ENTER] = { "TDH.VP.ENTER", .vcpu = tdh_vp_enter, RCX_OPERAND, SHARED, TDR_SHARED,
			   .op_states = OP_RUNNABLE,
			   .flags =
				   TDX_VP_ENTER_HOST_RECOVERABILITY_HINT | TDX_VP_ENTER_RESUME_L1 },
	[TDH_MNG_ADDCX] = { "TDH.MNG.ADDCX", .td = tdh_mng_addcx, RDX_OPERAND, EXCLUSIVE },
	[TDH_MEM_PAGE_ADD] = { "TDH.MEM.PAGE.ADD", .td = tdh_mem_page_add, RDX_OPERAND, EXCLUSIVE,
			       INITIALIZED, OUT_ENTRY },
	[TDH_MEM_SEPT_ADD] = { "TDH.MEM.SEPT.ADD", .td = tdh_mem_sept_add, RDX_OPERAND, SHARED,
			       BUILT, OUT_ENTRY, .flags = TDX_SEPT_ADD_ALLOW_EXISTING,
			       .max_version = 1 },
	[TDH_VP_ADDCX] = { "TDH.VP.ADDCX", .vcpu = tdh_vp_addcx, RDX_OPERAND, EXCLUSIVE,
			   INITIALIZED, TDR_SHARED },
	[TDH_MEM_PAGE_RELOCATE] = { "TDH.MEM.PAGE.RELOCATE", .td = tdh_mem_page_relocate,
				    RDX_OPERAND, SHARED, BUILT, OUT_ENTRY },
	[TDH_MEM_PAGE_AUG] = { "TDH.MEM.PAGE.AUG", .td = tdh_mem_page_aug, RDX_OPERAND, SHARED,
			       BUILT, OUT_ENTRY },
	[TDH_MEM_RANGE_BLOCK] = { "TDH.MEM.RANGE.BLOCK", .td = tdh_mem_range_block, RDX_OPERAND,
				  SHARED, BUILT, OUT_ENTRY },
	[TDH_MNG_KEY_CONFIG] = { "TDH.MNG.KEY.CONFIG", .td = tdh_mng_key_config, RCX_OPERAND,
				 EXCLUSIVE },
	[TDH_MNG_CREATE] = { "TDH.MNG.CREATE", .bare = tdh_mng_create },
	[TDH_VP_CREATE] = { "TDH.VP.CREATE", .td = tdh_vp_create, RDX_OPERAND, SHARED,
			    INITIALIZED },
	[TDH_MNG_RD] = { "TDH.MNG.RD", .td = tdh_mng_rd, RCX_OPERAND, SHARED, BUILT, OUT_FIELD,
			 .max_version = 1, .next_field = true },
	[TDH_MEM_RD] = { "TDH.MEM.RD", .td = tdh_mem_rd, RDX_OPERAND, SHARED, BUILT, OUT_DATA },
	[TDH_MNG_WR] = { "TDH.MNG.WR", .td = tdh_mng_wr, RCX_OPERAND, SHARED, BUILT, OUT_FIELD },
	[TDH_MEM_WR] = { "TDH.MEM.WR", .td = tdh_mem_wr, RDX_OPERAND, SHARED, BUILT, OUT_DATA },
	[TDH_MEM_PAGE_DEMOTE] = { "TDH.MEM.PAGE.DEMOTE", .td = tdh_mem_page_demote, RDX_OPERAND,
				  SHARED, BUILT, OUT_ENTRY, .flags = TDX_DEMOTE_L2_SEPT_ADD_MODE },
	[TDH_MR_EXTEND] = { "TDH.MR.EXTEND", .td = tdh_mr_extend, RDX_OPERAND, EXCLUSIVE,
			    INITIALIZED, OUT_ENTRY },
	[TDH_MR_FINALIZE] = { "TDH.MR.FINALIZE", .td = tdh_mr_finalize, RCX_OPERAND, EXCLUSIVE,
			      INITIALIZED },
	[TDH_VP_FLUSH] = { "TDH.VP.FLUSH", .vcpu = tdh_vp_flush, RCX_OPERAND, EXCLUSIVE,
			   TDR_SHARED },
	[TDH_MNG_VPFLUSHDONE] = { "TDH.MNG.VPFLUSHDONE", .td = tdh_mng_vpflushdone, RCX_OPERAND,
				  EXCLUSIVE },
	[TDH_MNG_KEY_FREEID] = { "TDH.MNG.KEY.FREEID", .td = tdh_mng_key_freeid, RCX_OPERAND,
				 EXCLUSIVE },
	[TDH_MNG_INIT] = { "TDH.MNG.INIT", .td = tdh_mng_init, RCX_OPERAND, EXCLUSIVE,
			   .op_states = OP_UNINITIALIZED, .outputs = OUT(RCX) },
	/* Version 1 looks for the x2APIC id among those of the other vCPUs. */
	[TDH_VP_INIT] = { "TDH.VP.INIT", .vcpu = tdh_vp_init, RCX_OPERAND, EXCLUSIVE, INITIALIZED,
			  TDR_SHARED, .max_version = 1, .serial_v1 = true },
	[TDH_MEM_PAGE_PROMOTE] = { "TDH.MEM.PAGE.PROMOTE", .td = tdh_mem_page_promote, RDX_OPERAND,
				   SHARED, BUILT, OUT_ENTRY, .max_version = 1, .l2_pages = true },
	[TDH_PHYMEM_PAGE_RDMD] = { "TDH.PHYMEM.PAGE.RDMD", .bare = tdh_phymem_page_rdmd, OUT_PAGE },
	[TDH_MEM_SEPT_RD] = { "TDH.MEM.SEPT.RD", .td = tdh_mem_sept_rd, RDX_OPERAND, SHARED, BUILT,
			      OUT_ENTRY, .flags = TDX_SEPT_RD_L2_ATTRIBUTES },
	[TDH_VP_RD] = { "TDH.VP.RD", .vcpu = tdh_vp_rd, RCX_OPERAND, SHARED, TDR_SHARED, BUILT,
			OUT_FIELD, .max_version = 1, .next_field = true },
	[TDH_MNG_KEY_RECLAIMID] = { "TDH.MNG.KEY.RECLAIMID", .bare = tdh_mng_key_reclaimid },
	[TDH_PHYMEM_PAGE_RECLAIM] = { "TDH.PHYMEM.PAGE.RECLAIM", .bare = tdh_phymem_page_reclaim,
				      OUT_PAGE },
	[TDH_MEM_PAGE_REMOVE] = { "TDH.MEM.PAGE.REMOVE", .td = tdh_mem_page_remove, RDX_OPERAND,
				  SHARED, BUILT, OUT_ENTRY },
	[TDH_MEM_SEPT_REMOVE] = { "TDH.MEM.SEPT.REMOVE", .td = tdh_mem_sept_remove, RDX_OPERAND,
				  SHARED, BUILT, OUT_ENTRY, .max_version = 1, .l2_pages = true },
	[TDH_MEM_TRACK] = { "TDH.MEM.TRACK", .td = tdh_mem_track, RCX_OPERAND, SHARED, BUILT },
	[TDH_MEM_RANGE_UNBLOCK] = { "TDH.MEM.RANGE.UNBLOCK", .td = tdh_mem_range_unblock,
				    RDX_OPERAND, SHARED, BUILT, OUT_ENTRY },
	[TDH_PHYMEM_CACHE_WB] = { "TDH.PHYMEM.CACHE.WB", .bare = tdh_phymem_cache_wb },
	[TDH_PHYMEM_PAGE_WBINVD] = { "TDH.PHYMEM.PAGE.WBINVD", .bare = tdh_phymem_page_wbinvd },
	[TDH_SYS_KEY_CONFIG] = { "TDH.SYS.KEY.CONFIG", .bare = tdh_sys_key_config, .early = true },
	[TDH_SYS_INFO] = { "TDH.SYS.INFO", .bare = tdh_sys_info, .early = true,
			   .outputs = OUT(RDX) | OUT(R9) },
	[TDH_SYS_INIT] = { "TDH.SYS.INIT", .bare = tdh_sys_init, .early = true,
			   .outputs = OUT(RCX) | OUT(RDX) | OUT(R8) | OUT(R9) | OUT(R10) },
	[TDH_SYS_RD] = { "TDH.SYS.RD", .bare = tdh_sys_rd, OUT_FIELD, .early = true,
			 .since_1_5 = true },
	[TDH_SYS_LP_INIT] = { "TDH.SYS.LP.INIT", .bare = tdh_sys_lp_init, .early = true,
			      .outputs = OUT(RCX) | OUT(RDX) | OUT(R8) },
	[TDH_SYS_TDMR_INIT] = { "TDH.SYS.TDMR.INIT", .bare = tdh_sys_tdmr_init,
				.outputs = OUT(RDX) },
	[TDH_SYS_RDALL] = { "TDH.SYS.RDALL", .bare = tdh_sys_rdall, .early = true,
			    .since_1_5 = true },
	[TDH_SYS_CONFIG] = { "TDH.SYS.CONFIG", .bare = tdh_sys_config, .early = true },
	[TDH_VP_WR] = { "TDH.VP.WR", .vcpu = tdh_vp_wr, RCX_OPERAND, SHARED, TDR_SHARED, BUILT,
			OUT_FIELD },
	[TDH_SYS_LP_SHUTDOWN] = { "TDH.SYS.LP.SHUTDOWN", .bare = tdh_sys_lp_shutdown,
				  .early = true },
};

static uint64_t operand_of(const struct seam_leaf *leaf, const struct seam_regs *in)
{
	return (leaf->operand == TDX_OPERAND_RCX ? in->rcx : in->rdx) & ~leaf->flags;
}

static uint64_t execute_td(const struct seam_leaf *leaf, const struct seam_regs *in,
			   struct seam_regs *out)
{
	struct td td;
	uint64_t status =
		td_open(operand_of(leaf, in), leaf->operand, leaf->lock, leaf->op_states, &td);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = leaf->td(&td, in, out);
	td_close(&td, leaf->lock);
	return status;
}

static uint64_t execute_vcpu(const struct seam_leaf *leaf, const struct seam_regs *in,
			     struct seam_regs *out)
{
	bool serial = leaf->serial_v1 && field_get(TDX_VERSION, in->rax) > 0;
	enum lock_mode tdr = serial ? LOCK_EXCLUSIVE : leaf->tdr;
	struct vcpu *vcpu;
	uint64_t status = vcpu_open(operand_of(leaf, in), leaf->operand, leaf->lock, tdr,
				    leaf->op_states, &vcpu);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = leaf->vcpu(vcpu, in, out);
	vcpu_close(vcpu, leaf->lock, tdr);
	return status;
}

/* What the host finds in the output registers unless the leaf says something else. */
static void clear_outputs(const struct seam_leaf *leaf, uint64_t version, struct seam_regs *out)
{
	const struct {
		uint32_t bit;
		uint64_t *reg;
	} outputs[] = {
		{ OUT(RCX), &out->rcx }, { OUT(RDX), &out->rdx }, { OUT(R8), &out->r8 },
		{ OUT(R9), &out->r9 },   { OUT(R10), &out->r10 }, { OUT(R11), &out->r11 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(outputs); i++) {
		if (leaf->outputs & outputs[i].bit) {
			*outputs[i].reg = 0;
		}
	}
	if (leaf->next_field && version > 0) {
		out->rdx = MD_NONE;
	}
	if (leaf->l2_pages && version > 0) {
		out->r9 = out->r10 = out->r11 = TDX_NULL_PAGE;
	}
}

static uint64_t execute(const struct seam_leaf *leaf, const struct seam_regs *in,
			struct seam_regs *out)
{
	uint64_t version = field_get(TDX_VERSION, in->rax);
	clear_outputs(leaf, version, out);
	if (version > leaf->max_version) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	}
	if (leaf->bare != 0) {
		return leaf->bare(in, out);
	}
	return leaf->td != 0 ? execute_td(leaf, in, out) : execute_vcpu(leaf, in, out);
}

/* Null: this module has no such leaf. */
static const struct seam_leaf *find_leaf(uint64_t number)
{
	if (number >= TDH_LEAF_COUNT || leaves[number].name == 0 ||
	    (leaves[number].since_1_5 && module_platform()->version_1_0)) {
		return 0;
	}
	return &leaves[number];
}

/* In the order of the module: that it is not ready comes before that it does not know the leaf, and
 * before that a leaf with versions does not have this one. */
static uint64_t check_call(const struct seam_leaf *leaf, uint64_t rax)
{
	bool versions = leaf != 0 && leaf->max_version > 0;
	if ((rax & ~(TDX_LEAF | TDX_VERSION)) != 0 ||
	    (field_get(TDX_VERSION, rax) > 0 && !versions)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	}
	if (sys_state() != SYS_READY && (leaf == 0 || !leaf->early)) {
		return TDX_SYS_NOT_READY;
	}
	return leaf != 0 ? TDX_SUCCESS : TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
}

uint64_t seamcall(struct seam_regs *regs)
{
	const struct seam_regs in = *regs;
	uint64_t number = field_get(TDX_LEAF, in.rax);
	const struct seam_leaf *leaf = find_leaf(number);
	uint64_t status = check_call(leaf, in.rax);
	if (status != TDX_SUCCESS) {
		regs->rax = status;
		return status;
	}
	stats_add(&stats.seamcall[number]);
	status = execute(leaf, &in, regs);
	regs->rax = status;
	trace(cpu_index(),
	      "%s RCX 0x%llx RDX 0x%llx R8 0x%llx R9 0x%llx -> 0x%llx RCX 0x%llx "
	      "RDX 0x%llx R8 0x%llx",
	      leaf->name, (unsigned long long)in.rcx, (unsigned long long)in.rdx,
	      (unsigned long long)in.r8, (unsigned long long)in.r9, (unsigned long long)status,
	      (unsigned long long)regs->rcx, (unsigned long long)regs->rdx,
	      (unsigned long long)regs->r8);
	return status;
}
