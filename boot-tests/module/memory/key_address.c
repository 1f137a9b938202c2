// Where a host physical address has its key id, and which key ids are private.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/key_address.h"

#include "arch/base/bits.h"
#include "boot-tests/module/seamcall.h"

static struct {
	unsigned bits;         /* of an address without a key id */
	uint64_t first, count; /* private key ids */
} loaded;

void key_address_reset(unsigned bits, uint64_t partitioning)
{
	loaded.bits = MODULE_PHYS_BITS - bits;
	loaded.first = field_get(MKTME_KEYIDS, partitioning) + 1;
	loaded.count = field_get(TDX_KEYIDS, partitioning);
}

uint64_t key_address_end(void)
{
	return BIT64(loaded.bits);
}

uint64_t key_address_key(uint64_t raw)
{
	return raw >> loaded.bits;
}

uint64_t key_address_plain(uint64_t raw)
{
	return raw & (key_address_end() - 1);
}

bool key_is_private(uint64_t hkid)
{
	return hkid >= loaded.first && hkid - loaded.first < loaded.count;
}
