// The TLBs of the CPUs: what a vCPU reaches by translations that its tables may have lost since.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/tlb.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/guest/ept_walk.h"
#include "boot-tests/module/platform.h"

/* Enough for the pages that one instruction needs at once, and for the tables above them. */
#define TABLES (MODULE_TLB_SIZE / MEM_PAGE_SIZE)
#define TABLE_ENTRY (PTE_P | PTE_W | PTE_U | PTE_A)

/* Of one CPU. Others look at it, and change nothing. */
struct tlb {
	uint64_t (*tables)[PT_ENTRIES]; /* the first is the root */
	unsigned used;
	const struct vcpu *owner; /* whose translations these are; null: there are none */
	bool running;
	uint64_t poisonings; /* sept_poisonings() when it was begun */
};

static struct tlb tlbs[MACHINE_MAX_CPUS];
static bool modelled;

void tlb_reset(void *memory)
{
	modelled = memory != NULL;
	for (unsigned cpu = 0; modelled && cpu < module_platform()->cpu_count; cpu++) {
		uint8_t *tables = memory;
		tlbs[cpu] = (struct tlb){ .tables = (void *)(tables + cpu * MODULE_TLB_SIZE) };
	}
}

static uint64_t *take_table(struct tlb *tlb)
{
	uint64_t *table = tlb->tables[tlb->used++];
	memset(table, 0, sizeof(tlb->tables[0]));
	return table;
}

static void empty(struct tlb *tlb)
{
	tlb->used = 0;
	(void)take_table(tlb); /* the root */
}

void module_invept(void)
{
	__atomic_store_n(&tlbs[cpu_index()].owner, NULL, __ATOMIC_SEQ_CST);
}

void tlb_empty(const struct vcpu *vcpu)
{
	if (tlbs[cpu_index()].owner == vcpu) {
		module_invept();
	}
}

void tlb_begin(struct vcpu *vcpu)
{
	if (!modelled) {
		return;
	}
	struct tlb *tlb = &tlbs[cpu_index()];
	uint64_t poisonings = sept_poisonings();
	if (tlb->owner != vcpu || tlb->poisonings != poisonings) {
		empty(tlb);
	}
	tlb->poisonings = poisonings;
	__atomic_store_n(&tlb->owner, vcpu, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tlb->running, true, __ATOMIC_SEQ_CST);
	vcpu->svm.vmcb->control.n_cr3 = ptr_hpa(tlb->tables[0]).v;
}

void tlb_end(struct vcpu *vcpu)
{
	if (!modelled) {
		return;
	}
	__atomic_store_n(&tlbs[cpu_index()].running, false, __ATOMIC_SEQ_CST);
	vcpu->svm.vmcb->control.n_cr3 = vcpu->tdcx[1].v;
}

static uint64_t page_address(uint64_t entry, enum pg_level level)
{
	return align_down(entry & PTE_ADDRESS, pg_size(level));
}

/* What the TLB keeps of a walk that came to a page. */
static uint64_t translation(const struct ept_walk *walk)
{
	return page_address(walk->entry, walk->level) | PTE_P | PTE_U | PTE_A | PTE_D |
	       (walk->granted & EPT_QUAL_WRITABLE ? PTE_W : 0) |
	       (walk->granted & EPT_QUAL_EXECUTABLE ? 0 : PTE_NX) |
	       (walk->level > PG_4K ? PTE_PS : 0);
}

/* The entry for a GPA; where a table is missing on the way, or a larger page is, it takes one. */
static uint64_t *tlb_slot(struct tlb *tlb, uint64_t gpa_raw, enum pg_level level)
{
	if (tlb->used + (svm_nested_top() - level) > TABLES) {
		empty(tlb);
	}
	uint64_t *table = tlb->tables[0];
	for (enum pg_level at = svm_nested_top();; at--) {
		uint64_t *entry = &table[pt_index(gpa_raw, at)];
		if (at == level) {
			return entry;
		}
		if ((*entry & PTE_P) == 0 || (*entry & PTE_PS) != 0) {
			*entry = ptr_hpa(take_table(tlb)).v | TABLE_ENTRY;
		}
		table = hpa_ptr(hpa(*entry & PTE_ADDRESS));
	}
}

bool tlb_fill(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access)
{
	if (!modelled || gpa_raw >= BIT64(td_gpa_bits(vcpu->td.tdcs))) {
		return false;
	}
	struct ept_walk walk = ept_walk(vcpu, gpa_raw);
	if ((access & ~ept_allowed(walk.granted)) != 0) {
		return false;
	}
	uint64_t value = translation(&walk);
	uint64_t *entry = tlb_slot(&tlbs[cpu_index()], gpa_raw, walk.level);
	bool is_new = *entry != value;
	__atomic_store_n(entry, value, __ATOMIC_RELAXED);
	return is_new;
}

