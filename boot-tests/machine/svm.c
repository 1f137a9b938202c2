// VMRUN, and the ways of QEMU's SVM that callers shall not see.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [AMD APM 2, chapter 15]
#include "boot-tests/machine/svm.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/ipi.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"

#define PAGE __attribute__((aligned(MEM_PAGE_SIZE)))
#define FIRST_EXTERNAL_VECTOR 32
#define G_PAT_RESET 0x0007040600070406
#define DR6_RESET 0xFFFF0FF0
#define DR7_RESET 0x400
#define CR8 8
/* PAUSE exits at one place with no other exit between them, some 10 us each: then it is no short
 * spin-lock wait. */
#define PAUSE_NAP_COUNT 100
/* A guest that has not left for so long is looked at, no more often than its CPUs look. */
#define LONG_RUN_US 10000
#define LOOK_US 1000
/* A guest that spins without PAUSE runs so long between two naps; its loop has at most
 * SPIN_LOOP_SIZE bytes. */
#define SPIN_SLICE_US 100
#define SPIN_LOOP_SIZE 64
#define INSN_MAX 15
#define OPCODE_PAUSE 0x90

static PAGE uint8_t io_map[IOPM_SIZE];
static PAGE uint8_t msr_map[MSRPM_SIZE];
/* VMRUN's host save area, and what VMLOAD restores. */
static PAGE struct vmcb host_saves[MACHINE_MAX_CPUS];
static PAGE struct vmcb host_loads[MACHINE_MAX_CPUS];
static void (*entry_hook)(unsigned cpu, uint64_t exit);

/* By CPU: when its guest was entered, 0 outside; when it has looked after the others last. TSC. */
static uint64_t entered[MACHINE_MAX_CPUS];
static uint64_t looked[MACHINE_MAX_CPUS];

struct svm_seen svm_seen[MACHINE_MAX_CPUS];

/* svm_bare_exit()'s guest, and how often it exits. */
static PAGE struct vmcb bare_vmcb;
#define BARE_EXITS 1000
#define BARE_ASID 1

/* svm_run.nasm */
extern const uint8_t svm_bare_guest[];
void svm_run(uint64_t gpr[16], uint64_t vmcb, uint64_t host);

void svm_init(void)
{
	memset(io_map, 0xFF, sizeof(io_map));
	memset(msr_map, 0xFF, sizeof(msr_map));
}

void svm_cpu_init(void)
{
	unsigned cpu = cpu_index();
	insn_wrmsr(MSR_EFER, insn_rdmsr(MSR_EFER) | EFER_SVME);
	insn_wrmsr(MSR_VM_HSAVE_PA, ptr_hpa(&host_saves[cpu]).v);
	insn_vmsave(ptr_hpa(&host_loads[cpu]).v);
	insn_clgi();
	wake_reset();
}

void svm_vcpu_init(struct svm_vcpu *vcpu, void *page, hpa_t nested_root, uint32_t asid)
{
	struct vmcb *vmcb = page;
	CHECK(is_aligned((uintptr_t)page, VMCB_SIZE) && asid != 0);
	memset(vmcb, 0, sizeof(*vmcb));
	vmcb->control.intercept_cr_write = BIT64(0) | BIT64(4);
	vmcb->control.intercept_exceptions = BIT32(VECTOR_UD);
	vmcb->control.intercept_1 = INTERCEPT1_NMI | INTERCEPT1_RDPMC | INTERCEPT1_CPUID |
				    INTERCEPT1_INVD | INTERCEPT1_PAUSE | INTERCEPT1_HLT |
				    INTERCEPT1_INVLPGA | INTERCEPT1_IOIO | INTERCEPT1_MSR |
				    INTERCEPT1_TASK_SWITCH | INTERCEPT1_SHUTDOWN;
	vmcb->control.intercept_2 = INTERCEPT2_VMRUN | INTERCEPT2_VMMCALL | INTERCEPT2_VMLOAD |
				    INTERCEPT2_VMSAVE | INTERCEPT2_STGI | INTERCEPT2_CLGI |
				    INTERCEPT2_SKINIT | INTERCEPT2_WBINVD | INTERCEPT2_MONITOR |
				    INTERCEPT2_MWAIT;
	vmcb->control.iopm_base_pa = ptr_hpa(io_map).v;
	vmcb->control.msrpm_base_pa = ptr_hpa(msr_map).v;
	vmcb->control.guest_asid = asid;
	vmcb->control.np_enable = NP_ENABLE;
	vmcb->control.n_cr3 = nested_root.v;
	vmcb->save.efer = EFER_SVME;
	vmcb->save.dr6 = DR6_RESET;
	vmcb->save.dr7 = DR7_RESET;
	vmcb->save.rflags = RFLAGS_FIXED;
	vmcb->save.g_pat = G_PAT_RESET;
	*vcpu = (struct svm_vcpu){ .vmcb = vmcb, .msrpm = msr_map, .nested_top = svm_nested_top() };
}

