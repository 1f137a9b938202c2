// What the firmware told the payload: boot_params, memory map, ACPI.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/info.h"

#include "arch/acpi/cpus.h"
#include "arch/acpi/fadt.h"
#include "arch/acpi/sdt.h"
#include "arch/base/mem.h"
#include "boot-tests/payload/report.h"

static void *at(uint64_t address)
{
	return (void *)address;
}

static void check_sum(const void *table, uint32_t length, const char *what)
{
	const uint8_t *bytes = table;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < length; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	EXPECT(sum == 0, "checksum of %s", what);
}

static void add_cpu(struct info *info, uint32_t apic_id, uint32_t flags)
{
	if ((flags & ACPI_MADT_CPU_ENABLED) == 0) {
		return;
	}
	EXPECT(info->cpu_count < INFO_MAX_CPUS, "more than %d CPUs", INFO_MAX_CPUS);
	info->apic_ids[info->cpu_count++] = apic_id;
}

static void read_wakeup(struct info *info, const struct acpi_madt_wakeup *wakeup)
{
	EXPECT(info->mailbox == 0, "two wake-up structures");
	EXPECT(wakeup->entry.length == sizeof(*wakeup) &&
		       wakeup->version == ACPI_MADT_WAKEUP_VERSION,
	       "wake-up structure: length %u version %u", wakeup->entry.length, wakeup->version);
	info->mailbox = wakeup->mailbox;
	info->reset_vector = wakeup->reset_vector;
}

static void read_madt(struct info *info, const struct acpi_madt *madt)
{
	uint64_t end = (uint64_t)madt + madt->header.length;
	const struct acpi_madt_entry *entry;

	for (uint64_t next = (uint64_t)(madt + 1); next < end; next += entry->length) {
		entry = at(next);
		EXPECT(entry->length >= sizeof(*entry) && next + entry->length <= end,
		       "MADT entry of length %u", entry->length);
		if (entry->type == ACPI_MADT_LOCAL_APIC) {
			const struct acpi_madt_local_apic *cpu = at(next);

			add_cpu(info, cpu->apic_id, cpu->flags);
		} else if (entry->type == ACPI_MADT_LOCAL_X2APIC) {
			const struct acpi_madt_local_x2apic *cpu = at(next);

			add_cpu(info, cpu->apic_id, cpu->flags);
		} else if (entry->type == ACPI_MADT_WAKEUP) {
			read_wakeup(info, at(next));
		}
	}
}

static void read_table(struct info *info, const struct acpi_header *table)
{
	check_sum(table, table->length, "an ACPI table");
	if (table->signature == ACPI_MADT) {
		read_madt(info, at((uint64_t)table));
	} else if (table->signature == ACPI_FADT) {
		const struct acpi_fadt *fadt = at((uint64_t)table);

		report_set_power_port((uint16_t)fadt->pm1a_control);
	} else if (table->signature == ACPI_CCEL) {
		EXPECT(info->ccel == NULL, "two CCELs");
		info->ccel = at((uint64_t)table);
	}
}

/* The addresses in an RSDT are 4 bytes wide, those in an XSDT 8. */
static void read_root(struct info *info, const struct acpi_header *root, unsigned width)
{
	EXPECT(root->signature == (width == 8 ? ACPI_XSDT : ACPI_RSDT), "signature of the %s",
	       width == 8 ? "XSDT" : "RSDT");
	check_sum(root, root->length, "the root table");
	for (uint32_t offset = sizeof(*root); offset < root->length; offset += width) {
		uint64_t address = 0;

		memcpy(&address, (const char *)root + offset, width);
		read_table(info, at(address));
	}
}

static void read_acpi(struct info *info)
{
	const struct acpi_rsdp *rsdp = at(info->params->acpi_rsdp_addr);

	EXPECT(rsdp != NULL, "no RSDP");
	EXPECT(rsdp->signature == ACPI_RSDP_SIGNATURE, "signature of the RSDP");
	check_sum(rsdp, ACPI_RSDP_V1_SIZE, "the RSDP");
	if (rsdp->revision >= 2) {
		check_sum(rsdp, rsdp->length, "the RSDP, extended");
		read_root(info, at(rsdp->xsdt), 8);
	} else {
		read_root(info, at(rsdp->rsdt), 4);
	}
	EXPECT(info->cpu_count != 0, "no CPU in the MADT");
}

void info_read(struct info *info, const struct linux_boot_params *params,
	       const struct entry_state *entry)
{
	const struct linux_setup_header *header = &params->header;

	*info = (struct info){ .params = params, .entry = *entry, .cmdline = "" };
	if (header->cmd_line_ptr != 0) {
		info->cmdline = at((uint64_t)params->ext_cmd_line_ptr << 32 | header->cmd_line_ptr);
	}
	read_acpi(info);
}

unsigned info_option(const struct info *info, const char *name, const char **value)
{
	size_t name_size = strlen(name);
	bool word_start = true;

	for (const char *c = info->cmdline; *c != '\0'; c++) {
		size_t same = 0;
		unsigned length = 0;

		while (word_start && same < name_size && c[same] == name[same]) {
			same++;
		}
		if (same == name_size) {
			*value = c + name_size;
			while ((*value)[length] != '\0' && (*value)[length] != ' ') {
				length++;
			}
			return length;
		}
		word_start = *c == ' ';
	}
	return 0;
}

static unsigned digit_value(char digit)
{
	if (digit >= '0' && digit <= '9') {
		return (unsigned)(digit - '0');
	}
	return digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a' + 10) : 16;
}

uint64_t info_option_number(const struct info *info, const char *name, uint64_t absent)
{
	const char *value;
	unsigned length = info_option(info, name, &value);
	bool hex = length > 2 && value[0] == '0' && value[1] == 'x';
	unsigned base = hex ? 16 : 10;
	uint64_t number = 0;

	for (unsigned i = hex ? 2 : 0; i < length; i++) {
		unsigned digit = digit_value(value[i]);

		EXPECT(digit < base, "%s is not a number", name);
		number = base * number + digit;
	}
	return length == 0 ? absent : number;
}

uint32_t info_memory_type(const struct info *info, uint64_t address)
{
	for (unsigned i = 0; i < info->params->e820_entries; i++) {
		const struct e820_entry *entry = &info->params->e820_table[i];

		if (address >= entry->base && address - entry->base < entry->size) {
			return entry->type;
		}
	}
	return 0;
}
