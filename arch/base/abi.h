// Proofs of layout, written directly under each struct that the world defines.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

#define PACKED __attribute__((packed))
/* A field of characters that has no room for a NUL after them. */
#if __has_attribute(nonstring)
#define NONSTRING __attribute__((nonstring))
#else
#define NONSTRING
#endif
#define ABI_SIZE(type, size)                   \
	_Static_assert(sizeof(type) == (size), \
		       "size of " #type " is not what the specification says.")
#define ABI_FIELD(type, field, offset, size)                                            \
	_Static_assert(offsetof(type, field) == (offset),                               \
		       #type "." #field " is not at the offset of the specification."); \
	_Static_assert(sizeof(((type *)0)->field) == (size),                            \
		       #type "." #field " has not the size of the specification.")
