// Of each page of guest memory: is it private or shared? Private from the start.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux KVM_SET_MEMORY_ATTRIBUTES, struct kvm::mem_attr_array]
//
// Read by any CPU at any time; one at a time changes them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/x86/paging.h"
#include "boot-tests/vmm/mmu/guest_blocks.h"

/* A bit for each page of a block: it is shared. */
struct attribute_block {
	uint64_t words[PT_ENTRIES / 64];
};

/* So many blocks; all zero: all private. */
struct attributes {
	struct attribute_block *blocks;
	uint64_t block_count;
};

bool attribute_shared(const struct attributes *attributes, gpa_t page);
/* Do all pages of the block of this address have the attribute? */
bool attribute_of_block(const struct attributes *attributes, gpa_t address, enum share share);
/* How many pages are shared. */
uint64_t attributes_shared_pages(const struct attributes *attributes);
/* Of the pages of [start, end), in RAM. */
void attributes_set(struct attributes *attributes, gpa_t start, gpa_t end, enum share share);
