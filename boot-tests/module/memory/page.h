// Whole pages, eight bytes at a time: what a module does with direct stores.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"

static inline void page_zero(hpa_t page, enum pg_level level)
{
	insn_rep_stosq(hpa_ptr(page), 0, pg_size(level) / 8);
}

/* Leaves nothing of the content: the same bytes for the same key and page. */
static inline void page_scrub(hpa_t page, enum pg_level level, uint64_t key)
{
	insn_rep_stosq(hpa_ptr(page), key ^ page.v, pg_size(level) / 8);
}

static inline void page_copy(hpa_t to, hpa_t from)
{
	insn_rep_movsq(hpa_ptr(to), hpa_ptr(from), pg_size(PG_4K) / 8);
}
