// Every way out of the TD: what the module does, what becomes an exception, what the host sees.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/vmexit.h"

#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/guest/td_cr.h"
#include "boot-tests/module/guest/td_exit.h"
#include "boot-tests/module/guest/td_msr.h"
#include "boot-tests/module/guest/tdcall.h"
#include "boot-tests/module/guest/ve_inject.h"
#include "boot-tests/module/guest/zero_step.h"
#include "boot-tests/module/seamcall.h"

static void log_registers(const struct vcpu *vcpu)
{
	static const char *const names[16] = { "RAX", "RCX", "RDX", "RBX", "RSP", "RBP",
					       "RSI", "RDI", "R8",  "R9",  "R10", "R11",
					       "R12", "R13", "R14", "R15" };
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	console_line('V', "vCPU %u: RIP 0x%llx, RFLAGS 0x%llx, CS 0x%x, CPL %u", vcpu->index,
		     (unsigned long long)save->rip, (unsigned long long)save->rflags,
		     save->cs.selector, save->cpl);
	console_line('V', "vCPU %u: CR0 0x%llx, CR2 0x%llx, CR3 0x%llx, CR4 0x%llx, EFER 0x%llx",
		     vcpu->index, (unsigned long long)save->cr0, (unsigned long long)save->cr2,
		     (unsigned long long)save->cr3, (unsigned long long)save->cr4,
		     (unsigned long long)(save->efer & ~EFER_SVME));
	for (unsigned i = 0; i < ARRAY_COUNT(names); i += 4) {
		console_line('V', "vCPU %u: %s 0x%llx, %s 0x%llx, %s 0x%llx, %s 0x%llx",
			     vcpu->index, names[i], (unsigned long long)vcpu->svm.gpr[i],
			     names[i + 1], (unsigned long long)vcpu->svm.gpr[i + 1], names[i + 2],
			     (unsigned long long)vcpu->svm.gpr[i + 2], names[i + 3],
			     (unsigned long long)vcpu->svm.gpr[i + 3]);
	}
	if (vcpu->ve.valid != 0) {
		console_line('V', "vCPU %u: #VE not fetched: reason %u, GPA 0x%llx", vcpu->index,
			     vcpu->ve.exit_reason, (unsigned long long)vcpu->ve.gpa);
	}
}

void module_log_vcpu(hpa_t tdvpr)
{
	log_registers(hpa_ptr(tdvpr));
}

/* A triple fault: the vCPU never runs again. */
static void vcpu_died(struct vcpu *vcpu)
{
	uint64_t cr2 = vcpu->svm.vmcb->save.cr2;
	uint64_t somewhere;
	console_line('V', "vCPU %u: triple fault", vcpu->index);
	if (cr2 != 0 && !guest_translate(&vcpu->svm, cr2, &somewhere)) {
		misuse(vcpu, MISUSE_NOT_MAPPED, cr2);
	}
	log_registers(vcpu);
	vcpu->state = VCPU_DISABLED;
	td_exit(vcpu, TDX_NON_RECOVERABLE_VCPU | EXIT_REASON_TRIPLE_FAULT, 0, 0, 0);
}

/* --- instructions --------------------------------------------------------------------------- */

static void handle_cpuid(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	struct cpuid_values v;
	unsigned length = guest_instruction_length(vcpu, 2);
	if (!td_cpuid_read(vcpu, (uint32_t)gpr[RAX], (uint32_t)gpr[RCX], &v)) {
		ve_inject_instruction(vcpu, EXIT_REASON_CPUID, 0, length);
		return;
	}
	gpr[RAX] = v.eax;
	gpr[RBX] = v.ebx;
	gpr[RCX] = v.ecx;
	gpr[RDX] = v.edx;
	guest_advance(vcpu, length);
}

#define IO_INFO_ADDRESS_SIZE MASK64(9, 7) /* 0 = 16, 1 = 32, 2 = 64 bits */
#define IO_INFO_SEGMENT MASK64(17, 15)

