// The walk that the CPU makes from a GPA of a TD: through the Secure EPT or the shared EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/module/td.h"

/* Where a walk ends, and what all its entries grant: EPT_QUAL_READABLE, EPT_QUAL_WRITABLE,
 * EPT_QUAL_EXECUTABLE; nothing where the last one is not present. */
struct ept_walk {
	uint64_t entry;
	enum pg_level level;
	uint64_t granted;
};
/* By the SHARED bit of the GPA. Without a shared EPT: an entry of 0. */
struct ept_walk ept_walk(const struct vcpu *vcpu, uint64_t gpa_raw);

/* The accesses, EPT_QUAL_READ and so on, that go with what is granted. */
static inline uint64_t ept_allowed(uint64_t granted)
{
	return granted / (EPT_QUAL_READABLE / EPT_QUAL_READ);
}
