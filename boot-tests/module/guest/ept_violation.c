// Accesses of the TD that its nested tables do not allow: #VE, #PF or TD exit.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/ept_violation.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/ept_walk.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/guest/td_exit.h"
#include "boot-tests/module/guest/tdcall.h"
#include "boot-tests/module/guest/tlb.h"
#include "boot-tests/module/guest/ve_inject.h"
#include "boot-tests/module/seamcall.h"

#define PAGE_OFFSET MASK64(11, 0)
/* What only the TD learns of a violation: bits 12 to 7. */
#define EPT_QUAL_GUEST_ONLY MASK64(12, 7)
#define EPT_QUAL_ACCESS (EPT_QUAL_READ | EPT_QUAL_WRITE | EPT_QUAL_FETCH)

void ept_violation_exit(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification,
			uint64_t extended)
{
	td_exit(vcpu, TDX_SUCCESS | EXIT_REASON_EPT_VIOLATION, qualification & ~EPT_QUAL_GUEST_ONLY,
		extended, gpa_raw & ~PAGE_OFFSET);
}

/* Extended exit qualification of these types. [TDX ABI 1.5] */
#define PAGE_LEVEL MASK64(34, 32)
#define PAGE_ENTRY_LEVEL MASK64(37, 35)
#define PAGE_ENTRY_STATE MASK64(45, 38)
#define PAGE_ENTRY_LEAF BIT64(46)

void ept_violation_of_page(struct vcpu *vcpu, gpa_t address, enum pg_level level,
			   const struct sept_walk *walk, uint64_t type)
{
	enum sept_state state = sept_state(walk->value);
	uint64_t extended = field_put(EXT_QUAL_TYPE, type) | field_put(PAGE_LEVEL, level) |
			    field_put(PAGE_ENTRY_LEVEL, walk->level) |
			    field_put(PAGE_ENTRY_STATE, sept_public_state(walk->value)) |
			    (sept_is_leaf(state) ? PAGE_ENTRY_LEAF : 0);
	uint64_t rights = state == SEPT_MAPPED ?
				  EPT_QUAL_READABLE | EPT_QUAL_WRITABLE | EPT_QUAL_EXECUTABLE :
				  0;
	ept_violation_exit(vcpu, address.v, EPT_QUAL_WRITE | rights, extended);
}

/* --- linear address ------------------------------------------------------------------------- */

/* Linear addresses that one instruction may have touched. */
struct candidates {
	uint64_t linear[8];
	unsigned count;
};

static void add_candidate(struct candidates *c, uint64_t linear, uint64_t size)
{
	c->linear[c->count++] = linear;
	if (size > 1) {
		c->linear[c->count++] = linear + size - 1;
	}
}

/* Decodes the operand: the memory operand, [RDI] of a string instruction, the stack. */
static void data_candidates(const struct vcpu *vcpu, struct candidates *c)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	struct insn insn;
	if (!guest_decode(vcpu, &insn)) {
		return;
	}
	uint64_t size = insn.kind == INSN_OTHER ? insn.operand_size : insn.memory_size;
	if (insn.has_memory) {
		uint64_t next = save->rip + insn.length;
		add_candidate(c,
			      decode_effective_address(&insn, vcpu->svm.gpr, next, save->fs.base,
						       save->gs.base),
			      size);
	}
	if (insn.kind == INSN_MOVS || insn.kind == INSN_CMPS) {
		add_candidate(c, decode_destination_address(&insn, vcpu->svm.gpr), size);
	}
	add_candidate(c, vcpu->svm.gpr[RSP], 1);
	add_candidate(c, vcpu->svm.gpr[RSP] - sizeof(uint64_t), 1);
}

