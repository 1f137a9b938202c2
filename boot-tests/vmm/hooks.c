// The hooks of a host script, and what an answer does.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/hooks.h"

#include "arch/base/bits.h"

#define REGS (sizeof(struct seam_regs) / sizeof(uint64_t))
_Static_assert(REGS <= 32, "struct hook_answer has a bit for each register.");

struct hooks hooks;

const struct hook_answer *hook_call(enum hook_call call, uint64_t number, struct host_td *td)
{
	return hooks.call == NULL ? NULL : hooks.call(call, number, td);
}

bool hook_end(const struct verdict *verdict)
{
	return hooks.end != NULL && hooks.end(verdict);
}

bool hook_instead(const struct hook_answer *answer)
{
	return answer != NULL && answer->instead;
}

void hook_apply(const struct hook_answer *answer, struct seam_regs *regs)
{
	for (unsigned i = 0; answer != NULL && i < REGS; i++) {
		if ((answer->set & BIT32(i)) != 0) {
			((uint64_t *)regs)[i] = ((const uint64_t *)&answer->regs)[i];
		}
	}
}
