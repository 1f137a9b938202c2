// Construction of TD memory regions: which memory the module shall manage, and where its PAMTs lie.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/virt/vmx/tdx/tdx.c construct_tdmrs()]
//
//   1 GiB aligned                                                     1 GiB aligned
//   base                                                                        end
//    +-- hole --+-- PAMT --+-------- usable --------+-- hole --+---- usable ----+
//    | reserved | reserved |                        | reserved |                |
//
// In this order: tdmr_memory_make(), tdmr_cover(), tdmr_place_pamts(), tdmr_reserve(). Nothing here
// allocates: lists have room for the most there can be.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/status.h"
#include "arch/tdx/module.h"

/* Memory below is not for TDs, as firmware and the boot of CPUs use it. */
#define TDMR_MEMORY_MIN 0x100000
/* No address needs more bits. */
#define TDMR_ADDRESS_BITS 52
#define TDMR_MEMORY_MAX 128
/* TDMR_INFO structures are read through an array of their addresses. */
#define TDMR_INFO_ALIGN 512

struct tdmr_range {
	uint64_t base, size;
};

/* What the module says of itself, by TDH.SYS.RD. */
struct tdmr_sysinfo {
	uint16_t max_tdmrs;
	uint16_t max_reserved; /* of one TDMR */
	uint16_t pamt_4k_entry_size;
	uint16_t pamt_2m_entry_size;
	uint16_t pamt_1g_entry_size;
};
ABI_SIZE(struct tdmr_sysinfo, 10);

/* Ascending, disjoint, not empty, page aligned. */
struct tdmr_memory {
	unsigned count;
	struct tdmr_range ranges[TDMR_MEMORY_MAX];
};

struct tdmr_list {
	_Alignas(TDMR_INFO_ALIGN) struct tdmr_info tdmrs[TDX_MAX_TDMRS];
	unsigned count;
};

/* What shall be done with a TDMR that needs more reserved areas than the module takes. */
enum tdmr_mode {
	TDMR_LINUX,    /* fail, as Linux does */
	TDMR_COALESCE, /* reserve the least memory between two areas too, until it fits */
};

/*
 * The memory that TDs can have: RAM inside the convertible memory regions, from 1 MiB on, in whole
 * pages. One range of RAM stays one range where two regions touch. ST_BAD_RANGE: a list is not
 * ascending, overlaps or leaves the address space; ST_NO_SPACE: too many pieces. *out is then
 * untouched.
 */
enum status tdmr_memory_make(const struct tdmr_range *ram, unsigned ram_count,
			     const struct tdmr_range *cmrs, unsigned cmr_count,
			     struct tdmr_memory *out) MUST_CHECK;

/* Regions that cover all memory; ST_NO_SPACE when the module does not take as many. PAMTs have
 * their size afterwards, and no place. */
enum status tdmr_cover(const struct tdmr_memory *memory, const struct tdmr_sysinfo *sysinfo,
		       struct tdmr_list *out) MUST_CHECK;

/* Bytes of all three PAMTs of a TDMR, and of all TDMRs. */
uint64_t tdmr_pamt_size(const struct tdmr_info *tdmr);
uint64_t tdmr_list_pamt_size(const struct tdmr_list *list);

/*
 * Takes each TDMR's PAMTs, in one piece, from the first candidate that holds them; candidates are
 * disjoint parts of the memory covered, page aligned, and keep what is left. ST_NO_MEMORY.
 */
enum status tdmr_place_pamts(struct tdmr_list *list, struct tdmr_range *candidates,
			     unsigned count) MUST_CHECK;

/*
 * Reserves the holes between memory, and the PAMTs. ST_NO_SPACE, with the TDMR in error: more areas
 * than the module takes. *lost: bytes of memory that TDMR_COALESCE has reserved.
 */
enum status tdmr_reserve(struct tdmr_list *list, const struct tdmr_memory *memory,
			 const struct tdmr_sysinfo *sysinfo, enum tdmr_mode mode, uint64_t *lost,
			 char *error, size_t error_size) MUST_CHECK;
