// The image checker: whatever in an image does not follow from its parts is named; payloads that
// no boot gets past are refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/image_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lintel/image_config.h"
#include "arch/linux/boot_params.h"
#include "arch/x86/paging.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "linker/memmap.h"
#include "loader/image/payload_check.h"
#include "loader/image/tdvf_sink.h"

#define PAGE UINT64_C(4096)
#define SHIM_SIZE 0x13000
#define KERNEL_SIZE (2 * LINUX_SECTOR_SIZE + 0x1000)
#define CMDLINE "quiet"
#define SECTIONS (TDVF_METADATA + offsetof(struct sink_metadata, sections))
#define SECTION(i, field) \
	(SECTIONS + (i) * sizeof(struct tdvf_section) + offsetof(struct tdvf_section, field))
#define CONFIG(field) (IMAGE_CONFIG + offsetof(struct image_config, field))

static uint8_t shim[SHIM_SIZE];
static uint8_t kernel[KERNEL_SIZE];
static uint8_t initrd[PAGE + 3];
static struct linux_setup_header *const header = (void *)(kernel + LINUX_HEADER_OFFSET);
static struct plan_parts parts;
static struct plan_space space;
static struct plan plan;
static uint8_t *image;
static uint8_t *scratch;
static uint64_t image_size;
static char error[200];

static void make_image(void)
{
	free(image);
	free(scratch);
	struct launch_image launch;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	plan_launch(&plan, &launch);
	assert_int_equal(tdvf_sink_size(&launch, &image_size), ST_OK);
	image = malloc(image_size);
	scratch = malloc(IMAGE_CHECK_SCRATCH(image_size));
	assert_int_equal(tdvf_sink_write(&launch, image, image_size, error, sizeof(error)), ST_OK);
}

static int set_up(void **state)
{
	(void)state;
	memset(shim, 0xEE, sizeof(shim));
	memset(shim + (SHIM_SIZE - (FOUR_GIB - MAILBOX)), 0, MAILBOX_SIZE);
	plan_clear(shim, gpa(FOUR_GIB - SHIM_SIZE));
	tdvf_sink_clear(shim, gpa(FOUR_GIB - SHIM_SIZE));
	memset(initrd, 0x49, sizeof(initrd));
	memset(kernel, 0x4B, sizeof(kernel));
	*header = bzimage_debian_header;
	/* The longest header that there may be. */
	header->jump_offset = LINUX_HEADER_END_MAX - LINUX_HEADER_JUMP_END;
	header->setup_sects = 1;
	header->init_size = 0x2000;
	parts = (struct plan_parts){
		.shim = { shim, sizeof(shim) },
		.kernel = { kernel, sizeof(kernel) },
		.initrd = { initrd, sizeof(initrd) },
		.cmdline = { (const uint8_t *)CMDLINE, sizeof(CMDLINE) - 1 },
	};
	make_image();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(image);
	free(scratch);
	image = scratch = NULL;
	return 0;
}

static enum status check(void)
{
	strcpy(error, "nothing said");
	return image_check(image, image_size, scratch, error, sizeof(error));
}

static uint8_t *at(uint64_t address)
{
	return image + (address - (FOUR_GIB - image_size));
}

static void poke(uint64_t address, uint64_t value, size_t size)
{
	memcpy(at(address), &value, size);
}

static void refuses(const char *text)
{
	assert_int_not_equal(check(), ST_OK);
	if (strstr(error, text) == NULL) {
		fail_msg("\"%s\", wanted \"%s\"", error, text);
	}
}

/* One value changed, and back. */
static void refuses_poke(uint64_t address, uint64_t value, size_t size, const char *text)
{
	uint64_t kept = 0;
	memcpy(&kept, at(address), size);
	poke(address, value, size);
	refuses(text);
	poke(address, kept, size);
}

