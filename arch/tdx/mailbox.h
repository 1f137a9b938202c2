// The multiprocessor wake-up mailbox page and Lintel's use of its firmware half and what follows.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [ACPI 6.6 5.2.12.19 Multiprocessor Wakeup Structure, Mailbox structure]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "linker/memmap.h"

#define MAILBOX_NOOP 0
#define MAILBOX_WAKEUP 1
#define MAILBOX_TEST 2

/* Ids that fit into the firmware half and the page that follows; a TD with more vCPUs is refused. A
 * server of two sockets has 512 CPUs today. */
#define MAILBOX_MAX_VCPUS 1504
/* No APIC id: the vCPU has not arrived. */
#define MAILBOX_NO_ID 0xFFFFFFFF

/* An AP of the shim that has not arrived waits for the next round, or for this, the last one. */
#define MAILBOX_BOOT_OVER 0xFFFFFFFF

struct mailbox {
	/* Operating system half. The AP reads these 16 bytes and writes only command. */
	uint16_t command; /* 000 */
	uint16_t reserved_002;
	uint32_t apic_id;          /* 004 */
	uint64_t wakeup_vector;    /* 008 */
	uint8_t reserved_os[2032]; /* 010 */
	/* Firmware half; from 0x1000 on it is ours alone. The measured image has zeros here. */
	uint32_t boot_round;            /* 800: of the shim; at last MAILBOX_BOOT_OVER */
	uint32_t reserved_firmware[31]; /* 804 */
	/* x2APIC id + 1 by vCPU index; 0 = not arrived. */
	uint32_t arrived[MAILBOX_MAX_VCPUS]; /* 880 */
};
ABI_SIZE(struct mailbox, 0x2000);
ABI_FIELD(struct mailbox, command, 0, 2);
ABI_FIELD(struct mailbox, apic_id, 4, 4);
ABI_FIELD(struct mailbox, wakeup_vector, 8, 8);
ABI_FIELD(struct mailbox, boot_round, 0x800, 4);
ABI_FIELD(struct mailbox, reserved_firmware, 0x804, 124);
ABI_FIELD(struct mailbox, arrived, 0x880, 6016);
_Static_assert(sizeof(struct mailbox) == MAILBOX_SIZE,
	       "memmap.h says how many pages the mailbox has.");
