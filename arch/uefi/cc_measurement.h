// EFI_CC_MEASUREMENT_PROTOCOL: how a firmware measures into the registers of a confidential guest.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [UEFI 2.10 38.2]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

/* 96751a3d-72f4-41a6-a794-ed5d0e67ae6b, as it stands in memory */
#define UEFI_CC_MEASUREMENT_GUID                                                              \
	{                                                                                     \
		0x3D, 0x1A, 0x75, 0x96, 0xF4, 0x72, 0xA6, 0x41, 0xA7, 0x94, 0xED, 0x5D, 0x0E, \
			0x67, 0xAE, 0x6B                                                      \
	}

#define UEFI_CC_EVENT_VERSION 1

/* What the log is to say; bytes of the event follow. [EFI_CC_EVENT] */
struct uefi_cc_event {
	uint32_t size;           /* 00: of all of it */
	uint32_t header_size;    /* 04: from here to the event */
	uint16_t header_version; /* 08 */
	uint32_t mr_index;       /* 0A: enum cc_mr (arch/tdx/event_log.h) */
	uint32_t event_type;     /* 0E */
	uint8_t event[];         /* 12 */
} PACKED;
ABI_SIZE(struct uefi_cc_event, 18);
ABI_FIELD(struct uefi_cc_event, mr_index, 0x0A, 4);
ABI_FIELD(struct uefi_cc_event, event_type, 0x0E, 4);
#define UEFI_CC_HEADER_SIZE 14
