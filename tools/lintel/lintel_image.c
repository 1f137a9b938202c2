// lintel image: plan and write an image from the shim that is linked into this tool.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/image/acpi_pin.h"
#include "loader/image/igvm_sink.h"
#include "loader/image/payload_check.h"
#include "loader/image/plan.h"
#include "loader/image/sha384.h"
#include "loader/image/tdvf_read.h"
#include "loader/image/tdvf_sink.h"
#include "tools/lintel/flat.h"
#include "tools/lintel/tool.h"

extern const uint8_t shim_blob[];
extern const uint8_t shim_blob_end[];

static const char help[] =
	"usage: lintel image --output FILE [OPTION]...\n"
	"\n"
	"Makes a firmware image. All of it is measured into MRTD. A payload that\n"
	"no boot gets past is refused; whether a TD has the memory for it only its boot can tell.\n"
	"  --output FILE        where the image goes\n"
	"  --format fd          a TDVF image, for qemu -bios (default)\n"
	"  --format igvm        an IGVM file of the same pages, with the same MRTD\n"
	"  --kernel FILE        embed this bzImage, UKI or ELF file (else the shim asks fw_cfg:\n"
	"                       qemu -kernel)\n"
	"  --flat ADDRESS       the kernel is a flat binary, which runs at this address ...\n"
	"  --flat-entry ADDRESS ... and is entered here (at its first byte)\n"
	"  --initrd FILE        embed this initrd\n"
	"  --cmdline TEXT       embed this kernel command line, at most as long as the kernel\n"
	"                       takes, and 2047 bytes\n"
	"  --pin                embed none of the three: the host gives them, and they must fit\n"
	"                       their SHA-384 in the image; what has no option must be absent\n"
	"  --ap-handover linux  APs reach the wake-up vector with CR0.WP=0 (default: what stock\n"
	"                       kernels need)\n"
	"  --ap-handover strict with CR0.WP=1: the AP table is read-only in fact\n"
	"  --allow-debug        a TD with ATTRIBUTES.DEBUG boots, too: its host can look into it\n"
	"                       and change it\n"
	"  --acpi refuse-aml    no AML of the host runs in the kernel; with it go PCI devices\n"
	"                       and powering off\n"
	"  --acpi pin=LOG       the host's ACPI tables must be those of the boot with this event\n"
	"                       log (Linux: /sys/firmware/acpi/tables/data/CCEL)\n"
	"  --accept auto        memory above 4 GiB is left unaccepted to a kernel whose version\n"
	"                       says that it accepts it when it needs it (default: Linux 6.5)\n"
	"  --accept eager       all memory is accepted before the payload starts\n"
	"  --accept lazy        memory above 4 GiB is left to the payload, whatever its version\n";

struct image_options {
	const char *output;
	bool igvm;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	bool flat;
	uint64_t flat_base, flat_entry; /* 0: no entry is given */
	uint32_t flags;
	uint8_t acpi_pin[SHA384_SIZE];
};

