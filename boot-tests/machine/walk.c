// Guest and nested page-table walks in software.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 4.5; AMD APM 2, 15.25]
#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "arch/x86/cpu.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/svm.h"

#define ADDRESS_BITS(top) (12 + 9 * ((unsigned)(top) + 1))

/* Other CPUs change tables while we walk: each entry is read once. */
static uint64_t entry_read(hpa_t table, unsigned index)
{
	return __atomic_load_n((const uint64_t *)hpa_ptr(table) + index, __ATOMIC_RELAXED);
}

static bool is_leaf(uint64_t entry, enum pg_level level)
{
	return level == PG_4K || (level <= PG_1G && (entry & PTE_PS) != 0);
}

/* The address a leaf entry gives: its frame, and address's offset in it. */
static uint64_t leaf_address(uint64_t entry, enum pg_level level, uint64_t address)
{
	uint64_t offset = pg_size(level) - 1;
	return (entry & PTE_ADDRESS & ~offset) | (address & offset);
}

bool nested_translate(const struct svm_vcpu *vcpu, uint64_t gpa_raw, hpa_t *out)
{
	if (gpa_raw >= BIT64(ADDRESS_BITS(vcpu->nested_top))) {
		return false;
	}
	hpa_t table = hpa(vcpu->vmcb->control.n_cr3 & PTE_ADDRESS);
	for (int level = (int)vcpu->nested_top; level >= PG_4K; level--) {
		uint64_t entry = entry_read(table, pt_index(gpa_raw, (enum pg_level)level));
		if ((entry & PTE_P) == 0) {
			return false;
		}
		if (is_leaf(entry, (enum pg_level)level)) {
			*out = hpa(leaf_address(entry, (enum pg_level)level, gpa_raw));
			return true;
		}
		table = hpa(entry & PTE_ADDRESS);
	}
	return false;
}

static bool canonical(uint64_t linear, unsigned bits)
{
	uint64_t high = linear & MASK64(63, bits - 1);
	return high == 0 || high == MASK64(63, bits - 1);
}

static enum pg_level guest_top(const struct vmcb_save *save)
{
	return (save->cr4 & CR4_LA57) != 0 ? PG_256T : PG_512G;
}

/* What the walk for a linear address found. */
struct guest_leaf {
	bool present;
	enum pg_level level; /* of the last entry */
	uint64_t gpa_raw;
	uint64_t all, any; /* AND and OR of all entries on the way */
};

/* With 64-bit paging on, and a canonical address. */
static struct guest_leaf guest_walk(const struct svm_vcpu *vcpu, uint64_t linear)
{
	struct guest_leaf leaf = { .all = ~UINT64_C(0) };
	uint64_t table_gpa = vcpu->vmcb->save.cr3 & PTE_ADDRESS;
	for (int level = (int)guest_top(&vcpu->vmcb->save); level >= PG_4K; level--) {
		hpa_t table;
		leaf.level = (enum pg_level)level;
		if (!nested_translate(vcpu, table_gpa, &table)) {
			return leaf;
		}
		uint64_t entry = entry_read(table, pt_index(linear, leaf.level));
		if ((entry & PTE_P) == 0) {
			return leaf;
		}
		leaf.all &= entry;
		leaf.any |= entry;
		if (is_leaf(entry, leaf.level)) {
			leaf.present = true;
			leaf.gpa_raw = leaf_address(entry, leaf.level, linear);
			return leaf;
		}
		table_gpa = entry & PTE_ADDRESS;
	}
	return leaf;
}

bool guest_translate(const struct svm_vcpu *vcpu, uint64_t linear, uint64_t *gpa_raw)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	if ((save->cr0 & CR0_PG) == 0) {
		*gpa_raw = linear & MASK64(31, 0);
		return true;
	}
	if ((save->efer & EFER_LMA) == 0 || !canonical(linear, ADDRESS_BITS(guest_top(save)))) {
		return false;
	}
	struct guest_leaf leaf = guest_walk(vcpu, linear);
	if (leaf.present) {
		*gpa_raw = leaf.gpa_raw;
	}
	return leaf.present;
}

static bool run_goes_on(const struct guest_run *run, const struct guest_run *next)
{
	return next->gpa_raw - run->gpa_raw == next->linear - run->linear &&
	       next->writable == run->writable && next->executable == run->executable &&
	       next->user == run->user;
}

bool guest_run(const struct svm_vcpu *vcpu, uint64_t linear, unsigned *steps, struct guest_run *run)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	bool found = false;
	if ((save->cr0 & CR0_PG) == 0 || (save->efer & EFER_LMA) == 0) {
		return false;
	}
	unsigned bits = ADDRESS_BITS(guest_top(save));
	for (; *steps > 0; (*steps)--) {
		if (!canonical(linear, bits)) {
			linear = MASK64(63, bits - 1);
		}
		struct guest_leaf leaf = guest_walk(vcpu, linear);
		uint64_t last = linear | (pg_size(leaf.level) - 1);
		struct guest_run here = {
			.linear = linear,
			.last = last,
			.gpa_raw = leaf.gpa_raw,
			.writable = (leaf.all & PTE_W) != 0,
			.executable = (leaf.any & PTE_NX) == 0,
			.user = (leaf.all & PTE_U) != 0,
		};
		if (found && (!leaf.present || !run_goes_on(run, &here))) {
			return true;
		}
		if (leaf.present && found) {
			run->last = last;
		} else if (leaf.present) {
			*run = here;
			found = true;
		}
		if (last == UINT64_MAX) {
			break;
		}
		linear = last + 1;
	}
	return found;
}

bool guest_read(const struct svm_vcpu *vcpu, uint64_t linear, void *to, unsigned size)
{
	uint8_t *out = to;
	while (size > 0) {
		uint64_t gpa_raw;
		hpa_t from;
		if (!guest_translate(vcpu, linear, &gpa_raw) ||
		    !nested_translate(vcpu, gpa_raw, &from)) {
			return false;
		}
		uint64_t left = pg_size(PG_4K) - (linear & (pg_size(PG_4K) - 1));
		unsigned part = size < left ? size : (unsigned)left;
		memcpy(out, hpa_ptr(from), part);
		out += part;
		linear += part;
		size -= part;
	}
	return true;
}
