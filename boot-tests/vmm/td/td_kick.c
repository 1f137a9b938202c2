// The shootdown: CPUs that are inside a TD leave it, which flushes their translations.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_kick.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"

void td_kick_all(const struct td_kick *kick)
{
	for (unsigned i = 0; i < kick->vcpu_count; i++) {
		unsigned cpu = kick->cpu_base + i;
		if (cpu != cpu_index() && __atomic_load_n(&kick->inside[i], __ATOMIC_SEQ_CST)) {
			wake_kick(cpu);
		}
	}
}

void td_kick_out(const struct td_kick *kick)
{
	uint64_t deadline = time_us() + TD_LEAVE_BOUND_US;
	td_kick_all(kick);
	for (unsigned i = 0; i < kick->vcpu_count; i++) {
		while (__atomic_load_n(&kick->inside[i], __ATOMIC_SEQ_CST)) {
			CHECK(time_us() < deadline);
			insn_pause();
		}
	}
}
