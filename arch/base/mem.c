// memcpy and friends for freestanding programs; host programs use the libc's.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"

#include <stdint.h>

/* One instruction each: short, and as fast as the firmware needs (ERMS). */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *start = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t size)
{
	if ((uintptr_t)to - (uintptr_t)from >= size) {
		return memcpy(to, from, size);
	}
	unsigned char *d = to;
	const unsigned char *s = from;
	while (size-- > 0) {
		d[size] = s[size];
	}
	return to;
}

void *memset(void *to, int value, size_t size)
{
	void *start = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a;
	const unsigned char *y = b;
	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;
	while (text[length] != 0) {
		length++;
	}
	return length;
}
