// Whole boots of the shim on the host, by hosts that are good but for one thing.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "arch/tdx/module.h"
#include "boot-tests/unit/shim/whole_shim.h"
#include "linker/memmap.h"

#define MIB2 UINT64_C(0x200000)

static struct whole_host host;

static int start(void **state)
{
	(void)state;
	whole_good_host(&host);
	return 0;
}

static void assert_left(void)
{
	if (whole_boot(&host) != WHOLE_LEFT) {
		fail_msg("the kernel is not entered: %s", whole_output());
	}
}

static void assert_fatal(const char *text)
{
	if (whole_boot(&host) != WHOLE_FATAL || strstr(whole_output(), text) == NULL) {
		fail_msg("no end with '%s': %s", text, whole_output());
	}
}

/* whole_judge() says what the kernel gets. */
static void good_host(void **state)
{
	(void)state;
	assert_left();
	assert_non_null(strstr(whole_output(), "lintel: 2 vCPUs\r\nlintel: kernel\r\n"));
}

static void host_without_dma(void **state)
{
	(void)state;
	host.no_dma = true;
	assert_left();
}

static void host_without_initrd(void **state)
{
	(void)state;
	host.items[WHOLE_INITRD].told = 0;
	assert_left();
}

static void host_without_acpi(void **state)
{
	(void)state;
	host.items[WHOLE_DIRECTORY].size = 4;
	memset(host.items[WHOLE_DIRECTORY].bytes, 0, 4);
	assert_fatal("ACPI tables, by which a kernel finds 2 vCPUs");
	host.vcpus = 1;
	assert_left();
}

/* #VE on private memory would be the host's to time. */
static void ve_on_pending_pages(void **state)
{
	(void)state;
	host.attributes = 0;
	assert_fatal("SEPT_VE_DISABLE");
}

static void image_config_that_is_none(void **state)
{
	const struct image_config good = host.config;
	(void)state;
	host.config.magic ^= 1;
	assert_fatal("image config");
	host.config = good;
	host.config.image_size = WHOLE_IMAGE_SIZE - MEM_PAGE_SIZE;
	assert_fatal("image config");
	host.config.image_size = WHOLE_IMAGE_SIZE + 0x800;
	assert_fatal("image config");
	host.config.image_size = IMAGE_MAX_SIZE + MEM_PAGE_SIZE;
	assert_fatal("image config");
	host.config.image_size = IMAGE_MAX_SIZE;
	assert_left();
}

/* What the shim writes to before a kernel is placed: all of it must be RAM. */
static void no_ram_where_the_shim_works(void **state)
{
	struct hob_resource *high = whole_hob_range(&host, 2);
	(void)state;
	high->resource_length -= MEM_PAGE_SIZE;
	high->physical_start += MEM_PAGE_SIZE;
	assert_fatal("no RAM from");
	high->physical_start -= MEM_PAGE_SIZE;
	high->resource_length = SHIM_RAM_END - MEM_PAGE_SIZE - high->physical_start;
	assert_fatal("no RAM from");
}

static void vcpus_that_are_none(void **state)
{
	(void)state;
	host.vcpus = 0;
	assert_fatal("vCPU 0 boots, of 0");
	host.vcpus = 100000;
	assert_fatal("vCPU 0 boots, of 100000");
}

static void a_page_that_has_two_owners(void **state)
{
	(void)state;
	host.accepts[0].call = 3;
	host.accepts[0].rax = TDX_PAGE_ALREADY_ACCEPTED;
	assert_fatal("accept");
}

/* While the boot processor stands in its first ACCEPT, below 640 KiB, an AP does all the rest. */
static void an_ap_helps(void **state)
{
	(void)state;
	host.ap_comes_at = 1;
	assert_left();
	assert_non_null(strstr(whole_output(), "lintel: 2 vCPUs\r\nlintel: kernel\r\n"));
	host.accepts[0].call = 3;
	host.accepts[0].rax = TDX_PAGE_ALREADY_ACCEPTED;
	assert_fatal("TDG.MEM.PAGE.ACCEPT of 0x21000: RAX 0xb0a00000000, vCPU 1");
}

/* Its text is told by the boot processor, and not the one's that fails after it. */
static void an_ap_ends(void **state)
{
	(void)state;
	host.ap_dies_at = 200;
	assert_fatal("fatal: vCPU 15: " WHOLE_AP_TEXT "\r\n");
	host.accepts[0].call = 300;
	host.accepts[0].rax = TDX_PAGE_ALREADY_ACCEPTED;
	assert_fatal("fatal: vCPU 15: " WHOLE_AP_TEXT "\r\n");
}

