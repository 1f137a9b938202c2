// Pieces of a text that tools/tdrun hands over: settings and host script.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not ended by a NUL. */
struct text {
	const char *at;
	size_t size;
};

bool text_is(struct text text, const char *wanted);
bool text_begins(struct text text, const char *wanted);

/* A number of one digit or more, of base 10 or 16 without a prefix. False: it is none, or above 64
 * bits; *out is then untouched. */
bool text_number(struct text text, uint64_t base, uint64_t *out);

/* For an error: writes at most size - 1 characters and a NUL, '?' for what cannot be printed. */
void text_show(struct text text, char *out, size_t size);
