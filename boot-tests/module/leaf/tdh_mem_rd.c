// TDH.MEM.RD: reads 8 bytes of the memory of a TD that may be debugged.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/debug_memory.h"

/* [TDX ABI 1.5 TDH.MEM.RD] RCX GPA, RDX TDR; R8 data. */
uint64_t tdh_mem_rd(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t *found;
	uint64_t status = debug_memory_open(td, in->rcx, &op, &found, out);
	if (status == TDX_SUCCESS) {
		out->r8 = __atomic_load_n(found, __ATOMIC_RELAXED);
		sept_close(&op);
	}
	return status;
}
