// Tests of what is taken out of QEMU's ACPI tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/host_acpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/acpi/cpus.h"
#include "arch/acpi/mcfg.h"

#define FACS_SIZE 64
#define DSDT_SIZE 41 /* nothing is aligned */
#define MADT_AT (FACS_SIZE + DSDT_SIZE)

/* FACS, a table that only looks like a MADT, then the MADT: ids 0, 1 and 2 as local APICs, an I/O
 * APIC that is none of them, 2 and 300 as x2APICs. */
struct tables {
	uint8_t before[MADT_AT];
	struct acpi_madt madt;
	struct acpi_madt_local_apic apics[3];
	uint8_t io_apic[12];
	struct acpi_madt_local_x2apic x2apics[2];
	uint8_t behind[7];
} __attribute__((packed));

static void put_begin(uint8_t *at, const char *signature, uint32_t length)
{
	memcpy(at, signature, 4);
	memcpy(at + 4, &length, sizeof(length));
}

static struct tables *make(void)
{
	struct tables *tables = calloc(1, sizeof(*tables));
	put_begin(tables->before, "FACS", FACS_SIZE);
	put_begin(tables->before + FACS_SIZE, "DSDT", DSDT_SIZE);
	put_begin(tables->before + FACS_SIZE + 9, "APIC", 20);
	put_begin((uint8_t *)&tables->madt, "APIC",
		  sizeof(*tables) - MADT_AT - sizeof(tables->behind));
	for (uint8_t i = 0; i < 3; i++) {
		tables->apics[i] = (struct acpi_madt_local_apic){ { 0, 8 }, i, i, 1 };
	}
	memcpy(tables->io_apic, "\x01\x0C\x00\x00\x01\x01\x01\x01", 8);
	tables->x2apics[0] = (struct acpi_madt_local_x2apic){ { 9, 16 }, 0, 2, 1, 3 };
	tables->x2apics[1] = (struct acpi_madt_local_x2apic){ { 9, 16 }, 0, 300, 1, 4 };
	return tables;
}

static void others_are_disabled(void **state)
{
	(void)state;
	static const uint32_t ids[] = { 1, 300 };
	struct tables *tables = make();
	struct tables *expected = make();
	expected->apics[0].flags = expected->apics[2].flags = expected->x2apics[0].flags = 0;
	assert_int_equal(host_acpi_keep_cpus((uint8_t *)tables, sizeof(*tables), ids, 2), ST_OK);
	assert_memory_equal(tables, expected, sizeof(*tables));
	free(tables);
	free(expected);
}

/* Cut anywhere, in a block of just that size. */
static void what_is_cut_short_is_refused(void **state)
{
	(void)state;
	static const uint32_t ids[] = { 0 };
	struct tables *tables = make();
	for (uint32_t size = 0; size < sizeof(*tables) - sizeof(tables->behind); size++) {
		uint8_t *cut = malloc(size + (size == 0));
		memcpy(cut, tables, size);
		assert_int_equal(host_acpi_keep_cpus(cut, size, ids, 1), ST_BAD_FORMAT);
		free(cut);
	}
	free(tables);
}

static void an_entry_of_no_length_is_refused(void **state)
{
	(void)state;
	static const uint32_t ids[] = { 0 };
	struct tables *tables = make();
	tables->io_apic[1] = 0;
	assert_int_equal(host_acpi_keep_cpus((uint8_t *)tables, sizeof(*tables), ids, 1),
			 ST_BAD_FORMAT);
	tables->io_apic[1] = 255;
	assert_int_equal(host_acpi_keep_cpus((uint8_t *)tables, sizeof(*tables), ids, 1),
			 ST_BAD_FORMAT);
	free(tables);
}

static void the_8259s_go(void **state)
{
	(void)state;
	struct tables *tables = make();
	struct tables *expected = make();
	tables->madt.flags = 0xFFFFFFFF;
	expected->madt.flags = 0xFFFFFFFE;
	assert_int_equal(host_acpi_no_pic((uint8_t *)tables, sizeof(*tables)), ST_OK);
	assert_memory_equal(tables, expected, sizeof(*tables));
	assert_int_equal(host_acpi_no_pic((uint8_t *)tables, MADT_AT), ST_BAD_FORMAT);
	uint32_t length = sizeof(tables->madt) - 1;
	memcpy((uint8_t *)&tables->madt + 4, &length, sizeof(length));
	assert_int_equal(host_acpi_no_pic((uint8_t *)tables, sizeof(*tables)), ST_BAD_FORMAT);
	free(tables);
	free(expected);
}

/* The MCFG after the MADT; then one that ends before its last bus. */
static void one_bus_is_left(void **state)
{
	(void)state;
	struct with_mcfg {
		struct tables tables;
		struct acpi_mcfg mcfg;
	} PACKED;
	struct with_mcfg *all = calloc(1, sizeof(*all));
	struct with_mcfg *expected = malloc(sizeof(*all));
	struct tables *tables = make();
	memcpy(&all->tables, tables, sizeof(*tables));
	put_begin((uint8_t *)&all->tables.madt, "APIC", sizeof(*tables) - MADT_AT);
	put_begin((uint8_t *)&all->mcfg, "MCFG", sizeof(all->mcfg));
	all->mcfg.base = 0xB0000000;
	all->mcfg.first_bus = 1;
	all->mcfg.last_bus = 63;
	memcpy(expected, all, sizeof(*all));
	host_acpi_one_bus((uint8_t *)all, sizeof(*all) - sizeof(all->mcfg));
	assert_memory_equal(all, expected, sizeof(*all));
	host_acpi_one_bus((uint8_t *)all, sizeof(*all));
	expected->mcfg.last_bus = 1;
	assert_memory_equal(all, expected, sizeof(*all));

	put_begin((uint8_t *)&all->mcfg, "MCFG", sizeof(all->mcfg) - 1);
	all->mcfg.last_bus = 63;
	memcpy(expected, all, sizeof(*all));
	host_acpi_one_bus((uint8_t *)all, sizeof(*all) - 1);
	assert_memory_equal(all, expected, sizeof(*all));
	free(tables);
	free(all);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_disabled),
		cmocka_unit_test(the_8259s_go),
		cmocka_unit_test(one_bus_is_left),
		cmocka_unit_test(what_is_cut_short_is_refused),
		cmocka_unit_test(an_entry_of_no_length_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
