// The measurements of a boot, predicted from the files that it is given.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Which register takes what, and in which order: arch/tdx/event_log.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/lintel/image_config.h"
#include "tools/lintel/tool.h"

/* What the firmware extends; RTMR[3] is the TD's own. */
#define PREDICT_RTMRS 3

struct prediction {
	/* Paths, and a text; NULL: not given. */
	const char *kernel, *initrd, *cmdline, *host_files;
	const char *application;    /* build/lintel.efi: a UEFI firmware starts it */
	struct image_config config; /* of the image; all zero: nothing is embedded */
	bool igvm;                  /* the image gets a memory map in the place of a TD HOB */
	bool prints_events;         /* a line each */
	/* Results; rtmr[0] if there are host_files. */
	uint8_t rtmr[PREDICT_RTMRS][SHA384_SIZE];
};

/* For getopt_long(): the options that say what a boot is given, and their help. */
#define PREDICT_OPTIONS                                                                         \
	{ "kernel", required_argument, NULL, 'k' }, { "initrd", required_argument, NULL, 'i' }, \
		{ "cmdline", required_argument, NULL, 'c' },                                    \
		{ "host-files", required_argument, NULL, 'f' },                                 \
	{                                                                                       \
		"uefi", required_argument, NULL, 'u'                                            \
	}
#define PREDICT_HELP                                                                               \
	"  --kernel FILE        what the host gives as kernel, ...\n"                              \
	"  --initrd FILE        ... as initrd, ...\n"                                              \
	"  --cmdline TEXT       ... and as command line\n"                                         \
	"  --host-files DIR     TD HOB and ACPI files of the host: td-hob, for an IGVM file\n"     \
	"                       igvm-memory-map, etc/table-loader and what that names, as tdrun\n" \
	"                       --host-files writes them; a file may be a directory with a file\n" \
	"                       raw, as in /sys/firmware/qemu_fw_cfg/by_name.\n"                   \
	"                       Without it RTMR[0] is not predicted\n"                             \
	"  --uefi APPLICATION   a UEFI firmware starts lintel.efi, this file, which finds "        \
	"kernel,\n"                                                                                \
	"                       initrd and command line on its volume. RTMR[1] and RTMR[2] are\n"  \
	"                       those of edk2 where it is the first boot option that is tried;\n"  \
	"                       RTMR[0] is the firmware's own\n"

/* Takes one of these options; false: it is none. */
bool predict_option(struct prediction *p, int option, const char *value);

/* Reads what matters of an image of Lintel's; with --uefi nothing does. */
enum tool_exit predict_image(struct prediction *p, const char *path,
			     const struct launch_image *image);

/* Wrong usage, unless image and host together have all parts, and none of them twice. */
enum tool_exit predict_check(const char *command, const struct prediction *p);

enum tool_exit predict(struct prediction *p);
