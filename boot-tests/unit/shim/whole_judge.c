// What must hold when the shim has entered a kernel.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/shim/whole_judge.h"

#include <string.h>

#include "arch/acpi/sdt.h"
#include "arch/base/addr.h"
#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "arch/tdx/event_log.h"
#include "arch/x86/paging.h"
#include "arch/x86/pc.h"

#define MIB2 UINT64_C(0x200000)
#define FADT_DSDT 40
#define FADT_X_DSDT 140

static const struct whole_handover *left;
static struct linux_boot_params params;
static uint64_t kernel; /* where its window starts */

static void must(bool holds, const char *what)
{
	if (!holds) {
		whole_broken(what);
	}
}

static const void *at(uint64_t address)
{
	return gpa_pointer(gpa(address));
}

static uint64_t number_at(uint64_t address, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at(address), size);
	return value;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool in_e820(uint64_t base, uint64_t size, uint32_t type)
{
	for (unsigned i = 0; i < params.e820_entries; i++) {
		struct e820_entry entry = params.e820_table[i];
		if (entry.type == type && base >= entry.base && size <= entry.size &&
		    base - entry.base <= entry.size - size) {
			return true;
		}
	}
	return false;
}

/* Where the table of unaccepted memory is, by the numbers of UEFI and of Linux; 0: nowhere. */
static uint64_t unaccepted_table(void)
{
	static const uint8_t guid[] = { 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,
					0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 };
	uint32_t info[8];
	memcpy(info, &params.efi_info, sizeof(info));
	if (info[0] == 0) {
		return 0;
	}
	must(info[0] == 0x34364c45 && info[2] == 40 && info[3] == 1 && info[5] % 40 == 0 &&
		     info[6] == 0 && info[7] == 0,
	     "efi_info");
	must(in_e820(info[1], 120, E820_ACPI) && in_e820(info[4], info[5], E820_ACPI),
	     "EFI: tables elsewhere");
	uint64_t tables = number_at(info[1] + 112, 8);
	for (uint64_t i = 0; i < number_at(info[1] + 104, 8); i++) {
		if (memcmp(at(tables + 24 * i), guid, sizeof(guid)) == 0) {
			return number_at(tables + 24 * i + 16, 8);
		}
	}
	whole_broken("EFI: no table of unaccepted memory");
}

/* Does the kernel find the memory at this address unaccepted? */
static bool bit_of(uint64_t address)
{
	uint64_t table = unaccepted_table();
	if (table == 0) {
		return false;
	}
	uint64_t base = number_at(table + 8, 8), size = number_at(table + 16, 8);
	must(number_at(table, 4) == 1 && number_at(table + 4, 4) == MIB2 && base % MIB2 == 0 &&
		     in_e820(table, 24 + size, E820_ACPI),
	     "the table of unaccepted memory");
	uint64_t unit = (address - base) / MIB2;
	return address >= base && unit < 8 * size &&
	       (number_at(table + 24 + unit / 8, 1) >> unit % 8 & 1) != 0;
}

/* Sorted and disjoint; what the kernel may write to is accepted, private and nobody's window. */
static void judge_e820(void)
{
	uint64_t end = 0;
	for (unsigned i = 0; i < params.e820_entries; i++) {
		struct e820_entry entry = params.e820_table[i];
		must(entry.size > 0 && entry.base >= end, "e820: order");
		end = entry.base + entry.size;
		must(end > entry.base, "e820: wraps");
		if (entry.type != E820_RAM && entry.type != E820_ACPI) {
			continue;
		}
		must(end <= PC_VGA_WINDOW || entry.base >= PC_VGA_WINDOW_END, "e820: VGA window");
		for (uint64_t address = entry.base; address < end; address += MEM_PAGE_SIZE) {
			uint64_t page = whole_page_of(address);
			must(page < WHOLE_PAGES, "e820: memory that is none");
			bool ours = left->page[page] == WHOLE_ACCEPTED ||
				    left->page[page] == WHOLE_ADDED;
			must(ours != bit_of(address), "e820: memory that is neither the TD's nor "
						      "left to the kernel, or both");
		}
	}
	must(in_e820(AP_TABLE, FOUR_GIB - AP_TABLE, E820_NVS), "e820: the AP path");
	must(in_e820(EVENT_LOG, EVENT_LOG_SIZE, E820_NVS), "e820: the event log");
	must(!in_e820(MAILBOX, 1, E820_RAM), "e820: the mailbox");
}

