// The small vsnprintf of the freestanding programs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/fmt.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/check.h"

struct sink {
	char *out;
	size_t size;
	size_t used;
};

static void fmt_put(struct sink *sink, char c)
{
	if (sink->used + 1 < sink->size) {
		sink->out[sink->used] = c;
	}
	sink->used++;
}

static void put_number(struct sink *sink, uint64_t value, unsigned base, bool negative,
		       unsigned width, char pad)
{
	char digits[20];
	unsigned count = 0;
	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	unsigned length = count + (negative ? 1 : 0);
	if (negative && pad == '0') {
		fmt_put(sink, '-');
	}
	for (; length < width; length++) {
		fmt_put(sink, pad);
	}
	if (negative && pad != '0') {
		fmt_put(sink, '-');
	}
	while (count > 0) {
		fmt_put(sink, digits[--count]);
	}
}

size_t fmt_vprint(char *out, size_t size, const char *format, va_list args)
{
	struct sink sink = { out, size, 0 };
	for (; *format != 0; format++) {
		if (*format != '%') {
			fmt_put(&sink, *format);
			continue;
		}
		format++;
		char pad = ' ';
		unsigned width = 0;
		unsigned longs = 0;
		if (*format == '0') {
			pad = '0';
			format++;
		}
		for (; *format >= '0' && *format <= '9'; format++) {
			width = width * 10 + (unsigned)(*format - '0');
		}
		for (; *format == 'l' || *format == 'z'; format++) {
			longs++;
		}
		switch (*format) {
		case '%':
			fmt_put(&sink, '%');
			break;
		case 'c':
			fmt_put(&sink, (char)va_arg(args, int));
			break;
		case 's': {
			const char *text = va_arg(args, const char *);
			unsigned length = 0;
			for (; text[length] != 0; length++) {
				fmt_put(&sink, text[length]);
			}
			for (; length < width; length++) {
				fmt_put(&sink, ' ');
			}
			break;
		}
		case 'd': {
			int64_t value = longs != 0 ? va_arg(args, int64_t) : va_arg(args, int);
			uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
			put_number(&sink, magnitude, 10, value < 0, width, pad);
			break;
		}
		case 'u':
		case 'x': {
			uint64_t value =
				longs != 0 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
			put_number(&sink, value, *format == 'u' ? 10 : 16, false, width, pad);
			break;
		}
		default:
			bug(__FILE__, __LINE__, "a conversion that fmt_vprint() does not know");
		}
	}
	if (size > 0) {
		out[sink.used < size ? sink.used : size - 1] = 0;
	}
	return sink.used;
}

size_t fmt_print(char *out, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t length = fmt_vprint(out, size, format, args);
	va_end(args);
	return length;
}