enum pg_level svm_nested_top(void)
{
	return insn_read_cr4() & CR4_LA57 ? PG_256T : PG_512G;
}

void svm_msr_allow(uint8_t *msrpm, uint32_t msr, bool read, bool write)
{
	static const uint32_t bases[] = { MSRPM_BASE_0, MSRPM_BASE_1, MSRPM_BASE_2 };
	for (unsigned i = 0; i < ARRAY_COUNT(bases); i++) {
		uint32_t offset = msr - bases[i];
		if (offset >= MSRPM_RANGE_MSRS) {
			continue;
		}
		/* Two bits for each MSR: read, write. */
		uint8_t *byte = &msrpm[i * MSRPM_RANGE_SIZE + offset / 4];
		unsigned bit = offset % 4 * 2;
		*byte &= (uint8_t) ~((read ? BIT32(bit) : 0) | (write ? BIT32(bit + 1) : 0));
		return;
	}
	bug(__FILE__, __LINE__, "an MSR that SVM cannot let through");
}

/* --- events --------------------------------------------------------------------------------- */

static uint64_t event_make(uint64_t type, uint8_t vector)
{
	return EVENTINJ_V | field_put(EVENTINJ_TYPE, type) | vector;
}

void svm_inject_exception(struct svm_vcpu *vcpu, uint8_t vector, bool has_error,
			  uint32_t error_code)
{
	uint64_t event = event_make(EVENTINJ_TYPE_EXCEPTION, vector);
	if (has_error) {
		event |= EVENTINJ_EV | field_put(EVENTINJ_ERRORCODE, error_code);
	}
	vcpu->vmcb->control.eventinj = event;
}

bool svm_interrupt_pending(const struct svm_vcpu *vcpu)
{
	for (unsigned i = 0; i < ARRAY_COUNT(vcpu->interrupts); i++) {
		if (vcpu->interrupts[i] != 0) {
			return true;
		}
	}
	return false;
}

void svm_post_interrupt(struct svm_vcpu *vcpu, uint8_t vector)
{
	CHECK(vector >= FIRST_EXTERNAL_VECTOR);
	vcpu->interrupts[vector / 64] |= BIT64(vector % 64);
}

/*
 * The highest pending interrupt becomes V_IRQ. Not EVENTINJ: QEMU delivers its interrupt at once,
 * but also leaves it in exception_index; if a turn of the guest's CPU ends before the next exit, it
 * is delivered once more then, with interrupts enabled or not.
 */
static void offer_interrupt(struct svm_vcpu *vcpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	control->int_ctl = 0;
	control->intercept_cr_write &= (uint16_t)~BIT32(CR8);
	for (unsigned i = ARRAY_COUNT(vcpu->interrupts); i-- > 0;) {
		uint64_t pending = vcpu->interrupts[i];
		if (pending == 0) {
			continue;
		}
		uint32_t vector = 64 * i + 63 - (uint32_t)__builtin_clzll(pending);
		/* The LAPIC has looked at the priority already. */
		control->int_ctl =
			V_IRQ | V_IGN_TPR | (uint32_t)field_put(V_INTR_PRIO, vector / 16);
		control->v_intr_vector = vector;
		control->intercept_cr_write |= (uint16_t)BIT32(CR8);
		return;
	}
}