/* --- for those that look ---------------------------------------------------------------------- */

/* GPAs end here. */
#define GPA_BITS_MAX 52

/* Where a walk of the TLB ends. */
static uint64_t walk_tlb(const struct tlb *tlb, uint64_t gpa_raw, enum pg_level *level)
{
	const uint64_t *table = tlb->tables[0];
	for (enum pg_level at = svm_nested_top();; at--) {
		uint64_t entry = __atomic_load_n(&table[pt_index(gpa_raw, at)], __ATOMIC_RELAXED);
		if ((entry & PTE_P) == 0 || (entry & PTE_PS) != 0 || at == PG_4K) {
			*level = at;
			return entry;
		}
		table = hpa_ptr(hpa(entry & PTE_ADDRESS));
	}
}

/* The first translation of [*gpa_raw, end), and then its own address in *gpa_raw. */
static bool next_translation(const struct tlb *tlb, uint64_t *gpa_raw, uint64_t end,
			     uint64_t *entry, enum pg_level *level)
{
	while (*gpa_raw < end) {
		*entry = walk_tlb(tlb, *gpa_raw, level);
		if ((*entry & PTE_P) != 0) {
			return true;
		}
		*gpa_raw = align_down(*gpa_raw, pg_size(*level)) + pg_size(*level);
	}
	return false;
}

/* The TLB that has translations of the vCPU; null: none has. */
static const struct tlb *tlb_of(const struct vcpu *vcpu)
{
	if (!modelled || vcpu->cpu == VCPU_NO_CPU) {
		return NULL;
	}
	const struct tlb *tlb = &tlbs[vcpu->cpu];
	return tlb->owner == vcpu && tlb->poisonings == sept_poisonings() ? tlb : NULL;
}

bool tlb_find(const struct vcpu *vcpu, uint64_t gpa_raw, hpa_t *out)
{
	const struct tlb *tlb = tlb_of(vcpu);
	enum pg_level level;
	uint64_t entry = tlb != NULL ? walk_tlb(tlb, gpa_raw, &level) : 0;
	if ((entry & PTE_P) == 0) {
		return false;
	}
	*out = hpa(page_address(entry, level) + (gpa_raw & (pg_size(level) - 1)));
	return true;
}

bool tlb_find_stale(const struct vcpu *vcpu, uint64_t *gpa_raw)
{
	const struct tlb *tlb = tlb_of(vcpu);
	uint64_t entry;
	enum pg_level level;
	*gpa_raw = 0;
	while (tlb != NULL && next_translation(tlb, gpa_raw, BIT64(GPA_BITS_MAX), &entry, &level)) {
		struct ept_walk walk = ept_walk(vcpu, *gpa_raw);
		if ((walk.granted & EPT_QUAL_READABLE) == 0 || translation(&walk) != entry) {
			return true;
		}
		*gpa_raw += pg_size(level);
	}
	return false;
}

/* The vCPU of the TD that may go on with what is there; null: none. Who enters with an old epoch
 * empties it first. */
static const struct vcpu *user_of(const struct tlb *tlb, const struct td *td)
{
	const struct vcpu *owner = __atomic_load_n(&tlb->owner, __ATOMIC_SEQ_CST);
	if (owner == NULL || owner->td.tdcs != td->tdcs) {
		return NULL;
	}
	return __atomic_load_n(&tlb->running, __ATOMIC_SEQ_CST) || owner->epoch == td->tdcs->epoch ?
		       owner :
		       NULL;
}

void tlb_check_gone(const struct td *td, gpa_t address, enum pg_level level)
{
	for (unsigned cpu = 0; modelled && cpu < MACHINE_MAX_CPUS; cpu++) {
		uint64_t gpa_raw = address.v;
		uint64_t entry;
		enum pg_level found;
		const struct vcpu *vcpu = user_of(&tlbs[cpu], td);
		if (vcpu != NULL && next_translation(&tlbs[cpu], &gpa_raw,
						     address.v + pg_size(level), &entry, &found)) {
			machine_exit(EXIT_BUG,
				     "bug of the machine: vCPU %u reaches GPA 0x%llx, tracked, at "
				     "0x%llx by its TLB",
				     vcpu->index, (unsigned long long)gpa_raw,
				     (unsigned long long)page_address(entry, found));
		}
	}
}
