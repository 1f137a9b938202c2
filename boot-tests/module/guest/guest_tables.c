// What the page tables of a vCPU map, in the trace.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/guest_tables.h"

#include "arch/x86/cpu.h"
#include "boot-tests/machine/debug_log.h"
#include "boot-tests/module/guest/guest_code.h"

/* A firmware has a few; what an OS makes later is too much to write down. */
#define TABLES_MAX 4
#define RUNS_MAX 64
#define STEPS_MAX 100000

static void trace_runs(const struct vcpu *vcpu)
{
	uint64_t from = 0;
	unsigned steps = STEPS_MAX;
	struct guest_run run;
	for (unsigned i = 0; i < RUNS_MAX && guest_run(&vcpu->svm, from, &steps, &run); i++) {
		trace(vcpu->index, "maps 0x%llx 0x%llx r%c%c%c at 0x%llx",
		      (unsigned long long)run.linear, (unsigned long long)run.last,
		      run.writable ? 'w' : '-', run.executable ? 'x' : '-', run.user ? 'u' : '-',
		      (unsigned long long)run.gpa_raw);
		if (run.last == UINT64_MAX) {
			break;
		}
		from = run.last + 1;
	}
}

void guest_tables_trace(struct vcpu *vcpu)
{
	const struct vmcb_save *save = guest_save(vcpu);
	if (!trace_on || vcpu->tables_traced == TABLES_MAX || save->cr3 == vcpu->cr3_traced) {
		return;
	}
	vcpu->cr3_traced = save->cr3;
	vcpu->tables_traced++;
	trace(vcpu->index, "tables CR3 0x%llx CR0 0x%llx IDT 0x%llx", (unsigned long long)save->cr3,
	      (unsigned long long)save->cr0, (unsigned long long)save->idtr.base);
	trace_runs(vcpu);
}
