// The boot, step by step, on the boot processor, and what APs do for it. Every step either holds or
// ends in fatal().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdbool.h>
#include <stdint.h>

#include "arch/base/mem.h"
#include "arch/lintel/image_config.h"
#include "arch/tdx/event_log.h"
#include "arch/tdx/hob.h"
#include "arch/tdx/igvm.h"
#include "arch/tdx/mailbox.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/pc.h"
#include "linker/memmap.h"
#include "loader/memory/memory_map.h"
#include "loader/memory/unaccepted.h"
#include "shim/entry/ap.h"
#include "shim/entry/bsp_tables.h"
#include "shim/fatal.h"
#include "shim/host/acpi.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/host/hob_read.h"
#include "shim/host/igvm_map.h"
#include "shim/host/q35.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/payload/payload.h"
#include "shim/refusal.h"
#include "shim/tdx/accept.h"
#include "shim/tdx/accept_map.h"
#include "shim/tdx/vmcall.h"
#include "shim/tdx/world.h"

/* reset.nasm: the boot processor arrives here on the AP table, without an IDT. */
_Noreturn void shim_main(uint32_t td, uint32_t hob_claim);
/* ap_boot.nasm: an AP in a round, on the boot table and its own stack, without an IDT. */
void shim_ap(uint32_t vcpu);
/* Linker script: the lowest page of the shim. */
extern char shim_base[];
/* shim_entry.nasm */
_Noreturn void entry_leave(uint64_t entry, uint64_t argument, uint64_t cr3);

/* Of all vCPUs. */
static struct accept_map acceptance;

static void require(enum status status)
{
	if (status != ST_OK) {
		fatal(status, "%s", refusal_text(status));
	}
}

static const struct image_config *image_config(void)
{
	const struct image_config *config = (const struct image_config *)IMAGE_CONFIG;
	if (config->magic != IMAGE_CONFIG_MAGIC ||
	    config->image_size < FOUR_GIB - (uintptr_t)shim_base ||
	    config->image_size > IMAGE_MAX_SIZE || !is_aligned(config->image_size, MEM_PAGE_SIZE)) {
		fatal(ST_BAD_FORMAT, "image config: magic 0x%lx, image_size 0x%x", config->magic,
		      config->image_size);
	}
	return config;
}

static volatile struct mailbox *mailbox(void)
{
	return (volatile struct mailbox *)MAILBOX;
}

/* The boot processor's own line in arrived[]: the host gives it an id like the others. */
static void arrive(uint32_t index)
{
	struct cpuid_result topology;
	require(vmcall_cpuid(CPUID_TOPOLOGY, 0, &topology));
	if (topology.edx == MAILBOX_NO_ID) {
		fatal(ST_HOST_LIED, "vCPU %u: x2APIC id 0x%x", index, topology.edx);
	}
	mailbox()->arrived[index] = topology.edx + 1;
}

static void wait_for_aps(const struct td_info *info)
{
	uint32_t which = info->vcpu_index;
	if (info->vcpu_count == 0 || info->vcpu_count > MAILBOX_MAX_VCPUS || which != 0) {
		fatal(ST_UNSUPPORTED, "vCPU %u boots, of %u: it must be 0, of at most %u", which,
		      info->vcpu_count, MAILBOX_MAX_VCPUS);
	}
	mailbox()->boot_round = MAILBOX_BOOT_OVER;
	arrive(which);
	enum status status = ap_wait(mailbox(), info->vcpu_count, &which);
	if (status == ST_TIMEOUT) {
		fatal_of_aps();
		fatal(status, "arrival of vCPU %u of %u", which, info->vcpu_count);
	}
	if (status != ST_OK) {
		fatal(status, "vCPU %u of %u: x2APIC id 0x%x again", which, info->vcpu_count,
		      mailbox()->arrived[which] - 1);
	}
	log_info("%u vCPUs have arrived", info->vcpu_count);
}

static enum status measure_hobs(const uint8_t *list, size_t size)
{
	static const struct tcg_td_hob_event hobs = {
		.description_size = sizeof(TD_HOB_DESCRIPTION),
		.description = TD_HOB_DESCRIPTION,
		.table_count = 1,
		.guid = TD_HOB_TABLE_GUID,
		.table = TD_HOB,
	};
	const struct rtmr_event event = { CC_MR_RTMR0, EV_EFI_HANDOFF_TABLES2, &hobs,
					  sizeof(hobs) };
	return rtmr_measure(&event, list, size);
}