static void good_images(void **state)
{
	(void)state;
	assert_true(image_is_ours(image, image_size));
	assert_int_equal(check(), ST_OK);
	for (unsigned leave_out = 1; leave_out < 8; leave_out++) {
		set_up(NULL);
		parts.kernel.size = (leave_out & 1) != 0 ? 0 : parts.kernel.size;
		parts.initrd.size = (leave_out & 2) != 0 ? 0 : parts.initrd.size;
		parts.cmdline.size = (leave_out & 4) != 0 ? 0 : parts.cmdline.size;
		make_image();
		assert_int_equal(check(), ST_OK);
	}
	/* A command line whose NUL has a page of its own needs a kernel that takes it. */
	static char line[PAGE];
	set_up(NULL);
	memset(line, 'x', sizeof(line));
	parts.cmdline = (struct plan_bytes){ (const uint8_t *)line, sizeof(line) };
	make_image();
	refuses("command line: length 4096: the kernel takes 2047 (cmdline_size)");
	poke(IMAGE_CONFIG, 0, 1);
	assert_false(image_is_ours(image, image_size));
}

static void sections(void **state)
{
	(void)state;
	uint64_t loaded = image_size - *(uint32_t *)at(SECTION(0, data_offset));
	/* The image itself: not measured, not whole, elsewhere, from elsewhere in the file. */
	refuses_poke(SECTION(0, attributes), 0, 4,
		     "section 0: attributes 0x0 at 0xfffffc3c: must be 0x1");
	refuses_poke(SECTION(0, memory_data_size), loaded / 2, 8, "section 0: memory_data_size 0x");
	refuses_poke(SECTION(0, raw_data_size), loaded / 2, 4, "section 0: raw_data_size 0x");
	refuses_poke(SECTION(0, memory_address), FOUR_GIB - loaded - PAGE, 8,
		     "section 0: memory_address 0x");
	refuses_poke(SECTION(0, data_offset), 0, 4, "section 0: data_offset 0x0");
	refuses_poke(SECTION(0, type), TDVF_SECTION_CFV, 4, "section 0: type 0x1");
	/* Temporary memory: on the kernel's place, elsewhere, short, the HOB's. */
	refuses_poke(SECTION(1, memory_address), KERNEL_BASE, 8,
		     "section 1: memory_address 0x1000000 at 0xfffffc48: must be 0x100000");
	refuses_poke(SECTION(1, memory_data_size), PAGE, 8, "section 1: memory_data_size 0x1000");
	refuses_poke(SECTION(1, type), TDVF_SECTION_TD_HOB, 4, "section 1: type 0x2");
	refuses_poke(SECTION(1, attributes), 1, 4, "section 1: attributes 0x1");
	refuses_poke(SECTION(2, memory_address), 0x140000, 8, "section 2: memory_address 0x140000");
	refuses_poke(SECTION(2, memory_data_size), PAGE, 8, "section 2: memory_data_size 0x1000");
	/* One more: temporary memory where the kernel goes. */
	refuses_poke(SECTION(3, memory_data_size), PAGE, 8, "section 3: memory_data_size 0x1000");
	/* None: the descriptor is whole without it. */
	poke(TDVF_METADATA + offsetof(struct sink_metadata, descriptor.length), 16 + 2 * 32, 4);
	refuses("descriptor: length 0x50 at 0xfffffc14: must be 0x70");
	make_image();
	memmove(at(SECTIONS) + 32, at(SECTIONS) + 64, 32);
	refuses("section 1: memory_address 0x169000");
}

/* With a section and a config that agree about half of the image. */
static void half_an_image(void **state)
{
	(void)state;
	parts.kernel.size = parts.initrd.size = parts.cmdline.size = 0;
	make_image();
	const uint32_t half = 0x9000;
	poke(SECTION(0, data_offset), image_size - half, 4);
	poke(SECTION(0, raw_data_size), half, 4);
	poke(SECTION(0, memory_data_size), half, 8);
	poke(SECTION(0, memory_address), FOUR_GIB - half, 8);
	poke(CONFIG(image_size), half, 4);
	refuses("image config: image_size 0x9000: the file has 0x20000");
	/* The padding is not loaded: what stands there is no part of the image. */
	const uint32_t most = 0x12000;
	poke(SECTION(0, data_offset), image_size - most, 4);
	poke(SECTION(0, raw_data_size), most, 4);
	poke(SECTION(0, memory_data_size), most, 8);
	poke(SECTION(0, memory_address), FOUR_GIB - most, 8);
	poke(CONFIG(image_size), most, 4);
	refuses("padding: byte 0xee at 0xfffed000: must be 0x0");
}

