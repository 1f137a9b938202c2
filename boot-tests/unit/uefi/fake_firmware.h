// A firmware for tests of the UEFI application: files, memory and answers that a test chooses.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/uefi/uefi_services.h"

/* Free memory of the firmware, mapped in the test process; and what it needs itself, in its
 * midst. */
#define FAKE_RAM 0x800000
#define FAKE_RAM_END 0x8000000
#define FAKE_BOOT_DATA 0x1000000
#define FAKE_BOOT_DATA_END 0x1201000
#define FAKE_NVS 0x7F00000
#define FAKE_NVS_SIZE 0x1000
#define FAKE_RSDP 0x7E00000

/* Its mailbox is there, too. */
#define FAKE_MAILBOX FAKE_NVS
#define FAKE_CPUS 4
#define FAKE_NO_CPU 0xFFFFFFFF

#define FAKE_FILES 4
#define FAKE_MEASURED 8

enum fake_service {
	FAKE_NONE,
	FAKE_OPEN,
	FAKE_READ,
	FAKE_ALLOCATE,
	FAKE_MAP,
	FAKE_MEASURE,
	FAKE_EXIT,
};

struct fake_firmware {
	/* What the test sets. */
	const char *options; /* ASCII; NULL: none */
	struct {
		const char *path; /* NULL: none */
		const void *bytes;
		size_t size;
	} files[FAKE_FILES];
	bool td, measures, five_levels;
	/* vCPUs of the TD, the first of which boots, with these x2APIC ids; 1 if not set. */
	unsigned vcpus;
	uint32_t ids[FAKE_CPUS];
	unsigned index;      /* of the vCPU that boots, by the module */
	unsigned madt_vcpus; /* if not 0, processors that the MADT has */
	uint64_t mailbox;    /* the MADT's; 0: none */
	uint32_t deaf, lost; /* ids of APs that do not answer, or do not arrive */
	/* The call number `when` of this service, from 1 on, and those after it, `times` in all,
	 * fail. */
	enum fake_service fails;
	unsigned when, times;
	uefi_status_t status;
	struct {
		uint64_t base, end; /* end 0: none */
	} unaccepted[2];
	bool bad_map;         /* descriptors overlap */
	size_t short_map;     /* bytes of a descriptor, if not 0 */
	bool short_map_later; /* once uefi_exit() has been called */

	/* What it has seen. */
	char printed[2048];
	unsigned calls[FAKE_EXIT + 1];
	unsigned open_files;
	struct {
		uint8_t event[64]; /* its first bytes */
		uint64_t size;
		uint8_t first; /* of what was measured */
	} measured[FAKE_MEASURED];
	unsigned measured_count;
	uint32_t woken[FAKE_CPUS];
	uint64_t vectors[FAKE_CPUS];
	unsigned woken_count;
	uint64_t stalled_us;
	bool reset;
	uefi_status_t reset_status;
	bool left;
	uint64_t entry, rsi, cr3;
};
extern struct fake_firmware fake;

/* All memory is 0xA5, nothing is set. */
void fake_reset(void);

/* Runs uefi_main(). Returns its status; success, and fake.left or fake.reset, where it has left the
 * firmware or reset the machine. */
uefi_status_t fake_run(void);
