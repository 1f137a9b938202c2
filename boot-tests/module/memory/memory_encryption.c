// The memory controller: encryption and integrity of TD memory, as the host meets them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX module base specification, memory encryption and integrity]
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"
#include "loader/image/sha384.h"

/* Bytes that are encrypted together. */
#define CIPHER_BLOCK 32
#define RESIDUE UINT64_C(0x5245534944554553)
/* A leaf holds an entry for as long as it runs. */
#define LOCK_TRIES 100000000

/* The TD that owns the page; null when none does. */
static struct tdr *owner_of(hpa_t page, const struct pamt_entry **out)
{
	const struct pamt_entry *entry = pamt_find(page);
	if (entry == NULL || entry->type == TDX_PAGE_NDA || entry->type == TDX_PAGE_RSVD) {
		return NULL;
	}
	*out = entry;
	return hpa_ptr(entry->type == TDX_PAGE_TDR ? page : pamt_owner(entry));
}

/* One way only: nobody but the TD, which reads its frames as they are, needs the way back. */
static void encrypt_block(const struct tdr *tdr, hpa_t block, uint8_t out[CIPHER_BLOCK])
{
	struct sha384 hash;
	uint8_t digest[SHA384_SIZE];
	sha384_init(&hash);
	sha384_update(&hash, tdr->key, sizeof(tdr->key));
	sha384_update(&hash, &block.v, sizeof(block.v));
	sha384_update(&hash, hpa_ptr(block), CIPHER_BLOCK);
	sha384_final(&hash, digest);
	memcpy(out, digest, CIPHER_BLOCK);
}

static void read_encrypted(const struct tdr *tdr, hpa_t from, uint8_t *to, uint64_t size)
{
	for (uint64_t at = from.v; at < from.v + size;) {
		hpa_t block = hpa(align_down(at, CIPHER_BLOCK));
		uint64_t skip = at - block.v;
		uint64_t left = from.v + size - at;
		uint64_t part = left < CIPHER_BLOCK - skip ? left : CIPHER_BLOCK - skip;
		uint8_t bytes[CIPHER_BLOCK];
		encrypt_block(tdr, block, bytes);
		memcpy(to, bytes + skip, part);
		to += part;
		at += part;
	}
}

/* What each 8 bytes of a page are that was a TD's: nothing of its content. */
static uint64_t residue(hpa_t page)
{
	return RESIDUE ^ page.v;
}

static void read_residue(hpa_t from, uint8_t *to, uint64_t size)
{
	uint64_t word = residue(hpa(align_down(from.v, pg_size(PG_4K))));
	for (uint64_t i = 0; i < size; i++) {
		to[i] = (uint8_t)(word >> (from.v + i) % 8 * 8);
	}
}

/* Of [at, end), how much is in the page of at. */
static uint64_t in_page(uint64_t at, uint64_t end)
{
	uint64_t next = align_down(at, pg_size(PG_4K)) + pg_size(PG_4K);
	return (next < end ? next : end) - at;
}

/* Where the access of a host goes that is not the module. */
static hpa_t host_address(hpa_t address)
{
	uint64_t hkid = key_address_key(address.v);
	if (key_is_private(hkid)) {
		machine_exit(EXIT_BUG,
			     "#PF of the host: address 0x%llx has the private key id %llu",
			     (unsigned long long)address.v, (unsigned long long)hkid);
	}
	return hpa(key_address_plain(address.v));
}

void module_host_read(hpa_t address, void *to, uint64_t size)
{
	address = host_address(address);
	uint8_t *out = to;
	uint64_t part;
	for (uint64_t at = address.v; at < address.v + size; at += part) {
		hpa_t page = hpa(align_down(at, pg_size(PG_4K)));
		part = in_page(at, address.v + size);
		const struct pamt_entry *entry;
		const struct tdr *tdr = owner_of(page, &entry);
		if (tdr != NULL) {
			read_encrypted(tdr, hpa(at), out, part);
		} else if (page_is_guest(page)) {
			read_residue(hpa(at), out, part);
		} else {
			memcpy(out, hpa_ptr(hpa(at)), part);
		}
		out += part;
	}
}

static void own_page(hpa_t page)
{
	if (page_is_guest(page)) {
		insn_rep_stosq(hpa_ptr(page), residue(page), pg_size(PG_4K) / 8);
		page_clear_guest(page);
	}
}

void module_host_own(hpa_t base, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += pg_size(PG_4K)) {
		own_page(hpa(base.v + at));
	}
	page_touch(base, size);
}

/* A page without content (pending) has nothing to lose. */
static void poison(struct tdr *tdr, hpa_t page)
{
	struct sept_walk walk;
	const struct tdcs *tdcs = hpa_ptr(tdr->tdcx[0]);
	for (unsigned i = 0; sept_find_content(tdcs->sept_root, page, &walk); i++) {
		CHECK(i < LOCK_TRIES);
		if (sept_lock(&walk)) {
			sept_poison(&walk);
			sept_unlock(&walk);
			return;
		}
	}
}

static void break_page(struct tdr *tdr, const struct pamt_entry *entry, hpa_t page)
{
	if (entry->type != TDX_PAGE_REG) {
		tdr->fatal = true;
	} else if (tdr->lifecycle == TD_KEYS_CONFIGURED) {
		poison(tdr, page);
	}
}

void module_host_write(hpa_t address, const void *from, uint64_t size)
{
	address = host_address(address);
	const uint8_t *bytes = from;
	uint64_t part;
	for (uint64_t at = address.v; at < address.v + size; at += part) {
		hpa_t page = hpa(align_down(at, pg_size(PG_4K)));
		part = in_page(at, address.v + size);
		const struct pamt_entry *entry;
		struct tdr *tdr = owner_of(page, &entry);
		if (tdr != NULL) {
			break_page(tdr, entry, page);
		} else {
			own_page(page);
			memcpy(hpa_ptr(hpa(at)), bytes, part);
		}
		bytes += part;
	}
}
