// EFI_STATUS by name, and what the firmware is told of a status of ours.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"
#include "arch/base/status.h"

/* An EFI_STATUS; 0 is success. Its names here are UEFI_..., as <efi.h> has macros EFI_.... */
typedef uint64_t uefi_status_t;

#define UEFI_SUCCESS ((uefi_status_t)0)
#define UEFI_ERROR_BIT BIT64(63)

enum uefi_status_number {
#define EFI_STATUS_ROW(name, number) UEFI_NUMBER_##name = (number),
#include "arch/uefi/efi_status.def"
};
#define UEFI_STATUS(name) (UEFI_ERROR_BIT | UEFI_NUMBER_##name)

/* "EFI_NOT_FOUND"; what the specification does not name is "EFI_STATUS of no name". */
const char *uefi_status_name(uefi_status_t status);

/* The error that comes nearest; ST_OK is UEFI_SUCCESS. */
uefi_status_t uefi_status_of(enum status status);

/* Returns early with any status but success. */
#define UEFI_TRY(expression)                            \
	do {                                            \
		uefi_status_t try_uefi_ = (expression); \
		if (try_uefi_ != UEFI_SUCCESS) {        \
			return try_uefi_;               \
		}                                       \
	} while (0)
