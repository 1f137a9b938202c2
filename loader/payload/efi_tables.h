// The EFI that is left of a firmware which has exited: the tables by which Linux finds what it is
// handed over in no other way.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   base          +---------------------------------------------------+
//                 | system table, runtime services, configuration     |  runtime data: Linux calls
//                 |   tables, their properties, the vendor's name     |    SetVirtualAddressMap
//   base + 4 KiB  +---------------------------------------------------+
//                 | memory map                                        |
//                 +---------------------------------------------------+
//   EFI_TABLES_SIZE
//
// Of the runtime services there is one, SetVirtualAddressMap, which does nothing. Without it Linux
// gives the kernel of a kexec no EFI, and that one would not know which memory is unaccepted.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/linux/efi.h"
#include "linker/memmap.h"
#include "loader/memory/e820.h"
#include "loader/memory/memory_map.h"

#define EFI_TABLES_RESERVED_MAX 32

struct efi_tables_parts {
	gpa_t rsdp;       /* 0: no ACPI tables */
	gpa_t unaccepted; /* struct linux_unaccepted_table */
	/* Code in one page that stays as it is: functions of the EFI calling convention that return
	 * EFI_SUCCESS and EFI_UNSUPPORTED. */
	gpa_t success;
	gpa_t unsupported;
	/* What the payload must leave alone, the tables and that page too, with types of an e820
	 * table; at most EFI_TABLES_RESERVED_MAX. */
	const struct e820_overlay *reserved;
	unsigned reserved_count;
};

/*
 * Writes the tables at out, EFI_TABLES_SIZE bytes, where the payload finds them at base.
 * Returns what boot_params says of them. MEMORY_LEFT is what EFI calls unaccepted.
 */
struct linux_efi_info efi_tables_fill(void *out, gpa_t base, const struct memory_map *map,
				      const struct efi_tables_parts *parts);
