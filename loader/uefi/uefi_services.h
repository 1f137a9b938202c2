// The firmware as the application sees it: boot services by plain functions. The one file that has
// <efi.h>, so that all others also run on a host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is allocated here is given back when the application returns to the firmware. This header
// must not lead to arch/linux/efi.h, whose names <efi.h> has, too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "loader/uefi/uefi_map.h"
#include "loader/uefi/uefi_status.h"

/* The application, which the firmware's entry calls. Returns only when it has changed nothing: what
 * it says on the console, the firmware gets as a status. */
uefi_status_t uefi_main(void);

/* On the console; a newline also returns to the line's start. */
void uefi_print(const char *text);

/* LoadOptions of this application: *size bytes of UTF-16, whatever put them there. */
void uefi_load_options(const void **text, size_t *size);

/* A file of the volume from which the application was loaded. */
struct uefi_file {
	void *handle;
	uint64_t size;
};

/* path: of UTF-16, with backslashes, from the volume's root. EFI_NOT_FOUND: there is no such file;
 * EFI_NO_MEDIA: the application comes from where there is no file system. */
uefi_status_t uefi_file_open(const uint16_t *path, struct uefi_file *out);
/* Reads a whole file, then closes it. EFI_END_OF_FILE: it has become shorter. */
uefi_status_t uefi_file_read(const struct uefi_file *file, void *to);
void uefi_file_close(const struct uefi_file *file);

/* Pages of a type of UEFI's memory map (arch/linux/efi.h); size is rounded up to whole pages. */
uefi_status_t uefi_allocate_at(gpa_t base, uint64_t size, uint32_t type);
/* Pages of such a type, all of them below limit. */
uefi_status_t uefi_allocate_below(uint64_t limit, uint64_t size, uint32_t type, gpa_t *out);

/* The firmware's map of this moment, in memory of this function's own, and its key. */
uefi_status_t uefi_memory_map(struct uefi_map *out, uint64_t *key);

/* A configuration table by its GUID as it stands in memory; 0: there is none. */
gpa_t uefi_find_table(const uint8_t guid[16]);

/* Does the firmware run on a page table of 5 levels? */
bool uefi_five_levels(void);

/* Is this machine a TD? */
bool uefi_in_td(void);

/* What the TDX module says of this vCPU; the id is the host's answer. */
struct uefi_td_info {
	uint32_t vcpu_count;
	uint32_t vcpu_index;
	uint32_t apic_id; /* of x2APIC */
};
/* Of a TD only. vcpu_count 0: the module does not tell. */
struct uefi_td_info uefi_td_info(void);

/* Waits for microseconds. */
void uefi_stall(unsigned microseconds);

/* Resets the machine, which ends a TD: for what went wrong once there is no way back. */
_Noreturn void uefi_reset(uefi_status_t status);

/* Has the firmware EFI_CC_MEASUREMENT_PROTOCOL? */
bool uefi_measures(void);
/* Extends a register by the digest of these bytes, and the log by event: struct uefi_cc_event and
 * what follows it. Does nothing unless uefi_measures(). */
uefi_status_t uefi_measure(const void *bytes, uint64_t size, const void *event);

/* ExitBootServices(). EFI_INVALID_PARAMETER: the map has changed, the key is that of an older one.
 * After the first call the firmware may have shut down all else but uefi_memory_map(), this
 * function and uefi_reset(). */
uefi_status_t uefi_exit(uint64_t key);

/* uefi_leave.nasm: jumps to entry with RSI on the page table at cr3, 64-bit mode, IF=0. */
_Noreturn void uefi_leave(uint64_t entry, uint64_t rsi, uint64_t cr3);
/* The page that has all of uefi_leave(): what must be mapped on the table that it loads, too. */
extern const char uefi_leave_page[];
