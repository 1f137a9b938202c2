// Fuzzes the reader of the firmware's ACPI tables, and what is copied of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: the structures of a MADT, which a host may have written; all that leads there is good.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "loader/uefi/uefi_acpi.h"

#define MAILBOX_PLACE 0x7654000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(struct acpi_header *table)
{
	const uint8_t *bytes = (const uint8_t *)table;
	table->checksum = 0;
	uint8_t sum = 0;
	for (uint32_t i = 0; i < table->length; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	table->checksum = (uint8_t)(0 - sum);
}

/* Reads them again, as an OS does. */
static void check_copy(const struct uefi_acpi *acpi)
{
	static struct uefi_acpi again;
	struct uefi_acpi_fault fault;
	uint64_t bytes = uefi_acpi_size(acpi);
	uint8_t *out = aligned_alloc(16, (bytes + 15) & ~UINT64_C(15));
	CHECK(out != NULL);
	gpa_t base = gpa((uintptr_t)out);
	uefi_acpi_copy(acpi, gpa(MAILBOX_PLACE), gpa(0), out, base);
	CHECK(uefi_acpi_read(base, &again, &fault) == ST_OK);
	CHECK(again.mailbox == MAILBOX_PLACE);
	CHECK(again.cpu_count == acpi->cpu_count);
	CHECK(memcmp(again.ids, acpi->ids, sizeof(again.ids)) == 0);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct uefi_acpi acpi;
	struct uefi_acpi_fault fault;
	struct {
		struct acpi_header header;
		uint64_t madt;
	} PACKED xsdt = { .header = { .signature = ACPI_XSDT, .length = sizeof(xsdt) } };
	struct acpi_rsdp rsdp = { .signature = ACPI_RSDP_SIGNATURE,
				  .revision = 2,
				  .xsdt = (uintptr_t)&xsdt };
	/* As large as the table, so that a read after it is seen. */
	struct acpi_madt *madt = malloc(sizeof(*madt) + size);
	CHECK(madt != NULL);
	memset(madt, 0, sizeof(*madt));
	memcpy(madt + 1, data, size);
	madt->header.signature = ACPI_MADT;
	madt->header.length = (uint32_t)(sizeof(*madt) + size);
	seal(&madt->header);
	xsdt.madt = (uintptr_t)madt;
	seal(&xsdt.header);
	if (uefi_acpi_read(gpa((uintptr_t)&rsdp), &acpi, &fault) == ST_OK) {
		check_copy(&acpi);
	} else {
		CHECK(fault.field != NULL && fault.rule != NULL);
	}
	free(madt);
	return 0;
}
