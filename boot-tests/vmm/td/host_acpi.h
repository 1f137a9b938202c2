// Takes what a TD has not out of QEMU's ACPI tables: processors of other TDs, 8259s, PCI buses.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/status.h"

/*
 * tables: the content of fw_cfg's etc/acpi/tables, size bytes. In its MADT every processor whose id
 * is not one of ids becomes disabled; the table's checksum is for the reader to make, as QEMU says.
 * ST_BAD_FORMAT: no MADT, or one that ends outside of its table.
 */
enum status host_acpi_keep_cpus(uint8_t *tables, uint32_t size, const uint32_t *ids,
				unsigned count) MUST_CHECK;
/* tables: as host_acpi_keep_cpus() takes them. Their MADT promises no 8259s any more: QEMU
 * before 9.1 does, even with pic=off. ST_BAD_FORMAT: no MADT. */
enum status host_acpi_no_pic(uint8_t *tables, uint32_t size) MUST_CHECK;
/* tables: as host_acpi_keep_cpus() takes them. Their MCFG, if there is one, has one bus only: Linux
 * asks each device of each bus that it has, in a TD by two calls of the host. */
void host_acpi_one_bus(uint8_t *tables, uint32_t size);
