// libFuzzer: decode_insn() against Zydis on any bytes in any mode.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot-tests/unit/shim/zydis_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the mode. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum decode_mode modes[] = { DECODE_64, DECODE_64, DECODE_32, DECODE_16 };

	if (size < 2) {
		return 0;
	}
	unsigned count = size - 1 > 32 ? 32 : (unsigned)(size - 1);
	const char *difference = zydis_disagrees(data + 1, count, modes[data[0] % 4]);

	if (difference != NULL) {
		fprintf(stderr, "differs in: %s\n", difference);
		abort();
	}
	return 0;
}
