// Whole pages, eight bytes at a time: what a module does with direct stores.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"

static inline void page_zero(hpa_t page, enum pg_level level)
{
	insn_rep_stosq(hpa_ptr(page), 0, pg_size(level) / 8);
}

/* The page is a TD's no more: what it left there is not for the host. */
static inline void page_hide(hpa_t page, enum pg_level level)
{
	if (!page_untouched(page, level)) {
		page_mark_guest(page, level);
	}
}

static inline void page_copy(hpa_t to, hpa_t from)
{
	insn_rep_movsq(hpa_ptr(to), hpa_ptr(from), pg_size(PG_4K) / 8);
}