/* The candidate whose page translates to the page of the violation. */
static bool find_gla(const struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access, uint64_t *gla)
{
	struct candidates c = { .count = 0 };
	if ((access & EPT_QUAL_FETCH) != 0) {
		add_candidate(&c, guest_linear_rip(vcpu), INSN_MAX_LENGTH);
	} else {
		data_candidates(vcpu, &c);
	}
	for (unsigned i = 0; i < c.count; i++) {
		uint64_t translated;
		if (guest_translate(&vcpu->svm, c.linear[i], &translated) &&
		    (translated & ~PAGE_OFFSET) == (gpa_raw & ~PAGE_OFFSET)) {
			*gla = (c.linear[i] & ~PAGE_OFFSET) | (gpa_raw & PAGE_OFFSET);
			return true;
		}
	}
	/* A walk of the TD's own tables failed: the first operand is what it was for. */
	if ((access & EPT_QUAL_FINAL) == 0 && c.count > 0) {
		*gla = c.linear[0];
		return true;
	}
	return false;
}

/* --- what becomes of a violation -------------------------------------------------------------- */

/* Who found it: the CPU, which knows the linear address, or the module, for an operand. */
enum finder { BY_CPU, BY_MODULE };

static void inject(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification, enum finder finder)
{
	struct ve_info info = { .exit_reason = EXIT_REASON_EPT_VIOLATION,
				.exit_qualification = qualification,
				.gpa = gpa_raw };
	if (finder == BY_MODULE) {
		info.instruction_length = TDCALL_LENGTH;
	} else if (find_gla(vcpu, gpa_raw, qualification, &info.gla)) {
		info.exit_qualification |= EPT_QUAL_GLA_VALID;
	}
	if (finder == BY_CPU && (gpa_raw & td_shared_bit(vcpu->td.tdcs)) != 0) {
		/* Delivered by the hardware, which has no such fields: they stay as they were. */
		info.instruction_length = vcpu->ve.instruction_length;
		info.instruction_info = vcpu->ve.instruction_info;
	}
	ve_inject(vcpu, &info);
}

/* The page is not what the TD has left there: the TD ends. [TDX ABI 1.5, #MC in a TD] */
static void integrity_error(struct vcpu *vcpu, uint64_t gpa_raw)
{
	console_line('L', "vCPU %u: memory integrity error at GPA 0x%llx", vcpu->index,
		     (unsigned long long)gpa_raw);
	vcpu->td.tdr->fatal = true;
	td_exit(vcpu, TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE | EXIT_REASON_EXCEPTION_OR_NMI, 0, 0,
		0);
	vcpu->exit_interruption = TDX_EXIT_INTERRUPTION_MC;
}

static void private_violation(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification,
			      enum finder finder)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	struct sept_walk walk = sept_walk(tdcs->sept_root, gpa(gpa_raw & ~PAGE_OFFSET), PG_4K);
	if ((walk.value & SEPT_POISONED) != 0) {
		integrity_error(vcpu, gpa_raw);
	} else if (sept_state(walk.value) != SEPT_PENDING) {
		/* Even when another CPU has mapped it since: the host sees a spurious exit. */
		ept_violation_exit(vcpu, gpa_raw, qualification, EXT_QUAL_NONE);
	} else if ((tdcs->td_ctls & TD_CTLS_PENDING_VE_DISABLE) != 0) {
		misuse(vcpu, MISUSE_NOT_ACCEPTED, gpa_raw);
		ept_violation_exit(vcpu, gpa_raw, qualification, EXT_QUAL_PENDING_EPT_VIOLATION);
	} else {
		inject(vcpu, gpa_raw, qualification, finder);
	}
}

static void shared_violation(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification)
{
	struct ept_walk walk = ept_walk(vcpu, gpa_raw);
	qualification |= walk.granted;
	/* The hardware delivers this #VE itself, but not while one waits to be fetched, and not
	 * while it delivers another event. */
	bool delivering = (vcpu->svm.vmcb->control.exitintinfo & EVENTINJ_V) != 0;
	if ((walk.entry & NPT_SUPPRESS_VE) != 0 || vcpu->ve.valid != 0 || delivering) {
		ept_violation_exit(vcpu, gpa_raw, qualification, EXT_QUAL_NONE);
	} else {
		inject(vcpu, gpa_raw, qualification, BY_CPU);
	}
}

