// What the commands of the host tool share: files, messages, exit codes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loader/image/launch_image.h"
#include "loader/image/mrtd.h"
#include "loader/image/sha384.h"

enum tool_exit { TOOL_OK = 0, TOOL_ERROR = 1, TOOL_USAGE = 2 };

struct file_bytes {
	uint8_t *bytes; /* malloc */
	size_t size;
};

/* Prints "lintel: <message>" to stderr and returns TOOL_ERROR. */
enum tool_exit tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a hint at --help; returns TOOL_USAGE. */
enum tool_exit tool_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints help to stdout; fails when stdout cannot take it. */
enum tool_exit tool_help(const char *help);
/* Flushes stdout: a full disk or a closed pipe is an error, not a success. */
enum tool_exit tool_finish(void);

/* Prints a SHA-384 as 96 hex digits. */
void tool_print_digest(const uint8_t digest[SHA384_SIZE]);

/* The value of an option --order. */
enum tool_exit tool_order(const char *command, const char *text, enum measure_order *out);

/* Returns early with any but TOOL_OK. */
#define TOOL_TRY(expression)                              \
	do {                                              \
		enum tool_exit tool_exit_ = (expression); \
		if (tool_exit_ != TOOL_OK) {              \
			return tool_exit_;                \
		}                                         \
	} while (0)

/* What a host gives below 4 GiB. */
#define TOOL_FILE_MAX 0xC0000000

/* Reads a file that is not empty and has at most most bytes. */
enum tool_exit file_read(const char *path, size_t most, struct file_bytes *out);
/* Reads a TDVF image or an IGVM file, whose bytes *image points to. */
enum tool_exit image_read(const char *path, struct file_bytes *file, struct launch_image *image);
/* Leaves no half-written regular file behind. */
enum tool_exit file_write(const char *path, const uint8_t *bytes, size_t size);

/* argv[0] is the command's name. */
enum tool_exit command_image(int argc, char **argv);
enum tool_exit command_dump(int argc, char **argv);
enum tool_exit command_mrtd(int argc, char **argv);
enum tool_exit command_rtmr(int argc, char **argv);
enum tool_exit command_attest_values(int argc, char **argv);
