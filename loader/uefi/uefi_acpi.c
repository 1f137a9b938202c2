// The firmware's ACPI tables with another MADT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_acpi.h"

#include <stdbool.h>

#include "arch/acpi/cpus.h"
#include "arch/base/bits.h"
#include "arch/base/mem.h"

/* The largest table: none of a real firmware comes near. */
#define TABLE_MAX 0x100000
#define ALIGNMENT 16

static enum status uefi_acpi_refused(struct uefi_acpi_fault *fault, enum status status,
				     const char *field, uint64_t value, const char *rule)
{
	fault->field = field;
	fault->value = value;
	fault->rule = rule;
	return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum status table_at(uint64_t address, const struct acpi_header **out,
			    struct uefi_acpi_fault *fault)
{
	const struct acpi_header *table = gpa_pointer(gpa(address));
	fault->address = address;
	if (table->length < sizeof(*table) || table->length > TABLE_MAX) {
		return uefi_acpi_refused(fault, ST_BAD_FORMAT, "table length", table->length,
					 "must be 36 bytes to 1 MiB");
	}
	uint8_t sum = acpi_byte_sum(table, table->length);
	if (sum != 0) {
		return uefi_acpi_refused(fault, ST_BAD_FORMAT, "table checksum", sum, "must be 0");
	}
	*out = table;
	return ST_OK;
}

static enum status find_root(gpa_t address, struct uefi_acpi *acpi, struct uefi_acpi_fault *fault)
{
	const struct acpi_rsdp *rsdp = gpa_pointer(address);
	fault->address = address.v;
	if (address.v == 0) {
		return uefi_acpi_refused(fault, ST_NOT_FOUND, "RSDP", 0, "the firmware has none");
	}
	if (rsdp->signature != ACPI_RSDP_SIGNATURE) {
		return uefi_acpi_refused(fault, ST_BAD_FORMAT, "RSDP signature", rsdp->signature,
					 "must be \"RSD PTR \"");
	}
	bool wide = rsdp->revision >= 2 && rsdp->xsdt != 0;
	uint32_t signature = wide ? ACPI_XSDT : ACPI_RSDT;
	TRY(table_at(wide ? rsdp->xsdt : rsdp->rsdt, &acpi->root, fault));
	if (acpi->root->signature != signature) {
		return uefi_acpi_refused(fault, ST_BAD_FORMAT, "root table signature",
					 acpi->root->signature,
					 "must be \"XSDT\" or \"RSDT\", as the RSDP says");
	}
	return ST_OK;
}

static uint32_t entry_size(const struct acpi_header *root)
{
	return root->signature == ACPI_XSDT ? 8 : 4;
}

static uint32_t entry_count(const struct acpi_header *root)
{
	return (root->length - (uint32_t)sizeof(*root)) / entry_size(root);
}

static uint64_t entry_at(const struct acpi_header *root, uint32_t number)
{
	uint64_t address = 0;
	memcpy(&address, (const uint8_t *)(root + 1) + number * entry_size(root), entry_size(root));
	return address;
}

static enum status find_madt(struct uefi_acpi *acpi, struct uefi_acpi_fault *fault)
{
	for (uint32_t i = 0; i < entry_count(acpi->root); i++) {
		const struct acpi_header *table = gpa_pointer(gpa(entry_at(acpi->root, i)));
		if (table == NULL || table->signature != ACPI_MADT) {
			continue;
		}
		if (acpi->madt != NULL) {
			return uefi_acpi_refused(fault, ST_BAD_FORMAT, "MADT",
						 entry_at(acpi->root, i), "there must be one");
		}
		TRY(table_at(entry_at(acpi->root, i), &table, fault));
		if (table->length < sizeof(*acpi->madt)) {
			return uefi_acpi_refused(fault, ST_BAD_FORMAT, "MADT length", table->length,
						 "must be 44 or more");
		}
		acpi->madt = (const struct acpi_madt *)table;
	}
	if (acpi->madt == NULL) {
		return uefi_acpi_refused(fault, ST_NOT_FOUND, "MADT", 0, "the firmware has none");
	}
	return ST_OK;
}

static enum status add_cpu(struct uefi_acpi *acpi, uint32_t id, uint32_t flags,
			   struct uefi_acpi_fault *fault)
{
	if ((flags & ACPI_MADT_CPU_ENABLED) == 0) {
		return ST_OK;
	}
	if (acpi->cpu_count == MAILBOX_MAX_VCPUS) {
		return uefi_acpi_refused(fault, ST_NO_SPACE, "MADT processors",
					 MAILBOX_MAX_VCPUS + 1, "must be at most 1504");
	}
	acpi->ids[acpi->cpu_count++] = id;
	return ST_OK;
}

/* size: bytes of the structure; shorter ones of these types are no business of ours. */
static enum status read_structure(struct uefi_acpi *acpi, const uint8_t *bytes, uint32_t size,
				  struct uefi_acpi_fault *fault)
{
	struct acpi_madt_local_apic apic;
	struct acpi_madt_local_x2apic x2apic;
	struct acpi_madt_wakeup wakeup;
	if (bytes[0] == ACPI_MADT_LOCAL_APIC && size >= sizeof(apic)) {
		memcpy(&apic, bytes, sizeof(apic));
		return add_cpu(acpi, apic.apic_id, apic.flags, fault);
	}
	if (bytes[0] == ACPI_MADT_LOCAL_X2APIC && size >= sizeof(x2apic)) {
		memcpy(&x2apic, bytes, sizeof(x2apic));
		return add_cpu(acpi, x2apic.apic_id, x2apic.flags, fault);
	}
	/* Without a reset vector in version 0. */
	if (bytes[0] == ACPI_MADT_WAKEUP &&
	    size >= offsetof(struct acpi_madt_wakeup, reset_vector)) {
		memcpy(&wakeup, bytes, offsetof(struct acpi_madt_wakeup, reset_vector));
		/* The firmware has one; the tables that it was given by a host must not. */
		if (acpi->mailbox != 0) {
			return uefi_acpi_refused(fault, ST_BAD_FORMAT, "MADT mailbox",
						 wakeup.mailbox, "there must be one");
		}
		acpi->mailbox = wakeup.mailbox;
	}
	return ST_OK;
}

/* The length of the structure at an offset; 0: it is not whole. */
static uint32_t structure_size(const struct acpi_madt *madt, uint32_t at)
{
	const struct acpi_madt_entry *entry = (const void *)((const uint8_t *)madt + at);
	uint32_t left = madt->header.length - at;
	if (left < sizeof(*entry) || entry->length < sizeof(*entry) || entry->length > left) {
		return 0;
	}
	return entry->length;
}

enum status uefi_acpi_read(gpa_t rsdp, struct uefi_acpi *out, struct uefi_acpi_fault *fault)
{
	uint32_t size;
	memset(out, 0, sizeof(*out));
	TRY(find_root(rsdp, out, fault));
	TRY(find_madt(out, fault));
	for (uint32_t at = sizeof(*out->madt); at < out->madt->header.length; at += size) {
		size = structure_size(out->madt, at);
		if (size == 0) {
			return uefi_acpi_refused(fault, ST_BAD_FORMAT, "MADT structure at", at,
						 "must be whole");
		}
		TRY(read_structure(out, (const uint8_t *)out->madt + at, size, fault));
	}
	return ST_OK;
}

/* ---- copying --------------------------------------------------------------------------------- */

static uint64_t root_size(const struct uefi_acpi *acpi)
{
	return align_up(sizeof(*acpi->root) + entry_count(acpi->root) * sizeof(uint64_t),
			ALIGNMENT);
}

static uint64_t rsdp_size(void)
{
	return align_up(sizeof(struct acpi_rsdp), ALIGNMENT);
}

uint64_t uefi_acpi_size(const struct uefi_acpi *acpi)
{
	return rsdp_size() + root_size(acpi) + acpi->madt->header.length +
	       sizeof(struct acpi_madt_wakeup);
}

/* Copies a MADT without the firmware's wake-up structure, and adds ours. */
static void copy_madt(const struct acpi_madt *madt, gpa_t mailbox, gpa_t reset_vector,
		      struct acpi_header *out)
{
	const struct acpi_madt_wakeup wakeup = {
		.entry = { ACPI_MADT_WAKEUP, sizeof(wakeup) },
		.version = ACPI_MADT_WAKEUP_VERSION,
		.mailbox = mailbox.v,
		.reset_vector = reset_vector.v,
	};
	uint8_t *to = (uint8_t *)out;
	uint32_t length = sizeof(*madt);
	uint32_t size;
	memcpy(to, madt, sizeof(*madt));
	for (uint32_t at = sizeof(*madt); at < madt->header.length; at += size) {
		const uint8_t *from = (const uint8_t *)madt + at;
		size = structure_size(madt, at);
		if (from[0] != ACPI_MADT_WAKEUP) {
			memcpy(to + length, from, size);
			length += size;
		}
	}
	memcpy(to + length, &wakeup, sizeof(wakeup));
	out->length = length + (uint32_t)sizeof(wakeup);
	acpi_fix_checksum(out);
}

static void copy_root(const struct uefi_acpi *acpi, uint64_t madt, struct acpi_header *out)
{
	uint8_t *entry = (uint8_t *)(out + 1);
	memcpy(out, acpi->root, sizeof(*out));
	out->signature = ACPI_XSDT;
	out->length = (uint32_t)sizeof(*out);
	for (uint32_t i = 0; i < entry_count(acpi->root); i++) {
		uint64_t address = entry_at(acpi->root, i);
		address = address == (uintptr_t)acpi->madt ? madt : address;
		memcpy(entry, &address, sizeof(address));
		entry += sizeof(address);
		out->length += (uint32_t)sizeof(address);
	}
	acpi_fix_checksum(out);
}

void uefi_acpi_copy(const struct uefi_acpi *acpi, gpa_t mailbox, gpa_t reset_vector, void *out,
		    gpa_t base)
{
	uint8_t *bytes = out;
	uint64_t root = rsdp_size();
	uint64_t madt = root + root_size(acpi);
	struct acpi_rsdp rsdp = {
		.signature = ACPI_RSDP_SIGNATURE,
		.revision = 2,
		.length = sizeof(rsdp),
		.xsdt = base.v + root,
	};
	memcpy(rsdp.oem_id, acpi->root->oem_id, sizeof(rsdp.oem_id));
	rsdp.checksum = (uint8_t)(0 - acpi_byte_sum(&rsdp, ACPI_RSDP_V1_SIZE));
	rsdp.extended_checksum = (uint8_t)(0 - acpi_byte_sum(&rsdp, sizeof(rsdp)));
	memcpy(bytes, &rsdp, sizeof(rsdp));
	copy_root(acpi, base.v + madt, (struct acpi_header *)(bytes + root));
	copy_madt(acpi->madt, mailbox, reset_vector, (struct acpi_header *)(bytes + madt));
}
