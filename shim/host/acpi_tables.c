// Judges the tables that a host gives a TD: which of them the kernel gets, and where they may lead.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/acpi_tables.h"

#include <stddef.h>

#include "arch/acpi/fadt.h"
#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "shim/refusal.h"

#define S(a, b, c, d) ACPI_SIGNATURE(a, b, c, d)

/*
 * Every signature of ACPI 6.6 table 5.5 and 5.6 that an x86 kernel looks for. What is not here is
 * dropped, as nobody knows where it leads.
 */
static const struct {
	uint32_t signature;
	enum acpi_verdict verdict;
} verdicts[] = {
	/* Checked below, or by who extends them. */
	{ ACPI_FADT, ACPI_KEPT }, /* leads to FACS and DSDT, and to registers */
	{ ACPI_MADT, ACPI_KEPT }, /* a mailbox of the host's is refused; APICs are devices */
	{ ACPI_CCEL, ACPI_KEPT }, /* ours: one of the host's is refused */
	{ ACPI_TPM2, ACPI_KEPT }, /* leads to a log, and to registers of a device */

	/* Code in the table itself, all of it measured. */
	{ S('S', 'S', 'D', 'T'), ACPI_CODE },
	{ S('P', 'S', 'D', 'T'), ACPI_CODE },
	{ S('O', 'S', 'D', 'T'), ACPI_CODE },

	/* Harmless. Registers of devices are mapped shared, and never where RAM is: the kernel's
	 * ioremap() refuses that. What the host answers there is believed like any device. */
	{ S('H', 'P', 'E', 'T'), ACPI_KEPT }, /* registers of a timer */
	{ S('M', 'C', 'F', 'G'), ACPI_KEPT }, /* PCI configuration space */
	{ S('D', 'M', 'A', 'R'), ACPI_KEPT }, /* registers of IOMMUs; ranges for their tables */
	{ S('I', 'V', 'R', 'S'), ACPI_KEPT }, /* the same of AMD */
	{ S('V', 'I', 'O', 'T'), ACPI_KEPT }, /* PCI addresses, registers of an IOMMU */
	{ S('W', 'A', 'E', 'T'), ACPI_KEPT }, /* flags */
	/* Which node memory is of: labels for what e820 has, no memory of their own. */
	{ S('S', 'R', 'A', 'T'), ACPI_KEPT },
	{ S('S', 'L', 'I', 'T'), ACPI_KEPT },
	{ S('H', 'M', 'A', 'T'), ACPI_KEPT },

	/* Instructions that are no AML: reads and writes of any address, at boot or on demand. */
	{ S('E', 'R', 'S', 'T'), ACPI_DROPPED },
	{ S('E', 'I', 'N', 'J'), ACPI_DROPPED }, /* and a second such table at an address */
	{ S('W', 'D', 'A', 'T'), ACPI_DROPPED },
	/* Registers that may be anywhere in memory, and that the kernel writes. */
	{ S('H', 'E', 'S', 'T'), ACPI_DROPPED }, /* acknowledges errors; error status anywhere */
	{ S('P', 'C', 'C', 'T'), ACPI_DROPPED }, /* doorbells, shared memory */
	{ S('E', 'C', 'D', 'T'), ACPI_DROPPED }, /* before AML, and whatever it says */
	{ S('S', 'P', 'C', 'R'), ACPI_DROPPED }, /* a console that the command line did not name */
	{ S('D', 'B', 'G', 'P'), ACPI_DROPPED },
	{ S('D', 'B', 'G', '2'), ACPI_DROPPED },
	{ S('L', 'P', 'I', 'T'), ACPI_DROPPED }, /* counters */
	{ S('W', 'D', 'D', 'T'), ACPI_DROPPED },
	{ S('W', 'S', 'P', 'T'), ACPI_DROPPED },
	{ S('W', 'D', 'R', 'T'), ACPI_DROPPED },
	/* Data or code at an address. */
	{ S('B', 'E', 'R', 'T'), ACPI_DROPPED }, /* an error record */
	{ S('B', 'G', 'R', 'T'), ACPI_DROPPED }, /* a picture */
	{ S('F', 'P', 'D', 'T'), ACPI_DROPPED }, /* times */
	{ S('P', 'R', 'M', 'T'), ACPI_DROPPED }, /* code that the kernel calls */
	{ S('S', 'V', 'K', 'L'), ACPI_DROPPED }, /* keys of the TD's disks */
	{ S('T', 'C', 'P', 'A'), ACPI_DROPPED }, /* a log of TPM 1.2 */
	{ S('U', 'E', 'F', 'I'), ACPI_DROPPED }, /* a buffer of SMM */
	{ S('W', 'P', 'B', 'T'), ACPI_DROPPED }, /* a program */
	{ S('V', 'F', 'C', 'T'), ACPI_DROPPED }, /* a device's ROM */
	{ S('R', 'A', 'S', '2'), ACPI_DROPPED },
	{ S('R', 'A', 'S', 'F'), ACPI_DROPPED },
	{ S('I', 'B', 'F', 'T'), ACPI_DROPPED }, /* a disk that the command line did not name */
	/* Memory beside what the TD HOB has: a TD has none. */
	{ S('N', 'F', 'I', 'T'), ACPI_DROPPED },
	{ S('C', 'E', 'D', 'T'), ACPI_DROPPED },
	{ S('M', 'P', 'S', 'T'), ACPI_DROPPED },
	{ S('S', 'D', 'E', 'V'), ACPI_DROPPED },
	/* Not of x86. */
	{ S('G', 'T', 'D', 'T'), ACPI_DROPPED },
	{ S('I', 'O', 'R', 'T'), ACPI_DROPPED },
	{ S('M', 'P', 'A', 'M'), ACPI_DROPPED },
	{ S('S', 'D', 'E', 'I'), ACPI_DROPPED },
	/* FADT alone leads to it. */
	{ ACPI_DSDT, ACPI_DROPPED },
};

