// Installs the host's ACPI tables (fw_cfg table loader) and adds what only the shim knows.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Tables, their addresses and the loader's commands are hostile: every offset is checked against
// the blob it is in, and nothing outside the arena is ever written.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "shim/entry/ap.h"
#include "shim/host/acpi_tables.h"

/*
 * Fills the arena, which must be empty, and finds the RSDP. With mp, in a TD, tables that
 * acpi_tables.h does not let through are left out or refused, the MADT gets the multiprocessor
 * wake-up structure, and a table CCEL leads to the event log; without it the tables are as the host
 * made them. The host's files are measured, and compared with the image's pin, and its AML is left
 * out where the image says so. ST_NOT_FOUND: the host has no tables.
 * ST_HOST_LIED: it has a wake-up structure, which would take the APs from us, or a CCEL.
 */
enum status acpi_install(struct acpi_arena *arena, const struct image_config *config,
			 const struct mailbox_info *mp, gpa_t *rsdp) MUST_CHECK;
