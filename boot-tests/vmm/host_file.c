// A file that the host gives a TD, as lines of hexadecimal digits.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/host_file.h"

#include "boot-tests/machine/console.h"

#define LINE_BYTES 64

void host_file_print(const char *name, const uint8_t *bytes, uint32_t size)
{
	for (uint32_t at = 0; at < size; at += LINE_BYTES) {
		console_open('F');
		console_part("%s ", name);
		for (uint32_t i = at; i < size && i < at + LINE_BYTES; i++) {
			console_part("%02x", bytes[i]);
		}
		console_close();
	}
}
