// Of each page of guest memory: is it private or shared? Private from the start.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/attributes.h"

static struct attribute_block *attribute_block_of(const struct attributes *attributes,
						  gpa_t address)
{
	return &attributes->blocks[guest_block(address.v, attributes->block_count)];
}

static uint64_t word_of(const struct attribute_block *block, unsigned index)
{
	return __atomic_load_n(&block->words[index], __ATOMIC_RELAXED);
}

bool attribute_shared(const struct attributes *attributes, gpa_t page)
{
	unsigned index = pt_index(page.v, PG_4K);
	return (word_of(attribute_block_of(attributes, page), index / 64) & BIT64(index % 64)) != 0;
}

bool attribute_of_block(const struct attributes *attributes, gpa_t address, enum share share)
{
	const struct attribute_block *block = attribute_block_of(attributes, address);
	for (unsigned i = 0; i < ARRAY_COUNT(block->words); i++) {
		if (word_of(block, i) != (share == SHARE_SHARED ? UINT64_MAX : 0)) {
			return false;
		}
	}
	return true;
}

uint64_t attributes_shared_pages(const struct attributes *attributes)
{
	uint64_t pages = 0;
	for (uint64_t block = 0; block < attributes->block_count; block++) {
		for (unsigned i = 0; i < PT_ENTRIES / 64; i++) {
			for (uint64_t word = word_of(&attributes->blocks[block], i); word != 0;
			     word &= word - 1) {
				pages++;
			}
		}
	}
	return pages;
}

void attributes_set(struct attributes *attributes, gpa_t start, gpa_t end, enum share share)
{
	for (uint64_t at = start.v; at < end.v; at += pg_size(PG_4K)) {
		unsigned index = pt_index(at, PG_4K);
		uint64_t *word = &attribute_block_of(attributes, gpa(at))->words[index / 64];
		uint64_t bit = BIT64(index % 64);
		__atomic_store_n(word, share == SHARE_SHARED ? *word | bit : *word & ~bit,
				 __ATOMIC_RELAXED);
	}
}
