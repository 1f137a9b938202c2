// Memory that the firmware has not accepted: left to the payload, in whole units, or left out.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Nothing is accepted here: a page that the firmware has accepted must not be accepted again, and
// one that it has not is the payload's, which is told so as the shim tells it
// (loader/memory/unaccepted.h). What is no whole unit, and all of it where the payload does not
// accept memory, is memory of which the payload is told that it is reserved.
#pragma once

#include <stdbool.h>

#include "arch/linux/efi.h"
#include "loader/uefi/uefi_ap_piece.h"
#include "loader/uefi/uefi_memory.h"
#include "loader/uefi/uefi_status.h"

struct uefi_left {
	gpa_t tables; /* EFI_TABLES_SIZE bytes, then the table of that memory; 0: nothing is left */
	uint64_t table_size; /* of the latter */
	gpa_t success; /* functions of the EFI that is left, see loader/payload/efi_tables.h */
	gpa_t unsupported;
};

/* Allocates what the payload is told by. head: NULL where the payload cannot be told. */
uefi_status_t uefi_left_prepare(bool payload_accepts, const struct uefi_ap_head *head,
				struct uefi_left *out) MUST_CHECK;

/* Decides on each range that is not accepted, and writes the tables. Asks the firmware for nothing.
 * Returns what boot_params says of EFI: zeros where nothing is left. */
struct linux_efi_info uefi_left_settle(const struct uefi_left *left, struct uefi_memory *memory,
				       gpa_t rsdp);
