// Acceptance of private memory and conversion between private and shared.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDG.MEM.PAGE.ACCEPT; GHCI 1.5 MapGPA]
#include "shim/tdx/accept.h"

#include "arch/tdx/module.h"
#include "arch/x86/insn.h"
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

static void count(struct accept *accept, enum page_outcome outcome, enum pg_level level)
{
	switch (outcome) {
	case PAGE_DONE:
		*(level == PG_2M ? &accept->large : &accept->small) += 1;
		break;
	case PAGE_SPLIT:
		accept->mismatches++;
		break;
	case PAGE_RETRY:
		insn_pause();
		break;
	}
}

enum status accept_pages(struct accept *accept, struct gpa_range range, bool small)
{
	gpa_t page;
	enum pg_level level;
	page_walk_begin(&accept->walk, range, small);
	while (page_walk_next(&accept->walk, &page, &level)) {
		enum page_outcome outcome;
		status_ignore(td_page_accept(page, level, &accept->raw), "raw says more");
		TRY(outcome_of(accept->raw, level, &outcome));
		TRY(page_walk_report(&accept->walk, outcome));
		count(accept, outcome, level);
	}
	return ST_OK;
}

enum status accept_refuse(const struct accept *accept, enum status status, uint32_t vcpu)
{
	return refuse(status, "TDG.MEM.PAGE.ACCEPT of 0x%lx: RAX 0x%lx, vCPU %u",
		      accept->walk.cursor, accept->raw, vcpu);
}

enum status accept_range(struct accept *accept, struct gpa_range range)
{
	enum status status = accept_pages(accept, range, false);
	return status == ST_OK ? ST_OK : accept_refuse(accept, status, 0);
}

enum status share_range(struct accept *accept, struct gpa_range range, enum share share,
			unsigned gpaw)
{
	TRY(vmcall_map_gpa(range, share, gpaw));
	return share == SHARE_PRIVATE ? accept_range(accept, range) : ST_OK;
}
