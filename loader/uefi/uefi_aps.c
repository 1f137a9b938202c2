// The APs of a TD: from the firmware's mailbox to ours.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_aps.h"

#include <stdbool.h>

#include "arch/linux/efi.h"
#include "loader/uefi/uefi_acpi.h"
#include "loader/uefi/uefi_ap_piece.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_memory_now.h"
#include "loader/uefi/uefi_services.h"

/* Each AP has so long to leave the firmware's mailbox, and so long to arrive in ours. */
#define STEP_US 100
#define STEPS (60 * 1000000 / STEP_US)

/* Made by the build, of the objects of the AP path. */
extern const uint8_t uefi_ap_page[];
extern const uint16_t uefi_ap_words[], uefi_ap_words_end[];

static struct uefi_acpi acpi;

/* ---- preparing ------------------------------------------------------------------------------- */

static bool has_id(uint32_t id)
{
	for (unsigned i = 0; i < acpi.cpu_count; i++) {
		if (acpi.ids[i] == id) {
			return true;
		}
	}
	return false;
}

/* Where ACPI wants it, hence private memory of the firmware's. */
static uefi_status_t check_mailbox(void)
{
	static struct uefi_memory memory;
	uint64_t key;
	UEFI_TRY(uefi_memory_now(UEFI_MEMORY_LEFT, &memory, &key));
	for (unsigned i = 0; i < memory.reserved_count; i++) {
		const struct e820_overlay *reserved = &memory.reserved[i];
		uint64_t offset = acpi.mailbox - reserved->range.base.v;
		if (reserved->type == E820_NVS && acpi.mailbox >= reserved->range.base.v &&
		    offset < reserved->range.size && is_aligned(acpi.mailbox, MEM_PAGE_SIZE)) {
			return UEFI_SUCCESS;
		}
	}
	return uefi_refuse(UEFI_STATUS(LOAD_ERROR),
			   "ACPI MADT: mailbox at 0x%lx: no page of ACPI NVS", acpi.mailbox);
}

static uefi_status_t read_tables(gpa_t rsdp, const struct uefi_td_info *info)
{
	struct uefi_acpi_fault fault;
	enum status status = uefi_acpi_read(rsdp, &acpi, &fault);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status), "ACPI table 0x%lx: %s 0x%lx: %s",
				   fault.address, fault.field, fault.value, fault.rule);
	}
	if (acpi.cpu_count != info->vcpu_count || !has_id(info->apic_id)) {
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED),
				   "ACPI MADT: %u processors, of %u vCPUs; this one is 0x%x",
				   acpi.cpu_count, info->vcpu_count, info->apic_id);
	}
	if (acpi.cpu_count > 1 && acpi.mailbox == 0) {
		return uefi_refuse(UEFI_STATUS(NOT_FOUND),
				   "ACPI MADT: %u processors, and no mailbox", acpi.cpu_count);
	}
	return acpi.cpu_count > 1 ? check_mailbox() : UEFI_SUCCESS;
}

static uefi_status_t make_piece(const struct uefi_td_info *info, gpa_t *out)
{
	const struct uefi_ap_code code = {
		.page = uefi_ap_page,
		.words = uefi_ap_words,
		.word_count = (unsigned)(uefi_ap_words_end - uefi_ap_words),
	};
	gpa_t base;
	uefi_status_t status = uefi_allocate_below(FOUR_GIB, UEFI_AP_SIZE, EFI_ACPI_NVS, &base);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "AP path: 0x%x bytes of memory below 4 GiB",
				   UEFI_AP_SIZE);
	}
	enum status made = uefi_ap_piece_make(&code, gpa_pointer(base), base);
	if (made != ST_OK) {
		return uefi_refuse(uefi_status_of(made), "AP path at 0x%lx: %s", base.v,
				   status_text(made));
	}
	/* The boot processor's own line. */
	uefi_ap_mailbox(gpa_pointer(base))->arrived[info->vcpu_index] = info->apic_id + 1;
	*out = base;
	return UEFI_SUCCESS;
}

