// The AP path as a piece that is moved to where there is memory.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_ap_piece.h"

#include "arch/base/mem.h"
#include "loader/table/ap_table.h"

#define CODE_OFFSET (AP_TABLE_SIZE + MAILBOX_SIZE)

enum status uefi_ap_piece_make(const struct uefi_ap_code *code, void *out, gpa_t base)
{
	uint8_t *bytes = out;
	uint64_t *table = out;
	if (!is_aligned(base.v, MEM_PAGE_SIZE) || base.v > FOUR_GIB - UEFI_AP_SIZE) {
		return ST_BAD_ARGUMENT;
	}
	TRY(ap_table_build(table, base));
	memset(bytes + AP_TABLE_SIZE, 0, MAILBOX_SIZE);
	memcpy(bytes + CODE_OFFSET, code->page, MEM_PAGE_SIZE);
	for (unsigned i = 0; i < code->word_count; i++) {
		uint32_t at = code->words[i];
		uint32_t word;
		if (at < CODE_OFFSET || at > UEFI_AP_SIZE - sizeof(word)) {
			return ST_BAD_FORMAT;
		}
		memcpy(&word, bytes + at, sizeof(word));
		word += (uint32_t)base.v;
		memcpy(bytes + at, &word, sizeof(word));
	}
	return ST_OK;
}
