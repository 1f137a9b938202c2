// EFI_STATUS by name, and what the firmware is told of a status of ours.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_status.h"

const char *uefi_status_name(uefi_status_t status)
{
	if (status == UEFI_SUCCESS) {
		return "EFI_SUCCESS";
	}
	switch (status) {
#define EFI_STATUS_ROW(name, number) \
	case UEFI_STATUS(name):      \
		return "EFI_" #name;
#include "arch/uefi/efi_status.def"
	default:
		return "EFI_STATUS of no name";
	}
}

uefi_status_t uefi_status_of(enum status status)
{
	switch (status) {
	case ST_OK:
		return UEFI_SUCCESS;
	case ST_BAD_ARGUMENT:
	case ST_BAD_RANGE:
		return UEFI_STATUS(INVALID_PARAMETER);
	case ST_NO_SPACE:
	case ST_LOG_FULL:
	case ST_NO_MEMORY:
		return UEFI_STATUS(OUT_OF_RESOURCES);
	case ST_TRUNCATED:
	case ST_BAD_FORMAT:
		return UEFI_STATUS(LOAD_ERROR);
	case ST_UNSUPPORTED:
		return UEFI_STATUS(UNSUPPORTED);
	case ST_NOT_FOUND:
		return UEFI_STATUS(NOT_FOUND);
	case ST_TIMEOUT:
		return UEFI_STATUS(TIMEOUT);
	case ST_HOST_REFUSED:
	case ST_HOST_LIED:
	case ST_TDX:
	case ST_ALREADY_ACCEPTED:
	case ST_SIZE_MISMATCH:
		return UEFI_STATUS(DEVICE_ERROR);
	}
	return UEFI_STATUS(ABORTED);
}
