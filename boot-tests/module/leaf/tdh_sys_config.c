// TDH.SYS.CONFIG: takes the TDMRs and PAMTs that the host has chosen, if they are sound.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.SYS.CONFIG; the order of the checks is the module's]
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

#define PAGE 4096
#define TDMR_INFO_ALIGN 512

/* The host's TDMR_INFOs are copied before anything is looked at; used under the lock. */
static struct tdmr_info infos[TDX_MAX_TDMRS];

static uint64_t details(uint64_t status, unsigned tdmr, unsigned part, unsigned other)
{
	return status | field_put(TDX_DETAIL_TDMR, tdmr) | field_put(TDX_DETAIL_PART, part) |
	       field_put(TDX_DETAIL_OTHER_TDMR, other);
}

static bool overflows(uint64_t base, uint64_t size)
{
	return size > UINT64_MAX - base;
}

static uint64_t check_region(unsigned index)
{
	const struct tdmr_info *info = &infos[index];
	if (overflows(info->base, info->size)) {
		return details(TDX_INVALID_TDMR, index, 0, 0);
	}
	if (index > 0 && info->base < info[-1].base + info[-1].size) {
		return details(TDX_NON_ORDERED_TDMR, index, 0, 0);
	}
	if (!is_aligned(info->base | info->size, TDX_TDMR_ALIGN) || info->size == 0 ||
	    info->base + info->size > key_address_end()) {
		return details(TDX_INVALID_TDMR, index, 0, 0);
	}
	return TDX_SUCCESS;
}

static uint64_t check_reserved(unsigned index)
{
	const struct tdmr_info *info = &infos[index];
	for (unsigned i = 0; i < TDX_MAX_RESERVED_PER_TDMR; i++) {
		const struct tdmr_reserved *area = &info->reserved[i];
		bool last = i + 1 == TDX_MAX_RESERVED_PER_TDMR;
		if (area->size == 0) {
			if (!last && area[1].size != 0) {
				return details(TDX_NON_ORDERED_RESERVED_IN_TDMR, index, i, 0);
			}
			continue;
		}
		if (overflows(area->offset, area->size)) {
			return details(TDX_INVALID_RESERVED_IN_TDMR, index, i, 0);
		}
		if (i > 0 && area->offset < area[-1].offset + area[-1].size) {
			return details(TDX_NON_ORDERED_RESERVED_IN_TDMR, index, i, 0);
		}
		if (!is_aligned(area->offset | area->size, PAGE) ||
		    area->offset + area->size > info->size) {
			return details(TDX_INVALID_RESERVED_IN_TDMR, index, i, 0);
		}
	}
	return TDX_SUCCESS;
}

struct extent {
	uint64_t base, size;
};

static struct extent pamt_of(const struct tdmr_info *info, enum pg_level level)
{
	switch (level) {
	case PG_4K:
		return (struct extent){ info->pamt_4k_base, info->pamt_4k_size };
	case PG_2M:
		return (struct extent){ info->pamt_2m_base, info->pamt_2m_size };
	case PG_1G:
	case PG_512G:
	case PG_256T:
		break;
	}
	return (struct extent){ info->pamt_1g_base, info->pamt_1g_size };
}

static bool overlap(struct extent a, struct extent b)
{
	return ranges_overlap(a.base, a.size, b.base, b.size);
}

static bool pamt_usable(const struct tdmr_info *info, enum pg_level level)
{
	struct extent pamt = pamt_of(info, level);
	return !overflows(pamt.base, pamt.size) && is_aligned(pamt.base | pamt.size, PAGE) &&
	       pamt.base + pamt.size <= key_address_end() &&
	       pamt.size >= info->size / pg_size(level) * PAMT_ENTRY_SIZE;
}

/* Does a part of a TDMR that is not reserved overlap the extent? */
static bool overlaps_available(const struct tdmr_info *info, struct extent extent)
{
	uint64_t from = info->base;
	for (unsigned i = 0; i < TDX_MAX_RESERVED_PER_TDMR && info->reserved[i].size != 0; i++) {
		uint64_t to = info->base + info->reserved[i].offset;
		if (overlap((struct extent){ from, to - from }, extent)) {
			return true;
		}
		from = to + info->reserved[i].size;
	}
	return overlap((struct extent){ from, info->base + info->size - from }, extent);
}

/* Against the PAMTs of the TDMRs before, then among the TDMR's own. */
static uint64_t check_pamts_apart(unsigned index)
{
	for (unsigned other = 0; other < index; other++) {
		for (enum pg_level level = PG_4K; level <= PG_1G; level++) {
			struct extent pamt = pamt_of(&infos[index], level);
			if (overlap(pamt, pamt_of(&infos[other], PG_4K)) ||
			    overlap(pamt, pamt_of(&infos[other], PG_2M)) ||
			    overlap(pamt, pamt_of(&infos[other], PG_1G))) {
				return details(TDX_PAMT_OVERLAP, index, level, other);
			}
		}
	}
	for (enum pg_level level = PG_4K; level < PG_1G; level++) {
		for (enum pg_level above = level + 1; above <= PG_1G; above++) {
			if (overlap(pamt_of(&infos[index], level), pamt_of(&infos[index], above))) {
				return details(TDX_PAMT_OVERLAP, index, level, index);
			}
		}
	}
	return TDX_SUCCESS;
}