/* INS and OUTS: the linear address of their memory operand, and the instruction information. */
static void describe_string_io(const struct vcpu *vcpu, uint64_t exit, struct ve_info *info)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	const struct vmcb_segment *segments[] = { &save->es, &save->cs, &save->ss,
						  &save->ds, &save->fs, &save->gs };
	uint64_t segment = exit & IOIO_IN ? INSN_ES : field_get(IOIO_SEGMENT, exit);
	uint64_t address = vcpu->svm.gpr[exit & IOIO_IN ? RDI : RSI];
	unsigned size = 2;
	if ((exit & IOIO_ADDRESS_16) != 0) {
		address = (uint16_t)address;
		size = 0;
	} else if ((exit & IOIO_ADDRESS_32) != 0) {
		address = (uint32_t)address;
		size = 1;
	}
	if (segment < ARRAY_COUNT(segments) && !guest_in_64bit_mode(vcpu)) {
		address = (uint32_t)(address + segments[segment]->base);
	} else if (segment == INSN_FS || segment == INSN_GS) {
		address += segments[segment]->base;
	}
	info->gla = address;
	info->instruction_info = (uint32_t)(field_put(IO_INFO_ADDRESS_SIZE, size) |
					    field_put(IO_INFO_SEGMENT, segment));
}

static void handle_io(struct vcpu *vcpu)
{
	const struct vmcb_control *control = &vcpu->svm.vmcb->control;
	uint64_t exit = control->exitinfo1;
	uint64_t size = exit & IOIO_SIZE_8 ? 1 : exit & IOIO_SIZE_16 ? 2 : 4;
	struct ve_info info = {
		.exit_reason = EXIT_REASON_IO,
		.exit_qualification = field_put(IO_QUAL_SIZE, size - 1) |
				      (exit & IOIO_IN ? IO_QUAL_IN : 0) |
				      (exit & IOIO_STRING ? IO_QUAL_STRING : 0) |
				      (exit & IOIO_REP ? IO_QUAL_REP : 0) |
				      field_put(IO_QUAL_PORT, field_get(IOIO_PORT, exit)),
		.instruction_length = (uint32_t)(control->exitinfo2 - guest_save(vcpu)->rip),
	};
	struct insn insn;
	if ((exit & IOIO_STRING) != 0) {
		describe_string_io(vcpu, exit, &info);
	} else if (info.instruction_length > 1 && guest_decode(vcpu, &insn) &&
		   insn.opcode < 0xEC) { /* E4 to E7: port in the instruction */
		info.exit_qualification |= IO_QUAL_IMMEDIATE;
	}
	ve_inject(vcpu, &info);
}

static void handle_msr(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	uint32_t msr = (uint32_t)gpr[RCX];
	bool write = (vcpu->svm.vmcb->control.exitinfo1 & MSR_EXIT_WRITE) != 0;
	uint64_t value = (gpr[RDX] << 32) | (uint32_t)gpr[RAX];
	unsigned length = guest_instruction_length(vcpu, 2);
	switch (write ? td_msr_write(vcpu, msr, value) : td_msr_read(vcpu, msr, &value)) {
	case MSR_DONE:
		break;
	case MSR_VE:
		ve_inject_instruction(vcpu, write ? EXIT_REASON_WRMSR : EXIT_REASON_RDMSR, 0,
				      length);
		return;
	case MSR_GP:
		guest_inject_gp(vcpu);
		return;
	}
	if (!write) {
		gpr[RAX] = (uint32_t)value;
		gpr[RDX] = value >> 32;
	}
	guest_advance(vcpu, length);
}

#define OPCODE_INVD 0x08

/* QEMU 7.2 leaves for INVD as for WBINVD: the last byte says which it is. */
static void handle_invd(struct vcpu *vcpu)
{
	unsigned length = guest_instruction_length(vcpu, 2);
	uint8_t opcode;
	bool invd = guest_read(&vcpu->svm, guest_linear_rip(vcpu) + length - 1, &opcode, 1) &&
		    opcode == OPCODE_INVD;
	ve_inject_instruction(vcpu, invd ? EXIT_REASON_INVD : EXIT_REASON_WBINVD, 0, length);
}

