// The hand-off blocks of a TD HOB list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [PI 1.8 volume 3 section 5; TDVF design guide 4.3; QEMU hw/i386/tdvf-hob.c]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"

#define HOB_TYPE_HANDOFF 0x0001
#define HOB_TYPE_MEMORY_ALLOCATION 0x0002
#define HOB_TYPE_RESOURCE_DESCRIPTOR 0x0003
#define HOB_TYPE_GUID_EXTENSION 0x0004
#define HOB_TYPE_CPU 0x0006
#define HOB_TYPE_UNUSED 0xFFFE
#define HOB_TYPE_END_OF_HOB_LIST 0xFFFF

#define HOB_RESOURCE_SYSTEM_MEMORY 0
#define HOB_RESOURCE_MEMORY_MAPPED_IO 1
#define HOB_RESOURCE_IO 2
#define HOB_RESOURCE_FIRMWARE_DEVICE 3
#define HOB_RESOURCE_MEMORY_MAPPED_IO_PORT 4
#define HOB_RESOURCE_MEMORY_RESERVED 5
#define HOB_RESOURCE_IO_RESERVED 6
#define HOB_RESOURCE_MEMORY_UNACCEPTED 7
#define HOB_RESOURCE_TYPE_LAST 7

#define HOB_ATTRIBUTE_PRESENT BIT32(0)
#define HOB_ATTRIBUTE_INITIALIZED BIT32(1)
#define HOB_ATTRIBUTE_TESTED BIT32(2)
#define HOB_ATTRIBUTE_READ_PROTECTED BIT32(7)
#define HOB_ATTRIBUTE_WRITE_PROTECTED BIT32(8)
#define HOB_ATTRIBUTE_EXECUTION_PROTECTED BIT32(9)
#define HOB_ATTRIBUTE_UNCACHEABLE BIT32(10)
#define HOB_ATTRIBUTE_READ_ONLY_PROTECTED BIT32(18)
#define HOB_ATTRIBUTE_PERSISTENT BIT32(23)
#define HOB_ATTRIBUTE_ENCRYPTED BIT32(26) /* edk2 */
#define HOB_ATTRIBUTE_SPECIAL_PURPOSE BIT32(27)
/* All that PI and edk2 define. */
#define HOB_ATTRIBUTES_KNOWN (BIT32(28) - 1)

/* What QEMU writes for memory. */
#define HOB_ATTRIBUTES_MEMORY \
	(HOB_ATTRIBUTE_PRESENT | HOB_ATTRIBUTE_INITIALIZED | HOB_ATTRIBUTE_TESTED)

struct hob_header {
	uint16_t type;     /* 00 */
	uint16_t length;   /* 02: of the whole block */
	uint32_t reserved; /* 04: 0 */
};
ABI_SIZE(struct hob_header, 8);

#define HOB_HANDOFF_VERSION 9
struct hob_handoff {
	struct hob_header header;    /* 00 */
	uint32_t version;            /* 08 */
	uint32_t boot_mode;          /* 0C */
	uint64_t memory_top;         /* 10 */
	uint64_t memory_bottom;      /* 18 */
	uint64_t free_memory_top;    /* 20 */
	uint64_t free_memory_bottom; /* 28 */
	uint64_t end_of_hob_list;    /* 30 */
};
ABI_SIZE(struct hob_handoff, 56);
ABI_FIELD(struct hob_handoff, end_of_hob_list, 0x30, 8);

struct hob_guid_extension {
	struct hob_header header; /* 00 */
	uint8_t name[16];         /* 08: then data of any length */
};
ABI_SIZE(struct hob_guid_extension, 24);

struct hob_cpu {
	struct hob_header header; /* 00 */
	uint8_t memory_bits;      /* 08 */
	uint8_t io_bits;          /* 09 */
	uint8_t reserved_0a[6];   /* 0A */
};
ABI_SIZE(struct hob_cpu, 16);

struct hob_memory_allocation {
	struct hob_header header; /* 00 */
	uint8_t name[16];         /* 08 */
	uint64_t memory_base;     /* 18 */
	uint64_t memory_length;   /* 20 */
	uint32_t memory_type;     /* 28 */
	uint32_t reserved_2c;     /* 2C: then what belongs to the name */
};
ABI_SIZE(struct hob_memory_allocation, 48);
ABI_FIELD(struct hob_memory_allocation, memory_type, 0x28, 4);

struct hob_resource {
	struct hob_header header; /* 00 */
	uint8_t owner[16];        /* 08 */
	uint32_t resource_type;   /* 18 */
	uint32_t attributes;      /* 1C */
	uint64_t physical_start;  /* 20 */
	uint64_t resource_length; /* 28 */
};
ABI_SIZE(struct hob_resource, 48);
ABI_FIELD(struct hob_resource, resource_type, 0x18, 4);
ABI_FIELD(struct hob_resource, resource_length, 0x28, 8);
