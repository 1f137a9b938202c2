// The hand-off blocks of a TD HOB list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [PI 1.8 volume 3 section 5; TDVF design guide 4.3; QEMU hw/i386/tdvf-hob.c]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define HOB_TYPE_HANDOFF 0x0001
#define HOB_TYPE_RESOURCE_DESCRIPTOR 0x0003
#define HOB_TYPE_GUID_EXTENSION 0x0004
#define HOB_TYPE_END_OF_HOB_LIST 0xFFFF

#define HOB_RESOURCE_SYSTEM_MEMORY 0
#define HOB_RESOURCE_MEMORY_UNACCEPTED 7
#define HOB_RESOURCE_TYPE_LAST 7

/* PRESENT | INITIALIZED | TESTED */
#define HOB_ATTRIBUTES_MEMORY 7

struct hob_header {
	uint16_t type;       /* 00 */
	uint16_t length;     /* 02: of the whole block */
	uint32_t reserved;   /* 04: 0 */
};
ABI_SIZE(struct hob_header, 8);

#define HOB_HANDOFF_VERSION 9
struct hob_handoff {
	struct hob_header header;      /* 00 */
	uint32_t version;              /* 08 */
	uint32_t boot_mode;            /* 0C */
	uint64_t memory_top;           /* 10 */
	uint64_t memory_bottom;        /* 18 */
	uint64_t free_memory_top;      /* 20 */
	uint64_t free_memory_bottom;   /* 28 */
	uint64_t end_of_hob_list;      /* 30 */
};
ABI_SIZE(struct hob_handoff, 56);
ABI_FIELD(struct hob_handoff, end_of_hob_list, 0x30, 8);

struct hob_resource {
	struct hob_header header;      /* 00 */
	uint8_t owner[16];             /* 08 */
	uint32_t resource_type;        /* 18 */
	uint32_t attributes;           /* 1C */
	uint64_t physical_start;       /* 20 */
	uint64_t resource_length;      /* 28 */
};
ABI_SIZE(struct hob_resource, 48);
ABI_FIELD(struct hob_resource, resource_type, 0x18, 4);
ABI_FIELD(struct hob_resource, resource_length, 0x28, 8);
