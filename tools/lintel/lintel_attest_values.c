// lintel attest-values: what a verifier finds in a TD's report, as JSON.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/image/mrtd.h"
#include "tools/lintel/predict.h"
#include "tools/lintel/tool.h"

static const char help[] =
	"usage: lintel attest-values [OPTION]... IMAGE\n"
	"\n"
	"Prints, as JSON, what the report of a TD that IMAGE boots in must have: MRTD, the RTMRs\n"
	"as the payload finds them at its start, and the bits of ATTRIBUTES without which it does\n"
	"not boot. What nothing here decides is null, and \"reasons\" says why. IMAGE is an .fd "
	"or\n"
	"an IGVM file of Lintel's; with --uefi it is any firmware.\n"
	"  --order page|section how the VMM adds and measures pages (page), see lintel "
	"mrtd\n" PREDICT_HELP;

#define HOST_CHOOSES "the host chooses it when it makes the TD"

/* What stands in a report and is the host's. [TDX Module ABI 1.5, TDINFO_STRUCT] */
static const struct {
	const char *name, *reason;
} unknown[] = {
	{ "xfam", HOST_CHOOSES ", by the CPU model (QEMU: -cpu)" },
	{ "mrconfigid", HOST_CHOOSES " (QEMU: tdx-guest,mrconfigid=, else zeros)" },
	{ "mrowner", HOST_CHOOSES " (QEMU: tdx-guest,mrowner=, else zeros)" },
	{ "mrownerconfig", HOST_CHOOSES " (QEMU: tdx-guest,mrownerconfig=, else zeros)" },
	{ "servtd_hash", "the host may bind service TDs; zeros while it has bound none" },
};

static void print_string(const uint8_t digest[SHA384_SIZE])
{
	printf("\"");
	tool_print_digest(digest);
	printf("\"");
}

static void print_rtmrs(const struct prediction *p)
{
	static const uint8_t zeros[SHA384_SIZE];
	printf(" \"rtmr\": [\n  ");
	if (p->host_files != NULL) {
		print_string(p->rtmr[0]);
	} else {
		printf("null");
	}
	for (unsigned i = 1; i < PREDICT_RTMRS; i++) {
		printf(",\n  ");
		print_string(p->rtmr[i]);
	}
	printf(",\n  ");
	print_string(zeros);
	printf("\n ],\n");
}

/* The shim of an image that does not say otherwise refuses a debug TD. */
static const char *print_attributes(const struct prediction *p)
{
	if (p->application != NULL || (p->config.flags & IMAGE_CONFIG_ALLOW_DEBUG) != 0) {
		printf(" \"attributes\": null,\n");
		return p->application != NULL ? "the firmware decides what it boots with" :
						"the image boots with DEBUG, too (--allow-debug)";
	}
	printf(" \"attributes\": {\"mask\": \"0x%016lx\", \"value\": \"0x%016lx\"},\n",
	       TD_ATTRIBUTES_DEBUG, UINT64_C(0));
	return "DEBUG (bit 0) is 0, or the shim stops; the other bits are the host's";
}

static void print_values(const struct prediction *p, const uint8_t mrtd[SHA384_SIZE])
{
	printf("{\n \"mrtd\": ");
	print_string(mrtd);
	printf(",\n");
	print_rtmrs(p);
	const char *attributes = print_attributes(p);
	for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
		printf(" \"%s\": null,\n", unknown[i].name);
	}
	printf(" \"reasons\": {\n");
	if (p->host_files == NULL) {
		printf("  \"rtmr0\": \"%s\",\n", p->application != NULL ?
							 "it is the firmware's own" :
							 "it is of what --host-files names");
	}
	printf("  \"rtmr3\": \"zeros, until software in the TD extends it\",\n");
	printf("  \"attributes\": \"%s\"", attributes);
	for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
		printf(",\n  \"%s\": \"%s\"", unknown[i].name, unknown[i].reason);
	}
	printf("\n }\n}\n");
}

static enum tool_exit attest(const char *command, const char *path, enum measure_order order,
			     struct prediction *p)
{
	struct file_bytes file;
	struct launch_image image;
	uint8_t mrtd[SHA384_SIZE];
	TOOL_TRY(image_read(path, &file, &image));
	measure_mrtd(&image, order, mrtd);
	enum tool_exit result = predict_image(p, path, &image);
	free(file.bytes);
	TOOL_TRY(result);
	TOOL_TRY(predict_check(command, p));
	TOOL_TRY(predict(p));
	print_values(p, mrtd);
	return tool_finish();
}

enum tool_exit command_attest_values(int argc, char **argv)
{
	static const struct option options[] = {
		PREDICT_OPTIONS,
		{ "order", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct prediction p = { 0 };
	enum measure_order order = MEASURE_PER_PAGE;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			return tool_help(help);
		}
		if (option == 'o') {
			TOOL_TRY(tool_order(argv[0], optarg, &order));
		} else if (!predict_option(&p, option, optarg)) {
			return tool_usage(argv[0], "%s: unknown option, or no value",
					  argv[optind - 1]);
		}
	}
	if (optind + 1 != argc) {
		return tool_usage(argv[0], "one IMAGE is needed");
	}
	return attest(argv[0], argv[optind], order, &p);
}
