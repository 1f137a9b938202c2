// The parser of the machine's settings.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/config.h"

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"

#define PAGE 4096

/* Decimal, no sign, no leading zero but "0" itself, no overflow. */
static bool parse_number(const char *text, size_t size, uint64_t *out)
{
	uint64_t value = 0;
	if (size == 0 || (size > 1 && text[0] == '0')) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value)) {
			return false;
		}
	}
	*out = value;
	return true;
}

static bool is_key(const char *line, size_t key_size, const char *key)
{
	return key_size == strlen(key) && memcmp(line, key, key_size) == 0;
}

static bool parse_line(const char *line, size_t size, struct config *config, bool seen[2])
{
	size_t key_size = 0;
	while (key_size < size && line[key_size] != '=') {
		key_size++;
	}
	uint64_t value;
	if (key_size == size || !parse_number(line + key_size + 1, size - key_size - 1, &value)) {
		return false;
	}
	if (is_key(line, key_size, "memory") && !seen[0]) {
		seen[0] = true;
		config->memory = value;
		return value != 0 && is_aligned(value, PAGE);
	}
	if (is_key(line, key_size, "trace") && !seen[1]) {
		seen[1] = true;
		config->trace = value == 1;
		return value <= 1;
	}
	return false;
}

enum status config_parse(const char *text, size_t size, struct config *out, char *error,
			 size_t error_size)
{
	struct config config = { 0 };
	bool seen[2] = { false, false };
	unsigned number = 1;
	for (size_t at = 0; at < size; number++) {
		size_t end = at;
		while (end < size && text[end] != '\n') {
			end++;
		}
		if (end == size || !parse_line(text + at, end - at, &config, seen)) {
			fmt_print(error, error_size, "line %u is not one of memory=BYTES, trace=0|1",
				  number);
			return ST_BAD_FORMAT;
		}
		at = end + 1;
	}
	if (!seen[0]) {
		fmt_print(error, error_size, "memory=BYTES is missing");
		return ST_BAD_FORMAT;
	}
	*out = config;
	return ST_OK;
}
