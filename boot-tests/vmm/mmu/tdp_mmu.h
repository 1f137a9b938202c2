// The TDP MMU: the tables that map guest memory, KVM's in small. Knows no TDX.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/mmu/tdp_mmu.c, tdp_iter.c]
//
// A VM has two trees, halves, by the SHARED bit of a GPA. The CPU walks the entries of the shared
// half. Those of the private half are a mirror of the Secure EPT, which nobody but this code walks;
// the hooks of the half make the module's tables follow. A half without hooks is an ordinary EPT.
//
//                             freeze (compare-exchange; the loser starts again)
//         .----------------------------------------------------------------------.
//         |                                                                      v
//    +---------+  final store: the hook is done               +---------+    +--------+
//    | present | <------------------------------------------- | TDP_    | <- | absent |
//    | leaf or |                                              | FROZEN  |    | or     |
//    | link    | -------------------------------------------> |         | -> | MMIO   |
//    +---------+  freeze: block, flush, remove, final store   +---------+    +--------+
//
// Whoever changes an entry freezes it first, whatever the half, and for as long as the hook runs:
// others find TDP_FROZEN and start again. A hook that fails leaves the entry as it was.
//
// Who maps, zaps or splits holds the lock for reading, and many do at a time; what takes tables
// away holds it for writing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "boot-tests/machine/rwlock.h"
#include "boot-tests/machine/spinlock.h"

enum tdp_answer {
	TDP_OK,
	TDP_PRESENT, /* nothing to do: it is there, in this size or a larger one */
	TDP_RETRY,   /* another one was faster, or a hook found something busy: from the start */
	TDP_FAILED,  /* a hook failed, and the entry is as it was */
};

/* What a page-table page is for. A child has the half of its parent. */
struct tdp_role {
	enum pg_level level; /* of its entries */
	bool is_private;
};

/* A page-table page. */
struct tdp_page {
	struct tdp_role role;
	gpa_t base; /* that its first entry maps */
	uint64_t *entries;
	struct tdp_page **children;     /* by entry: what a link leads to; null at PG_4K */
	hpa_t external;                 /* private: the frame that is the module's table; else 0 */
	struct tdp_page *parent;        /* null: a root */
	unsigned index;                 /* in the parent */
	struct tdp_page *before, *next; /* in its half's list, or the list of free ones */
};

/* An entry that is changed, as a hook sees it. */
struct tdp_change {
	gpa_t address; /* the first that the entry maps */
	enum pg_level level;
	uint64_t before, after;
	hpa_t external; /* of the table that is linked or freed; else 0 */
};

/*
 * What makes the module's tables follow. Each gets the owner of the half, what changes, and what
 * the caller gave the function that calls it. The entry is frozen.
 */
struct tdp_hooks {
	enum tdp_answer (*link_table)(void *owner, const struct tdp_change *change, void *call);
	enum tdp_answer (*set_leaf)(void *owner, const struct tdp_change *change, void *call);
	/* A leaf goes in three steps: block, then flush() once for one or many, then remove. */
	enum tdp_answer (*block_leaf)(void *owner, const struct tdp_change *change, void *call);
	enum tdp_answer (*remove_leaf)(void *owner, const struct tdp_change *change, void *call);
	/* A large leaf becomes a table of small ones, in the same frames. */
	enum tdp_answer (*split_leaf)(void *owner, const struct tdp_change *change, void *call);
	/* The VM runs no more; the table's entry is not looked at again. */
	enum tdp_answer (*free_table)(void *owner, const struct tdp_change *change, void *call);
};

struct tdp_half {
	bool is_private;
	void *owner;
	const struct tdp_hooks *hooks; /* null: the entries themselves are what the CPU walks */
	/* Makes every vCPU forget what was blocked or taken away in this half. */
	enum tdp_answer (*flush)(void *owner, void *call);
	/* Waits until every vCPU has forgotten what flush() was called for. */
	void (*settle)(void *owner);
	/* Null: nothing is. Is [address, address + size) devices only? */
	bool (*is_mmio)(void *owner, gpa_t address, uint64_t size);
	struct tdp_page *root;
	struct tdp_page *pages; /* all of the half, the last one made first */
	unsigned page_count;
};

struct tdp_mmu {
	struct rwlock lock;
	struct tdp_half shared, mirror;
	struct spinlock pages_lock; /* over the lists */
	struct tdp_page *free;
	struct tdp_page *pool; /* what page-table pages are described in */
	unsigned pool_size, pool_used;
};

/* Leaves that are taken away together: frozen and blocked, flushed once, removed. */
#define TDP_BATCH_MAX 1024
struct tdp_batch {
	unsigned limit; /* 1: one by one; at most TDP_BATCH_MAX */
	unsigned count;
	struct {
		struct tdp_page *page;
		unsigned index;
		uint64_t before;
	} leaves[TDP_BATCH_MAX];
};

/* No tables but the two roots, whose entries are of the level top. Before it: all zero but for
 * owner, hooks, flush, settle and is_mmio of the halves. */
void tdp_init(struct tdp_mmu *tdp, enum pg_level top, struct tdp_page *pool, unsigned pool_size);

/*
 * Maps the page of address by frame, the one at address itself, in pages of the level or smaller
 * ones where there is a table. TDP_PRESENT: also where the VM finds devices. Frames: align_down()
 * of frame must be right for the level.
 */
enum tdp_answer tdp_map(struct tdp_mmu *tdp, struct tdp_half *half, gpa_t address,
			enum pg_level level, hpa_t frame, void *call) MUST_CHECK;

/*
 * Takes every leaf away that maps a byte of [start, end). TDP_RETRY: somebody else changes an entry
 * there; the others are gone. *count becomes larger by what was taken away.
 */
enum tdp_answer tdp_zap(const struct tdp_half *half, gpa_t start, gpa_t end,
			struct tdp_batch *batch, uint64_t *count, void *call) MUST_CHECK;

/* The leaf of 2 MiB that maps address, if one does, becomes 512. TDP_PRESENT: none does. */
enum tdp_answer tdp_split(struct tdp_mmu *tdp, struct tdp_half *half, gpa_t address,
			  void *call) MUST_CHECK;

/* The entry that maps address, or where the walk ends; *level is its own. */
uint64_t tdp_look(const struct tdp_half *half, gpa_t address, enum pg_level *level);

/* Takes the tables of 4 KiB entries of a half without hooks away, and what they map: a fault maps
 * it again. The lock is held for writing. Returns how many. */
unsigned tdp_shrink(struct tdp_mmu *tdp, struct tdp_half *half, void *call);

/* Calls visit for each entry of the half, of all its tables, in the order of their addresses, until
 * it says false. Nobody changes anything meanwhile. */
void tdp_visit(const struct tdp_half *half,
	       bool (*visit)(void *arg, gpa_t address, enum pg_level level, uint64_t value),
	       void *arg);

/* Takes the tables of both halves away from a VM that runs no more. TDP_FAILED: not all, it can be
 * called again. */
enum tdp_answer tdp_destroy(struct tdp_mmu *tdp, void *call) MUST_CHECK;
