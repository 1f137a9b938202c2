// The VMM's view of a TD's memory: private pages in the Secure EPT, shared pages in its own table.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A GPA is private or shared at a time, never both: the attribute says which. All memory starts
// private. For each 2 MiB of RAM:
//
//   untouched --(AUG 2M)--> large --(part becomes shared: BLOCK, TRACK, kick, DEMOTE)--> small
//       \-----(SEPT.ADD, AUG 4K)--------------------------------------------------------> small
//
// and a page that becomes shared is taken out by BLOCK, TRACK, kick, REMOVE before the shared table
// maps it. What becomes private again is added by the next ACCEPT. A table that is left empty stays
// while the TD lives, as with Linux.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/init/frame_list.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/shared_table.h"
#include "boot-tests/vmm/td/td_kick.h"
#include "boot-tests/vmm/td/td_layout.h"
#include "linker/memmap.h"

#define MMU_LOW_BLOCKS (TD_LOW_MEMORY_MAX / 0x200000)
#define MMU_HIGH_BLOCKS (TD_HIGH_MEMORY_MAX / 0x200000)
#define MMU_FIRMWARE_BLOCKS (IMAGE_MAX_SIZE / 0x200000)
#define MMU_BLOCKS (MMU_LOW_BLOCKS + MMU_HIGH_BLOCKS + MMU_FIRMWARE_BLOCKS)
/* 1 GiB units below the end of the highest GPA of a TD. */
#define MMU_GIBS ((FOUR_GIB + TD_HIGH_MEMORY_MAX) / 0x40000000)

/* 2 MiB of guest memory. */
struct mmu_block {
	hpa_t large;        /* frame of the 2 MiB page; 0: not mapped as one */
	uint64_t *small;    /* frame of each 4 KiB page, 0: not mapped; null: no SEPT table */
	uint64_t shared[8]; /* attribute of each page: 1 is shared */
};

struct mmu {
	struct spinlock lock;
	const struct td_kick *kick; /* the CPUs that may have translations */
	hpa_t tdr;
	struct td_memory memory;
	unsigned gpaw;                 /* 48: 4 levels; 52: 5 */
	bool large_pages;              /* private memory is mapped by 2 MiB where it can */
	bool dirty_frames;             /* the host writes to frames before the TD gets them */
	bool sept_linked[PG_256T + 1]; /* by level: the SEPT table below the entry of GPA 0 */
	bool sept_gib[MMU_GIBS];       /* the SEPT table of each GiB */
	struct frame_list tables;      /* all frames of SEPT tables */
	struct shared_table shared;
	struct mmu_block blocks[MMU_BLOCKS];
};

/* All private, nothing mapped, by 4 KiB as KVM does: large_pages and dirty_frames are the
 * caller's to set. */
void mmu_init(struct mmu *mmu, const struct td_kick *kick, hpa_t tdr, struct shared_backing shared,
	      const struct td_memory *memory, unsigned gpaw);

/* Takes all frames back from a TD that has no key any more. ST_TDX: not all are back, for the
 * failure given; it can be called again. */
enum status mmu_destroy(struct mmu *mmu, struct seam_failure *failure) MUST_CHECK;

/* Before the TD runs: adds the page at address with the content of the page source. ST_TDX: a
 * SEAMCALL failed. */
enum status mmu_add_page(struct mmu *mmu, gpa_t address, const void *source,
			 struct seam_failure *failure) MUST_CHECK;
/* Measures the content of a page that mmu_add_page() has added. ST_TDX: a SEAMCALL failed. */
enum status mmu_extend_page(struct mmu *mmu, gpa_t address,
			    struct seam_failure *failure) MUST_CHECK;

/*
 * What the host's memory has for an access of the TD. The first two let the vCPU make its access
 * again, all others end the TD. [linux RET_PF_FIXED, RET_PF_SPURIOUS, KVM_EXIT_MEMORY_FAULT]
 */
enum mmu_answer {
	MMU_FIXED,        /* the page is there now */
	MMU_SPURIOUS,     /* it was, by the fault of another vCPU */
	MMU_NOT_ACCEPTED, /* private access to a PENDING page, not by ACCEPT */
	MMU_NO_MEMORY,    /* private access to where there is neither RAM nor firmware */
	MMU_IS_SHARED,    /* private access to a shared page */
	MMU_IS_PRIVATE,   /* shared access to a private page */
	MMU_IS_DEVICE,    /* shared access to where a #VE was due */
	MMU_FAILED,       /* a SEAMCALL failed */
};

/* A private access of the TD, or an ACCEPT of the level that the extended qualification has, found
 * no page there: gives it one. failure is set with MMU_FAILED. */
enum mmu_answer mmu_private_fault(struct mmu *mmu, gpa_t address, uint64_t ext_qualification,
				  struct seam_failure *failure) MUST_CHECK;

/* A shared access of the TD that the module did not turn into a #VE. */
enum mmu_answer mmu_shared_fault(struct mmu *mmu, gpa_t address) MUST_CHECK;

/*
 * MapGPA: the pages of range become shared or private. ST_BAD_ARGUMENT: the host has no memory
 * there that could be private, *stopped is the first such address; those below it are converted.
 * ST_TDX: a SEAMCALL failed, and the TD cannot go on.
 */
enum status mmu_convert(struct mmu *mmu, struct gpa_range range, enum share share, gpa_t *stopped,
			struct seam_failure *failure) MUST_CHECK;

/* Every byte of [address, address + size) is RAM of the TD and shared. */
bool mmu_is_shared(struct mmu *mmu, uint64_t address, uint64_t size);
/* The host frame of a private page. False: it has none now. */
bool mmu_private_frame(struct mmu *mmu, gpa_t page, hpa_t *out);
/* Where shared memory is; one piece for each of the two parts of the RAM. */
void *mmu_shared(const struct mmu *mmu, uint64_t address);