/* QEMU forgets a V_IRQ for the rest of the run when the guest takes a physical interrupt first: it
 * then still stands in the VMCB, and is offered again after the next exit, that of the EOI. */
static void note_taken_interrupt(struct svm_vcpu *vcpu)
{
	const struct vmcb_control *control = &vcpu->vmcb->control;
	if (svm_interrupt_pending(vcpu) && (control->int_ctl & V_IRQ) == 0) {
		unsigned vector = (uint8_t)control->v_intr_vector;
		vcpu->interrupts[vector / 64] &= ~BIT64(vector % 64);
	}
}

/*
 * An exit that cut an event's delivery short leaves it in EXITINTINFO: it is delivered again,
 * unless the caller injects another. QEMU calls each such event an exception.
 */
static void resume_delivery(struct svm_vcpu *vcpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	uint64_t event = control->exitintinfo;
	control->exitintinfo = 0;
	if ((event & EVENTINJ_V) == 0) {
		return;
	}
	uint8_t vector = (uint8_t)field_get(EVENTINJ_VECTOR, event);
	if (field_get(EVENTINJ_TYPE, event) == EVENTINJ_TYPE_SOFT_INTERRUPT) {
		return; /* RIP is still at the instruction */
	}
	if (vector == VECTOR_NMI) {
		wake_post_nmi(cpu_index());
	} else if (vector >= FIRST_EXTERNAL_VECTOR) {
		svm_post_interrupt(vcpu, vector);
	} else if ((control->eventinj & EVENTINJ_V) == 0) {
		control->eventinj = event;
	}
}

static void inject_nmi(struct svm_vcpu *vcpu, unsigned cpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	if (!vcpu->nmi_blocked && wake_nmi_pending(cpu) && (control->eventinj & EVENTINJ_V) == 0) {
		wake_nmi_taken();
		control->eventinj = event_make(EVENTINJ_TYPE_NMI, VECTOR_NMI);
	}
}

/* --- exits that callers do not see ------------------------------------------------------------ */

static void skip(struct svm_vcpu *vcpu, unsigned length)
{
	vcpu->vmcb->save.rip += length;
	vcpu->vmcb->control.interrupt_shadow = 0;
	if ((vcpu->vmcb->save.rflags & RFLAGS_TF) != 0) {
		svm_inject_single_step(vcpu);
	}
}

/* MOV CR8, r64: REX.R 0F 22 /0. QEMU aborts when a guest executes it while V_IRQ is pending. */
static bool write_cr8(struct svm_vcpu *vcpu)
{
	static const uint8_t opcode[] = { 0x0F, 0x22 };
	uint8_t bytes[4];
	if (!guest_read(vcpu, vcpu->vmcb->save.rip, bytes, sizeof(bytes)) ||
	    (bytes[0] & 0xF4) != 0x44 || memcmp(&bytes[1], opcode, sizeof(opcode)) != 0) {
		return false;
	}
	unsigned reg = (bytes[3] & 7u) + ((bytes[0] & 1) != 0 ? 8 : 0);
	uint64_t value = vcpu->gpr[reg];
	if (value > MASK64(3, 0)) {
		svm_inject_exception(vcpu, VECTOR_GP, true, 0);
		return true;
	}
	lapic_set_tpr((uint8_t)(value * 16));
	skip(vcpu, sizeof(bytes));
	return true;
}

