// Of each page of guest memory: is it private or shared? Private from the start.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/attributes.h"

#include "arch/x86/paging.h"

static uint64_t word_of(const uint64_t *words, unsigned index)
{
	return __atomic_load_n(&words[index], __ATOMIC_RELAXED);
}

bool attribute_shared(const struct attributes *attributes, gpa_t page)
{
	unsigned index = pt_index(page.v, PG_4K);
	const uint64_t *words = attributes->shared[guest_block(page.v)];
	return (word_of(words, index / 64) & BIT64(index % 64)) != 0;
}

bool attribute_of_block(const struct attributes *attributes, gpa_t address, enum share share)
{
	const uint64_t *words = attributes->shared[guest_block(address.v)];
	for (unsigned i = 0; i < PT_ENTRIES / 64; i++) {
		if (word_of(words, i) != (share == SHARE_SHARED ? UINT64_MAX : 0)) {
			return false;
		}
	}
	return true;
}

uint64_t attributes_shared_pages(const struct attributes *attributes)
{
	uint64_t pages = 0;
	for (unsigned block = 0; block < GUEST_BLOCKS; block++) {
		for (unsigned i = 0; i < PT_ENTRIES; i++) {
			uint64_t word = word_of(attributes->shared[block], i / 64);
			pages += word >> (i % 64) & 1;
		}
	}
	return pages;
}

void attributes_set(struct attributes *attributes, gpa_t start, gpa_t end, enum share share)
{
	for (uint64_t at = start.v; at < end.v; at += pg_size(PG_4K)) {
		unsigned index = pt_index(at, PG_4K);
		uint64_t *word = &attributes->shared[guest_block(at)][index / 64];
		uint64_t bit = BIT64(index % 64);
		__atomic_store_n(word, share == SHARE_SHARED ? *word | bit : *word & ~bit,
				 __ATOMIC_RELAXED);
	}
}