static uefi_status_t copy_tables(gpa_t piece, gpa_t *rsdp)
{
	uint64_t size = uefi_acpi_size(&acpi);
	uefi_status_t status = uefi_allocate_below(FOUR_GIB, size, EFI_ACPI_RECLAIM, rsdp);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "ACPI: 0x%lx bytes of memory below 4 GiB", size);
	}
	const struct uefi_ap_head *head = uefi_ap_head(gpa_pointer(piece));
	uefi_acpi_copy(&acpi, gpa(piece.v + AP_TABLE_SIZE), gpa(head->reset_vector),
		       gpa_pointer(*rsdp), *rsdp);
	return UEFI_SUCCESS;
}

uefi_status_t uefi_aps_prepare(gpa_t rsdp, struct uefi_aps *out)
{
	struct uefi_td_info info = uefi_td_info();
	if (info.vcpu_count > MAILBOX_MAX_VCPUS || info.vcpu_index >= info.vcpu_count) {
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED), "vCPU %u boots, of %u, at most %u",
				   info.vcpu_index, info.vcpu_count, MAILBOX_MAX_VCPUS);
	}
	UEFI_TRY(read_tables(rsdp, &info));
	UEFI_TRY(make_piece(&info, &out->piece));
	UEFI_TRY(copy_tables(out->piece, &out->rsdp));
	out->count = info.vcpu_count - 1;
	out->firmware = acpi.mailbox;
	out->own_id = info.apic_id;
	return UEFI_SUCCESS;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool has_left(const volatile struct mailbox *firmware)
{
	for (unsigned i = 0; i < STEPS; i++) {
		if (firmware->command == MAILBOX_NOOP) {
			return true;
		}
		uefi_stall(STEP_US);
	}
	return false;
}

static bool has_arrived(const volatile struct mailbox *mailbox, unsigned vcpu_count, uint32_t id)
{
	for (unsigned i = 0; i < STEPS; i++) {
		for (unsigned index = 0; index < vcpu_count; index++) {
			if (mailbox->arrived[index] == id + 1) {
				return true;
			}
		}
		uefi_stall(STEP_US);
	}
	return false;
}

/* As an OS does: the command comes last. */
static void wake(volatile struct mailbox *firmware, uint32_t id, uint64_t vector)
{
	firmware->apic_id = id;
	firmware->wakeup_vector = vector;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	firmware->command = MAILBOX_WAKEUP;
}

uefi_status_t uefi_aps_take(const struct uefi_aps *aps)
{
	if (aps->count == 0) {
		return UEFI_SUCCESS;
	}
	volatile struct mailbox *firmware = gpa_pointer(gpa(aps->firmware));
	volatile struct mailbox *mailbox = uefi_ap_mailbox(gpa_pointer(aps->piece));
	uint32_t entry = uefi_ap_head(gpa_pointer(aps->piece))->entry;
	for (unsigned i = 0; i < acpi.cpu_count; i++) {
		uint32_t id = acpi.ids[i];
		if (id == aps->own_id) {
			continue;
		}
		wake(firmware, id, entry);
		if (!has_left(firmware)) {
			return uefi_refuse(UEFI_STATUS(TIMEOUT),
					   "AP of x2APIC id 0x%x: no answer in the firmware's "
					   "mailbox at 0x%lx",
					   id, aps->firmware);
		}
		if (!has_arrived(mailbox, aps->count + 1, id)) {
			return uefi_refuse(UEFI_STATUS(TIMEOUT),
					   "AP of x2APIC id 0x%x: does not arrive", id);
		}
	}
	uefi_note("%u AP%s parked at 0x%lx", aps->count, aps->count == 1 ? "" : "s", aps->piece.v);
	return UEFI_SUCCESS;
}
