// Fuzzes the reader of the firmware's ACPI tables, and what is copied of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: a byte of flags, one that says how often the rest is repeated (from 0xC0 on), and the
// structures of a MADT, which a host may have written. What leads there is good, but for what a
// flag breaks; addresses are the firmware's, which is trusted.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "loader/uefi/uefi_acpi.h"

#define MAILBOX_PLACE 0x7654000
#define FLAG_NO_RSDP 1
#define FLAG_RSDP_SIGNATURE 2
#define FLAG_ROOT_SIGNATURE 4
#define FLAG_ROOT_LENGTH 8
#define FLAG_NO_MADT 0x10
#define FLAG_TWO_MADTS 0x20
#define FLAG_MADT_LENGTH 0x40
#define FLAG_MADT_SUM 0x80
#define REPEATED_FROM 0xC0
#define REPEATED_BY 64

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

static struct acpi_madt *make_madt(uint8_t flags, unsigned times, const uint8_t *data, size_t size)
{
	/* As large as the table, so that a read after it is seen. */
	struct acpi_madt *madt = calloc(1, sizeof(*madt) + times * size);
	CHECK(madt != NULL);
	for (unsigned i = 0; i < times && size != 0; i++) {
		memcpy((uint8_t *)(madt + 1) + i * size, data, size);
	}
	madt->header.signature = (flags & FLAG_NO_MADT) != 0 ? ACPI_XSDT : ACPI_MADT;
	madt->header.length = (flags & FLAG_MADT_LENGTH) != 0 ?
				      sizeof(*madt) - 4 :
				      (uint32_t)(sizeof(*madt) + times * size);
	seal(&madt->header);
	madt->header.checksum = (uint8_t)(madt->header.checksum + ((flags & FLAG_MADT_SUM) != 0));
	return madt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct uefi_acpi acpi;
	struct uefi_acpi_fault fault;
	struct {
		struct acpi_header header;
		uint64_t madt;
		uint64_t spare;
	} PACKED xsdt = { .header = { .signature = ACPI_XSDT, .length = sizeof(xsdt) } };
	if (size < 2) {
		return 0;
	}
	uint8_t flags = data[0];
	unsigned times =
		data[1] >= REPEATED_FROM ? (data[1] - REPEATED_FROM + 1u) * REPEATED_BY : 1;
	struct acpi_rsdp rsdp = {
		.signature = (flags & FLAG_RSDP_SIGNATURE) != 0 ? 0 : ACPI_RSDP_SIGNATURE,
		.revision = 2,
		.xsdt = (uintptr_t)&xsdt,
	};
	struct acpi_madt *madt = make_madt(flags, times, data + 2, size - 2);
	xsdt.madt = (uintptr_t)madt;
	xsdt.spare = (flags & FLAG_TWO_MADTS) != 0 ? (uintptr_t)madt : 0;
	xsdt.header.signature = (flags & FLAG_ROOT_SIGNATURE) != 0 ? ACPI_RSDT : ACPI_XSDT;
	seal(&xsdt.header);
	if ((flags & FLAG_ROOT_LENGTH) != 0) {
		xsdt.header.length = sizeof(xsdt.header) - 1;
	}
	gpa_t place = gpa((flags & FLAG_NO_RSDP) != 0 ? 0 : (uintptr_t)&rsdp);
	if (uefi_acpi_read(place, &acpi, &fault) == ST_OK) {
		check_copy(&acpi);
	} else {
		CHECK(fault.field != NULL && fault.rule != NULL);
	}
	free(madt);
	return 0;
}