enum acpi_verdict acpi_verdict_on(uint32_t signature)
{
	for (size_t i = 0; i < ARRAY_COUNT(verdicts); i++) {
		if (verdicts[i].signature == signature) {
			return verdicts[i].verdict;
		}
	}
	return ACPI_DROPPED;
}

static bool in_arena(const struct acpi_arena *arena, uint64_t address, uint64_t size)
{
	return acpi_fits(address - arena->base.v, size, arena->used);
}

enum status acpi_table_at(const struct acpi_arena *arena, uint64_t address,
			  struct acpi_header **out)
{
	if (!in_arena(arena, address, sizeof(struct acpi_header))) {
		return refuse(ST_BAD_RANGE, "ACPI table at 0x%lx: not in the arena", address);
	}
	struct acpi_header *table =
		(struct acpi_header *)(arena->memory + (address - arena->base.v));
	if (table->length < sizeof(*table) || !in_arena(arena, address, table->length)) {
		return refuse(ST_BAD_RANGE, "ACPI %c%c%c%c at 0x%lx: length 0x%x",
			      ACPI_CHARACTERS(table->signature), address, table->length);
	}
	uint8_t sum = acpi_byte_sum(table, table->length);
	if (sum != 0) {
		return refuse(ST_BAD_FORMAT, "ACPI %c%c%c%c at 0x%lx: checksum off by 0x%x",
			      ACPI_CHARACTERS(table->signature), address, sum);
	}
	*out = table;
	return ST_OK;
}

/* ---- FADT ------------------------------------------------------------------------------------ */

/* The 64-bit field wins where it is not 0; systems differ where the two disagree. */
static enum status one_address(const char *name, uint32_t low, uint64_t high, uint64_t *address)
{
	if (low != 0 && high != 0 && low != high) {
		return refuse(ST_HOST_LIED, "ACPI FADT: %s 0x%x, X_%s 0x%lx", name, low, name,
			      high);
	}
	*address = high != 0 ? high : low;
	return ST_OK;
}

/* It has no checksum: the kernel and the hardware write to it. */
static enum status check_facs(const struct acpi_arena *arena, uint64_t address)
{
	struct acpi_facs_begin facs = { 0 };
	if (address == 0) {
		return ST_OK;
	}
	if (in_arena(arena, address, sizeof(facs))) {
		memcpy(&facs, arena->memory + (address - arena->base.v), sizeof(facs));
	}
	if (facs.signature != ACPI_FACS || facs.length < ACPI_FACS_SIZE ||
	    !in_arena(arena, address, facs.length)) {
		return refuse(ST_BAD_RANGE, "ACPI FADT: FIRMWARE_CTRL 0x%lx: no FACS in the arena",
			      address);
	}
	return ST_OK;
}

