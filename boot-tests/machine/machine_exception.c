// Exceptions of the machine itself: NMIs do their work, all others are bugs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/cpu.h"
#include "arch/x86/frame.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/processors.h"

/* Called by the stubs of exception.inc. */
void machine_exception(struct trap_frame *frame);

void machine_exception(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_NMI) {
		cpu_handle_nmi(frame);
		return;
	}
	machine_exit(EXIT_BUG,
		     "bug of the machine: exception %llu, error code 0x%llx, at RIP 0x%llx, "
		     "RSP 0x%llx, CR2 0x%llx, CPU %u",
		     (unsigned long long)frame->vector, (unsigned long long)frame->error_code,
		     (unsigned long long)frame->rip, (unsigned long long)frame->rsp,
		     (unsigned long long)insn_read_cr2(), cpu_index());
}
