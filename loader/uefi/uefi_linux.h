// A Linux bzImage of the application's volume: loaded with what goes with it, and then told of
// both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>

#include "loader/payload/zero_page.h"
#include "loader/uefi/uefi_memory.h"
#include "loader/uefi/uefi_options.h"
#include "loader/uefi/uefi_status.h"

struct uefi_linux {
	struct linux_setup_header header;
	bool accepts_memory; /* that is left unaccepted */
	struct gpa_range window;
	struct zero_page_parts parts; /* where all is; no rsdp yet */
	gpa_t params;                 /* struct linux_boot_params, not filled yet */
};

/* Each part is read once, into memory that is allocated for it, and measured there. */
uefi_status_t uefi_linux_load(const struct uefi_options *options,
			      struct uefi_linux *out) MUST_CHECK;

/* Fills boot_params with what the firmware leaves, in which no memory is MEMORY_UNACCEPTED. Asks
 * the firmware for nothing. */
enum status uefi_linux_fill(const struct uefi_linux *payload, const struct uefi_memory *memory,
			    gpa_t rsdp, const struct linux_efi_info *efi) MUST_CHECK;
