// Acceptance of private memory and conversion between private and shared.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDG.MEM.PAGE.ACCEPT; GHCI 1.5 MapGPA]
#include "shim/tdx/accept.h"

#include "arch/tdx/module.h"
#include "arch/x86/insn.h"
#include "shim/log.h"
#include "shim/refusal.h"
#include "shim/tdx/tdg.h"
#include "shim/tdx/vmcall.h"

/* What a completion code means for the page. Bit 63 is clear in PAGE_ALREADY_ACCEPTED: codes are
 * compared, never tested for a sign. */
static enum status outcome_of(uint64_t raw, enum pg_level level, enum page_outcome *outcome)
{
	switch (raw & TDX_STATUS_CODE) {
	case TDX_SUCCESS:
		*outcome = PAGE_DONE;
		return ST_OK;
	case TDX_OPERAND_BUSY:
		*outcome = PAGE_RETRY;
		return ST_OK;
	case TDX_PAGE_SIZE_MISMATCH:
		*outcome = PAGE_SPLIT;
		return level == PG_2M ? ST_OK : ST_SIZE_MISMATCH;
	case TDX_PAGE_ALREADY_ACCEPTED:
		return ST_ALREADY_ACCEPTED;
	default:
		return ST_TDX;
	}
}

/* Where the next line is due. */
static void set_next_line(struct accept *accept)
{
	uint64_t step = accept->total / ACCEPT_LINES;
	accept->next_line += step > ACCEPT_LINE_MIN ? step : ACCEPT_LINE_MIN;
}

static void advance(struct accept *accept, enum pg_level level)
{
	*(level == PG_2M ? &accept->large : &accept->small) += 1;
	accept->done += pg_size(level);
	if (accept->total != 0 && accept->done >= accept->next_line) {
		log_note("accepted %lu MiB of %lu", accept->done / MIB, accept->total / MIB);
		set_next_line(accept);
	}
}

static void count(struct accept *accept, enum page_outcome outcome, enum pg_level level)
{
	switch (outcome) {
	case PAGE_DONE:
		advance(accept, level);
		break;
	case PAGE_SPLIT:
		accept->mismatches++;
		break;
	case PAGE_RETRY:
		insn_pause();
		break;
	}
}

enum status accept_range(struct accept *accept, struct gpa_range range)
{
	gpa_t page;
	enum pg_level level;
	page_walk_begin(&accept->walk, range);
	while (page_walk_next(&accept->walk, &page, &level)) {
		enum page_outcome outcome;
		status_ignore(td_page_accept(page, level, &accept->raw), "raw says more");
		enum status status = outcome_of(accept->raw, level, &outcome);
		if (status == ST_OK) {
			status = page_walk_report(&accept->walk, outcome);
		}
		if (status != ST_OK) {
			return refuse(status, "TDG.MEM.PAGE.ACCEPT of 0x%lx: RAX 0x%lx", page.v,
				      accept->raw);
		}
		count(accept, outcome, level);
	}
	return ST_OK;
}

enum status accept_map(struct accept *accept, struct memory_map *map)
{
	accept->total = accept->next_line = accept->done;
	for (unsigned i = 0; i < map->count; i++) {
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			accept->total += map->entries[i].range.size;
		}
	}
	set_next_line(accept);
	for (unsigned i = 0; i < map->count; i++) {
		struct memory_entry *entry = &map->entries[i];
		if (entry->kind == MEMORY_UNACCEPTED) {
			TRY(accept_range(accept, entry->range));
			entry->kind = MEMORY_ACCEPTED;
		}
	}
	accept->total = 0;
	return ST_OK;
}

enum status share_range(struct accept *accept, struct gpa_range range, enum share share,
			unsigned gpaw)
{
	TRY(vmcall_map_gpa(range, share, gpaw));
	return share == SHARE_PRIVATE ? accept_range(accept, range) : ST_OK;
}
