// What QEMU's pc and q35 need from the first firmware, and their memory map without a TD HOB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"
#include "loader/memory/memory_map.h"

/*
 * Switches on the ACPI power management block and, on q35, the PCIe configuration window, unless
 * other firmware did. Both worlds; before etc/acpi/tables is read, as QEMU then writes the
 * addresses into the tables. ST_UNSUPPORTED: a chipset that Lintel does not know; nothing has been
 * changed.
 */
enum status platform_init(void) MUST_CHECK;

/*
 * The memory of a plain VM, after fw_cfg_init(): etc/e820, else CMOS. RAM is MEMORY_ACCEPTED. The
 * map is overwritten even on failure.
 */
enum status platform_memory(struct memory_map *map) MUST_CHECK;
