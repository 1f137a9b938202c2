// Exceptions of the boot processor: #VE goes to its handlers, the rest ends the boot with a text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/exception.h"

#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "shim/fatal.h"
#include "shim/refusal.h"
#include "shim/tdx/tdg.h"
#include "shim/tdx/ve.h"
#include "shim/tdx/world.h"

static void virtualization_exception(struct trap_frame *frame)
{
	/* First of all: as long as the information is not read, another #VE is a #DF. */
	struct ve_info info;
	enum status status = td_veinfo_get(&info);
	if (status != ST_OK) {
		fatal(status, "%s: #VE at RIP 0x%lx", refusal_text(status), frame->rip);
	}
	status = ve_handle(frame, &info, world_info()->gpaw);
	if (status != ST_OK) {
		fatal(status, "#VE reason %u qualification 0x%lx GPA 0x%lx RIP 0x%lx: %s",
		      info.exit_reason, info.exit_qualification, info.gpa, frame->rip,
		      refusal_text(status));
	}
}

void exception_handle(struct trap_frame *frame, uint64_t cr2)
{
	if (frame->vector == VECTOR_VE && world_is_td()) {
		virtualization_exception(frame);
		return;
	}
	fatal(ST_OK, "exception %lu error 0x%lx RIP 0x%lx CR2 0x%lx", frame->vector,
	      frame->error_code, frame->rip, cr2);
}

void exception(struct trap_frame *frame)
{
	exception_handle(frame, insn_read_cr2());
}
