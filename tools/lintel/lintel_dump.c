// lintel dump: sections of any TDVF or IGVM file; for ours also parts and AP table, checked.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "arch/lintel/image_config.h"
#include "arch/x86/paging.h"
#include "linker/memmap.h"
#include "loader/image/igvm_check.h"
#include "loader/image/igvm_read.h"
#include "loader/image/image_check.h"
#include "loader/image/launch_read.h"
#include "loader/memory/regions.h"
#include "loader/table/pagetable.h"
#include "tools/lintel/tool.h"

static const char help[] =
	"usage: lintel dump FILE\n"
	"\n"
	"Checks a TDVF image or an IGVM file and prints its sections. Of an image of ours it also\n"
	"prints the parts and every range of the AP table with its permissions. Exit status 1:\n"
	"malformed metadata; in an image of ours any byte that does not follow from its parts, a\n"
	"payload that no boot gets past, or a range that is writable and executable.\n";

struct dump {
	const char *path;
	struct launch_image image;
	bool igvm;
	const uint8_t *fd; /* the file, or the .fd of an IGVM file */
	uint64_t fd_size;  /* 0: there is none, so it is not ours */
};

static uint64_t dump_base(const struct dump *d)
{
	return FOUR_GIB - d->fd_size;
}

/* The bytes of the .fd at an address in it. */
static const uint8_t *dump_at(const struct dump *d, uint64_t address)
{
	return d->fd + (address - dump_base(d));
}

static void print_sections(const struct dump *d)
{
	const struct launch_image *image = &d->image;
	if (d->igvm) {
		printf("%s: 0x%lx bytes, IGVM\n", d->path, image->file_size);
		printf("\nVariable headers at 0x%lx in the file, %u sections\n", image->metadata,
		       image->count);
	} else {
		printf("%s: 0x%lx bytes at 0x%lx - 0x%lx\n", d->path, image->file_size,
		       dump_base(d), FOUR_GIB);
		printf("\nTDX metadata at 0x%lx, %u sections\n", dump_base(d) + image->metadata,
		       image->count);
	}
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		printf("  0x%09lx - 0x%09lx  %-11s", s->base, s->base + s->size, s->tag);
		if (s->bytes != NULL) {
			printf("file 0x%lx + 0x%lx  ", (uint64_t)(s->bytes - image->file),
			       s->bytes_size);
		}
		printf("%s\n", s->measured ? "content measured" : "only its place measured");
	}
}

/* The permissions that the shim's boot table gives. */
static const char *access_text(enum region_tag tag)
{
	static const char *const texts[] = {
		[ACCESS_ABSENT] = "---",
		[ACCESS_R] = "R--",
		[ACCESS_RX] = "R-X",
		[ACCESS_RW] = "RW-",
		/* But for the guard pages. */
		[ACCESS_STACKS] = "RW-",
	};
	return texts[regions[tag].access];
}

static uint64_t print_part(const char *name, const struct image_span *span, uint64_t free)
{
	if (span->size == 0) {
		return free;
	}
	uint64_t end = align_up(span->base + span->size, MEM_PAGE_SIZE);
	printf("  0x%09lx - 0x%09lx  %s  %s, 0x%lx bytes\n", span->base, end,
	       access_text(REGION_PAYLOAD), name, span->size);
	return end;
}

static void print_pin(const char *name, const uint8_t *digest)
{
	printf("  pinned: SHA-384 ");
	tool_print_digest(digest);
	printf("  %s of the host\n", name);
}

