// lintel rtmr: the measurements of a boot, predicted, with each event.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/lintel/predict.h"
#include "tools/lintel/tool.h"

static const char help[] =
	"usage: lintel rtmr [OPTION]... [IMAGE]\n"
	"\n"
	"Predicts RTMR[0] to RTMR[2] of a TD that the image, an .fd or an IGVM file, boots in, "
	"and\n"
	"prints each event: register, digest, what it is of. The image tells what of the payload\n"
	"is embedded in it; without one nothing is.\n" PREDICT_HELP;

static enum tool_exit read_image(struct prediction *p, const char *path)
{
	struct file_bytes file;
	struct launch_image image;
	TOOL_TRY(image_read(path, &file, &image));
	enum tool_exit result = predict_image(p, path, &image);
	free(file.bytes);
	return result;
}

static void print_registers(const struct prediction *p)
{
	for (unsigned i = p->host_files != NULL ? 0 : 1; i < PREDICT_RTMRS; i++) {
		printf("rtmr%u ", i);
		tool_print_digest(p->rtmr[i]);
		printf("\n");
	}
}

enum tool_exit command_rtmr(int argc, char **argv)
{
	static const struct option options[] = {
		PREDICT_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct prediction p = { .prints_events = true };
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			return tool_help(help);
		}
		if (!predict_option(&p, option, optarg)) {
			return tool_usage(argv[0], "%s: unknown option, or no value",
					  argv[optind - 1]);
		}
	}
	if (argc - optind > 1) {
		return tool_usage(argv[0], "one IMAGE at most");
	}
	if (optind < argc && p.application != NULL) {
		return tool_usage(argv[0], "%s: with --uefi there is no IMAGE", argv[optind]);
	}
	if (optind < argc) {
		TOOL_TRY(read_image(&p, argv[optind]));
	}
	TOOL_TRY(predict_check(argv[0], &p));
	TOOL_TRY(predict(&p));
	print_registers(&p);
	return tool_finish();
}
