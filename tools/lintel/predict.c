// The measurements of a boot, predicted event by event.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tools/lintel/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/qemu/fw_cfg.h"
#include "arch/tdx/event_log.h"
#include "arch/tdx/hob.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"
#include "loader/image/pe_digest.h"
#include "loader/payload/payload_kind.h"

#define TD_HOB_NAME "td-hob"
#define MEMORY_MAP_NAME "igvm-memory-map"
#define TABLE_LOADER_NAME "etc/table-loader"

static void extend_digest(struct prediction *p, unsigned number, const char *what,
			  const uint8_t digest[SHA384_SIZE], uint64_t size)
{
	struct sha384 hash;
	if (p->prints_events) {
		printf("RTMR[%u] ", number);
		tool_print_digest(digest);
		printf(" %s, 0x%lx bytes\n", what, size);
	}
	sha384_init(&hash);
	sha384_update(&hash, p->rtmr[number], SHA384_SIZE);
	sha384_update(&hash, digest, SHA384_SIZE);
	sha384_final(&hash, p->rtmr[number]);
}

static void extend(struct prediction *p, unsigned number, const char *what, const void *bytes,
		   uint64_t size)
{
	uint8_t digest[SHA384_SIZE];
	struct sha384 hash;
	sha384_init(&hash);
	sha384_update(&hash, bytes, size);
	sha384_final(&hash, digest);
	extend_digest(p, number, what, digest, size);
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

/* Up to the entry that ends it, which is not measured. */
static enum tool_exit predict_memory_map(struct prediction *p)
{
	struct file_bytes file;
	struct igvm_memory_map_entry entry = { .number_of_pages = 1 };
	size_t at = 0;
	TOOL_TRY(host_file(p, MEMORY_MAP_NAME, &file));
	for (; file.size - at >= sizeof(entry); at += sizeof(entry)) {
		memcpy(&entry, file.bytes + at, sizeof(entry));
		if (entry.number_of_pages == 0) {
			break;
		}
	}
	enum tool_exit result = TOOL_OK;
	if (entry.number_of_pages == 0) {
		extend(p, 0, "memory map", file.bytes, at);
	} else {
		result = tool_error("%s/%s: 0x%zx bytes, and no entry that ends it", p->host_files,
				    MEMORY_MAP_NAME, file.size);
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

static enum tool_exit predict_rest(struct prediction *p)
{
	if (p->config.cmdline.base == 0) {
		const char *text = p->cmdline != NULL ? p->cmdline : "";
		extend(p, 2, "command line", text, strlen(text));
	}
	return p->initrd != NULL ? extend_file(p, 2, "initrd", p->initrd) : TOOL_OK;
}

/* What is embedded is in MRTD; what is in a UKI, or goes with an embedded kernel, nobody else
 * gives. */
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
	return predict_rest(p);
}

/* ---- started by UEFI ------------------------------------------------------------------------- */

/* The digest of an EV_EFI_ACTION is of its text. */
static void act(struct prediction *p, const char *text)
{
	extend(p, 1, text, text, strlen(text));
}

static enum tool_exit predict_application(struct prediction *p)
{
	struct file_bytes file;
	uint8_t digest[SHA384_SIZE];
	char error[160];
	TOOL_TRY(file_read(p->application, TOOL_FILE_MAX, &file));
	enum tool_exit result = TOOL_OK;
	if (pe_digest(file.bytes, file.size, digest, error, sizeof(error)) == ST_OK) {
		extend_digest(p, 1, "application", digest, file.size);
	} else {
		result = tool_error("%s: %s", p->application, error);
	}
	free(file.bytes);
	return result;
}

/* [edk2 SecurityPkg/Library/DxeTpm2MeasureBootLib, OvmfPkg/Tcg/TdTcg2Dxe] */
static enum tool_exit predict_uefi(struct prediction *p)
{
	enum payload_kind kind = PAYLOAD_BZIMAGE;
	act(p, "Calling EFI Application from Boot Option");
	separate(p, 1);
	TOOL_TRY(predict_application(p));
	TOOL_TRY(predict_kernel(p, &kind));
	if (kind != PAYLOAD_BZIMAGE) {
		return tool_error("%s: an ELF file or a UKI: must be a bzImage", p->kernel);
	}
	TOOL_TRY(predict_rest(p));
	act(p, "Exit Boot Services Invocation");
	act(p, "Exit Boot Services Returned with Success");
	return TOOL_OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

enum tool_exit predict(struct prediction *p)
{
	if (p->application != NULL) {
		return predict_uefi(p);
	}
	if (p->host_files != NULL) {
		TOOL_TRY(p->igvm ? predict_memory_map(p) : predict_hob(p));
		TOOL_TRY(predict_acpi(p));
		separate(p, 0);
	}
	separate(p, 1);
	return predict_payload(p);
}

/* ---- options --------------------------------------------------------------------------------- */

bool predict_option(struct prediction *p, int option, const char *value)
{
	switch (option) {
	case 'k':
		p->kernel = value;
		return true;
	case 'i':
		p->initrd = value;
		return true;
	case 'c':
		p->cmdline = value;
		return true;
	case 'f':
		p->host_files = value;
		return true;
	case 'u':
		p->application = value;
		return true;
	default:
		return false;
	}
}

enum tool_exit predict_image(struct prediction *p, const char *path,
			     const struct launch_image *image)
{
	if (p->application != NULL) {
		return TOOL_OK;
	}
	p->igvm = true;
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		p->igvm = p->igvm && s->kind != LAUNCH_TD_HOB;
		if (s->base <= IMAGE_CONFIG && s->bytes_size >= sizeof(p->config) &&
		    IMAGE_CONFIG - s->base <= s->bytes_size - sizeof(p->config)) {
			memcpy(&p->config, s->bytes + (IMAGE_CONFIG - s->base), sizeof(p->config));
		}
	}
	return p->config.magic == IMAGE_CONFIG_MAGIC ? TOOL_OK :
						       tool_error("%s: no image of Lintel's", path);
}

enum tool_exit predict_check(const char *command, const struct prediction *p)
{
	bool embedded = p->config.kernel.base != 0;
	if (p->application != NULL && p->host_files != NULL) {
		return tool_usage(command,
				  "--host-files: with --uefi RTMR[0] is the firmware's own");
	}
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
