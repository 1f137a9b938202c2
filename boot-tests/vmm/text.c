// Pieces of a text that tools/tdrun hands over: settings and host script.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/text.h"

#include "arch/base/mem.h"

bool text_is(struct text text, const char *wanted)
{
	return text.size == strlen(wanted) && memcmp(text.at, wanted, text.size) == 0;
}

bool text_begins(struct text text, const char *wanted)
{
	return text.size >= strlen(wanted) && memcmp(text.at, wanted, strlen(wanted)) == 0;
}

/* 16: it is none. */
static uint64_t digit_of(char c)
{
	return c >= '0' && c <= '9' ? (uint64_t)(c - '0') :
	       c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10 :
	       c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A') + 10 :
				      16;
}

bool text_number(struct text text, uint64_t base, uint64_t *out)
{
	uint64_t value = 0;
	if (text.size == 0) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		uint64_t digit = digit_of(text.at[i]);
		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value)) {
			return false;
		}
	}
	*out = value;
	return true;
}

void text_show(struct text text, char *out, size_t size)
{
	size_t shown = text.size < size - 1 ? text.size : size - 1;
	for (size_t i = 0; i < shown; i++) {
		out[i] = text.at[i] >= ' ' && text.at[i] <= '~' ? text.at[i] : '?';
	}
	out[shown] = 0;
}