/* Reads what the options name; the caller frees both files, also after an error. */
static enum tool_exit read_inputs(const struct image_options *options, struct file_bytes *kernel,
				  struct file_bytes *initrd)
{
	enum tool_exit result = TOOL_OK;
	/* What is pinned need not fit into an image. */
	size_t most =
		(options->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0 ? TOOL_FILE_MAX : IMAGE_MAX_SIZE;
	if (options->kernel != NULL) {
		result = file_read(options->kernel, most, kernel);
	}
	if (result == TOOL_OK && options->flat) {
		flat_wrap(kernel, options->flat_base,
			  options->flat_entry != 0 ? options->flat_entry : options->flat_base);
	}
	if (result == TOOL_OK && options->initrd != NULL) {
		result = file_read(options->initrd, most, initrd);
	}
	return result;
}

/* By the shim's own rules: what it would refuse at every boot is no image. */
static enum tool_exit check_payload(const struct image_options *options,
				    const struct plan_parts *parts)
{
	char error[200];
	if (payload_check(parts, error, sizeof(error)) == ST_OK) {
		return TOOL_OK;
	}
	return options->kernel != NULL ? tool_error("%s: %s", options->kernel, error) :
					 tool_error("%s", error);
}

/* fd: a TDVF image of ours. */
static enum tool_exit write_igvm(const char *path, const uint8_t *fd, uint64_t fd_size)
{
	struct launch_image launch;
	uint64_t size = 0;
	char error[160];
	enum status st = tdvf_read(fd, fd_size, &launch, error, sizeof(error));
	CHECK(st == ST_OK);
	st = igvm_sink_size(&launch, &size);
	if (st == ST_NO_SPACE) {
		return tool_error("%s: with the headers of 0x%lx bytes of pages the file would be "
				  "above 0x%x",
				  path, fd_size, IMAGE_MAX_SIZE);
	}
	CHECK(st == ST_OK);
	uint8_t *file = malloc(size);
	if (file == NULL) {
		return tool_error("%s: size 0x%lx: no memory", path, size);
	}
	st = igvm_sink_write(&launch, file, size);
	CHECK(st == ST_OK);
	enum tool_exit result = file_write(path, file, size);
	free(file);
	return result;
}

static enum tool_exit write_image(const struct image_options *options,
				  const struct plan_parts *parts)
{
	static struct plan_space space;
	struct plan plan;
	struct launch_image launch;
	uint64_t size = 0;
	char error[160];
	enum status st = plan_make(&plan, parts, &space, error, sizeof(error));
	if (st == ST_NO_SPACE) {
		return tool_error("%s: kernel 0x%lx, initrd 0x%lx, command line 0x%lx bytes: "
				  "the image would be above 0x%x",
				  options->output, parts->kernel.size, parts->initrd.size,
				  parts->cmdline.size, IMAGE_MAX_SIZE);
	}
	if (st != ST_OK) {
		return tool_error("%s: %s", options->output, error);
	}
	plan_launch(&plan, &launch);
	st = tdvf_sink_size(&launch, &size);
	CHECK(st == ST_OK);
	uint8_t *image = malloc(size);
	if (image == NULL) {
		return tool_error("%s: size 0x%lx: no memory", options->output, size);
	}
	enum tool_exit result;
	st = tdvf_sink_write(&launch, image, size, error, sizeof(error));
	if (st != ST_OK) {
		result = tool_error("%s: %s", options->output, error);
	} else if (options->igvm) {
		result = write_igvm(options->output, image, size);
	} else {
		result = file_write(options->output, image, size);
	}
	free(image);
	return result;
}

/* The digests of all parts in place of the parts. */
static void pin_parts(struct plan_parts *parts, uint8_t pins[IMAGE_PINS][SHA384_SIZE])
{
	struct plan_bytes *const pinned[IMAGE_PINS] = {
		[IMAGE_PIN_KERNEL] = &parts->kernel,
		[IMAGE_PIN_INITRD] = &parts->initrd,
		[IMAGE_PIN_CMDLINE] = &parts->cmdline,
	};
	for (size_t i = 0; i < IMAGE_PINS; i++) {
		struct sha384 hash;
		sha384_init(&hash);
		sha384_update(&hash, pinned[i]->bytes, pinned[i]->size);
		sha384_final(&hash, pins[i]);
		*pinned[i] = (struct plan_bytes){ NULL, 0 };
	}
	parts->payload_pins = (const uint8_t(*)[SHA384_SIZE])pins;
}

static enum tool_exit make_image(const struct image_options *options)
{
	size_t shim_size = (size_t)(shim_blob_end - shim_blob);
	struct file_bytes kernel = { NULL, 0 };
	struct file_bytes initrd = { NULL, 0 };
	enum tool_exit result = read_inputs(options, &kernel, &initrd);
	if (result == TOOL_OK) {
		const char *cmdline = options->cmdline;
		bool pinned = (options->flags & IMAGE_CONFIG_PIN_ACPI) != 0;
		uint8_t pins[IMAGE_PINS][SHA384_SIZE];
		struct plan_parts parts = {
			.shim = { shim_blob, shim_size },
			.kernel = { kernel.bytes, kernel.size },
			.initrd = { initrd.bytes, initrd.size },
			.cmdline = { (const uint8_t *)cmdline,
				     cmdline != NULL ? strlen(cmdline) : 0 },
			.flags = options->flags,
			.acpi_pin = pinned ? options->acpi_pin : NULL,
		};
		result = check_payload(options, &parts);
		if (result == TOOL_OK && (options->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0) {
			pin_parts(&parts, pins);
		}
		if (result == TOOL_OK) {
			result = write_image(options, &parts);
		}
	}
	free(kernel.bytes);
	free(initrd.bytes);
	return result;
}

static enum tool_exit read_pin(const char *path, struct image_options *options)
{
	struct file_bytes log = { NULL, 0 };
	enum tool_exit result = file_read(path, IMAGE_MAX_SIZE, &log);
	if (result == TOOL_OK) {
		char error[160];
		if (acpi_pin_from_log(log.bytes, log.size, options->acpi_pin, error,
				      sizeof(error)) != ST_OK) {
			result = tool_error("%s: %s", path, error);
		}
	}
	free(log.bytes);
	options->flags |= IMAGE_CONFIG_PIN_ACPI;
	return result;
}

static enum tool_exit acpi_option(const char *command, const char *value,
				  struct image_options *options)
{
	static const char pin[] = "pin=";
	if (strcmp(value, "refuse-aml") == 0) {
		options->flags |= IMAGE_CONFIG_REFUSE_AML;
		return TOOL_OK;
	}
	if (strncmp(value, pin, sizeof(pin) - 1) == 0) {
		return read_pin(value + sizeof(pin) - 1, options);
	}
	return tool_usage(command, "--acpi \"%s\": refuse-aml or pin=LOG", value);
}

static enum tool_exit accept_option(const char *command, const char *value,
				    struct image_options *options)
{
	static const struct {
		const char *value;
		uint32_t flag;
	} policies[] = {
		{ "auto", 0 },
		{ "eager", IMAGE_CONFIG_ACCEPT_EAGER },
		{ "lazy", IMAGE_CONFIG_ACCEPT_LAZY },
	};
	for (size_t i = 0; i < ARRAY_COUNT(policies); i++) {
		if (strcmp(value, policies[i].value) == 0) {
			options->flags &=
				~(uint32_t)(IMAGE_CONFIG_ACCEPT_EAGER | IMAGE_CONFIG_ACCEPT_LAZY);
			options->flags |= policies[i].flag;
			return TOOL_OK;
		}
	}
	return tool_usage(command, "--accept \"%s\": auto, eager or lazy", value);
}

static enum tool_exit address_option(const char *command, const char *value, uint64_t *address)
{
	char *end;
	errno = 0;
	*address = strtoull(value, &end, 0);
	if (errno != 0 || *end != 0 || *address == 0) {
		return tool_usage(command, "address \"%s\": must be a number, not 0", value);
	}
	return TOOL_OK;
}

enum tool_exit command_image(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "format", required_argument, NULL, 'f' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "cmdline", required_argument, NULL, 'c' },
		{ "flat", required_argument, NULL, 'b' },
		{ "flat-entry", required_argument, NULL, 'e' },
		{ "pin", no_argument, NULL, 'p' },
		{ "ap-handover", required_argument, NULL, 'a' },
		{ "allow-debug", no_argument, NULL, 'd' },
		{ "acpi", required_argument, NULL, 't' },
		{ "accept", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct image_options options = { 0 };
	enum tool_exit result;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'o':
			options.output = optarg;
			break;
		case 'f':
			options.igvm = strcmp(optarg, "igvm") == 0;
			if (!options.igvm && strcmp(optarg, "fd") != 0) {
				return tool_usage(argv[0], "--format \"%s\": fd or igvm", optarg);
			}
			break;
		case 'k':
			options.kernel = optarg;
			break;
		case 'i':
			options.initrd = optarg;
			break;
		case 'c':
			options.cmdline = optarg;
			break;
		case 'a':
			if (strcmp(optarg, "linux") == 0) {
				options.flags &= ~(uint32_t)IMAGE_CONFIG_AP_STRICT;
			} else if (strcmp(optarg, "strict") == 0) {
				options.flags |= IMAGE_CONFIG_AP_STRICT;
			} else {
				return tool_usage(argv[0], "--ap-handover \"%s\": linux or strict",
						  optarg);
			}
			break;
		case 'b':
			options.flat = true;
			TOOL_TRY(address_option(argv[0], optarg, &options.flat_base));
			break;
		case 'e':
			TOOL_TRY(address_option(argv[0], optarg, &options.flat_entry));
			break;
		case 'p':
			options.flags |= IMAGE_CONFIG_PIN_PAYLOAD;
			break;
		case 'd':
			options.flags |= IMAGE_CONFIG_ALLOW_DEBUG;
			break;
		case 't':
			result = acpi_option(argv[0], optarg, &options);
			if (result != TOOL_OK) {
				return result;
			}
			break;
		case 'm':
			result = accept_option(argv[0], optarg, &options);
			if (result != TOOL_OK) {
				return result;
			}
			break;
		case 'h':
			return tool_help(help);
		default:
			return tool_usage(argv[0], "%s: unknown option, or no value",
					  argv[optind - 1]);
		}
	}
	if (options.output == NULL || optind != argc) {
		return tool_usage(argv[0], "--output is needed, and options only");
	}
	if ((options.flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0 && options.kernel == NULL) {
		return tool_usage(argv[0], "--pin: --kernel is needed");
	}
	if ((options.flat &&
	     (options.kernel == NULL || (options.flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0)) ||
	    (options.flat_entry != 0 && !options.flat)) {
		return tool_usage(argv[0], "--flat, --flat-entry: of a --kernel in the image");
	}
	if (options.cmdline != NULL && *options.cmdline == 0) {
		return tool_error("--cmdline: length 0: leave the option out");
	}
	return make_image(&options);
}
