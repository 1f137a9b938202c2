// Fuzzes the reader of UEFI load options. Input: the bytes as a firmware hands them over.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "loader/uefi/uefi_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const uint16_t path[UEFI_PATH_MAX], bool may_be_empty)
{
	size_t length = 0;
	while (path[length] != 0) {
		CHECK(path[length] > ' ' && path[length] <= '~' && path[length] != '/');
		CHECK(++length < UEFI_PATH_MAX);
	}
	CHECK(may_be_empty || length > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct uefi_options options;
	struct uefi_options_fault fault;
	uint8_t *copy = malloc(size + 1);
	CHECK(copy != NULL);
	memcpy(copy, data, size);
	if (uefi_options_parse(copy, size, &options, &fault) != ST_OK) {
		CHECK(fault.rule != NULL && fault.at <= size / 2);
		CHECK(strlen(fault.word) < sizeof(fault.word));
	} else {
		check_path(options.kernel, false);
		check_path(options.initrd, options.initrd_given);
		CHECK(strlen(options.cmdline) < UEFI_CMDLINE_MAX);
		CHECK(options.cmdline_given || options.cmdline[0] == 0);
	}
	free(copy);
	return 0;
}