/* So little of it that the AP table would not be in it. */
static void an_image_without_its_shim(void **state)
{
	(void)state;
	parts = (struct plan_parts){
		.shim = { shim + (SHIM_SIZE - 0xA000), 0xA000 },
	};
	make_image();
	assert_int_equal(image_size, IMAGE_ALIGN);
	assert_int_equal(check(), ST_OK);
	refuses_poke(CONFIG(image_size), FOUR_GIB - AP_TABLE, 4, "image config: image_size 0x9000");
	refuses_poke(CONFIG(image_size), 0x1000, 4, "image config: image_size 0x1000:");
}

static void config_fields(void **state)
{
	(void)state;
	const uint64_t first = plan_image_base(&plan).v;
	refuses_poke(CONFIG(flags), 0x80, 4, "image config: flags 0x80: unknown flag");
	refuses_poke(CONFIG(image_size), 0x20001, 4, "image config: image_size 0x20001:");
	refuses_poke(CONFIG(image_size), 0, 4, "image config: image_size 0x0:");
	refuses_poke(CONFIG(image_size), UINT32_MAX, 4, "image config: image_size 0xffffffff:");
	refuses_poke(CONFIG(kernel.base), first + 1, 8, "image config: kernel base 0x");
	refuses_poke(CONFIG(kernel.base), first - PAGE, 8, "image config: kernel base 0x");
	refuses_poke(CONFIG(kernel.base), UINT64_MAX - 0xFFF, 8, "image config: kernel base 0x");
	refuses_poke(CONFIG(kernel.size), 0, 8, "image config: kernel base 0x");
	refuses_poke(CONFIG(kernel.base), 0, 8, "image config: kernel base 0x0 size 0x1400:");
	/* On the part before it, and further on than where it stands. */
	refuses_poke(CONFIG(initrd.base), first + PAGE, 8, "image config: initrd base 0x");
	refuses_poke(CONFIG(initrd.size), UINT64_MAX, 8, "size 0xffffffffffffffff: must lie in");
	refuses_poke(CONFIG(cmdline.base), AP_TABLE, 8, "command line base 0xffff7000 size 0x5:");
	refuses_poke(CONFIG(cmdline.size), AP_TABLE - FOUR_GIB + SHIM_SIZE + PAGE + 1, 8,
		     "command line base 0x");
	parts.initrd.size = 3;
	make_image();
	refuses_poke(CONFIG(kernel.base), plan_image_base(&plan).v + PAGE, 8,
		     "image config: initrd base 0x");
	refuses_poke(CONFIG(kernel.size), 3, 8, "0x4b at 0x");
	parts.initrd.size = sizeof(initrd);
	make_image();
	/* Shorter than it is: what follows a part is zero, and a command line ends there. */
	refuses_poke(CONFIG(cmdline.size), 3, 8, "command line: byte 0x65 at 0x");
	refuses_poke(CONFIG(kernel.size), KERNEL_SIZE - 1, 8, "kernel: byte 0x4b at 0x");
	refuses_poke(CONFIG(initrd.size), sizeof(initrd) - 1, 8, "initrd: byte 0x49 at 0x");
	assert_int_equal(check(), ST_OK);
}

static void ap_table_bits(void **state)
{
	(void)state;
	static const uint64_t bits[] = { PTE_P, PTE_W,  PTE_U,  PTE_PWT,   PTE_PCD,   PTE_A,
					 PTE_D, PTE_PS, PTE_NX, BIT64(47), BIT64(51), BIT64(9) };
	/* An entry of each level: PML4, PDPT, PD. */
	for (uint64_t page = 0; page < 3; page++) {
		uint64_t entry;
		char text[64];
		memcpy(&entry, at(AP_TABLE + page * PAGE), sizeof(entry));
		for (size_t i = 0; i < ARRAY_COUNT(bits); i++) {
			snprintf(text, sizeof(text),
				 "AP table: entry 0x%lx at 0x%lx: must be 0x%lx", entry ^ bits[i],
				 (uint64_t)(AP_TABLE + page * PAGE), entry);
			refuses_poke(AP_TABLE + page * PAGE, entry ^ bits[i], 8, text);
		}
	}
	refuses_poke(AP_TABLE + 6 * PAGE - 8, 0, 8, "AP table: entry 0x0 at 0xffffcff8:");
}

