// Lines "lintel: ..." on the firmware's console.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "loader/uefi/uefi_status.h"

/* Characters of a line; longer ones are cut. */
#define UEFI_LINE_MAX 200

void uefi_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "lintel: TEXT: EFI_NOT_FOUND". Returns the status, which is an error. */
uefi_status_t uefi_refuse(uefi_status_t status, const char *format, ...)
	__attribute__((format(printf, 2, 3))) MUST_CHECK;