static void a_page_that_is_busy(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		host.accepts[i].call = 3 + i;
		host.accepts[i].rax = TDX_OPERAND_BUSY;
	}
	assert_left();
}

/* Of the first 2 MiB all pages but the VGA window's and those that were added. */
#define FIRST_PAGES (512 - 32 - 107)
#define UNITS (WHOLE_RAM / 0x200000 - 1)

static void pages_of_another_size(void **state)
{
	(void)state;
	assert_left();
	assert_int_equal(whole_accepts(), FIRST_PAGES + UNITS);
	/* The units up to the bounce buffer are a range, of which all pages are small then. */
	host.accepts[0].call = FIRST_PAGES + 1;
	host.accepts[0].rax = TDX_PAGE_SIZE_MISMATCH;
	assert_left();
	assert_int_equal(whole_accepts(), FIRST_PAGES + 1 + 3 * 512 + UNITS - 3);
}

/* ---- memory above 4 GiB ---------------------------------------------------------------------- */

#define HIGH_BASE (FOUR_GIB + 0x1FF000)
#define HIGH_END (FOUR_GIB + 0x1203000)
/* Its whole units; there are pages at both ends. */
#define HIGH_MIB 16

static void with_version(const char *text)
{
	uint8_t *setup = host.items[WHOLE_SETUP].bytes;
	struct linux_setup_header *header = (void *)(setup + LINUX_HEADER_OFFSET);
	header->kernel_version = 0x200;
	strcpy((char *)setup + 0x400, text);
	whole_add_high(&host, HIGH_BASE, HIGH_END);
}

static void assert_memory_left(bool is_left)
{
	char line[80];
	assert_left();
	snprintf(line, sizeof(line), "left %u MiB above 4 GiB", HIGH_MIB);
	assert_int_equal(strstr(whole_output(), line) != NULL, is_left);
}

/* whole_judge() has compared what the kernel is told with what is accepted. */
static void memory_is_left_to_a_kernel_that_accepts(void **state)
{
	(void)state;
	with_version("6.12.95 (x)");
	assert_memory_left(true);
	host.config.flags = IMAGE_CONFIG_ACCEPT_LAZY;
	assert_memory_left(true);
	host.config.flags = IMAGE_CONFIG_ACCEPT_EAGER;
	assert_memory_left(false);
}

static void all_is_accepted_for_another_kernel(void **state)
{
	(void)state;
	with_version("6.1.176 (x)");
	assert_memory_left(false);
	host.config.flags = IMAGE_CONFIG_ACCEPT_LAZY;
	assert_memory_left(true);
}

/* A map has 64 ranges; six are those of the low memory, cut by VGA window and bounce buffer. */
static void as_many_ranges_as_there_can_be(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 58; i++) {
		uint64_t base = FOUR_GIB + i * 2 * MEM_PAGE_SIZE;
		whole_add_high(&host, base, base + MEM_PAGE_SIZE);
	}
	assert_left();
	whole_add_high(&host, FOUR_GIB + MIB2, FOUR_GIB + MIB2 + MEM_PAGE_SIZE);
	assert_fatal("bounce buffer: 63 ranges of memory already");
}

/* A unit that is no whole one has no bit. */
static void edges_alone_are_accepted(void **state)
{
	(void)state;
	with_version("6.12.95 (x)");
	whole_hob_range(&host, 3)->resource_length = MIB2;
	assert_left();
	assert_null(strstr(whole_output(), "above 4 GiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_host, start),
		cmocka_unit_test_setup(host_without_dma, start),
		cmocka_unit_test_setup(host_without_initrd, start),
		cmocka_unit_test_setup(host_without_acpi, start),
		cmocka_unit_test_setup(ve_on_pending_pages, start),
		cmocka_unit_test_setup(image_config_that_is_none, start),
		cmocka_unit_test_setup(no_ram_where_the_shim_works, start),
		cmocka_unit_test_setup(vcpus_that_are_none, start),
		cmocka_unit_test_setup(a_page_that_has_two_owners, start),
		cmocka_unit_test_setup(an_ap_helps, start),
		cmocka_unit_test_setup(an_ap_ends, start),
		cmocka_unit_test_setup(a_page_that_is_busy, start),
		cmocka_unit_test_setup(pages_of_another_size, start),
		cmocka_unit_test_setup(memory_is_left_to_a_kernel_that_accepts, start),
		cmocka_unit_test_setup(all_is_accepted_for_another_kernel, start),
		cmocka_unit_test_setup(edges_alone_are_accepted, start),
		cmocka_unit_test_setup(as_many_ranges_as_there_can_be, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
