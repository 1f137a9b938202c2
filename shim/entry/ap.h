// The AP path (ap.nasm) as others use it: the shim, and any firmware that links it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// ap.nasm and ap.c (and arch/) are all of it; boot-tests/ap-example is a firmware
// of another layout that uses them. It runs in a TD only.
//
// What the firmware defines, at link time, below 4 GiB, private, and measured or written by the
// firmware itself before the first AP runs:
//
//   ap_table     AP_TABLE_PAGES pages as ap_table_build() (loader/table/ap_table.h) makes for their
//                own address. Read by the page walk only. Stays as it is while the OS runs.
//   ap_mailbox   MAILBOX_SIZE bytes of zeros: struct mailbox. An AP reads its first 16 bytes and
//                arrived[], writes command and, at arrival, arrived[]. e820 type 4 (ACPI NVS), so
//                that the OS leaves it private; UEFI: EfiACPIMemoryNVS.
//   ap_flags     uint32_t, read at each wake-up. IMAGE_CONFIG_AP_STRICT: CR0.WP=1 at the vector,
//                so that a store through the AP table faults. Without it WP=0: what stock kernels
//                need.
//
// Section .ap.text holds code, constants and GDT: it must lie within one page below 4 GiB, is never
// written, and stays reserved (NVS, too) while the OS runs.
//
// Order of events:
//
//   1. Each AP goes from the reset vector to 64-bit mode on an identity map that lets it write the
//      mailbox (ap_table with CR0.WP=0 will do) and jumps to ap_start with ESI = vCPU index.
//      No stack, GDT or IDT is needed.
//   2. The boot processor stores its own id + 1 in arrived[its index], calls ap_wait(), then adds
//      to the MADT one multiprocessor wake-up structure (arch/acpi/sdt.h): version 1, mailbox
//      ap_mailbox, reset vector ap_reset_vector. The ids in the MADT are the host's.
//   3. The OS wakes an AP by id, vector, command 1, in this order; the AP sets command to 0 once it
//      has read the vector and arrives there in the state that shim/README.md lists. A vector at or
//      above 4 GiB is not acknowledged but reported (TDVMCALL<ReportFatalError>). The mailbox page
//      is executable in ap_table: the OS may have its code in the 2032 bytes that are reserved for
//      it there. No other vector is refused: what the OS gives is the OS's affair. Command 2 is
//      acknowledged by an AP that is parked. Other commands are left alone.
//   4. The OS gives an AP back by a jump to ap_reset_vector: 64-bit mode, 4 or 5 levels, IF=0,
//      CR4.PGE=0, the page of .ap.text mapped to itself. The AP parks as before.
//
// An OS that replaces a command before it was acknowledged may wake the one AP or the other or
// both; each is then at a vector that the OS gave, or parked.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/mailbox.h"

/* What the ACPI multiprocessor wake-up structure publishes. */
struct mailbox_info {
	gpa_t mailbox;
	gpa_t reset_vector;
};

/* Where an AP arrives, with ESI = vCPU index; no C function. */
extern const char ap_start[];
/* Operand of LGDT in every mode: flat segments, 32-bit code at 8, 64-bit code at 0x10, data at
 * 0x18, of which none is ever written. The firmware may use it, too. */
extern const char ap_gdt_pointer[];
/* Where an OS sends a CPU that it gives back: ResetVector of the wake-up structure. */
extern const char ap_reset_vector[];

/* How long the boot processor waits for another vCPU, in ticks of the TSC. */
uint64_t ap_patience(void);

/*
 * Waits until vCPUs 0 to vcpu_count - 1 have left their x2APIC ids in the mailbox page and checks
 * that no two are the same. vcpu_count is at most MAILBOX_MAX_VCPUS. *which is the vCPU looked at
 * last: ST_TIMEOUT: it did not arrive; ST_HOST_LIED: its id is another's.
 */
enum status ap_wait(const volatile struct mailbox *mailbox, uint32_t vcpu_count,
		    uint32_t *which) MUST_CHECK;