static void mailbox_is_zero(void **state)
{
	(void)state;
	refuses_poke(MAILBOX, 1, 1, "shim: byte 0x01 at 0xffffd000, where the wake-up mailbox");
	refuses_poke(MAILBOX + MAILBOX_SIZE - 1, 0x80, 1,
		     "shim: byte 0x80 at 0xffffefff, where the");
}

/* A byte of each thing that is not a part's own content, by the plan and by nothing else. */
static void every_byte_but_the_parts(void **state)
{
	(void)state;
	static const struct {
		uint64_t base, end, step;
	} areas[] = {
		{ AP_TABLE, MAILBOX, 61 },
		{ MAILBOX, RESET_PAGE, 61 },
		{ IMAGE_CONFIG + 8, IMAGE_CONFIG + sizeof(struct image_config), 1 },
		{ TDVF_METADATA, TDVF_METADATA_END, 1 },
		{ SINK_TABLE, SINK_TABLE + sizeof(struct sink_table), 1 },
	};
	for (size_t i = 0; i < ARRAY_COUNT(areas); i++) {
		for (uint64_t a = areas[i].base; a < areas[i].end; a += areas[i].step) {
			/* Zeros in the last page of a part may be the part's. */
			if (a == CONFIG(kernel.size) || a == CONFIG(initrd.size)) {
				continue;
			}
			refuses_poke(a, *at(a) ^ 0x80u, 1, "0x");
		}
	}
	uint64_t first = plan_image_base(&plan).v;
	refuses_poke(first - 1, 7, 1, "padding: byte 0x7 at 0x");
	refuses_poke(FOUR_GIB - image_size, 7, 1, "padding: byte 0x7 at 0x");
	assert_int_equal(check(), ST_OK);
}

/* ---- the payload ----------------------------------------------------------------------------- */

static void refuses_payload(enum status want, const char *text)
{
	strcpy(error, "nothing said");
	assert_int_equal(payload_check(&parts, error, sizeof(error)), want);
	if (strstr(error, text) == NULL) {
		fail_msg("\"%s\", wanted \"%s\"", error, text);
	}
	/* It is no better inside an image. */
	make_image();
	assert_int_equal(check(), want);
	set_up(NULL);
}

static void kernels_that_never_boot(void **state)
{
	(void)state;
	header->loadflags = 0;
	refuses_payload(ST_UNSUPPORTED, "kernel: loadflags 0x0 at 0x211: bit 0, LOADED_HIGH");
	header->boot_flag = 0x1234;
	refuses_payload(ST_BAD_FORMAT, "kernel: boot_flag 0x1234 at 0x1fe: must be 0xaa55");
	header->header++;
	refuses_payload(ST_BAD_FORMAT, "kernel: header 0x53726449 at 0x202: not a bzImage");
	header->version = 0x20B;
	refuses_payload(ST_UNSUPPORTED, "kernel: version 0x20b at 0x206: boot protocol 0x20c");
	header->xloadflags = 0xFFFE;
	refuses_payload(ST_UNSUPPORTED,
			"kernel: xloadflags 0xfffe at 0x236: the kernel has no 64-bit");
	header->kernel_alignment = 0x300000;
	refuses_payload(ST_BAD_FORMAT,
			"kernel: kernel_alignment 0x300000 at 0x230: must be a power");
	header->jump_offset++;
	refuses_payload(ST_BAD_FORMAT, "kernel: jump 0x291 at 0x200: the header must end");
	header->init_size = 0;
	refuses_payload(ST_BAD_FORMAT, "kernel: init_size 0x0 at 0x260: must not be 0");
	header->init_size = 0x1000 - 1;
	refuses_payload(ST_BAD_FORMAT, "kernel: protected-mode size 0x1000, init_size 0xfff");
	/* With all the memory that there can be below 4 GiB. */
	header->init_size = 0xC0000000 - 0x1000000 + 1;
	refuses_payload(ST_NO_MEMORY, "kernel: window at 0x1000000, init_size 0xbf000001");
	header->pref_address = 0x140000000;
	refuses_payload(ST_UNSUPPORTED, "kernel: pref_address 0x140000000");
	header->relocatable_kernel = 0;
	header->pref_address = 0x200000;
	refuses_payload(ST_UNSUPPORTED, "kernel: pref_address 0x200000");
	header->relocatable_kernel = 0;
	header->pref_address = 0x1000001;
	refuses_payload(ST_BAD_FORMAT, "kernel: pref_address 0x1000001");
	header->syssize = 0x101;
	refuses_payload(ST_TRUNCATED, "kernel: protected-mode size 0x1000, init_size 0x2000, "
				      "syssize 0x101");
	header->setup_sects = 9;
	refuses_payload(ST_TRUNCATED, "kernel: protected-mode size 0x0");
	header->setup_sects = 10;
	refuses_payload(ST_TRUNCATED, "kernel: setup_sects 0xa: the file has 0x1400 bytes");
	parts.kernel.size = LINUX_HEADER_END_MAX - 1;
	refuses_payload(ST_TRUNCATED, "kernel: size 0x28f at 0x0: too small");
}

