// One virtual CPU under AMD SVM: VMCB, registers, entry.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What QEMU's SVM does otherwise than hardware, and what every caller would have to do in the same
// way, is handled inside svm_enter(): lost CR0.PG, interrupts that come twice or not at all, CR8
// writes beside V_IRQ, event delivery that was cut short, long loops with PAUSE or without.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/svm/vmcb.h"
#include "arch/x86/cpu.h"

enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

struct svm_vcpu {
	struct vmcb *vmcb;        /* own page */
	uint64_t gpr[16];         /* hardware order; RAX and RSP are copied to and from the VMCB */
	uint8_t *msrpm;           /* 8 KiB, shared by all vCPUs */
	enum pg_level nested_top; /* svm_nested_top() */
	uint64_t interrupts[4]; /* external interrupts that the guest has yet to take, by vector */
	bool nmi_blocked;       /* by the caller: an NMI waits for a later svm_enter() */
	uint64_t pause_rip;     /* where the guest spins, and for how many exits */
	unsigned pause_count;
	/* What was seen at the last exit, if it was by NMI: a guest that spins without PAUSE shows
	 * it again. */
	struct {
		bool taken, spins;
		uint64_t rip, gpr[16];
	} sample;
};

/* Once, on the BSP: the permission maps, everything intercepted. Called by boot.c. */
void svm_init(void);
/* On each CPU before the first svm_enter() of each TD: EFER.SVME, host save area, no NMI is wanted.
 * GIF is clear after. */
void svm_cpu_init(void);

/*
 * Sets up an empty VMCB in page (4 KiB) with everything QEMU's SVM needs and Lintel always wants:
 * nested paging on, no INTR intercept (physical interrupts go to the TD), all I/O ports and all
 * MSRs intercepted, and #UD, CPUID, HLT, INVD, WBINVD, RDPMC, MONITOR, MWAIT, SVM's own
 * instructions, writes of CR0 and CR4, task switches, shutdown, NMI. EFER is SVME alone: the caller
 * hides that bit from the guest. The caller sets the TD's initial state.
 */
void svm_vcpu_init(struct svm_vcpu *vcpu, void *page, hpa_t nested_root, uint32_t asid);

/* The level of the entries of a nested root: as in the machine's own tables, PG_512G or PG_256T. */
enum pg_level svm_nested_top(void);

/* Lets the guest read and/or write one MSR without an exit. */
void svm_msr_allow(uint8_t *msrpm, uint32_t msr, bool read, bool write);

/* One VMRUN: returns after #VMEXIT with exit code and information in the VMCB. Interrupts are off
 * in the machine throughout. VMEXIT_NMI means wake_kick() and asks for nothing else. */
void svm_enter(struct svm_vcpu *vcpu);

/* For a debugger, which finds it by its name and looks while all CPUs stand still
 * (tools/tdgdb.py): by CPU, the vCPU that it has run last, and whether it runs now. */
struct svm_seen {
	struct svm_vcpu *vcpu;
	uint64_t inside;
};
extern struct svm_seen svm_seen[];

/* TSC clocks of one VMRUN and #VMEXIT with svm_enter()'s switch of registers and nothing else: a
 * guest without nested paging that executes CPUID. After svm_cpu_init(). */
uint64_t svm_bare_exit(void);

/* From now on hook is called on each CPU before each VMRUN, with the exit code of the one before;
 * it may wait. Null: no more. While no CPU is in svm_enter(). */
void svm_entry_hook(void (*hook)(unsigned cpu, uint64_t exit));

/* Queues an exception for the next entry (EVENTINJ). error_code is used if has_error. */
void svm_inject_exception(struct svm_vcpu *vcpu, uint8_t vector, bool has_error,
			  uint32_t error_code);
/* The trap of RFLAGS.TF, after an instruction that was completed for the guest. */
static inline void svm_inject_single_step(struct svm_vcpu *vcpu)
{
	vcpu->vmcb->save.dr6 |= DR6_BS;
	svm_inject_exception(vcpu, VECTOR_DB, false, 0);
}
/* Makes an external interrupt, already in service in the LAPIC, pending for the next moment the
 * guest has IF=1. */
void svm_post_interrupt(struct svm_vcpu *vcpu, uint8_t vector);
/* Has the guest yet to take an interrupt that svm_post_interrupt() made pending? */
bool svm_interrupt_pending(const struct svm_vcpu *vcpu);

/*
 * Walks the guest's own page tables (paging off, 4 or 5 levels) for a linear address, reading them
 * through the nested tables. False: not mapped, or a table is not mapped in the nested tables, or
 * paging is of another kind. *gpa_raw includes the SHARED bit as the entry has it. Permissions are
 * not looked at.
 */
bool guest_translate(const struct svm_vcpu *vcpu, uint64_t linear, uint64_t *gpa_raw);
/* Linear addresses in a row that one mapping takes to GPAs in a row, with equal permissions. */
struct guest_run {
	uint64_t linear;
	uint64_t last;                   /* the highest of them */
	uint64_t gpa_raw;                /* of the first, SHARED bit included */
	bool writable, executable, user; /* by the entries on all levels */
};

/* The first run at or above linear, which begins there or later; looks at *steps entries at most,
 * and counts them down. Paging as for guest_translate(), whose walk this is. False: there is none,
 * or steps have run out. */
bool guest_run(const struct svm_vcpu *vcpu, uint64_t linear, unsigned *steps,
	       struct guest_run *run);
/* Nested walk of a raw GPA (SHARED bit included) to a host address; false when not present. */
bool nested_translate(const struct svm_vcpu *vcpu, uint64_t gpa_raw, hpa_t *out);
/* Reads size bytes of guest linear memory; false when any byte is not mapped. */
bool guest_read(const struct svm_vcpu *vcpu, uint64_t linear, void *to, unsigned size);
