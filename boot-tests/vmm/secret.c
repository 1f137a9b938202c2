// Looks for a text that only the TD knows in what its host can read of it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/secret.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "linker/memmap.h"

/* Do SECRET_MIN characters of the text begin there? */
static bool begins(const char *text, size_t length, const uint8_t *bytes)
{
	for (size_t from = 0; from + SECRET_MIN <= length; from++) {
		if (memcmp(bytes, text + from, SECRET_MIN) == 0) {
			return true;
		}
	}
	return false;
}

/* The offset of SECRET_MIN characters of the text in size bytes; size: there are none. Of so many
 * in a row one is the last of SECRET_MIN bytes, counted from the start: only those are looked at.
 */
static uint64_t find(const char *text, const uint8_t *bytes, uint64_t size)
{
	bool has[UINT8_MAX + 1] = { false };
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++) {
		has[(uint8_t)text[i]] = true;
	}
	for (uint64_t last = SECRET_MIN - 1; last < size; last += SECRET_MIN) {
		if (!has[bytes[last]]) {
			continue;
		}
		for (uint64_t at = last - (SECRET_MIN - 1); at <= last; at++) {
			if (at + SECRET_MIN <= size && begins(text, length, bytes + at)) {
				return at;
			}
		}
	}
	return size;
}

const char *secret_in_regs(const char *text, const struct seam_regs *regs)
{
	static const struct {
		const char *name;
		size_t offset;
	} registers[] = {
#define REGISTER(name) { #name, offsetof(struct seam_regs, name) },
#include "boot-tests/vmm/call_registers.def"
	};
	for (size_t i = 0; text[0] != 0 && i < ARRAY_COUNT(registers); i++) {
		const uint8_t *value = (const uint8_t *)regs + registers[i].offset;
		if (find(text, value, sizeof(uint64_t)) != sizeof(uint64_t)) {
			return registers[i].name;
		}
	}
	return NULL;
}

/* The first address from at on whose page is as wanted; end: there is none. */
static uint64_t next_page(const struct mmu *mmu, uint64_t at, uint64_t end, bool shared)
{
	while (at < end && mmu_is_shared(mmu, at, MEM_PAGE_SIZE) != shared) {
		at += MEM_PAGE_SIZE;
	}
	return at;
}

bool secret_in_shared(const char *text, const struct mmu *mmu, uint64_t start, uint64_t end,
		      uint64_t *where)
{
	bool any = false;
	uint64_t stop;
	for (uint64_t at = start; text[0] != 0 && at < end; at = stop) {
		at = next_page(mmu, at, end, true);
		stop = next_page(mmu, at, end, false);
		uint64_t found = at < stop ? find(text, mmu_shared(mmu, at), stop - at) : 0;
		if (found < stop - at) {
			*where = any ? *where : at + found;
			any = true;
			memset(mmu_shared(mmu, at), 0, stop - at);
		}
	}
	return any;
}
