// The AP path as a piece that is moved to where there is memory: AP table, mailbox, a page of code.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/mailbox.h"
#include "linker/memmap.h"

/* Begins the page of code (uefi_ap_entry.nasm). */
struct uefi_ap_head {
	uint32_t entry;        /* where an AP comes from the firmware */
	uint32_t reset_vector; /* of the MADT's wake-up structure */
	uint32_t efi_success;  /* runtime services, see loader/payload/efi_tables.h */
	uint32_t efi_unsupported;
	uint32_t ap_flags; /* IMAGE_CONFIG_AP_STRICT, or 0 */
};

/* A page as it is linked to follow table and mailbox of a piece at 0. */
struct uefi_ap_code {
	const uint8_t *page;
	const uint16_t *words; /* offsets from 0 of 32-bit words that hold an address below 4 GiB */
	unsigned word_count;
};

/*
 * Makes the piece at base, UEFI_AP_SIZE bytes at out. ST_BAD_ARGUMENT: base is unaligned, or it
 * does not end at or below 4 GiB. ST_BAD_FORMAT: a word is not in the page of code.
 */
enum status uefi_ap_piece_make(const struct uefi_ap_code *code, void *out, gpa_t base) MUST_CHECK;

/* The mailbox of a piece that was made. */
static inline struct mailbox *uefi_ap_mailbox(void *piece)
{
	return (struct mailbox *)((uint8_t *)piece + AP_TABLE_SIZE);
}
/* What begins the page of code of a piece that was made. */
static inline const struct uefi_ap_head *uefi_ap_head(const void *piece)
{
	return (const struct uefi_ap_head *)((const uint8_t *)piece + AP_TABLE_SIZE + MAILBOX_SIZE);
}
