// Where a host physical address has its key id, and which key ids are private.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX module base specification, KeyID partitioning; SDM 4 IA32_TME_ACTIVATE]
//
// Of the MODULE_PHYS_BITS bits of an address the platform's key-id bits are the highest; what is
// left is what memory has. The key ids from 1 on are the host's, those after them private.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of a new platform: its key-id bits, and its MSR_MKTME_KEYID_PARTITIONING. */
void key_address_reset(unsigned bits, uint64_t partitioning);

/* Addresses without a key id are below. */
uint64_t key_address_end(void);
uint64_t key_address_key(uint64_t raw);
/* The same address without a key id. */
uint64_t key_address_plain(uint64_t raw);

bool key_is_private(uint64_t hkid);
