// Files and messages of the host tool.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tools/lintel/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/base/check.h"
#include "linker/memmap.h"
#include "loader/image/launch_read.h"

void bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "lintel: bug at %s:%d: %s\n", file, line, what);
	abort();
}

enum tool_exit tool_error(const char *format, ...)
{
	va_list args;
	fputs("lintel: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return TOOL_ERROR;
}

enum tool_exit tool_usage(const char *command, const char *format, ...)
{
	va_list args;
	fprintf(stderr, "lintel %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry: lintel %s --help\n", command);
	return TOOL_USAGE;
}

enum tool_exit tool_help(const char *help)
{
	fputs(help, stdout);
	return tool_finish();
}

enum tool_exit tool_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		return tool_error("standard output: %s", strerror(errno));
	}
	return TOOL_OK;
}

void tool_print_digest(const uint8_t digest[SHA384_SIZE])
{
	for (size_t i = 0; i < SHA384_SIZE; i++) {
		printf("%02x", digest[i]);
	}
}

enum tool_exit tool_order(const char *command, const char *text, enum measure_order *out)
{
	if (strcmp(text, "page") == 0) {
		*out = MEASURE_PER_PAGE;
	} else if (strcmp(text, "section") == 0) {
		*out = MEASURE_PER_SECTION;
	} else {
		return tool_usage(command, "--order \"%s\": page or section", text);
	}
	return TOOL_OK;
}

/* All of it up to one byte more than most, which tells "too big" from "just right", for pipes
 * too. */
static uint8_t *read_all(FILE *file, size_t most, size_t *size)
{
	size_t room = 0x10000;
	uint8_t *bytes = NULL;
	*size = 0;
	do {
		room = room < most / 2 ? 2 * room : most + 1;
		bytes = realloc(bytes, room);
		CHECK(bytes != NULL);
		*size += fread(bytes + *size, 1, room - *size, file);
	} while (*size == room && room <= most);
	return bytes;
}

enum tool_exit file_read(const char *path, size_t most, struct file_bytes *out)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		return tool_error("%s: %s", path, strerror(errno));
	}
	size_t size;
	uint8_t *bytes = read_all(file, most, &size);
	int failed = ferror(file) ? errno : 0;
	fclose(file);
	enum tool_exit result = TOOL_OK;
	if (failed != 0) {
		result = tool_error("%s: %s", path, strerror(failed));
	} else if (size == 0) {
		result = tool_error("%s: size 0: the file is empty", path);
	} else if (size > most) {
		result = tool_error("%s: size above 0x%zx: no image can hold it", path, most);
	}
	if (result != TOOL_OK) {
		free(bytes);
		return result;
	}
	*out = (struct file_bytes){ bytes, size };
	return TOOL_OK;
}

enum tool_exit image_read(const char *path, struct file_bytes *file, struct launch_image *image)
{
	char error[160];
	TOOL_TRY(file_read(path, IMAGE_MAX_SIZE, file));
	if (launch_read(file->bytes, file->size, image, error, sizeof(error)) != ST_OK) {
		free(file->bytes);
		return tool_error("%s: %s", path, error);
	}
	return TOOL_OK;
}

enum tool_exit file_write(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	if (file == NULL) {
		return tool_error("%s: %s", path, strerror(errno));
	}
	int failed = fwrite(bytes, 1, size, file) != size ? errno : 0;
	if (fclose(file) != 0 && failed == 0) {
		failed = errno;
	}
	if (failed != 0) {
		struct stat info;
		if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
			unlink(path);
		}
		return tool_error("%s: %s", path, strerror(failed));
	}
	return TOOL_OK;
}
