// What the page tables of a vCPU map, in the trace.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/guest_tables.h"

#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/module_events.h"

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
		event(page_table_run, vcpu->index, 0, run.linear, run.last, run.gpa_raw,
		      run.writable, run.executable, run.user);
		if (run.last == UINT64_MAX) {
			break;
		}
		from = run.last + 1;
	}
}

void guest_tables_trace(struct vcpu *vcpu)
{
	const struct vmcb_save *save = guest_save(vcpu);
	if (!event_trace_on || vcpu->tables_traced == TABLES_MAX || save->cr3 == vcpu->cr3_traced) {
		return;
	}
	vcpu->cr3_traced = save->cr3;
	vcpu->tables_traced++;
	event(page_table, vcpu->index, 0, save->cr3, save->cr0, save->idtr.base);
	trace_runs(vcpu);
}
