// The load options of the UEFI application: which files it boots, and with what command line.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   [APPLICATION] [kernel=FILE] [initrd=FILE] [cmdline=TEXT]
//
// Words end at blanks; TEXT is all that follows. A first word without "=" is the application's own
// name, which the UEFI shell puts there. A slash in a FILE is the backslash that UEFI wants.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"

#define UEFI_KERNEL_DEFAULT u"\\vmlinuz"
#define UEFI_INITRD_DEFAULT u"\\initrd"
/* A file with the command line, for where nobody gives options. */
#define UEFI_CMDLINE_FILE u"\\cmdline"

/* Characters, the NUL included. */
#define UEFI_PATH_MAX 256
#define UEFI_CMDLINE_MAX 4096

/* What is given stands in the text, else the default. */
struct uefi_options {
	uint16_t kernel[UEFI_PATH_MAX];
	uint16_t initrd[UEFI_PATH_MAX]; /* empty: "initrd=", so none */
	bool initrd_given;
	char cmdline[UEFI_CMDLINE_MAX];
	bool cmdline_given;
};

/* The word that is refused, which begins with character number at. */
struct uefi_options_fault {
	size_t at;
	char word[32]; /* cut if it is longer; what is not ASCII is "?" */
	const char *rule;
};

/*
 * text: size bytes of UTF-16 (LoadOptions of EFI_LOADED_IMAGE_PROTOCOL), which end at a NUL if
 * there is one. ST_BAD_FORMAT: half a character, one that is not printable ASCII, or a word that is
 * no option; ST_BAD_ARGUMENT: an option twice, or a kernel without a name; ST_NO_SPACE: too long.
 */
enum status uefi_options_parse(const void *text, size_t size, struct uefi_options *out,
			       struct uefi_options_fault *fault) MUST_CHECK;
