// An ELF file of 64 bits, static or static-PIE: read once, placed, loaded.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//        base                                         base + size
//        +----------+---------+----------+------------+
//        | segment: | zeros   | segment: | zeros: its |     whole pages
//        | bytes of |         | bytes of | .bss       |
//        | the file |         | the file |            |
//        +----------+---------+----------+------------+
//
// Its PT_LOAD segments go to their physical addresses (p_paddr), which in a file without linker
// script are the virtual ones. A PIE is moved as a whole, and relocates itself, as one without an
// interpreter does.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/payload_fault.h"

struct elf {
	uint64_t base;  /* where it is linked, page aligned */
	uint64_t size;  /* whole pages; not 0 */
	uint64_t align; /* 0: it runs where it is linked, else anywhere at this alignment */
	uint64_t entry; /* from base on; in a segment */
};

/*
 * ST_TRUNCATED: the file ends before what its header describes. ST_UNSUPPORTED: for another
 * machine, or with an interpreter. ST_BAD_FORMAT: segments that are not ascending and disjoint, an
 * entry that is in none that is executable, or a field out of its range. On failure *out holds
 * nothing of use.
 */
enum status elf_read(const uint8_t *file, uint64_t size, struct elf *out,
		     struct payload_fault *fault) MUST_CHECK;

/*
 * Where the file's memory goes: at or above 16 MiB, below 4 GiB. ST_UNSUPPORTED: it is linked
 * elsewhere. ST_NO_MEMORY: the map has no accepted memory there.
 */
enum status elf_place(const struct elf *elf, const struct memory_map *map, struct gpa_range *out,
		      struct payload_fault *fault) MUST_CHECK;

/* Writes all of the memory, elf->size bytes at place, from the file, which is as it was read. */
void elf_load(const struct elf *elf, const uint8_t *file, void *place);