/* Of a change that cuts a range of the map in two. */
static void require_room(enum status status, const struct memory_map *map, const char *name)
{
	if (status != ST_OK) {
		fatal(status, "%s: %u ranges of memory already", name, map->count);
	}
}

static enum status measure_memory_map(const uint8_t *map, size_t size)
{
	static const struct rtmr_event event = { CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS,
						 IGVM_MAP_EVENT, sizeof(IGVM_MAP_EVENT) - 1 };
	return rtmr_measure(&event, map, size);
}

/* has_hob: the host started us with the address of a TD HOB, and not in the reset state. */
static void read_memory(const struct td_info *info, bool has_hob, uint32_t image_size,
			struct memory_map *map)
{
	/* Read from here only: a list that changes under the reader is no list. */
	static uint8_t copy[TD_HOB_SIZE];
	size_t size;
	size_t end;
	memcpy(copy, (const void *)TD_HOB, sizeof(copy));
	if (has_hob) {
		require(hob_read(copy, sizeof(copy), info->gpaw, image_size, map, &size));
		require(measure_hobs(copy, size));
		end = size + sizeof(struct hob_header);
	} else {
		require(igvm_map_read(copy, sizeof(copy), info->gpaw, image_size, map, &size));
		require(measure_memory_map(copy, size));
		end = size + sizeof(struct igvm_memory_map_entry);
	}
	/* QEMU's HOB calls it RAM. With a VGA device KVM would end the TD at its acceptance. */
	require_room(memory_map_remove(map, PC_VGA_WINDOW, PC_VGA_WINDOW_END - PC_VGA_WINDOW), map,
		     "VGA window");
	/* What the host has after the end is not measured, and goes no further. */
	memset(copy + end, 0, sizeof(copy) - end);
	memcpy((void *)TD_HOB, copy, sizeof(copy));
}

/* It is shared before anybody accepts it, and so accepted once, when it comes back. */
static void leave_bounce(struct memory_map *map)
{
	if (!memory_map_covers(map, BOUNCE, BOUNCE_SIZE, MEMORY_UNACCEPTED)) {
		fatal(ST_NO_MEMORY, "memory map: no RAM from 0x%x to 0x%x", BOUNCE,
		      BOUNCE + BOUNCE_SIZE);
	}
	require_room(memory_map_set_kind(map, BOUNCE, BOUNCE_SIZE, MEMORY_ACCEPTED), map,
		     "bounce buffer");
}

/* One round of the APs that have not arrived: whoever comes helps. */
static void accept_all(struct memory_map *map)
{
	accept_map_start(&acceptance, map);
	mailbox()->boot_round++;
	require(accept_map_finish(&acceptance, ap_patience()));
	struct accept sum = accept_map_sum(&acceptance);
	log_info("accepted %lu pages of 2 MiB, %lu of 4 KiB, %lu size mismatches", sum.large,
		 sum.small, sum.mismatches);
}

void shim_ap(uint32_t vcpu)
{
	tables_load_descriptors(vcpu);
	accept_map_help(&acceptance, vcpu);
}

/*
 * What is above 4 GiB is left until it is known what the payload can do. Returns the bytes of the
 * EFI arena that its tables take; 0: all memory is accepted.
 */
static uint64_t settle_memory(const struct image_config *config, bool payload_accepts,
			      struct memory_map *map)
{
	uint64_t left = unaccepted_left(map);
	if (left == 0) {
		return 0;
	}
	if (!payload_accepts && (config->flags & IMAGE_CONFIG_ACCEPT_LAZY) == 0) {
		unaccepted_take_back(map);
		accept_all(map);
		return 0;
	}
	log_note("left %lu MiB above 4 GiB to the kernel to accept", left / MIB);
	return EFI_TABLES_SIZE + unaccepted_table_fill(map, gpa_pointer(gpa(UNACCEPTED_TABLE)));
}

static void set_bounce(enum share share)
{
	struct gpa_range bounce = { gpa(BOUNCE), BOUNCE_SIZE };
	struct accept accept = { .large = 0 };
	require(share_range(&accept, bounce, share, world_info()->gpaw));
}

