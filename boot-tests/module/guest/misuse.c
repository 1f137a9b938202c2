// Tells people what a TD's firmware has done wrong, when it happens.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/misuse.h"

#include "boot-tests/machine/console.h"
#include "boot-tests/module/td.h"

void misuse(const struct vcpu *vcpu, enum misuse which, uint64_t value)
{
	static const struct {
		const char *what, *value, *hint, *place;
	} rows[MISUSE_COUNT] = {
#define MISUSE(identifier, what, value, hint, place) \
	[MISUSE_##identifier] = { what, value, hint, place },
#include "boot-tests/module/guest/misuse.def"
	};
	static unsigned told[MISUSE_COUNT];
	if (__atomic_fetch_add(&told[which], 1, __ATOMIC_RELAXED) < MISUSE_TOLD_MAX) {
		console_line('N', "vCPU %u, RIP 0x%llx: %s, %s 0x%llx: %s [%s]", vcpu->index,
			     (unsigned long long)vcpu->svm.vmcb->save.rip, rows[which].what,
			     rows[which].value, (unsigned long long)value, rows[which].hint,
			     rows[which].place);
	}
}
