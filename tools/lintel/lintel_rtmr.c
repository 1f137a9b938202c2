// lintel rtmr: the measurements of a boot, predicted from what the host gives it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// In the shim's order: arch/tdx/event_log.h.
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/lintel/image_config.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/tdx/event_log.h"
#include "arch/tdx/hob.h"
#include "linker/memmap.h"
#include "loader/image/image_check.h"
#include "loader/image/sha384.h"
#include "loader/image/tdvf_read.h"
#include "loader/payload/payload_kind.h"
#include "tools/lintel/tool.h"

static const char help[] =
	"usage: lintel rtmr [OPTION]... [IMAGE]\n"
	"\n"
	"Predicts RTMR[0] to RTMR[2] of a TD that the image boots in, and prints each event: "
	"register,\n"
	"digest, what it is of. The image tells what of the payload is embedded in it; without "
	"one\n"
	"nothing is.\n"
	"  --kernel FILE        what the host gives as kernel, ...\n"
	"  --initrd FILE        ... as initrd, ...\n"
	"  --cmdline TEXT       ... and as command line\n"
	"  --host-files DIR     TD HOB and ACPI files of the host: td-hob, etc/table-loader and "
	"what\n"
	"                       that names, as tdrun --host-files writes them; a file may be a\n"
	"                       directory with a file raw, as in "
	"/sys/firmware/qemu_fw_cfg/by_name.\n"
	"                       Without it RTMR[0] is not predicted\n";

#define RTMRS 3
#define TD_HOB_NAME "td-hob"
#define TABLE_LOADER_NAME "etc/table-loader"

struct prediction {
	const char *kernel, *initrd, *cmdline, *host_files;
	struct image_config config; /* all zero: nothing is embedded */
	uint8_t rtmr[RTMRS][SHA384_SIZE];
};

static void extend(struct prediction *p, unsigned number, const char *what, const void *bytes,
		   uint64_t size)
{
	uint8_t digest[SHA384_SIZE];
	struct sha384 hash;
	sha384_init(&hash);
	sha384_update(&hash, bytes, size);
	sha384_final(&hash, digest);
	printf("RTMR[%u] ", number);
	tool_print_digest(digest);
	printf(" %s, 0x%lx bytes\n", what, size);
	sha384_init(&hash);
	sha384_update(&hash, p->rtmr[number], SHA384_SIZE);
	sha384_update(&hash, digest, SHA384_SIZE);
	sha384_final(&hash, p->rtmr[number]);
}

static void separate(struct prediction *p, unsigned number)
{
	static const uint8_t zeros[4];
	extend(p, number, "separator", zeros, sizeof(zeros));
}

static enum tool_exit extend_file(struct prediction *p, unsigned number, const char *what,
				  const char *path)
{
	struct file_bytes file;
	enum tool_exit result = file_read(path, TOOL_FILE_MAX, &file);
	if (result == TOOL_OK) {
		extend(p, number, what, file.bytes, file.size);
		free(file.bytes);
	}
	return result;
}

/* ---- the host's files ------------------------------------------------------------------------ */

static enum tool_exit host_file(const struct prediction *p, const char *name,
				struct file_bytes *file)
{
	char path[4096];
	struct stat info;
	snprintf(path, sizeof(path), "%s/%s", p->host_files, name);
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		snprintf(path, sizeof(path), "%s/%s/raw", p->host_files, name);
	}
	return file_read(path, TOOL_FILE_MAX, file);
}

/* Up to its END block, which is not measured. */
static enum tool_exit predict_hob(struct prediction *p)
{
	struct file_bytes file;
	struct hob_header hob = { 0 };
	size_t at = 0;
	TOOL_TRY(host_file(p, TD_HOB_NAME, &file));
	while (file.size - at >= sizeof(hob)) {
		memcpy(&hob, file.bytes + at, sizeof(hob));
		if (hob.type == HOB_TYPE_END_OF_HOB_LIST || hob.length < sizeof(hob) ||
		    hob.length > file.size - at) {
			break;
		}
		at += hob.length;
	}
	enum tool_exit result = TOOL_OK;
	if (hob.type == HOB_TYPE_END_OF_HOB_LIST) {
		extend(p, 0, "TD HOB", file.bytes, at);
	} else {
		result = tool_error("%s/%s: block of 0x%x bytes at 0x%zx of 0x%zx: no list",
				    p->host_files, TD_HOB_NAME, hob.length, at, file.size);
	}
	free(file.bytes);
	return result;
}

static enum tool_exit predict_table(struct prediction *p,
				    const struct table_loader_command *command)
{
	char name[FW_CFG_NAME_SIZE + 1];
	struct file_bytes file;
	memcpy(name, command->allocate.file, FW_CFG_NAME_SIZE);
	name[FW_CFG_NAME_SIZE] = 0;
	TOOL_TRY(host_file(p, name, &file));
	extend(p, 0, name, file.bytes, file.size);
	free(file.bytes);
	return TOOL_OK;
}

