// The host's own shootdown: translations of a TD's shared memory, which no TLB epoch covers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c tdx_flush_tlb_all]
//
// They are tagged with the root of the Secure EPT, so that INVEPT of a single context with the
// shared root finds none of them: each CPU empties its TLB of all contexts.
#include "boot-tests/vmm/td/td_flush.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/module/seamcall.h"

static bool asked[MACHINE_MAX_CPUS];

void td_flush_all(const struct td_kick *kick)
{
	for (unsigned i = 0; i < kick->vcpu_count; i++) {
		__atomic_store_n(&asked[kick->cpu_base + i], true, __ATOMIC_SEQ_CST);
	}
	td_kick_all(kick);
}

static bool stale(const struct td_kick *kick, unsigned index)
{
	return __atomic_load_n(&kick->inside[index], __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&asked[kick->cpu_base + index], __ATOMIC_SEQ_CST);
}

void td_flush_wait(const struct td_kick *kick)
{
	uint64_t deadline = time_us() + TD_LEAVE_BOUND_US;
	for (unsigned i = 0; i < kick->vcpu_count; i++) {
		while (stale(kick, i)) {
			CHECK(time_us() < deadline);
			insn_pause();
		}
	}
}

void td_flush_asked(void)
{
	if (__atomic_exchange_n(&asked[cpu_index()], false, __ATOMIC_SEQ_CST)) {
		module_invept();
	}
}
