// The load options of the UEFI application: which files it boots, and with what command line.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_options.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"

#define PRINTABLE_FIRST 0x20
#define PRINTABLE_LAST 0x7E

/* All characters up to end are printable ASCII. */
struct reader {
	const uint8_t *bytes;
	size_t at;
	size_t end;
};

/* LoadOptions need not be aligned. */
static uint16_t character(const uint8_t *bytes, size_t at)
{
	return (uint16_t)(bytes[2 * at] | bytes[2 * at + 1] << 8);
}

static bool is_printable(uint16_t value)
{
	return value >= PRINTABLE_FIRST && value <= PRINTABLE_LAST;
}

static enum status uefi_options_refused(const struct reader *reader, size_t at, enum status status,
					const char *rule, struct uefi_options_fault *fault)
{
	size_t length = 0;
	*fault = (struct uefi_options_fault){ .at = at, .rule = rule };
	for (; at < reader->end && length < sizeof(fault->word) - 1; at++) {
		uint16_t value = character(reader->bytes, at);
		if (value == ' ') {
			break;
		}
		fault->word[length++] = is_printable(value) ? (char)value : '?';
	}
	return status;
}

static bool word_follows(struct reader *reader)
{
	while (reader->at < reader->end && character(reader->bytes, reader->at) == ' ') {
		reader->at++;
	}
	return reader->at < reader->end;
}

/* The first character after the word that begins at the reader's place. */
static size_t word_end(const struct reader *reader)
{
	size_t end = reader->at;
	while (end < reader->end && character(reader->bytes, end) != ' ') {
		end++;
	}
	return end;
}

static bool has_name(const struct reader *reader, const char *name)
{
	size_t length = strlen(name);
	if (reader->end - reader->at < length) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (character(reader->bytes, reader->at + i) != (uint8_t)name[i]) {
			return false;
		}
	}
	return true;
}

static bool has_equals(const struct reader *reader, size_t end)
{
	for (size_t i = reader->at; i < end; i++) {
		if (character(reader->bytes, i) == '=') {
			return true;
		}
	}
	return false;
}

static bool copy_path(const struct reader *reader, size_t from, size_t end,
		      uint16_t out[UEFI_PATH_MAX])
{
	size_t length = 0;
	if (end - from >= UEFI_PATH_MAX) {
		return false;
	}
	for (; from < end; from++) {
		uint16_t value = character(reader->bytes, from);
		out[length++] = value == '/' ? '\\' : value;
	}
	out[length] = 0;
	return true;
}

static bool copy_text(const struct reader *reader, size_t from, char out[UEFI_CMDLINE_MAX])
{
	size_t length = 0;
	if (reader->end - from >= UEFI_CMDLINE_MAX) {
		return false;
	}
	for (; from < reader->end; from++) {
		out[length++] = (char)character(reader->bytes, from);
	}
	out[length] = 0;
	return true;
}

/* What options there are so far. */
struct given {
	bool kernel;
	bool initrd;
};

static enum status read_option(struct reader *reader, struct given *given, struct uefi_options *out,
			       struct uefi_options_fault *fault)
{
	static const char kernel[] = "kernel=", initrd[] = "initrd=", cmdline[] = "cmdline=";
	size_t start = reader->at;
	size_t end = word_end(reader);
	bool fits;
	if (has_name(reader, cmdline)) {
		fits = copy_text(reader, start + strlen(cmdline), out->cmdline);
		out->cmdline_given = true;
		end = reader->end;
	} else if (has_name(reader, kernel)) {
		if (given->kernel) {
			return uefi_options_refused(reader, start, ST_BAD_ARGUMENT, "given twice",
						    fault);
		}
		fits = copy_path(reader, start + strlen(kernel), end, out->kernel);
		given->kernel = true;
		if (out->kernel[0] == 0) {
			return uefi_options_refused(reader, start, ST_BAD_ARGUMENT, "names no file",
						    fault);
		}
	} else if (has_name(reader, initrd)) {
		if (given->initrd) {
			return uefi_options_refused(reader, start, ST_BAD_ARGUMENT, "given twice",
						    fault);
		}
		fits = copy_path(reader, start + strlen(initrd), end, out->initrd);
		given->initrd = true;
	} else {
		return uefi_options_refused(reader, start, ST_BAD_FORMAT,
					    "not kernel=FILE, initrd=FILE or cmdline=TEXT", fault);
	}
	if (!fits) {
		return uefi_options_refused(reader, start, ST_NO_SPACE, "too long", fault);
	}
	reader->at = end;
	return ST_OK;
}

static enum status measure_text(struct reader *reader, size_t size,
				struct uefi_options_fault *fault)
{
	size_t characters = size / 2;
	for (; reader->end < characters; reader->end++) {
		uint16_t value = character(reader->bytes, reader->end);
		if (value == 0) {
			return ST_OK;
		}
		if (!is_printable(value)) {
			reader->end++;
			return uefi_options_refused(reader, reader->end - 1, ST_BAD_FORMAT,
						    "not printable ASCII", fault);
		}
	}
	if (size % 2 != 0) {
		return uefi_options_refused(reader, reader->end, ST_BAD_FORMAT, "half a character",
					    fault);
	}
	return ST_OK;
}

enum status uefi_options_parse(const void *text, size_t size, struct uefi_options *out,
			       struct uefi_options_fault *fault)
{
	struct reader reader = { .bytes = text };
	struct given given = { 0 };
	TRY(measure_text(&reader, size, fault));
	memset(out, 0, sizeof(*out));
	memcpy(out->kernel, UEFI_KERNEL_DEFAULT, sizeof(UEFI_KERNEL_DEFAULT));
	memcpy(out->initrd, UEFI_INITRD_DEFAULT, sizeof(UEFI_INITRD_DEFAULT));
	if (word_follows(&reader) && !has_equals(&reader, word_end(&reader))) {
		reader.at = word_end(&reader);
	}
	while (word_follows(&reader)) {
		TRY(read_option(&reader, &given, out, fault));
	}
	out->initrd_given = given.initrd;
	return ST_OK;
}
