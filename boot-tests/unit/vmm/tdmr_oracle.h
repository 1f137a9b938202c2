// What must hold of TDMRs, said once more without the algorithm that makes them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/init/tdmr.h"

struct tdmr_oracle {
	const struct tdmr_range *ram, *cmrs; /* page aligned */
	unsigned ram_count, cmr_count;
	const struct tdmr_sysinfo *sysinfo;
	const struct tdmr_list *list;
	enum tdmr_mode mode;
	uint64_t lost;
};

/* CHECKs all of: usable memory is in exactly one TDMR; what is in a TDMR is usable, or in exactly
 * one reserved area, or both only for TDMR_COALESCE and then counted as lost; PAMTs are big enough,
 * convertible, in no other PAMT, and in no usable part of a TDMR. */
void tdmr_oracle_check(const struct tdmr_oracle *oracle);
