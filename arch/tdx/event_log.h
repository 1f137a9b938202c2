// The event log of a TD (ACPI table CCEL), and which register takes what.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TCG PC Client Platform Firmware Profile 1.05 section 10; UEFI 2.10 38.4.1; ACPI 6.5 5.2.34; edk2
// OvmfPkg/IntelTdx and OvmfPkg/Tcg/TdTcg2Dxe; Linux drivers/firmware/efi/libstub]
//
//   PCR     MR index  register   events, in this order; digest: SHA-384 of
//   ------  --------  ---------  ------------------------------------------------------------------
//   0       0         MRTD       none: the TDX module measures the image before the TD runs
//   1, 7    1         RTMR[0]    EV_EFI_HANDOFF_TABLES2    the TD HOB list without its END block
//                                or EV_PLATFORM_CONFIG_FLAGS  IGVM's memory map, without the entry
//                                                          that ends it
//                                EV_PLATFORM_CONFIG_FLAGS  etc/table-loader, then each file that it
//                                                          allocates, as the host gave them
//                                EV_SEPARATOR              4 zero bytes
//   2 to 6  2         RTMR[1]    EV_SEPARATOR              4 zero bytes
//                                EV_EFI_PLATFORM_FIRMWARE_BLOB2  the kernel, if the host's
//   8 to 15 3         RTMR[2]    EV_IPL                    the command line without its NUL, if the
//                                                          host's; the event is the text
//                                EV_EVENT_TAG              the initrd, if the host's
//   -       4         RTMR[3]    none: for software in the TD
//
// So the shim; started by a UEFI firmware, the loader has the same events of kernel, command line
// and initrd, and all else is the firmware's.
//
// PCR is the register of a TPM that the profile would take; UEFI maps it to the MR index. Each
// digest in turn extends its RTMR: RTMR' = SHA-384(RTMR || digest).
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/tdx/module.h"

enum cc_mr {
	CC_MR_MRTD = 0,
	CC_MR_RTMR0 = 1,
	CC_MR_RTMR1 = 2,
	CC_MR_RTMR2 = 3,
};

#define EV_NO_ACTION 0x3 /* extends nothing */
#define EV_SEPARATOR 0x4
#define EV_EVENT_TAG 0x6
#define EV_PLATFORM_CONFIG_FLAGS 0xA
#define EV_IPL 0xD
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2 0x8000000A
#define EV_EFI_HANDOFF_TABLES2 0x8000000B

#define TPM_ALG_SHA384 0xC

/* The first event alone has this form, of logs with SHA-1 only; it is EV_NO_ACTION. */
struct tcg_pcr_event {
	uint32_t pcr_index;  /* 00 */
	uint32_t event_type; /* 04 */
	uint8_t digest[20];  /* 08 */
	uint32_t event_size; /* 1C */
};
ABI_SIZE(struct tcg_pcr_event, 32);
ABI_FIELD(struct tcg_pcr_event, event_size, 0x1C, 4);

/* The event of the log's first entry: what the log is. [TCG_EfiSpecIdEvent] */
#define TCG_SPEC_ID_SIGNATURE "Spec ID Event03"
#define TCG_UINTN_64 2
struct tcg_spec_id {
	char signature[16];       /* 00 */
	uint32_t platform_class;  /* 10: 0 client */
	uint8_t version_minor;    /* 14 */
	uint8_t version_major;    /* 15 */
	uint8_t errata;           /* 16: 105 is revision 1.05 */
	uint8_t uintn_size;       /* 17 */
	uint32_t algorithm_count; /* 18 */
	uint16_t algorithm;       /* 1C */
	uint16_t digest_size;     /* 1E */
	uint8_t vendor_info_size; /* 20 */
} PACKED;
ABI_SIZE(struct tcg_spec_id, 33);
ABI_FIELD(struct tcg_spec_id, platform_class, 0x10, 4);
ABI_FIELD(struct tcg_spec_id, algorithm_count, 0x18, 4);

/* Begins every other event; event_size bytes follow. One digest: the only algorithm. */
struct cc_event {
	uint32_t mr_index;           /* 00 */
	uint32_t event_type;         /* 04 */
	uint32_t digest_count;       /* 08 */
	uint16_t algorithm;          /* 0C */
	uint8_t digest[SHA384_SIZE]; /* 0E */
	uint32_t event_size;         /* 3E */
} PACKED;
ABI_SIZE(struct cc_event, 66);
ABI_FIELD(struct cc_event, digest, 0x0E, 48);
ABI_FIELD(struct cc_event, event_size, 0x3E, 4);

/* EV_EFI_HANDOFF_TABLES2 of the TD HOB, as edk2 has it. [UEFI_HANDOFF_TABLE_POINTERS2] */
#define TD_HOB_DESCRIPTION "TdxTable"
/* 93bb96af-b9f2-4eb8-9462-e0ba74564236: edk2's gUefiOvmfPkgTokenSpaceGuid. */
#define TD_HOB_TABLE_GUID                                                                     \
	{                                                                                     \
		0xAF, 0x96, 0xBB, 0x93, 0xF2, 0xB9, 0xB8, 0x4E, 0x94, 0x62, 0xE0, 0xBA, 0x74, \
			0x56, 0x42, 0x36                                                      \
	}
struct tcg_td_hob_event {
	uint8_t description_size; /* 00 */
	char description[9];      /* 01 */
	uint64_t table_count;     /* 0A */
	uint8_t guid[16];         /* 12 */
	uint64_t table;           /* 22 */
} PACKED;
ABI_SIZE(struct tcg_td_hob_event, 42);
ABI_FIELD(struct tcg_td_hob_event, table, 0x22, 8);

/* EV_PLATFORM_CONFIG_FLAGS of ACPI files, as edk2 has it: these letters without a NUL. */
#define TCG_ACPI_DATA "ACPI DATA"
/* The same type, of the entries of IGVM's memory map; ours. */
#define IGVM_MAP_EVENT "IGVM MEMORY MAP"

/* EV_EFI_PLATFORM_FIRMWARE_BLOB2 of the kernel. [UEFI_PLATFORM_FIRMWARE_BLOB2] */
#define KERNEL_DESCRIPTION "kernel"
struct tcg_kernel_event {
	uint8_t description_size; /* 00 */
	char description[7];      /* 01 */
	uint64_t base;            /* 08: of the protected-mode part; by UEFI, of the file */
	uint64_t size;            /* 10: of the whole file, setup part included */
} PACKED;
#define TCG_KERNEL_EVENT(kernel_base, kernel_size)                                                 \
	{                                                                                          \
		.description_size = sizeof(KERNEL_DESCRIPTION), .description = KERNEL_DESCRIPTION, \
		.base = (kernel_base), .size = (kernel_size),                                      \
	}
ABI_SIZE(struct tcg_kernel_event, 24);
ABI_FIELD(struct tcg_kernel_event, base, 0x08, 8);

/* EV_EVENT_TAG of the initrd, as Linux's own EFI stub has it. [TCG_PCClientTaggedEvent] */
#define INITRD_EVENT_ID 0x8F3B22EC
#define INITRD_DESCRIPTION "Linux initrd"
struct tcg_initrd_event {
	uint32_t id;          /* 00 */
	uint32_t size;        /* 04: of what follows */
	char description[13]; /* 08 */
} PACKED;
#define TCG_INITRD_EVENT                                                   \
	{                                                                  \
		.id = INITRD_EVENT_ID, .size = sizeof(INITRD_DESCRIPTION), \
		.description = INITRD_DESCRIPTION,                         \
	}
ABI_SIZE(struct tcg_initrd_event, 21);
