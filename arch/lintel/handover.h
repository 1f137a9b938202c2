// What Lintel hands over to a payload that is no Linux kernel: a paravisor, a unikernel.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// This file is the contract, and needs no other: C from C99 on, and C++. The payload is an ELF file
// for x86-64, static or static-PIE, which relocates itself. It goes to its physical addresses, at
// or above 16 MiB and below 4 GiB, a PIE to 16 MiB. (A Linux kernel gets boot_params instead.)
//
// At the entry, on the boot processor (vCPU 0):
//
//   RDI      the address of struct lintel_handover; RSI the same
//   RSP      the top of 32 KiB of zeros, as after a call: the entry may be a C function
//                _Noreturn void start(const struct lintel_handover *handover);
//   mode     64-bit, IF=0, DF=0; CR0: PE, NE, PG, WP; CR4: PAE, and MCE in a TD; EFER: LME, LMA,
//            NXE, and SCE in a TD. CR4.OSFXSR is 0: set it before the first SSE instruction
//   CR3      the hand-over table: [0, 4 GiB), each address at itself, private, by 4 KiB and 2 MiB:
//                [0, 4 KiB)                              readable, writable
//                [4 KiB, 640 KiB)                        readable, writable, executable
//                the payload, up to whole 2 MiB          readable, writable, executable
//                the last 2 MiB but the mailbox page     readable, executable
//                all else                                readable, writable
//            It is the payload's to change, and in memory of LINTEL_MEMORY_BOOT
//   GDT      0x10: 64-bit code, 0x18: data; CS = 0x10, DS = ES = SS = 0x18, FS = GS = 0; in memory
//            of LINTEL_MEMORY_FIRMWARE, which stays
//   IDT      the shim's, with a TSS: it answers #VE by TDVMCALLs; any other exception ends the TD
//            with its vector and RIP on the serial port. It is in memory of LINTEL_MEMORY_BOOT:
//            load another before that is used for anything else
//   devices  the serial port at 0x3F8 is set up; interrupt controllers are as after a reset
//
// An AP is at its vector in 64-bit mode, IF=0, without a stack, CS and the others as above, on the
// AP table: [0, 4 GiB), each address at itself, readable, executable, no entry writable. With
// LINTEL_AP_STRICT CR0.WP is 1, so that a store faults until the AP has loaded another table. To
// start one write its x2APIC id and the vector, which is below 4 GiB, to the mailbox, then command
// 1, and wait until the command is 0. To give it back jump to reset_vector, IF=0, with paging on,
// the vector mapped at itself and CR4.PGE=0.
//
// What was measured, and where, says the event log. RTMR[3] is the payload's.
#pragma once

#include <stdint.h>

#define LINTEL_HANDOVER_MAGIC UINT64_C(0x4F444E48544E494C) /* "LINTHNDO" */
/* A later version only appends fields: size says which are there. */
#define LINTEL_HANDOVER_VERSION 1

/* In a TD. Else this is a plain VM: no TDCALL, no mailbox, no event log. */
#define LINTEL_TD 1u
/* APs are at their vector with CR0.WP=1. */
#define LINTEL_AP_STRICT 2u

/* All addresses are guest physical, private, and below 4 GiB where nothing else is said. 0: there
 * is none. */
struct lintel_handover {
	uint64_t magic;          /* 00 */
	uint32_t version;        /* 08 */
	uint32_t size;           /* 0C: of this structure */
	uint32_t flags;          /* 10: LINTEL_TD, LINTEL_AP_STRICT */
	uint32_t gpa_width;      /* 14: the SHARED bit is bit gpa_width - 1 */
	uint32_t vcpu_count;     /* 18 */
	uint32_t range_count;    /* 1C */
	uint64_t ranges;         /* 20: struct lintel_range[range_count] */
	uint64_t apic_ids;       /* 28: uint32_t[vcpu_count], x2APIC ids by vCPU index; in a TD */
	uint64_t payload;        /* 30: where its lowest byte is */
	uint64_t payload_size;   /* 38 */
	uint64_t initrd;         /* 40 */
	uint64_t initrd_size;    /* 48 */
	uint64_t cmdline;        /* 50: ends with a NUL */
	uint64_t rsdp;           /* 58: of the host's ACPI tables */
	uint64_t event_log;      /* 60: as the table CCEL has it; 0xFF after the last event */
	uint64_t event_log_size; /* 68 */
	uint64_t mailbox;        /* 70: of the ACPI multiprocessor wake-up structure */
	uint64_t reset_vector;   /* 78: its ResetVector */
	uint64_t ap_table;       /* 80 */
	uint64_t page_table;     /* 88: the hand-over table */
	uint64_t unaccepted;     /* 90: struct efi_unaccepted_memory of Linux: its bits are set for
				      units that are unaccepted, and are the payload's to clear */
};

enum lintel_memory {
	/* RAM that is nobody's. */
	LINTEL_MEMORY_FREE = 1,
	/* RAM that the payload must accept before it accesses it; above 4 GiB. */
	LINTEL_MEMORY_UNACCEPTED = 2,
	/* What the boot has used, and what is handed over in it: this structure, ranges, ids,
	 * command line, stack, hand-over table, the shim's IDT. Free once the payload needs none of
	 * them. */
	LINTEL_MEMORY_BOOT = 3,
	LINTEL_MEMORY_PAYLOAD = 4,
	LINTEL_MEMORY_INITRD = 5,
	/* Free once the payload has read them. */
	LINTEL_MEMORY_ACPI = 6,
	/* The table of unaccepted memory. */
	LINTEL_MEMORY_UNACCEPTED_TABLE = 7,
	LINTEL_MEMORY_EVENT_LOG = 8,
	/* AP table, mailbox, and the page with GDT, AP code and reset vector: for as long as an AP
	 * is parked, or may be. Not to be shared. */
	LINTEL_MEMORY_FIRMWARE = 9,
	/* By the host. */
	LINTEL_MEMORY_RESERVED = 10,
};

/* Whole pages; ascending, disjoint. What is in no range is no memory: devices, or nothing. */
struct lintel_range {
	uint64_t base; /* 00 */
	uint64_t size; /* 08 */
	uint32_t type; /* 10: enum lintel_memory */
	uint32_t zero; /* 14 */
};