static enum tool_exit predict_acpi(struct prediction *p)
{
	struct file_bytes file;
	enum tool_exit result = TOOL_OK;
	TOOL_TRY(host_file(p, TABLE_LOADER_NAME, &file));
	extend(p, 0, TABLE_LOADER_NAME, file.bytes, file.size);
	struct table_loader_command command;
	for (size_t at = 0; result == TOOL_OK && file.size - at >= sizeof(command);
	     at += sizeof(command)) {
		memcpy(&command, file.bytes + at, sizeof(command));
		if (command.command == TABLE_LOADER_ALLOCATE) {
			result = predict_table(p, &command);
		}
	}
	free(file.bytes);
	return result;
}

/* ---- the payload ----------------------------------------------------------------------------- */

static enum tool_exit predict_kernel(struct prediction *p, enum payload_kind *kind)
{
	struct file_bytes file;
	TOOL_TRY(file_read(p->kernel, TOOL_FILE_MAX, &file));
	*kind = payload_kind_of(file.bytes, file.size);
	extend(p, 1, "kernel", file.bytes, file.size);
	free(file.bytes);
	return TOOL_OK;
}

/* What is embedded is in MRTD; what goes with an embedded kernel or is in a UKI is not the
 * host's. */
static enum tool_exit predict_payload(struct prediction *p)
{
	enum payload_kind kind = PAYLOAD_BZIMAGE;
	if (p->config.kernel.base != 0) {
		return TOOL_OK;
	}
	TOOL_TRY(predict_kernel(p, &kind));
	if (kind == PAYLOAD_UKI) {
		return p->initrd == NULL && p->cmdline == NULL ?
			       TOOL_OK :
			       tool_error("%s: a UKI: no boot gets past an initrd or a command "
					  "line beside it",
					  p->kernel);
	}
	if (p->config.cmdline.base == 0) {
		const char *text = p->cmdline != NULL ? p->cmdline : "";
		extend(p, 2, "command line", text, strlen(text));
	}
	return p->initrd != NULL ? extend_file(p, 2, "initrd", p->initrd) : TOOL_OK;
}

static enum tool_exit predict(struct prediction *p)
{
	if (p->host_files != NULL) {
		TOOL_TRY(predict_hob(p));
		TOOL_TRY(predict_acpi(p));
		separate(p, 0);
	}
	separate(p, 1);
	TOOL_TRY(predict_payload(p));
	for (unsigned i = p->host_files != NULL ? 0 : 1; i < RTMRS; i++) {
		printf("rtmr%u ", i);
		tool_print_digest(p->rtmr[i]);
		printf("\n");
	}
	return tool_finish();
}

/* ---- options --------------------------------------------------------------------------------- */

static enum tool_exit read_config(const char *path, struct image_config *config)
{
	struct file_bytes file;
	struct launch_image image;
	char error[160];
	TOOL_TRY(file_read(path, IMAGE_MAX_SIZE, &file));
	enum tool_exit result = TOOL_OK;
	if (tdvf_read(file.bytes, file.size, &image, error, sizeof(error)) != ST_OK) {
		result = tool_error("%s: %s", path, error);
	} else if (!image_is_ours(file.bytes, file.size)) {
		result = tool_error("%s: no image of Lintel's", path);
	} else {
		memcpy(config, file.bytes + (file.size - (FOUR_GIB - IMAGE_CONFIG)),
		       sizeof(*config));
	}
	free(file.bytes);
	return result;
}

/* Is there anything to predict that the image and the host both have, or neither? */
static enum tool_exit check_parts(const char *command, const struct prediction *p)
{
	bool embedded = p->config.kernel.base != 0;
	if (embedded == (p->kernel != NULL)) {
		return tool_usage(command, embedded ? "--kernel: the image has one" :
						      "--kernel is needed, as no image has one");
	}
	if ((p->initrd != NULL && (embedded || p->config.initrd.base != 0)) ||
	    (p->cmdline != NULL && (embedded || p->config.cmdline.base != 0))) {
		return tool_usage(command, "--initrd, --cmdline: what the image has, or a kernel "
					   "in it does without, is not the host's");
	}
	return TOOL_OK;
}

enum tool_exit command_rtmr(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "host-files", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct prediction p = { 0 };
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'k':
			p.kernel = optarg;
			break;
		case 'i':
			p.initrd = optarg;
			break;
		case 'c':
			p.cmdline = optarg;
			break;
		case 'f':
			p.host_files = optarg;
			break;
		case 'h':
			return tool_help(help);
		default:
			return tool_usage(argv[0], "%s: unknown option, or no value",
					  argv[optind - 1]);
		}
	}
	if (argc - optind > 1) {
		return tool_usage(argv[0], "one IMAGE at most");
	}
	if (optind < argc) {
		TOOL_TRY(read_config(argv[optind], &p.config));
	}
	TOOL_TRY(check_parts(argv[0], &p));
	return predict(&p);
}
