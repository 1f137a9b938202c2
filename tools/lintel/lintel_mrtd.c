// lintel mrtd: the MRTD of an image, alone on a line.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/image/mrtd.h"
#include "tools/lintel/tool.h"

static const char help[] =
	"usage: lintel mrtd --order page|section FILE\n"
	"\n"
	"Prints the MRTD (96 hex digits) that a TD built from FILE, a TDVF image or an IGVM file,\n"
	"has. It depends on the order in which the VMM adds and measures pages:\n"
	"  --order page      add a page, measure it, then the next one (KVM, QEMU; IGVM loaders)\n"
	"  --order section   add all pages of a section, then measure all of them\n";

static enum tool_exit print_mrtd(const char *path, enum measure_order order)
{
	struct file_bytes file;
	struct launch_image image;
	uint8_t digest[SHA384_SIZE];
	TOOL_TRY(image_read(path, &file, &image));
	measure_mrtd(&image, order, digest);
	free(file.bytes);
	tool_print_digest(digest);
	printf("\n");
	return tool_finish();
}

enum tool_exit command_mrtd(int argc, char **argv)
{
	static const struct option options[] = {
		{ "order", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool has_order = false;
	enum measure_order order = MEASURE_PER_PAGE;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			TOOL_TRY(tool_order(argv[0], optarg, &order));
			has_order = true;
			break;
		case 'h':
			return tool_help(help);
		default:
			return tool_usage(argv[0], "%s: unknown option, or no value",
					  argv[optind - 1]);
		}
	}
	if (!has_order || optind + 1 != argc) {
		return tool_usage(argv[0], "--order and one FILE are needed");
	}
	return print_mrtd(argv[optind], order);
}
