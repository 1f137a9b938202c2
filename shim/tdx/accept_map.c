// The cursor, the parts, and the end of the work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/accept_map.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "shim/fatal.h"
#include "shim/log.h"
#include "shim/refusal.h"

#define UNIT pg_size(PG_2M)
/* Of what is accepted by pages of 4 KiB: so few that no vCPU has much more to do than another. */
#define SMALL_PART (32 * pg_size(PG_4K))
/* After a part of small pages, and after a unit in so many, a vCPU makes a PAUSE: those that have
 * one CPU of the host's between them, as hyperthreads or in a QEMU of one thread, which goes to the
 * next one there, take turns. Else one may have done all before another's first. */
#define TURN (8 * UNIT)

/* Where the next line is due. */
static void set_next_line(struct accept_map *work)
{
	uint64_t step = work->total / ACCEPT_LINES;
	work->next_line += step > ACCEPT_LINE_MIN ? step : ACCEPT_LINE_MIN;
}

static void tell_progress(struct accept_map *work)
{
	uint64_t done = __atomic_load_n(&work->done, __ATOMIC_RELAXED);
	if (done >= work->next_line) {
		log_note("accepted %lu MiB of %lu", done / MIB, work->total / MIB);
		while (done >= work->next_line) {
			set_next_line(work);
		}
	}
}

void accept_map_start(struct accept_map *work, struct memory_map *map)
{
	work->map = map;
	work->total = work->next_line = work->done;
	for (unsigned i = 0; i < map->count; i++) {
		work->split[i] = false;
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			work->total += map->entries[i].range.size;
		}
	}
	set_next_line(work);
	work->cursor = 0;
	__atomic_store_n(&work->open, true, __ATOMIC_SEQ_CST);
}

/* Of the first unaccepted range at or above from, *entry: a unit, or a part of one. */
static bool next_part(const struct accept_map *work, uint64_t from, unsigned *entry,
		      struct gpa_range *part)
{
	const struct memory_map *map = work->map;
	for (unsigned i = 0; i < map->count; i++) {
		struct gpa_range range = map->entries[i].range;
		uint64_t end = gpa_range_end(range);
		if (map->entries[i].kind != MEMORY_UNACCEPTED || end <= from) {
			continue;
		}
		uint64_t base = from > range.base.v ? from : range.base.v;
		bool whole = is_aligned(base, UNIT) && end - base >= UNIT &&
			     !__atomic_load_n(&work->split[i], __ATOMIC_RELAXED);
		uint64_t size = whole ? UNIT : SMALL_PART;
		uint64_t border = align_down(base, size) + size;
		*entry = i;
		*part = (struct gpa_range){ gpa(base), (border < end ? border : end) - base };
		return true;
	}
	return false;
}

/* Each failure is another vCPU's success: it ends. */
static bool take_part(struct accept_map *work, unsigned *entry, struct gpa_range *part)
{
	uint64_t cursor = __atomic_load_n(&work->cursor, __ATOMIC_RELAXED);
	do {
		if (!next_part(work, cursor, entry, part)) {
			return false;
		}
	} while (!__atomic_compare_exchange_n(&work->cursor, &cursor, gpa_range_end(*part), false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* Accepts one part more, of a vCPU that is inside. False: there is none for it. */
static bool accept_part(struct accept_map *work, struct accept_share *share)
{
	unsigned entry;
	struct gpa_range part;
	if (!__atomic_load_n(&work->open, __ATOMIC_SEQ_CST) || !take_part(work, &entry, &part)) {
		return false;
	}
	__atomic_store_n(&share->part, part.base.v, __ATOMIC_RELAXED);
	share->status = accept_pages(&share->accept, part,
				     __atomic_load_n(&work->split[entry], __ATOMIC_RELAXED));
	if (share->status != ST_OK) {
		__atomic_store_n(&work->open, false, __ATOMIC_SEQ_CST);
		return false;
	}
	if (share->accept.walk.small) {
		__atomic_store_n(&work->split[entry], true, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&work->done, part.size, __ATOMIC_RELAXED);
	if (part.size < UNIT || is_aligned(part.base.v, TURN)) {
		insn_pause();
	}
	return true;
}

void accept_map_help(struct accept_map *work, uint32_t vcpu)
{
	CHECK(vcpu != 0 && vcpu < ACCEPT_VCPUS);
	struct accept_share *share = &work->shares[vcpu];
	__atomic_store_n(&share->inside, true, __ATOMIC_SEQ_CST);
	while (accept_part(work, share)) {
	}
	__atomic_store_n(&share->inside, false, __ATOMIC_SEQ_CST);
}

/* Of those that are not inside. */
static enum status first_failure(const struct accept_map *work)
{
	for (uint32_t vcpu = 0; vcpu < ACCEPT_VCPUS; vcpu++) {
		const struct accept_share *share = &work->shares[vcpu];
		if (!__atomic_load_n(&share->inside, __ATOMIC_SEQ_CST) && share->status != ST_OK) {
			return accept_refuse(&share->accept, share->status, vcpu);
		}
	}
	return ST_OK;
}

/* ACCEPT_VCPUS: nobody is. */
static uint32_t who_is_inside(const struct accept_map *work)
{
	uint32_t vcpu = 0;
	while (vcpu < ACCEPT_VCPUS &&
	       !__atomic_load_n(&work->shares[vcpu].inside, __ATOMIC_SEQ_CST)) {
		vcpu++;
	}
	return vcpu;
}

/* The work is closed: waits until nobody is inside. */
static enum status wait_for_others(struct accept_map *work, uint64_t patience)
{
	uint64_t start = insn_rdtsc();
	uint32_t vcpu;
	while ((vcpu = who_is_inside(work)) != ACCEPT_VCPUS) {
		TRY(first_failure(work));
		fatal_of_aps();
		if (insn_rdtsc() - start > patience) {
			return refuse(ST_TIMEOUT, "acceptance: vCPU %u held at 0x%lx", vcpu,
				      __atomic_load_n(&work->shares[vcpu].part, __ATOMIC_RELAXED));
		}
		insn_pause();
	}
	return first_failure(work);
}

enum status accept_map_finish(struct accept_map *work, uint64_t patience)
{
	struct memory_map *map = work->map;
	while (accept_part(work, &work->shares[0])) {
		tell_progress(work);
		fatal_of_aps();
	}
	__atomic_store_n(&work->open, false, __ATOMIC_SEQ_CST);
	TRY(wait_for_others(work, patience));
	tell_progress(work);
	CHECK(work->done == work->total);
	for (unsigned i = 0; i < map->count; i++) {
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			map->entries[i].kind = MEMORY_ACCEPTED;
		}
	}
	return ST_OK;
}

struct accept accept_map_sum(const struct accept_map *work)
{
	struct accept sum = { .large = 0 };
	for (uint32_t vcpu = 0; vcpu < ACCEPT_VCPUS; vcpu++) {
		sum.large += work->shares[vcpu].accept.large;
		sum.small += work->shares[vcpu].accept.small;
		sum.mismatches += work->shares[vcpu].accept.mismatches;
	}
	return sum;
}