/* Nothing is left of what the host had after its HOB list and in the bounce buffer, where it was
 * not asked for anything. The stack is for shim_entry.nasm to clear. */
static void judge_remains(void)
{
	const uint64_t host = WHOLE_HOST_BYTE * (UINT64_MAX / 0xFF);
	for (uint64_t address = SHIM_RAM; address < ACPI_ARENA; address += sizeof(host)) {
		bool stack = address >= BSP_STACK && address < BSP_STACK + BSP_STACK_SIZE;
		must(stack || number_at(address, sizeof(host)) != host,
		     "bytes of the host are left in memory");
	}
}

static void judge_pages(void)
{
	for (unsigned page = 0; page < WHOLE_PAGES; page++) {
		must(left->page[page] != WHOLE_SHARED, "memory is shared at the hand-over");
	}
}

/* ---- the hand-over table --------------------------------------------------------------------- */

/* One leaf: its end, and W and NX as all levels have them; 0: absent. */
static uint64_t leaf_of(uint64_t address, uint64_t *end)
{
	uint64_t table = left->cr3;
	uint64_t all = ~UINT64_C(0), any = 0;
	for (int level = PG_512G; level >= PG_4K; level--) {
		must(table >= HANDOVER_TABLES && table < HANDOVER_TABLES + HANDOVER_TABLES_SIZE,
		     "hand-over table: a table elsewhere");
		uint64_t entry = number_at(table + 8 * pt_index(address, (enum pg_level)level), 8);
		uint64_t offset = pg_size((enum pg_level)level) - 1;
		*end = (address | offset) + 1;
		if ((entry & PTE_P) == 0) {
			return 0;
		}
		all &= entry;
		any |= entry;
		if (level == PG_4K || (entry & PTE_PS) != 0) {
			must((entry & PTE_ADDRESS & ~offset) == (address & ~offset),
			     "hand-over table: not identity");
			return PTE_P | (all & PTE_W) | (any & PTE_NX);
		}
		table = entry & PTE_ADDRESS;
	}
	return 0;
}

/* Writable and executable: the kernel's window, and below 640 KiB a trampoline's place. */
static void judge_table(void)
{
	uint64_t window = align_down(kernel, MIB2);
	uint64_t window_end = align_up(kernel + params.header.init_size, MIB2);
	uint64_t end;
	for (uint64_t address = 0; address < FOUR_GIB; address = end) {
		uint64_t leaf = leaf_of(address, &end);
		bool write = (leaf & PTE_W) != 0, execute = (leaf & PTE_NX) == 0;
		bool inside = address >= window && address < window_end;
		must((leaf & PTE_P) != 0, "hand-over table: absent");
		must(!inside || (write && execute), "hand-over table: the kernel's window");
		must(!(write && execute) || inside || end <= PC_VGA_WINDOW,
		     "hand-over table: W and X");
	}
	must(leaf_of(FOUR_GIB, &end) == 0, "hand-over table: above 4 GiB");
}

/* ---- boot_params ----------------------------------------------------------------------------- */

static void judge_params(void)
{
	const struct linux_setup_header *header = &params.header;
	const char *cmdline = at(HANDOVER_CMDLINE);
	must(left->boot_params == HANDOVER_BOOT_PARAMS, "boot_params: place");
	must(kernel >= SHIM_RAM_END && in_e820(kernel, header->init_size, E820_RAM),
	     "the kernel's window");
	must(header->cmd_line_ptr == HANDOVER_CMDLINE && strlen(cmdline) <= header->cmdline_size,
	     "boot_params: command line");
	must(header->setup_data == 0 && params.ext_cmd_line_ptr == 0 &&
		     params.ext_ramdisk_image == 0 && params.ext_ramdisk_size == 0,
	     "boot_params: what the host left");
	must(header->ramdisk_size == 0 ||
		     (in_e820(header->ramdisk_image, header->ramdisk_size, E820_RAM) &&
		      header->ramdisk_image >= kernel + header->init_size),
	     "boot_params: initrd");
}

/* ---- measurements ---------------------------------------------------------------------------- */

static void digest_of(const void *a, size_t a_size, const void *b, size_t b_size,
		      uint8_t digest[SHA384_SIZE])
{
	struct sha384 hash;
	sha384_init(&hash);
	sha384_update(&hash, a, a_size);
	sha384_update(&hash, b, b_size);
	sha384_final(&hash, digest);
}

