// The pin of a host's ACPI files: one digest for all of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// SHA-384 of the digests of the events "ACPI DATA" (arch/tdx/event_log.h), in their order:
// etc/table-loader, then each file that it allocates.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/module.h"

/*
 * From the event log of a boot of Lintel: the bytes of CCEL's log area (Linux:
 * /sys/firmware/acpi/tables/data/CCEL). ST_BAD_FORMAT: no log of SHA-384; ST_TRUNCATED: it ends
 * within an event; ST_NOT_FOUND: that boot had no ACPI files. pin is then untouched, and error says
 * where in the log, and which value.
 */
enum status acpi_pin_from_log(const uint8_t *log, size_t size, uint8_t pin[SHA384_SIZE],
			      char *error, size_t error_size) MUST_CHECK;