static enum status check_dsdt(const struct acpi_arena *arena, uint64_t address)
{
	struct acpi_header *dsdt;
	uint32_t signature;
	if (address == 0) {
		return ST_OK;
	}
	if (!in_arena(arena, address, sizeof(*dsdt))) {
		return refuse(ST_BAD_RANGE, "ACPI FADT: DSDT 0x%lx: not in the arena", address);
	}
	memcpy(&signature, arena->memory + (address - arena->base.v), sizeof(signature));
	if (signature != ACPI_DSDT) {
		return refuse(ST_BAD_FORMAT, "ACPI FADT: DSDT 0x%lx: signature 0x%x", address,
			      signature);
	}
	return acpi_table_at(arena, address, &dsdt);
}

/* A register in memory would be the kernel's own, wherever the host likes: QEMU's are ports. */
static enum status check_registers(const struct acpi_fadt *fadt)
{
	static const struct {
		uint32_t offset;
		char name[16];
	} registers[] = {
		{ offsetof(struct acpi_fadt, reset_reg), "RESET_REG" },
		{ offsetof(struct acpi_fadt, x_pm1a_event), "X_PM1a_EVT_BLK" },
		{ offsetof(struct acpi_fadt, x_pm1b_event), "X_PM1b_EVT_BLK" },
		{ offsetof(struct acpi_fadt, x_pm1a_control), "X_PM1a_CNT_BLK" },
		{ offsetof(struct acpi_fadt, x_pm1b_control), "X_PM1b_CNT_BLK" },
		{ offsetof(struct acpi_fadt, x_pm2_control), "X_PM2_CNT_BLK" },
		{ offsetof(struct acpi_fadt, x_pm_timer), "X_PM_TMR_BLK" },
		{ offsetof(struct acpi_fadt, x_gpe0), "X_GPE0_BLK" },
		{ offsetof(struct acpi_fadt, x_gpe1), "X_GPE1_BLK" },
		{ offsetof(struct acpi_fadt, sleep_control), "SLEEP_CONTROL" },
		{ offsetof(struct acpi_fadt, sleep_status), "SLEEP_STATUS" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(registers); i++) {
		struct acpi_gas gas;
		memcpy(&gas, (const uint8_t *)fadt + registers[i].offset, sizeof(gas));
		if (gas.space == ACPI_GAS_MEMORY && gas.address != 0) {
			return refuse(ST_UNSUPPORTED, "ACPI FADT: %s in memory, at 0x%lx",
				      registers[i].name, gas.address);
		}
	}
	return ST_OK;
}

static enum status check_fadt(const struct acpi_arena *arena, const struct acpi_header *table)
{
	/* As the kernel reads it: by its length, whatever the revision; what is not there is 0. */
	struct acpi_fadt fadt = { 0 };
	uint64_t facs, dsdt;
	memcpy(&fadt, table, table->length < sizeof(fadt) ? table->length : sizeof(fadt));
	TRY(one_address("FIRMWARE_CTRL", fadt.firmware_ctrl, fadt.x_firmware_ctrl, &facs));
	TRY(one_address("DSDT", fadt.dsdt, fadt.x_dsdt, &dsdt));
	TRY(check_facs(arena, facs));
	TRY(check_dsdt(arena, dsdt));
	return check_registers(&fadt);
}

/* ---- TPM2 ------------------------------------------------------------------------------------ */

static enum status check_tpm2(const struct acpi_arena *arena, const struct acpi_header *table)
{
	struct acpi_tpm2 tpm2 = { 0 };
	memcpy(&tpm2, table, table->length < sizeof(tpm2) ? table->length : sizeof(tpm2));
	if (tpm2.log != 0 && !in_arena(arena, tpm2.log, tpm2.log_length)) {
		return refuse(ST_BAD_RANGE, "ACPI TPM2: log of 0x%x bytes at 0x%lx",
			      tpm2.log_length, tpm2.log);
	}
	return ST_OK;
}

enum status acpi_table_check(const struct acpi_arena *arena, const struct acpi_header *table)
{
	switch (table->signature) {
	case ACPI_FADT:
		return check_fadt(arena, table);
	case ACPI_TPM2:
		return check_tpm2(arena, table);
	default:
		return ST_OK;
	}
}