/* A vCPU that spins for long - one parked in its mailbox - leaves the host's CPU to others. */
static bool pause_exit(struct svm_vcpu *vcpu)
{
	uint64_t rip = vcpu->vmcb->save.rip;
	insn_pause(); /* QEMU with one thread for all CPUs: another one's turn */
	vcpu->pause_count = rip == vcpu->pause_rip ? vcpu->pause_count + 1 : 1;
	vcpu->pause_rip = rip;
	if (vcpu->pause_count >= PAUSE_NAP_COUNT && !svm_interrupt_pending(vcpu)) {
		lapic_nap();
	}
	uint8_t byte = 0;
	unsigned length = 0;
	while (byte != OPCODE_PAUSE) { /* after its prefixes */
		if (length == INSN_MAX) {
			return false;
		}
		if (!guest_read(vcpu, rip + length, &byte, 1)) {
			return true; /* the host has just taken it away: the fetch is a fault */
		}
		length++;
	}
	skip(vcpu, length);
	return true;
}

/*
 * Guests that never leave take CPU time from the others: with one thread for all CPUs, the whole
 * of a turn of 100 ms each time that another yields. The APs of edk2 wait so for the boot
 * processor, in a loop without PAUSE. So CPUs whose guests leave look after those whose do not:
 *
 *    another CPU      NMI                   NMI
 *    this guest       sample ...            the same again: nap, slice, nap, slice, ...
 *
 * A slice ends by the CPU's own timer, both when the guest does anything else. One that computes
 * shows other registers at each sample, and never naps.
 */
static void look_after_others(unsigned self, uint64_t now)
{
	uint64_t us = time_tsc_khz() / 1000;
	if (now - looked[self] < LOOK_US * us) {
		return;
	}
	looked[self] = now;
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		uint64_t since = __atomic_load_n(&entered[cpu], __ATOMIC_RELAXED);
		if (since != 0 && now - since < BIT64(63) && now - since >= LONG_RUN_US * us &&
		    __atomic_compare_exchange_n(&entered[cpu], &since, now, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			ipi_send_nmi(cpu_apic_id(cpu));
		}
	}
}

/* An NMI has made the guest leave: does it stand where it stood at the last one, as it stood? */
static bool guest_spins(struct svm_vcpu *vcpu)
{
	uint64_t rip = vcpu->vmcb->save.rip;
	bool same = vcpu->sample.taken &&
		    rip - vcpu->sample.rip + SPIN_LOOP_SIZE / 2 < SPIN_LOOP_SIZE &&
		    memcmp(vcpu->sample.gpr, vcpu->gpr, sizeof(vcpu->gpr)) == 0;
	vcpu->sample.taken = true;
	vcpu->sample.rip = rip;
	memcpy(vcpu->sample.gpr, vcpu->gpr, sizeof(vcpu->gpr));
	return same;
}

static void svm_run_once(struct svm_vcpu *vcpu, unsigned cpu)
{
	bool many = cpu_count() > 1;
	bool slice = vcpu->sample.spins && lapic_slice_begin(SPIN_SLICE_US);
	if (many) {
		__atomic_store_n(&entered[cpu], insn_rdtsc(), __ATOMIC_RELAXED);
	}
	svm_seen[cpu] = (struct svm_seen){ vcpu, true };
	svm_run(vcpu->gpr, ptr_hpa(vcpu->vmcb).v, ptr_hpa(&host_loads[cpu]).v);
	svm_seen[cpu].inside = false;
	if (many) {
		__atomic_store_n(&entered[cpu], 0, __ATOMIC_RELAXED);
		look_after_others(cpu, insn_rdtsc());
	}
	if (slice) {
		lapic_slice_end();
	}
}

