// memcpy and friends for freestanding programs; host programs use the libc's.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"

#include <stdint.h>

/* By words, then bytes: an interpreting CPU pays for each step, others hardly for the second
 * part. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *start = to;
	size_t words = size / sizeof(uint64_t);
	size %= sizeof(uint64_t);
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
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
	uint64_t word = (uint8_t)value * (UINT64_MAX / UINT8_MAX);
	size_t words = size / sizeof(word);
	size %= sizeof(word);
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(word) : "memory");
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
