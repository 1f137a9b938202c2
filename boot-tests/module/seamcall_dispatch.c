// SEAMCALL: checks what all leaves share, and dispatches.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 SEAMCALL; allowed op states; lock table]
#include <stddef.h>

#include "boot-tests/machine/processors.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/sys.h"

/*
 * What a leaf needs before it runs. Exactly one of bare, td and vcpu is set: the leaf works on
 * nothing, on the TDR or on the TDVPR that stands in register, without the flags.
 */
struct seam_leaf {
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
#define SEAMCALL(kind, identifier, function, ...) \
	[TDH_##identifier] = { .kind = (function), __VA_ARGS__ },
#include "boot-tests/module/leaf/seamcalls.def"
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
		if ((leaf->outputs & outputs[i].bit) != 0) {
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
	if (leaf->bare != NULL) {
		return leaf->bare(in, out);
	}
	return leaf->td != NULL ? execute_td(leaf, in, out) : execute_vcpu(leaf, in, out);
}

/* Null: this module has no such leaf. */
static const struct seam_leaf *find_leaf(uint64_t number)
{
	const struct seam_leaf *leaf = number < TDH_LEAF_COUNT ? &leaves[number] : NULL;
	if (leaf == NULL || (leaf->bare == NULL && leaf->td == NULL && leaf->vcpu == NULL) ||
	    (leaf->since_1_5 && module_platform()->version_1_0)) {
		return NULL;
	}
	return leaf;
}

/* In the order of the module: that it is not ready comes before that it does not know the leaf, and
 * before that a leaf with versions does not have this one. */
static uint64_t check_call(const struct seam_leaf *leaf, uint64_t rax)
{
	bool versions = leaf != NULL && leaf->max_version > 0;
	if ((rax & ~(TDX_LEAF | TDX_VERSION)) != 0 ||
	    (field_get(TDX_VERSION, rax) > 0 && !versions)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	}
	if (sys_state() != SYS_READY && (leaf == NULL || !leaf->early)) {
		return TDX_SYS_NOT_READY;
	}
	return leaf != NULL ? TDX_SUCCESS : TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
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
	event_count(seamcall, number);
	status = execute(leaf, &in, regs);
	regs->rax = status;
	event_line(seamcall, cpu_index(), number, in.rcx, in.rdx, in.r8, in.r9, status, regs->rcx,
		   regs->rdx, regs->r8);
	return status;
}