/* Handles the exit here if that is possible. */
static bool exit_handled(struct svm_vcpu *vcpu)
{
	struct vmcb_control *control = &vcpu->vmcb->control;
	bool paused = control->exitcode == VMEXIT_PAUSE;
	if (!paused) {
		vcpu->pause_count = 0;
	}
	if (control->exitcode != VMEXIT_NMI) {
		vcpu->sample.taken = vcpu->sample.spins = false;
	}
	if (control->exitcode == VMEXIT_CR8_WRITE) {
		return write_cr8(vcpu);
	}
	if (control->exitcode == VMEXIT_NMI) {
		cpu_take_nmi();
		vcpu->sample.spins = guest_spins(vcpu);
		if (vcpu->sample.spins && !svm_interrupt_pending(vcpu)) {
			lapic_nap();
		}
	} else if (!paused || !pause_exit(vcpu)) {
		return false;
	}
	/* An NMI has come in, or may have ended the nap: is it a kick, or tdrun's? */
	if (wake_claim_kick() || cpu_stop_asked()) {
		control->exitcode = VMEXIT_NMI;
		return false;
	}
	return true;
}

/*
 * QEMU empties its TLB and jump cache once more for each of CR0 and CR4 that VMRUN and #VMEXIT
 * change in these bits, a sixth of what an exit costs. None matters to the machine, so that it
 * takes over what the guest has; a guest changes them rarely.
 */
static void mirror_paging_bits(const struct vmcb_save *save)
{
	static const uint64_t cr0_bits = CR0_WP;
	static const uint64_t cr4_bits = CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP;
	uint64_t cr0 = insn_read_cr0();
	uint64_t cr4 = insn_read_cr4();
	if (((cr0 ^ save->cr0) & cr0_bits) != 0) {
		insn_write_cr0(cr0 ^ ((cr0 ^ save->cr0) & cr0_bits));
	}
	if (((cr4 ^ save->cr4) & cr4_bits) != 0) {
		insn_write_cr4(cr4 ^ ((cr4 ^ save->cr4) & cr4_bits));
	}
}

void svm_entry_hook(void (*hook)(unsigned cpu, uint64_t exit))
{
	entry_hook = hook;
}

void svm_enter(struct svm_vcpu *vcpu)
{
	struct vmcb *vmcb = vcpu->vmcb;
	unsigned cpu = cpu_index();
	do {
		if (entry_hook != NULL) {
			entry_hook(cpu, vmcb->control.exitcode);
		}
		resume_delivery(vcpu);
		inject_nmi(vcpu, cpu);
		offer_interrupt(vcpu);
		mirror_paging_bits(&vmcb->save);
		vmcb->save.rax = vcpu->gpr[RAX];
		vmcb->save.rsp = vcpu->gpr[RSP];
		svm_run_once(vcpu, cpu);
		vcpu->gpr[RAX] = vmcb->save.rax;
		vcpu->gpr[RSP] = vmcb->save.rsp;
		note_taken_interrupt(vcpu);
	} while (exit_handled(vcpu));
}

uint64_t svm_bare_exit(void)
{
	struct svm_vcpu vcpu;
	svm_vcpu_init(&vcpu, &bare_vmcb, hpa(0), BARE_ASID);
	bare_vmcb.control.np_enable = 0;
	bare_vmcb.save.cs =
		(struct vmcb_segment){ MACHINE_CODE64, VMCB_ATTRIB_CODE64, UINT32_MAX, 0 };
	bare_vmcb.save.ss = (struct vmcb_segment){ MACHINE_DATA, VMCB_ATTRIB_DATA, UINT32_MAX, 0 };
	bare_vmcb.save.efer = insn_rdmsr(MSR_EFER);
	bare_vmcb.save.cr0 = insn_read_cr0();
	bare_vmcb.save.cr3 = insn_read_cr3();
	bare_vmcb.save.cr4 = insn_read_cr4();
	bare_vmcb.save.rip = (uintptr_t)svm_bare_guest;
	uint64_t host = ptr_hpa(&host_loads[cpu_index()]).v;
	uint64_t begin = insn_rdtsc();
	for (unsigned i = 0; i < BARE_EXITS; i++) {
		svm_run(vcpu.gpr, ptr_hpa(&bare_vmcb).v, host);
	}
	uint64_t end = insn_rdtsc();
	CHECK(bare_vmcb.control.exitcode == VMEXIT_CPUID);
	return (end - begin) / BARE_EXITS;
}
