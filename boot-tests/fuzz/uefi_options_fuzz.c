// Fuzzes the reader of UEFI load options.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: after a first byte the bytes as a firmware hands them over, or, where its bit 0 is set, a
// byte for each character, and from 0x80 on one for several: the words that options begin with, and
// a run of one letter.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "loader/uefi/uefi_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns the size of what it has put there. */
static size_t spell(const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
	static const char *const words[] = { "kernel=", "initrd=", "cmdline=" };
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		const char *word = data[i] < 0x80 ? NULL : words[data[i] % ARRAY_COUNT(words)];
		bool run = data[i] >= 0xF0;
		size_t count = run ? UEFI_PATH_MAX / 2 : word == NULL ? 1 : strlen(word);
		if (2 * (used + count) > room) {
			break;
		}
		for (size_t c = 0; c < count; c++, used++) {
			uint8_t letter = run ? 'a' : word == NULL ? data[i] : (uint8_t)word[c];
			out[2 * used] = letter;
			out[2 * used + 1] = 0;
		}
	}
	return 2 * used;
}

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
	static uint8_t spelled[2 * UEFI_CMDLINE_MAX + 64];
	if (size == 0) {
		return 0;
	}
	bool spells = (data[0] & 1) != 0;
	data++;
	size--;
	if (spells) {
		size = spell(data, size, spelled, sizeof(spelled));
		data = spelled;
	}
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
