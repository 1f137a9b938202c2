// The AP path as it is moved, against what the linker makes of it at the same address.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_ap_piece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/unit/built.h"
#include "loader/table/ap_table.h"

#define CODE (AP_TABLE_SIZE + MAILBOX_SIZE)
#define HIGH (FOUR_GIB - UEFI_AP_SIZE)

extern const uint8_t uefi_ap_page[];
extern const uint16_t uefi_ap_words[], uefi_ap_words_end[];

static uint8_t piece[UEFI_AP_SIZE + MEM_PAGE_SIZE] __attribute__((aligned(4096)));

static struct uefi_ap_code code_of_the_build(void)
{
	return (struct uefi_ap_code){ uefi_ap_page, uefi_ap_words,
				      (unsigned)(uefi_ap_words_end - uefi_ap_words) };
}

static void as_the_linker_has_it(void **state)
{
	struct uefi_ap_code code = code_of_the_build();
	uint64_t table[AP_TABLE_PAGES * 512];
	size_t size;
	(void)state;
	memset(piece, 0xA5, sizeof(piece));
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(HIGH)), ST_OK);
	uint8_t *linked = built_file("uefi_ap_high.fd", &size);
	assert_true(size > CODE && size <= UEFI_AP_SIZE);
	assert_memory_equal(piece + CODE, linked + CODE, size - CODE);
	/* The rest of the page, then nothing. */
	for (size_t i = size; i < UEFI_AP_SIZE; i++) {
		assert_int_equal(piece[i], 0);
	}
	assert_int_equal(piece[UEFI_AP_SIZE], 0xA5);
	free(linked);
	assert_int_equal(ap_table_build(table, gpa(HIGH)), ST_OK);
	assert_memory_equal(piece, table, AP_TABLE_SIZE);
	for (size_t i = AP_TABLE_SIZE; i < CODE; i++) {
		assert_int_equal(piece[i], 0);
	}
}

static void its_parts(void **state)
{
	struct uefi_ap_code code = code_of_the_build();
	(void)state;
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(HIGH)), ST_OK);
	built_load("uefi_ap_high.fd", "uefi_ap_high.elf");
	const struct uefi_ap_head *head = uefi_ap_head(piece);
	assert_int_equal(head->entry, built_symbol("uefi_ap_entry"));
	assert_int_equal(head->reset_vector, built_symbol("ap_reset_vector"));
	assert_int_equal(head->efi_success, built_symbol("efi_success"));
	assert_int_equal(head->efi_unsupported, built_symbol("efi_unsupported"));
	assert_int_equal(head->ap_flags, 0);
	assert_int_equal(HIGH + CODE + offsetof(struct uefi_ap_head, ap_flags),
			 built_symbol("ap_flags"));
	assert_ptr_equal(uefi_ap_mailbox(piece), piece + (built_symbol("ap_mailbox") - HIGH));
	built_drop();
}

static void bases(void **state)
{
	struct uefi_ap_code code = code_of_the_build();
	(void)state;
	memset(piece, 0xA5, sizeof(piece));
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(HIGH + 0x1000)), ST_BAD_ARGUMENT);
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(0x1800)), ST_BAD_ARGUMENT);
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(UINT64_MAX - 0xFFF)),
			 ST_BAD_ARGUMENT);
	for (size_t i = 0; i < sizeof(piece); i++) {
		assert_int_equal(piece[i], 0xA5);
	}
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(0)), ST_OK);
	assert_memory_equal(piece + CODE, uefi_ap_page, MEM_PAGE_SIZE);
}

static void words(void **state)
{
	static const uint8_t page[MEM_PAGE_SIZE];
	uint16_t at[] = { CODE, UEFI_AP_SIZE - 4 };
	struct uefi_ap_code code = { page, at, 2 };
	uint32_t word;
	(void)state;
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(0x7654000)), ST_OK);
	memcpy(&word, piece + CODE, sizeof(word));
	assert_int_equal(word, 0x7654000);
	memcpy(&word, piece + UEFI_AP_SIZE - 4, sizeof(word));
	assert_int_equal(word, 0x7654000);
	at[1]++;
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(0x7654000)), ST_BAD_FORMAT);
	at[1] = CODE - 1;
	assert_int_equal(uefi_ap_piece_make(&code, piece, gpa(0x7654000)), ST_BAD_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_linker_has_it),
		cmocka_unit_test(its_parts),
		cmocka_unit_test(bases),
		cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
