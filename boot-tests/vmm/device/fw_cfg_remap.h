// The fw_cfg device that the TD sees: QEMU's, but with the TD's kernel, memory map and directory.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// QEMU's own items of -kernel describe the machine, its e820 the whole memory, and its directory
// the machine's files. These are served by software from copies; all other items are QEMU's, but
// its ACPI tables are changed to what the TD has. Where TDs share the machine, each finds its
// own processors only; one without the q35 has copies of everything, and no kernel: it never
// reaches the device.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/qemu/fw_cfg.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/device/fw_cfg_items.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/td/td_place.h"
#include "boot-tests/vmm/verdict.h"

/* Kernel, its patched setup, initrd, command line; e820, directory, tables or copies of files; the
 * items. */
#define FW_CFG_SPANS 8
#define FW_CFG_BOOT_FILES 3

enum fw_cfg_pair { PAIR_SETUP, PAIR_KERNEL, PAIR_INITRD, PAIR_CMDLINE, FW_CFG_PAIRS };

/* A file etc/boot/... that QEMU does not have here. */
struct fw_cfg_boot_file {
	const char *name;
	const void *data;
	uint32_t size;
};

struct fw_cfg_remap {
	struct spinlock lock;
	struct fw_cfg_items items;
	uint32_t dma_high; /* what port 0x514 holds until the low half comes */
	uint32_t addresses[FW_CFG_PAIRS], sizes[FW_CFG_PAIRS];
	const struct td_place *place;
	struct mmu *mmu; /* of the TD */
	bool pic;
	bool prints;               /* its ACPI files, at the end */
	struct fw_cfg_item tables; /* read anew whenever they are selected; data null: not so */
	struct fw_cfg_boot_file boot_files[FW_CFG_BOOT_FILES];
	unsigned boot_file_count;
	const struct fw_cfg_file *files; /* of the directory */
	uint32_t file_count;
	uint16_t selector; /* what the TD reads, and how far it has read */
	uint32_t offset;
	uint32_t signature, id;
	uint16_t cpus;
	struct blob spans[FW_CFG_SPANS]; /* what the items stand in */
	unsigned span_count;
};

/*
 * For the TD with this place and memory, both of which must stay. On the BSP, before any TD
 * runs. ST_BAD_FORMAT, with a verdict: QEMU would not take opt/lintel/kernel, or its ACPI tables
 * have no MADT; fw_cfg_remap_destroy() is to be called then, too.
 */
enum status fw_cfg_remap_init(struct fw_cfg_remap *remap, const struct td_place *place,
			      struct mmu *mmu, const struct config *config,
			      struct verdict *verdict) MUST_CHECK;
/* Gives the copies back; the TD does not run any more. */
void fw_cfg_remap_destroy(struct fw_cfg_remap *remap);

/* With the setting host_files prints the ACPI files of the TD with the q35, by host_file.h: as QEMU
 * has made them once the TD has read them. On the BSP, when no TD runs. */
void fw_cfg_remap_print(const struct fw_cfg_remap *remap);

/* Functions for device_table.h: device is the struct fw_cfg_remap. What is not served from copies
 * is QEMU's device, for the TD that has it. */
uint64_t fw_cfg_port_read(void *device, uint64_t port, unsigned size);
void fw_cfg_port_write(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict);