static bool digest_is(const struct cc_event *event, const void *a, size_t a_size, const void *b,
		      size_t b_size)
{
	uint8_t digest[SHA384_SIZE];
	digest_of(a, a_size, b, b_size, digest);
	return memcmp(digest, event->digest, sizeof(digest)) == 0;
}

/* The HOB list as far as its END block: where that is, the shim alone has told. */
static bool digest_is_hob(const struct cc_event *event)
{
	const uint8_t *hob = left->host->items[WHOLE_HOB].bytes;
	for (size_t size = 0; size <= TD_HOB_SIZE; size += 8) {
		if (digest_is(event, hob, size, "", 0)) {
			return true;
		}
	}
	return false;
}

enum { SEEN_HOB = 1, SEEN_KERNEL = 2, SEEN_CMDLINE = 4, SEEN_INITRD = 8 };

/* What the log says was measured is what the kernel gets. */
static unsigned judge_event(const struct cc_event *event, const uint8_t *text)
{
	const struct linux_setup_header *header = &params.header;
	const char *cmdline = at(HANDOVER_CMDLINE);
	struct tcg_kernel_event blob;
	switch (event->event_type) {
	case EV_EFI_HANDOFF_TABLES2:
		must(digest_is_hob(event), "digest of the TD HOB");
		return SEEN_HOB;
	case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
		memcpy(&blob, text, sizeof(blob));
		uint32_t setup = (header->setup_sects + 1u) * LINUX_SECTOR_SIZE;
		must(blob.base == kernel && digest_is(event, at(HANDOVER_SETUP), setup, at(kernel),
						      blob.size - setup),
		     "digest of the kernel");
		return SEEN_KERNEL;
	case EV_IPL:
		must(event->event_size == strlen(cmdline) &&
			     digest_is(event, cmdline, strlen(cmdline), "", 0),
		     "digest of the command line");
		return SEEN_CMDLINE;
	case EV_EVENT_TAG:
		must(digest_is(event, at(header->ramdisk_image), header->ramdisk_size, "", 0),
		     "digest of the initrd");
		return SEEN_INITRD;
	default:
		return 0;
	}
}

/* The order in which a verifier replays them, which is that of the boot. */
static unsigned rank_of(const struct cc_event *event)
{
	static const struct {
		uint32_t mr, type;
	} order[] = {
		{ CC_MR_RTMR0, EV_EFI_HANDOFF_TABLES2 },
		{ CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS },
		{ CC_MR_RTMR0, EV_SEPARATOR },
		{ CC_MR_RTMR1, EV_SEPARATOR },
		{ CC_MR_RTMR1, EV_EFI_PLATFORM_FIRMWARE_BLOB2 },
		{ CC_MR_RTMR2, EV_IPL },
		{ CC_MR_RTMR2, EV_EVENT_TAG },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
		if (order[i].mr == event->mr_index && order[i].type == event->event_type) {
			return i;
		}
	}
	whole_broken("event log: an event that nobody knows");
}

static void judge_log(void)
{
	uint8_t rtmr[WHOLE_RTMRS][SHA384_SIZE] = { { 0 } };
	const uint8_t *end = (const uint8_t *)at(EVENT_LOG) + EVENT_LOG_SIZE;
	const uint8_t *next = (const uint8_t *)at(EVENT_LOG) + sizeof(struct tcg_pcr_event) +
			      sizeof(struct tcg_spec_id);
	unsigned seen = 0, rank = 0, separators = 0;
	struct cc_event event;
	for (; next + sizeof(event) <= end; next += sizeof(event) + event.event_size) {
		memcpy(&event, next, sizeof(event));
		if (event.mr_index == UINT32_MAX) {
			break;
		}
		must(event.mr_index >= CC_MR_RTMR0 && event.mr_index <= CC_MR_RTMR2 &&
			     event.digest_count == 1 &&
			     event.event_size <= (size_t)(end - next) - sizeof(event),
		     "event log: form");
		uint8_t *of = rtmr[event.mr_index - CC_MR_RTMR0];
		digest_of(of, SHA384_SIZE, event.digest, SHA384_SIZE, of);
		seen |= judge_event(&event, next + sizeof(event));
		must(rank_of(&event) >= rank, "event log: order");
		rank = rank_of(&event);
		separators += event.event_type == EV_SEPARATOR;
	}
	must(memcmp(rtmr, left->rtmr, sizeof(rtmr)) == 0, "event log and RTMRs differ");
	must((seen & (SEEN_HOB | SEEN_KERNEL | SEEN_CMDLINE)) ==
		     (SEEN_HOB | SEEN_KERNEL | SEEN_CMDLINE),
	     "event log: an event is missing");
	must(separators == 2, "event log: a separator of each register of the platform's");
	must((seen & SEEN_INITRD) != 0 || params.header.ramdisk_size == 0,
	     "event log: no event of the initrd");
}

