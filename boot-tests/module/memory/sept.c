// Secure EPT: entry format, states, walk; the tables are nested page tables that SVM uses as is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/sept.h"

#include "boot-tests/machine/memory.h"

uint64_t sept_entry(enum sept_state state, hpa_t page, enum pg_level level)
{
	uint64_t entry = field_put(SEPT_STATE, state) | page.v;
	if (state == SEPT_MAPPED || state == SEPT_NL_MAPPED) {
		entry |= PTE_P | PTE_W | PTE_U | PTE_A;
	}
	if (sept_is_leaf(state)) {
		entry |= PTE_D | (level > PG_4K ? PTE_PS : 0);
	}
	return entry;
}

enum tdx_sept_state sept_public_state(uint64_t entry)
{
	switch (sept_state(entry)) {
	case SEPT_NL_MAPPED:
		return TDX_SEPT_NL_MAPPED;
	case SEPT_NL_BLOCKED:
		return TDX_SEPT_NL_BLOCKED;
	case SEPT_FREE:
		return TDX_SEPT_FREE;
	case SEPT_MAPPED:
		return TDX_SEPT_MAPPED;
	case SEPT_BLOCKED:
		return TDX_SEPT_BLOCKED;
	case SEPT_PENDING:
		return TDX_SEPT_PENDING;
	case SEPT_PENDING_BLOCKED:
		break;
	}
	return TDX_SEPT_PENDING_BLOCKED;
}

/* [SDM 3C table 28-6; TDX ABI 1.5 arch SEPT entry] */
#define EPTE_RWX MASK64(2, 0)
#define EPTE_MEMORY_TYPE MASK64(5, 3)
#define EPTE_WRITE_BACK 6
#define EPTE_IGNORE_PAT BIT64(6)
#define EPTE_LEAF BIT64(7)
#define EPTE_SUPPRESS_VE BIT64(63)

/* The page of a table is not shown. What an interrupted ACCEPT has counted is: it stands where the
 * address has zeroes. */
uint64_t sept_architectural(uint64_t entry)
{
	enum sept_state state = sept_state(entry);
	uint64_t rights = state == SEPT_MAPPED || state == SEPT_NL_MAPPED ? EPTE_RWX : 0;
	if (sept_is_leaf(state)) {
		return (entry & PTE_ADDRESS) | EPTE_SUPPRESS_VE | EPTE_LEAF | EPTE_IGNORE_PAT |
		       field_put(EPTE_MEMORY_TYPE, EPTE_WRITE_BACK) | rights;
	}
	return state == SEPT_FREE ? EPTE_SUPPRESS_VE : rights;
}

void sept_table_init(uint64_t *table)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		table[i] = sept_entry(SEPT_FREE, hpa(0), PG_4K);
	}
}

void sept_write(uint64_t *entry, enum sept_state state, hpa_t page, enum pg_level level)
{
	uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
	uint64_t value = sept_entry(state, page, level);
	if ((old & SEPT_POISONED) != 0 && sept_is_leaf(state) && sept_hpa(old).v == page.v) {
		value = (value & ~PTE_P) | SEPT_POISONED;
	}
	__atomic_store_n(entry, value | SEPT_LOCK, __ATOMIC_RELEASE);
}

struct sept_walk sept_walk(struct sept_root root, gpa_t address, enum pg_level target)
{
	struct sept_walk walk = { .level = root.top };
	walk.entry = &root.table[pt_index(address.v, walk.level)];
	for (;;) {
		walk.value = __atomic_load_n(walk.entry, __ATOMIC_ACQUIRE);
		if (walk.level == target || sept_state(walk.value) != SEPT_NL_MAPPED) {
			return walk;
		}
		walk.level--;
		uint64_t *table = hpa_ptr(sept_hpa(walk.value));
		walk.entry = &table[pt_index(address.v, walk.level)];
	}
}

/* Locks an entry that has none of the bits, and clears others. */
static bool try_lock(struct sept_walk *walk, uint64_t bits, uint64_t clear)
{
	uint64_t seen = __atomic_load_n(walk->entry, __ATOMIC_RELAXED);
	while (!(seen & bits)) {
		if (__atomic_compare_exchange_n(walk->entry, &seen, (seen & ~clear) | SEPT_LOCK,
						false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			walk->value = seen & ~clear;
			return true;
		}
	}
	walk->value = seen;
	return false;
}

bool sept_lock_host(struct sept_walk *walk)
{
	bool locked = try_lock(walk, SEPT_LOCK, SEPT_HOST_PRIORITY);
	if (!locked) {
		__atomic_fetch_or(walk->entry, SEPT_HOST_PRIORITY, __ATOMIC_RELAXED);
	}
	return locked;
}

uint64_t sept_lock_guest(struct sept_walk *walk)
{
	if (try_lock(walk, SEPT_LOCK | SEPT_HOST_PRIORITY, 0)) {
		return TDX_SUCCESS;
	}
	return (walk->value & SEPT_LOCK) != 0 ? TDX_OPERAND_BUSY : TDX_OPERAND_BUSY_HOST_PRIORITY;
}

bool sept_lock(struct sept_walk *walk)
{
	return try_lock(walk, SEPT_LOCK, 0);
}

void sept_unlock(const struct sept_walk *walk)
{
	__atomic_fetch_and(walk->entry, ~SEPT_LOCK, __ATOMIC_RELEASE);
}

static bool find_content(uint64_t *table, enum pg_level level, hpa_t page, struct sept_walk *out)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		uint64_t value = __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
		enum sept_state state = sept_state(value);
		if (state == SEPT_NL_MAPPED || state == SEPT_NL_BLOCKED) {
			if (find_content(hpa_ptr(sept_hpa(value)), level - 1, page, out)) {
				return true;
			}
		} else if ((state == SEPT_MAPPED || state == SEPT_BLOCKED) &&
			   page.v - sept_hpa(value).v < pg_size(level)) {
			*out = (struct sept_walk){ &table[i], value, level };
			return true;
		}
	}
	return false;
}

bool sept_find_content(struct sept_root root, hpa_t page, struct sept_walk *out)
{
	return find_content(root.table, root.top, page, out);
}

static uint64_t poisonings;

void sept_poison(const struct sept_walk *walk)
{
	__atomic_store_n(walk->entry, (walk->value & ~PTE_P) | SEPT_POISONED | SEPT_LOCK,
			 __ATOMIC_RELEASE);
	__atomic_fetch_add(&poisonings, 1, __ATOMIC_SEQ_CST);
}

uint64_t sept_poisonings(void)
{
	return __atomic_load_n(&poisonings, __ATOMIC_SEQ_CST);
}