/* Of a checked image. */
static void print_parts(const struct image_config *config)
{
	uint64_t free = FOUR_GIB - config->image_size;
	printf("\nParts of a Lintel image, AP hand-over %s\n",
	       (config->flags & IMAGE_CONFIG_AP_STRICT) != 0 ? "strict" : "linux");
	if ((config->flags & IMAGE_CONFIG_ALLOW_DEBUG) != 0) {
		printf("  boots with ATTRIBUTES.DEBUG, too\n");
	}
	if ((config->flags & IMAGE_CONFIG_REFUSE_AML) != 0) {
		printf("  no AML of the host\n");
	}
	if ((config->flags & IMAGE_CONFIG_PIN_ACPI) != 0) {
		printf("  ACPI tables of the host pinned\n");
	}
	if ((config->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0) {
		print_pin("kernel", config->payload_pins[IMAGE_PIN_KERNEL]);
		print_pin("initrd", config->payload_pins[IMAGE_PIN_INITRD]);
		print_pin("command line", config->payload_pins[IMAGE_PIN_CMDLINE]);
	}
	printf("  memory above 4 GiB: accept %s\n",
	       (config->flags & IMAGE_CONFIG_ACCEPT_EAGER) != 0 ? "eager" :
	       (config->flags & IMAGE_CONFIG_ACCEPT_LAZY) != 0  ? "lazy" :
								  "auto");
	free = print_part("kernel", &config->kernel, free);
	free = print_part("initrd", &config->initrd, free);
	free = print_part("command line", &config->cmdline, free);
	printf("  0x%09lx - 0x%09lx  %s  %s, then %s its constants\n", free, (uint64_t)AP_TABLE,
	       access_text(REGION_SHIM_TEXT), region_name(REGION_SHIM_TEXT),
	       access_text(REGION_SHIM_CONSTANTS));
	for (enum region_tag tag = REGION_AP_TABLE; tag < REGION_COUNT; tag++) {
		uint64_t base = regions[tag].base;
		printf("  0x%09lx - 0x%09lx  %s  %s\n", base, base + regions[tag].size,
		       access_text(tag), region_name(tag));
	}
}

/* Leaves that follow each other, with the same permissions and page size. */
struct dump_range {
	uint64_t va;
	uint64_t pa;
	uint64_t size;
	enum pg_level level;
	bool writable;
	bool executable;
	bool fixed; /* no store and no walk changes it: W clear on all levels, A and D set */
};

static struct dump_range range_of_leaf(uint64_t va, const struct pt_leaf *leaf)
{
	uint64_t size = pg_size(leaf->level);
	return (struct dump_range){
		.va = va,
		.pa = align_down(leaf->entry & PTE_ADDRESS, size),
		.size = size,
		.level = leaf->level,
		.writable = (leaf->upper_and & PTE_W) != 0,
		.executable = (leaf->upper_or & PTE_NX) == 0,
		.fixed = (leaf->upper_or & PTE_W) == 0 && (leaf->upper_and & PTE_A) != 0 &&
			 (leaf->entry & PTE_D) != 0,
	};
}

static bool range_append(struct dump_range *range, const struct dump_range *leaf)
{
	if (range->size == 0) {
		*range = *leaf;
		return true;
	}
	if (range->va + range->size != leaf->va || range->pa + range->size != leaf->pa ||
	    range->level != leaf->level || range->writable != leaf->writable ||
	    range->executable != leaf->executable || range->fixed != leaf->fixed) {
		return false;
	}
	range->size += leaf->size;
	return true;
}

static bool print_range(const struct dump *d, const struct dump_range *r)
{
	printf("  0x%016lx + 0x%lx -> 0x%lx  R%c%c  %lu pages of %lu KiB\n", r->va, r->size, r->pa,
	       r->writable ? 'W' : '-', r->executable ? 'X' : '-', r->size / pg_size(r->level),
	       pg_size(r->level) / 1024);
	if (r->writable && r->executable) {
		tool_error("%s: AP table 0x%lx: the range is writable and executable", d->path,
			   r->va);
		return false;
	}
	if (!r->fixed || !r->executable || r->pa != r->va || r->va + r->size > FOUR_GIB) {
		tool_error("%s: AP table 0x%lx: must be the identity below 4 GiB, R-X, W clear on "
			   "all levels, A and D set",
			   d->path, r->va);
		return false;
	}
	return true;
}

static bool print_ap_table(const struct dump *d)
{
	static uint64_t pages[AP_TABLE_PAGES * PT_ENTRIES];
	memcpy(pages, dump_at(d, AP_TABLE), sizeof(pages));
	const struct pt_arena arena = { pages, gpa(AP_TABLE), AP_TABLE_PAGES };
	printf("\nAP table at 0x%x, %d pages\n", AP_TABLE, AP_TABLE_PAGES);

	struct dump_range range = { 0 };
	struct pt_leaf leaf;
	uint64_t va = 0;
	uint64_t mapped = 0;
	bool good = true;
	enum status st;
	while ((st = pt_next(&arena, arena.base, &va, &leaf)) == ST_OK) {
		struct dump_range next = range_of_leaf(va, &leaf);
		if (!range_append(&range, &next)) {
			good = print_range(d, &range) && good;
			range = next;
		}
		mapped += next.size;
		va += next.size;
		if (va == 0 || mapped > FOUR_GIB) {
			break;
		}
	}
	if (range.size != 0) {
		good = print_range(d, &range) && good;
	}
	if (st == ST_BAD_FORMAT) {
		tool_error("%s: AP table after 0x%lx: an entry leads out of the table, or the "
			   "tables are no tree",
			   d->path, va);
		return false;
	}
	if (mapped != FOUR_GIB) {
		tool_error("%s: AP table maps 0x%lx bytes: must be 0x%lx", d->path, mapped,
			   FOUR_GIB);
		return false;
	}
	return good;
}

static bool check_ours(const struct dump *d)
{
	char error[200];
	uint8_t *scratch = malloc(IMAGE_CHECK_SCRATCH(d->fd_size) + d->image.file_size);
	CHECK(scratch != NULL);
	enum status st = image_check(d->fd, d->fd_size, scratch, error, sizeof(error));
	if (st == ST_OK && d->igvm) {
		st = igvm_check(&d->image, d->fd, d->fd_size, scratch, error, sizeof(error));
	}
	free(scratch);
	if (st != ST_OK) {
		tool_error("%s: %s", d->path, error);
	}
	return st == ST_OK;
}

static bool print_ours(const struct dump *d)
{
	if (d->fd_size == 0 || !image_is_ours(d->fd, d->fd_size)) {
		return true;
	}
	bool good = check_ours(d);
	if (good) {
		struct image_config config;
		memcpy(&config, dump_at(d, IMAGE_CONFIG), sizeof(config));
		print_parts(&config);
	}
	return print_ap_table(d) && good;
}

/* Of a file that has been read into d. */
static bool print_all(struct dump *d)
{
	uint8_t *made = NULL;
	d->igvm = igvm_is(d->image.file, d->image.file_size);
	if (d->igvm) {
		d->fd_size = igvm_fd_size(&d->image);
		if (d->fd_size != 0) {
			made = malloc(d->fd_size);
			CHECK(made != NULL);
			igvm_fd_make(&d->image, made);
			d->fd = made;
		}
	} else {
		d->fd = d->image.file;
		d->fd_size = d->image.file_size;
	}
	print_sections(d);
	bool good = print_ours(d);
	free(made);
	return good;
}

enum tool_exit command_dump(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	opterr = 0;
	int option = getopt_long(argc, argv, "", options, NULL);
	if (option == 'h') {
		return tool_help(help);
	}
	if (option != -1) {
		return tool_usage(argv[0], "%s: unknown option", argv[optind - 1]);
	}
	if (optind + 1 != argc) {
		return tool_usage(argv[0], "one FILE is needed");
	}

	struct dump d = { .path = argv[optind] };
	struct file_bytes file;
	enum tool_exit result = file_read(d.path, IMAGE_MAX_SIZE, &file);
	if (result != TOOL_OK) {
		return result;
	}
	char error[160];
	if (launch_read(file.bytes, file.size, &d.image, error, sizeof(error)) != ST_OK) {
		result = tool_error("%s: %s", d.path, error);
	} else {
		bool good = print_all(&d);
		result = tool_finish();
		result = good ? result : TOOL_ERROR;
	}
	free(file.bytes);
	return result;
}