/* ---- ACPI ------------------------------------------------------------------------------------ */

static struct acpi_header table_at(uint64_t address)
{
	struct acpi_header header;
	must(in_e820(address, sizeof(header), E820_ACPI), "ACPI: a table elsewhere");
	memcpy(&header, at(address), sizeof(header));
	must(header.length >= sizeof(header) && in_e820(address, header.length, E820_ACPI),
	     "ACPI: a table that is not whole");
	return header;
}

static unsigned judge_madt(uint64_t address, uint32_t length)
{
	unsigned wakeups = 0;
	for (uint32_t i = sizeof(struct acpi_madt); i < length;) {
		const struct acpi_madt_entry *entry = at(address + i);
		must(i + sizeof(*entry) <= length && entry->length >= sizeof(*entry) &&
			     i + entry->length <= length,
		     "MADT: a structure that is not whole");
		if (entry->type == ACPI_MADT_WAKEUP) {
			struct acpi_madt_wakeup wakeup;
			memcpy(&wakeup, entry, sizeof(wakeup));
			must(wakeup.mailbox == MAILBOX, "MADT: mailbox");
			wakeups++;
		}
		i += entry->length;
	}
	return wakeups;
}

static void judge_fadt(uint64_t address, uint32_t length)
{
	uint64_t dsdt = length >= FADT_DSDT + 4 ? number_at(address + FADT_DSDT, 4) : 0;
	uint64_t x_dsdt = length >= FADT_X_DSDT + 8 ? number_at(address + FADT_X_DSDT, 8) : 0;
	if (dsdt != 0) {
		table_at(dsdt);
	}
	if (x_dsdt != 0) {
		table_at(x_dsdt);
	}
}

static void judge_root(uint64_t address, unsigned entry_size)
{
	uint32_t length = table_at(address).length;
	unsigned wakeups = 0, logs = 0;
	for (uint32_t i = sizeof(struct acpi_header); i + entry_size <= length; i += entry_size) {
		uint64_t table = number_at(address + i, entry_size);
		struct acpi_header header = table_at(table);
		if (header.signature == ACPI_MADT) {
			wakeups += judge_madt(table, header.length);
		}
		if (header.signature == ACPI_CCEL) {
			struct acpi_ccel ccel;
			memcpy(&ccel, at(table), sizeof(ccel));
			must(ccel.log == EVENT_LOG && ccel.log_size == EVENT_LOG_SIZE, "CCEL");
			logs++;
		}
		if (header.signature == ACPI_SIGNATURE('F', 'A', 'C', 'P')) {
			judge_fadt(table, header.length);
		}
	}
	must(wakeups == 1 && logs == 1, "ACPI: one wake-up structure, one event log");
}

static void judge_acpi(void)
{
	struct acpi_rsdp rsdp = { 0 };
	if (params.acpi_rsdp_addr == 0) {
		must(left->host->vcpus == 1, "APs that nobody finds");
		return;
	}
	must(in_e820(params.acpi_rsdp_addr, ACPI_RSDP_V1_SIZE, E820_ACPI), "RSDP: elsewhere");
	memcpy(&rsdp, at(params.acpi_rsdp_addr), ACPI_RSDP_V1_SIZE);
	if (rsdp.revision >= 2) {
		memcpy(&rsdp, at(params.acpi_rsdp_addr), sizeof(rsdp));
	}
	if (rsdp.rsdt != 0) {
		judge_root(rsdp.rsdt, 4);
	}
	if (rsdp.xsdt != 0) {
		judge_root(rsdp.xsdt, 8);
	}
}

void whole_judge(const struct whole_handover *handover)
{
	left = handover;
	memcpy(&params, at(left->boot_params), sizeof(params));
	kernel = left->entry - LINUX_ENTRY_64;
	judge_pages();
	judge_remains();
	judge_e820();
	judge_params();
	judge_table();
	judge_log();
	judge_acpi();
}