/* TDCALL and VMCALL are undefined for an AMD CPU; a real #UD goes back. */
static void handle_ud(struct vcpu *vcpu)
{
	static const uint8_t vmcall_bytes[] = { 0x0F, 0x01, 0xC1 };
	uint8_t bytes[sizeof(vmcall_bytes)];
	if (tdcall_at_rip(vcpu)) {
		tdcall_execute(vcpu);
	} else if (guest_read(&vcpu->svm, guest_linear_rip(vcpu), bytes, sizeof(bytes)) &&
		   memcmp(bytes, vmcall_bytes, sizeof(vmcall_bytes)) == 0) {
		/* An exit of any privilege level. [SDM 3C VMCALL] */
		ve_inject_instruction(vcpu, EXIT_REASON_VMCALL, 0, sizeof(vmcall_bytes));
	} else {
		guest_inject(vcpu, VECTOR_UD);
	}
}

/* [TDX ABI 1.5, L1 VM exits] */
void vmexit_handle(struct vcpu *vcpu)
{
	const struct vmcb_control *control = &vcpu->svm.vmcb->control;
	switch (control->exitcode) {
	case VMEXIT_NPF:
		if (ept_violation(vcpu)) {
			zero_step_note(vcpu, control->exitinfo2);
		}
		return;
	case VMEXIT_EXCP(VECTOR_UD):
		handle_ud(vcpu);
		return;
	case VMEXIT_CPUID:
		handle_cpuid(vcpu);
		return;
	case VMEXIT_MSR:
		handle_msr(vcpu);
		return;
	case VMEXIT_IOIO:
		handle_io(vcpu);
		return;
	case VMEXIT_HLT:
		ve_inject_instruction(vcpu, EXIT_REASON_HLT, 0, guest_instruction_length(vcpu, 1));
		return;
	case VMEXIT_INVD:
	case VMEXIT_WBINVD:
		handle_invd(vcpu);
		return;
	case VMEXIT_MONITOR:
		ve_inject_instruction(vcpu, EXIT_REASON_MONITOR, 0,
				      guest_instruction_length(vcpu, 3));
		return;
	case VMEXIT_MWAIT:
	case VMEXIT_MWAIT_COND:
		ve_inject_instruction(vcpu, EXIT_REASON_MWAIT, 0,
				      guest_instruction_length(vcpu, 3));
		return;
	case VMEXIT_CR0_WRITE:
	case VMEXIT_CR0_SEL_WRITE:
		td_cr_write_cr0(vcpu);
		return;
	case VMEXIT_CR4_WRITE:
		td_cr_write_cr4(vcpu);
		return;
	case VMEXIT_RDPMC: /* no PERFMON */
		guest_inject_gp(vcpu);
		return;
	case VMEXIT_VMRUN:
	case VMEXIT_VMMCALL:
	case VMEXIT_VMLOAD:
	case VMEXIT_VMSAVE:
	case VMEXIT_STGI:
	case VMEXIT_CLGI:
	case VMEXIT_SKINIT:
	case VMEXIT_INVLPGA: /* no SVM for the TD */
		guest_inject(vcpu, VECTOR_UD);
		return;
	case VMEXIT_NMI: /* wake_kick() */
		td_exit(vcpu, TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT, 0, 0, 0);
		return;
	case VMEXIT_SHUTDOWN:
		vcpu_died(vcpu);
		return;
	default:
		log_registers(vcpu);
		machine_exit(EXIT_TD_STOPPED,
			     "vCPU %u: #VMEXIT 0x%llx (0x%llx, 0x%llx) has no rule", vcpu->index,
			     (unsigned long long)control->exitcode,
			     (unsigned long long)control->exitinfo1,
			     (unsigned long long)control->exitinfo2);
	}
}