static void kernels_that_boot(void **state)
{
	(void)state;
	header->init_size = 0xC0000000 - 0x1000000;
	parts.initrd.size = 0;
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	set_up(NULL);
	header->pref_address = 0x200000;
	header->setup_sects = 0; /* means 4 */
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	header->kernel_alignment = 0x4000000;
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
}

static void initrds_without_a_place(void **state)
{
	(void)state;
	/* The kernel has [16 MiB, 16 MiB + 8 KiB); what is left is the initrd's. */
	header->initrd_addr_max = 0x1000000 + 0x2000 + 0x2000 - 1;
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	header->initrd_addr_max--;
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	header->initrd_addr_max = 0x1000000 + 0x2000 + sizeof(initrd) - 2;
	refuses_payload(ST_NO_MEMORY,
			"initrd: 0x1003 bytes above 0x1002000, initrd_addr_max 0x1003001");
	/* Above 2 GiB no kernel is given one. */
	header->init_size = 0x80000000;
	refuses_payload(ST_NO_MEMORY, "initrd: 0x1003 bytes above 0x81000000");
}

static void command_lines(void **state)
{
	(void)state;
	static char line[2049];
	memset(line, 'x', sizeof(line));
	parts.cmdline = (struct plan_bytes){ (const uint8_t *)line, 256 };
	header->cmdline_size = 256;
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	header->cmdline_size = 255;
	refuses_payload(ST_NO_SPACE,
			"command line: length 256: the kernel takes 255 (cmdline_size)");
	/* A kernel of the host's may take no more than all do. */
	parts.kernel.size = 0;
	parts.cmdline = (struct plan_bytes){ (const uint8_t *)line, 2047 };
	assert_int_equal(payload_check(&parts, error, sizeof(error)), ST_OK);
	parts.cmdline.size++;
	refuses_payload(ST_NO_SPACE, "command line: length 2048: the kernel takes 2047");
	/* What follows a NUL the kernel would never see. */
	parts.cmdline = (struct plan_bytes){ (const uint8_t *)"a\0b", 3 };
	refuses_payload(ST_BAD_FORMAT, "command line: NUL at 0x1 of 0x3 bytes");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(good_images),
		CASE(sections),
		CASE(half_an_image),
		CASE(an_image_without_its_shim),
		CASE(config_fields),
		CASE(ap_table_bits),
		CASE(mailbox_is_zero),
		CASE(every_byte_but_the_parts),
		CASE(kernels_that_never_boot),
		CASE(kernels_that_boot),
		CASE(initrds_without_a_place),
		CASE(command_lines),
	};
	return cmocka_run_group_tests_name("image_check", tests, NULL, NULL);
}