/* The qualification is made of what was wanted and not granted, and of what was granted; there is
 * no linear address in it. A #VE on top of another becomes a #DF. */
void ept_violation_of_operand(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access)
{
	if ((gpa_raw & td_shared_bit(vcpu->td.tdcs)) == 0) {
		private_violation(vcpu, gpa_raw, access, BY_MODULE);
		return;
	}
	struct ept_walk walk = ept_walk(vcpu, gpa_raw);
	uint64_t qualification = (access & ~ept_allowed(walk.granted)) | walk.granted;
	if ((walk.entry & NPT_SUPPRESS_VE) != 0) {
		ept_violation_exit(vcpu, gpa_raw, qualification, EXT_QUAL_NONE);
	} else {
		inject(vcpu, gpa_raw, qualification, BY_MODULE);
	}
}

/* A GPA wider than GPAW 48: what a CPU with 48 address bits would do. */
static void reserved_bit_fault(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification)
{
	uint64_t linear = 0;
	if (!find_gla(vcpu, gpa_raw, qualification, &linear)) {
		ept_violation_exit(vcpu, gpa_raw, qualification, EXT_QUAL_NONE);
		return;
	}
	guest_inject_pf(vcpu, linear,
			PFEC_P | PFEC_RSVD | (qualification & EPT_QUAL_WRITE ? PFEC_W : 0) |
				(guest_save(vcpu)->cpl == 3 ? PFEC_U : 0) |
				(qualification & EPT_QUAL_FETCH ? PFEC_I : 0));
}

/* What VMX would have in the exit qualification of VMEXIT_NPF. */
static uint64_t qualification_of(const struct vmcb_control *control)
{
	if ((control->exitinfo1 & NPF_FINAL) == 0) {
		/* A walk of the TD's tables is a write for SVM, and a read for EPT without A and D
		 * bits. */
		return EPT_QUAL_READ;
	}
	return EPT_QUAL_FINAL | (control->exitinfo1 & NPF_I ? EPT_QUAL_FETCH :
				 control->exitinfo1 & NPF_W ? EPT_QUAL_WRITE :
							      EPT_QUAL_READ);
}

void ept_violation_notify(struct vcpu *vcpu)
{
	const struct vmcb_control *control = &vcpu->svm.vmcb->control;
	bool delivering = (control->exitintinfo & EVENTINJ_V) != 0;
	if (control->exitcode != VMEXIT_NPF ||
	    (control->exitinfo2 & td_shared_bit(vcpu->td.tdcs)) != 0 || delivering ||
	    vcpu->ve.valid != 0) {
		return;
	}
	ve_inject(vcpu, &(struct ve_info){ .exit_reason = EXIT_REASON_EPT_VIOLATION,
					   .exit_qualification = qualification_of(control),
					   .gpa = control->exitinfo2 });
}

bool ept_violation(struct vcpu *vcpu)
{
	const struct vmcb_control *control = &vcpu->svm.vmcb->control;
	const struct tdcs *tdcs = vcpu->td.tdcs;
	uint64_t gpa_raw = control->exitinfo2;
	uint64_t qualification = qualification_of(control);
	if (tlb_fill(vcpu, gpa_raw, qualification & EPT_QUAL_ACCESS)) {
		return false;
	}
	if (gpa_raw >= BIT64(td_gpa_bits(tdcs))) {
		reserved_bit_fault(vcpu, gpa_raw, qualification);
	} else if ((gpa_raw & td_shared_bit(tdcs)) != 0) {
		shared_violation(vcpu, gpa_raw, qualification);
	} else {
		private_violation(vcpu, gpa_raw, qualification, BY_CPU);
		return vcpu->exit_pending;
	}
	return false;
}
