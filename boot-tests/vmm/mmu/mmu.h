// The memory of a TD as the kernel half of its host has it: faults, attributes, private frames.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/mmu/mmu.c, virt/kvm/kvm_main.c]
//
// A GPA is private or shared at a time, never both: the attribute says which. All memory starts
// private. The user-space half of the host (conversion.h) sets attributes and gives private frames
// back; a fault maps what the attribute allows, and tells user space of an access that it forbids.
//
//   untouched --(AUG 2M)--> large --(part becomes shared: BLOCK, TRACK, kick, DEMOTE)--> small
//       \-----(SEPT.ADD, AUG 4K)--------------------------------------------------------> small
//
// A page that becomes shared is taken out by BLOCK, TRACK, kick, REMOVE before the attribute says
// so. What becomes private again is added by the next ACCEPT. A table that is left empty stays
// while the TD lives, as with Linux.
//
// Locks, in the order in which they are taken:
//
//   slots_lock  one change of attributes or frames at a time
//   tdp.lock    reading: who maps or zaps; writing: who begins or ends an invalidation, and who
//               takes tables away
//   (an entry)  TDP_FROZEN: who changes it. Zaps take many, by ascending address, and wait for none
//   track_lock  one TDH.MEM.TRACK at a time
//
// A fault looks at attribute and frame without a lock. What it saw holds when, under tdp.lock, no
// invalidation is under way at its page and none has ended since (invalidate_seq).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/attributes.h"
#include "boot-tests/vmm/mmu/guest_frames.h"
#include "boot-tests/vmm/mmu/sept_hooks.h"
#include "boot-tests/vmm/mmu/shared_half.h"
#include "boot-tests/vmm/mmu/tdp_mmu.h"
#include "boot-tests/vmm/td/td_kick.h"
#include "boot-tests/vmm/td/td_layout.h"

/* Page-table pages of both halves: one for each block, one for each GiB, three above. */
#define MMU_PAGES(high_size) (2 * (GUEST_BLOCKS(high_size) + GUEST_GIBS(high_size) + 3))
/* Bytes of a TD's tables, if it has so much memory above 4 GiB. */
#define MMU_TABLES_SIZE(high_size)                                                                 \
	(GUEST_BLOCKS(high_size) * (sizeof(struct guest_block) + sizeof(struct attribute_block)) + \
	 MMU_PAGES(high_size) * sizeof(struct tdp_page))

struct mmu {
	struct td_memory memory;
	unsigned gpaw;         /* 48: 4 levels; 52: 5 */
	bool large_pages;      /* private memory is mapped by 2 MiB where it can */
	bool zap_one_by_one;   /* private pages: a TDH.MEM.TRACK and a kick for each */
	uint64_t shrink_every; /* so many shared faults mmu_shrink() is called; 0: never */
	uint64_t shared_faults;
	struct spinlock slots_lock;
	struct attributes attributes;
	struct guest_frames frames;
	struct tdp_mmu tdp;
	struct sept sept;
	struct shared_half shared;
	struct tdp_batch batch; /* of who has slots_lock */
	/* Under tdp.lock: what is being invalidated; from start to start: nothing. */
	struct {
		gpa_t start, end;
	} invalidated;
	uint64_t invalidate_seq; /* how many invalidations have ended */
};

/* All private, nothing mapped, by 4 KiB as KVM does: large_pages, shrink_every, zap_one_by_one,
 * frames.dirty and sept.hkid are the caller's to set. tables: MMU_TABLES_SIZE(high_size) bytes,
 * aligned to 8, which stay the MMU's. */
void mmu_init(struct mmu *mmu, const struct td_kick *kick, hpa_t tdr, struct shared_backing shared,
	      const struct td_memory *memory, unsigned gpaw, void *tables);

/* Takes all frames back from a TD that has no key any more. ST_TDX: not all are back, for the
 * failure given; it can be called again. */
enum status mmu_destroy(struct mmu *mmu, struct seam_failure *failure) MUST_CHECK;

/* The root of the tables that the CPU walks for shared GPAs. */
hpa_t mmu_shared_root(const struct mmu *mmu);

/* Before the TD runs: adds the page at address with the content of the page source. ST_TDX: a
 * SEAMCALL failed. */
enum status mmu_add_page(struct mmu *mmu, gpa_t address, const void *source,
			 struct seam_failure *failure) MUST_CHECK;
/* Measures the content of a page that mmu_add_page() has added. ST_TDX: a SEAMCALL failed. */
enum status mmu_extend_page(struct mmu *mmu, gpa_t address,
			    struct seam_failure *failure) MUST_CHECK;

/*
 * What the host's memory has for an access of the TD. The first two let the vCPU make its access
 * again; MMU_IS_SHARED and MMU_IS_PRIVATE are up to user space; all others end the TD. [linux
 * RET_PF_FIXED, RET_PF_SPURIOUS, KVM_EXIT_MEMORY_FAULT]
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

/* The pages of RAM [start, end) become shared or private: nothing maps them as what they were.
 * ST_TDX: a SEAMCALL failed, they are what they were, and the TD cannot go on. */
enum status mmu_set_attributes(struct mmu *mmu, gpa_t start, gpa_t end, enum share share,
			       struct seam_failure *failure) MUST_CHECK;
/* Gives the private frames of [start, end) back, whose content is lost. ST_TDX: as before. */
enum status mmu_punch_hole(struct mmu *mmu, gpa_t start, gpa_t end,
			   struct seam_failure *failure) MUST_CHECK;

/* The host is short of memory: takes its tables of shared pages away, of which there are more when
 * they are needed. Private pages stay, and where they are. Returns how many tables. */
unsigned mmu_shrink(struct mmu *mmu);

/* The host wants the memory of a page elsewhere, or swapped out. A shared page is mapped by nobody
 * then, until a fault brings it back. ST_UNSUPPORTED: it is private, and stays where it is.
 * ST_NOT_FOUND: the TD has no RAM there. [linux kvm_unmap_gfn_range(), kvm_gmem_migrate_folio()] */
enum status mmu_move_page(struct mmu *mmu, gpa_t page) MUST_CHECK;
/* A page more for a TD that was built. ST_UNSUPPORTED: its memory is that which it was built with.
 * ST_BAD_RANGE: the page is of that. */
enum status mmu_add_memory(const struct mmu *mmu, gpa_t page) MUST_CHECK;

/* Every byte of [address, address + size) is RAM of the TD and shared. */
bool mmu_is_shared(const struct mmu *mmu, uint64_t address, uint64_t size);
/* The host frame of a private page. False: it has none now. */
bool mmu_private_frame(struct mmu *mmu, gpa_t page, hpa_t *out);
/* Where shared memory is; one piece for each of the two parts of the RAM. */
void *mmu_shared(const struct mmu *mmu, uint64_t address);
