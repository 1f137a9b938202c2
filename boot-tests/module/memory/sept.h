// Secure EPT: entry format, states, walk; the tables are nested page tables that SVM uses as is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 SEPT entry; AMD APM 2, 15.25]
//
//   63   62   61..59  58..52   51..12  11   10     9..8  7   6  5  4  3  2  1  0
//    0 poison   0     state     HPA   lock  host    0   PS  D  A  0  0  U  W  P     x86 format
//
// The state is the 7-bit encoding of the real module; only MAPPED and NL_MAPPED have P set. A, D, W
// and U are set with it, because a nested walk that serves a guest page walk is a write for SVM.
//
// Whoever changes an entry locks it. A SEAMCALL that finds it locked leaves the host bit: until one
// has got the lock, no TDCALL does.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/tdx/module.h"
#include "arch/x86/paging.h"

#define SEPT_LOCK BIT64(11)
#define SEPT_HOST_PRIORITY BIT64(10)
/* Of a PENDING page of 2 MiB: how many of its 4 KiB pieces an ACCEPT has zeroed before it was
 * interrupted. */
#define SEPT_ACCEPT_COUNTER MASK64(20, 12)
/* The host has written to the page (MAPPED or BLOCKED): no access may find its content. P is 0. */
#define SEPT_POISONED BIT64(62)
#define SEPT_STATE MASK64(58, 52)

enum sept_state {
	SEPT_NL_MAPPED = 0x00,
	SEPT_NL_BLOCKED = 0x08,
	SEPT_FREE = 0x0E,
	SEPT_MAPPED = 0x60,
	SEPT_BLOCKED = 0x68,
	SEPT_PENDING = 0x70,
	SEPT_PENDING_BLOCKED = 0x78,
};

/* A tree of 4 or 5 levels: the entries of its root are of level PG_512G or PG_256T. */
struct sept_root {
	uint64_t *table;
	enum pg_level top;
};
/* The highest level that any tree has. */
#define SEPT_MAX_LEVEL PG_256T

static inline enum sept_state sept_state(uint64_t entry)
{
	return (enum sept_state)field_get(SEPT_STATE, entry);
}

static inline hpa_t sept_hpa(uint64_t entry)
{
	return hpa(entry & PTE_ADDRESS & ~(entry & PTE_PS ? SEPT_ACCEPT_COUNTER : 0));
}

static inline bool sept_is_leaf(enum sept_state state)
{
	return state != SEPT_NL_MAPPED && state != SEPT_NL_BLOCKED && state != SEPT_FREE;
}

/* An unlocked entry. */
uint64_t sept_entry(enum sept_state state, hpa_t page, enum pg_level level);
/* What the architecture calls the state, and the entry in its own format. */
enum tdx_sept_state sept_public_state(uint64_t entry);
uint64_t sept_architectural(uint64_t entry);

/* Makes all entries of a table FREE. */
void sept_table_init(uint64_t *table);
/* Writes an entry that the caller has locked, and keeps it locked. Poison stays with the page. */
void sept_write(uint64_t *entry, enum sept_state state, hpa_t page, enum pg_level level);

struct sept_walk {
	uint64_t *entry;
	uint64_t value; /* as it was seen */
	enum pg_level level;
};

/* Walks towards the entry of level target for a private GPA and ends there, or above it at the
 * first entry that is not NL_MAPPED. */
struct sept_walk sept_walk(struct sept_root root, gpa_t address, enum pg_level target);

/* Locks the entry where the walk ended and reads it again. For a SEAMCALL: false when it is locked,
 * and then the host has priority. */
bool sept_lock_host(struct sept_walk *walk);
/* For a TDCALL: TDX_OPERAND_BUSY or TDX_OPERAND_BUSY_HOST_PRIORITY. */
uint64_t sept_lock_guest(struct sept_walk *walk);
/* For nobody's call: false when it is locked, which changes nothing. */
bool sept_lock(struct sept_walk *walk);
void sept_unlock(const struct sept_walk *walk);

/* Finds the leaf that maps a page, of any state but PENDING; false when there is none. */
bool sept_find_content(struct sept_root root, hpa_t page, struct sept_walk *out);
/* Poisons the page of an entry that the caller has locked. */
void sept_poison(const struct sept_walk *walk);
/* How often that was done: no TLB hides poison. */
uint64_t sept_poisonings(void);
