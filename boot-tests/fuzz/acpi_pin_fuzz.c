// Fuzzes the reader of event logs: it stays in the log, and ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: bytes that replace those of a good log, from the second one of the input on; the first one
// says where, in units of 8 bytes.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/tdx/event_log.h"
#include "loader/image/acpi_pin.h"
#include "shim/measure/event_log_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[SHA384_SIZE];
	uint8_t memory[1024];
	uint8_t pin[SHA384_SIZE];
	struct event_log log;
	if (size == 0) {
		return 0;
	}
	CHECK(event_log_start(&log, memory, sizeof(memory)) == ST_OK);
	CHECK(event_log_add(&log, CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, digest, TCG_ACPI_DATA,
			    sizeof(TCG_ACPI_DATA) - 1) == ST_OK);
	size_t at = data[0] % 32u * 8u;
	size_t count = size - 1 < sizeof(memory) - at ? size - 1 : sizeof(memory) - at;
	memcpy(memory + at, data + 1, count);
	/* On the heap, where ASan sees its end. */
	uint8_t *copy = malloc(at + count + 1);
	CHECK(copy != NULL);
	memcpy(copy, memory, at + count);
	char error[160] = "";
	enum status status = acpi_pin_from_log(copy, at + count, pin, error, sizeof(error));
	CHECK((status == ST_OK) == (error[0] == 0));
	free(copy);
	return 0;
}