static uint64_t check_pamts_of_in(unsigned index, unsigned tdmr)
{
	for (enum pg_level level = PG_4K; level <= PG_1G; level++) {
		if (overlaps_available(&infos[tdmr], pamt_of(&infos[index], level))) {
			return details(TDX_PAMT_OVERLAP, index, level, tdmr);
		}
	}
	return TDX_SUCCESS;
}

/* PAMTs lie in reserved areas or outside, of all TDMRs seen so far. */
static uint64_t check_pamts_reserved(unsigned index)
{
	for (unsigned other = 0; other <= index; other++) {
		uint64_t status = check_pamts_of_in(index, other);
		if (status == TDX_SUCCESS && other < index) {
			status = check_pamts_of_in(other, index);
		}
		if (status != TDX_SUCCESS) {
			return status;
		}
	}
	return TDX_SUCCESS;
}

/* 1 GiB first, where the levels are looked at one by one. */
static uint64_t check_pamts(unsigned index)
{
	for (unsigned level = PG_1G + 1; level-- > PG_4K;) {
		if (!pamt_usable(&infos[index], (enum pg_level)level)) {
			return details(TDX_INVALID_PAMT, index, level, 0);
		}
	}
	uint64_t status = check_pamts_apart(index);
	if (status == TDX_SUCCESS) {
		status = check_pamts_reserved(index);
	}
	if (status != TDX_SUCCESS) {
		return status;
	}
	for (unsigned level = PG_1G + 1; level-- > PG_4K;) {
		struct extent pamt = pamt_of(&infos[index], (enum pg_level)level);
		if (!module_convertible(pamt.base, pamt.size)) {
			return details(TDX_PAMT_OUTSIDE_CMRS, index, level, 0);
		}
	}
	return TDX_SUCCESS;
}

static uint64_t check_available(unsigned index)
{
	const struct tdmr_info *info = &infos[index];
	uint64_t from = info->base;
	bool good = true;
	for (unsigned i = 0; i < TDX_MAX_RESERVED_PER_TDMR && info->reserved[i].size != 0; i++) {
		uint64_t to = info->base + info->reserved[i].offset;
		good = good && module_convertible(from, to - from);
		from = to + info->reserved[i].size;
	}
	good = good && module_convertible(from, info->base + info->size - from);
	return good ? TDX_SUCCESS : details(TDX_TDMR_OUTSIDE_CMRS, index, 0, 0);
}

static uint64_t check_tdmr(unsigned index, uint64_t address)
{
	static uint64_t (*const checks[])(unsigned) = { check_region, check_reserved, check_pamts,
							check_available };
	hpa_t from;
	if (!module_shared(address, TDMR_INFO_ALIGN, &from)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	module_host_read(from, &infos[index], sizeof(infos[index]));
	for (unsigned i = 0; i < ARRAY_COUNT(checks); i++) {
		uint64_t status = checks[i](index);
		if (status != TDX_SUCCESS) {
			return status;
		}
	}
	return TDX_SUCCESS;
}

static uint64_t sys_configure(const struct seam_regs *in)
{
	hpa_t list;
	if (sys_state() != SYS_SYSINIT_DONE || !sys_all_lps_init()) {
		return TDX_SYS_CONFIG_NOT_PENDING;
	}
	if (!module_shared(in->rcx, TDMR_INFO_ALIGN, &list)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (in->rdx == 0 || in->rdx > TDX_MAX_TDMRS) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	/* Bit 16 asks for dynamic PAMT, which this module does not have. */
	if (!key_is_private(in->r8)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	/* It stays the module's even when a TDMR is refused then. No leaf that locks the keys can
	 * run. */
	keys_set_state((uint32_t)in->r8, KEY_RESERVED);
	uint64_t addresses[TDX_MAX_TDMRS];
	module_host_read(list, addresses, in->rdx * sizeof(addresses[0]));
	for (unsigned i = 0; i < in->rdx; i++) {
		uint64_t status = check_tdmr(i, addresses[i]);
		if (status != TDX_SUCCESS) {
			return status;
		}
	}
	pamt_configure(infos, (unsigned)in->rdx);
	sys_set_state(SYS_SYSCONFIG_DONE);
	return TDX_SUCCESS;
}

/* RCX array of the TDMR_INFOs' addresses, RDX their number, R8 the module's own key id. */
uint64_t tdh_sys_config(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (!sys_lock(LOCK_EXCLUSIVE)) {
		return TDX_SYS_BUSY;
	}
	uint64_t status = sys_configure(in);
	sys_unlock(LOCK_EXCLUSIVE);
	return status;
}