/* A TD: nothing of the host's is believed before all memory is ours. */
static void start_td(const struct image_config *config, bool has_hob, struct memory_map *map)
{
	const struct td_info *info = world_info();
	require(world_check_debug((config->flags & IMAGE_CONFIG_ALLOW_DEBUG) != 0));
	require(world_check_config());
	require(rtmr_start());
	read_memory(info, has_hob, config->image_size, map);
	leave_bounce(map);
	if ((config->flags & IMAGE_CONFIG_ACCEPT_EAGER) == 0) {
		unaccepted_leave(map, FOUR_GIB, UNACCEPTED_TABLE_SIZE);
	}
	accept_all(map);
	set_bounce(SHARE_SHARED);
}

/* Finds fw_cfg and the chipset. On a plain VM they say what memory there is, too. */
static void start_devices(const struct image_config *config, bool td, struct memory_map *map)
{
	enum status fw_cfg = fw_cfg_init();
	if (fw_cfg != ST_OK && config->kernel.base == 0) {
		fatal(fw_cfg, "no kernel in the image: %s", refusal_text(fw_cfg));
	}
	if (!td) {
		require(platform_memory(map));
	}
	if (!memory_map_covers(map, SHIM_RAM, SHIM_RAM_END - SHIM_RAM, MEMORY_ACCEPTED)) {
		fatal(ST_NO_MEMORY, "memory map: no RAM from 0x%x to 0x%x", SHIM_RAM, SHIM_RAM_END);
	}
	require(platform_init());
}

/* Makes the tables by which a kernel finds devices and, in a TD, vCPUs. Returns their bytes. */
static uint32_t install_acpi(const struct image_config *config, bool td, gpa_t *rsdp)
{
	struct acpi_arena arena = {
		.memory = gpa_pointer(gpa(ACPI_ARENA)),
		.base = gpa(ACPI_ARENA),
		.size = ACPI_ARENA_SIZE,
	};
	const struct mailbox_info mp = { gpa(MAILBOX), gpa((uintptr_t)ap_reset_vector) };
	enum status status = acpi_install(&arena, config, td ? &mp : NULL, rsdp);
	if (status != ST_NOT_FOUND) {
		require(status);
		return arena.used;
	}
	if (td && world_info()->vcpu_count > 1) {
		fatal(status, "ACPI tables, by which a kernel finds %u vCPUs",
		      world_info()->vcpu_count);
	}
	log_note("acpi: the host has no tables");
	return 0;
}

/* Ends what the host configures, in the registers that have it. */
static void separate(void)
{
	require(rtmr_separate(CC_MR_RTMR0));
	require(rtmr_separate(CC_MR_RTMR1));
}

void shim_main(uint32_t td, uint32_t hob_claim)
{
	require(world_init(td != 0));
	const struct td_info *info = world_info();
	const struct image_config *config = image_config();
	require(tables_enter_boot(td != 0, info->gpaw, config->image_size));
	tables_load_descriptors(0);
	if (td != 0) {
		log_note("%u vCPUs", info->vcpu_count);
	} else {
		log_note("plain VM");
	}
	if (td != 0 && hob_claim != TD_HOB && hob_claim != 0) {
		log_note("the host names a TD HOB at 0x%x; the image's own place is read",
			 hob_claim);
	}

	static struct memory_map map;
	struct payload payload;
	struct handover handover = { 0 };
	if (td != 0) {
		start_td(config, hob_claim != 0, &map);
	}
	start_devices(config, td != 0, &map);
	require(payload_open(config, &payload));
	uint32_t acpi_used = install_acpi(config, td != 0, &handover.rsdp);
	separate();
	require(payload_load(&payload, config, &map));
	fw_cfg_forget();
	uint64_t efi_used = settle_memory(config, payload_accepts_memory(&payload), &map);
	if (td != 0) {
		wait_for_aps(info);
	}
	handover.reserved_count = regions_reserved(td != 0, acpi_used, efi_used, handover.reserved);
	payload_hand_over(&payload, config, &map, &handover);
	if (td != 0) {
		set_bounce(SHARE_PRIVATE);
	}
	require(tables_build_handover(handover.window, &handover.cr3));
	log_note("kernel");
	entry_leave(handover.entry.v, handover.argument.v, handover.cr3.v);
}
