// The whole shim, shim_main.c and all below it, on the host: behind a model of the TDX module and
// of the host VMM, which does what a test says.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Addresses are the TD's own: the process has its RAM and the top of the image mapped where they
// are in a TD. What must hold in every boot is checked here, and ends the process:
//
//   at any time      only leaves that the shim may use, with no register exposed that must not be;
//                    MapGPA of no page of the image; an accepted page is nobody else's;
//                    the VGA window is never accepted; DMA to shared memory only
//   in each load     a byte that the host can write is read once: no second look can differ
//   at the hand-over whole_judge()
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/lintel/image_config.h"
#include "arch/tdx/hob.h"

#define WHOLE_RAM 0x2000000u  /* of the TD, below 4 GiB */
#define WHOLE_HIGH 0x2000000u /* above, if the host says so */
#define WHOLE_IMAGE_SIZE 0x10000
#define WHOLE_ITEM_MAX 0x10000
#define WHOLE_RULES 64
#define WHOLE_AP_TEXT "exception 14"

/* What the host serves. HOB is no item of fw_cfg: the host writes it before the TD runs. */
enum whole_item {
	WHOLE_SETUP,
	WHOLE_KERNEL,
	WHOLE_INITRD,
	WHOLE_CMDLINE,
	WHOLE_DIRECTORY,
	WHOLE_LOADER,
	WHOLE_RSDP,
	WHOLE_TABLES,
	WHOLE_HOB,
	WHOLE_ITEM_COUNT,
};

struct whole_bytes {
	uint8_t bytes[WHOLE_ITEM_MAX];
	uint32_t size;
	uint32_t told; /* by the item that holds the size */
};

struct whole_host {
	struct whole_bytes items[WHOLE_ITEM_COUNT];
	struct image_config config;
	uint64_t attributes;
	uint64_t config_flags; /* TDG.VM.RD of CONFIG_FLAGS */
	uint32_t vcpus;        /* the APs have arrived, with their index as id */
	bool no_dma;
	bool writes_at_any_call; /* into memory that is shared, at each call of it */
	/* The answer to a TDVMCALL: the register, in the order R10 to R15, RBX, RDX, RSI, RDI, R8,
	 * R9, is value. */
	struct {
		uint32_t call; /* the first is 1; 0: none */
		uint8_t reg;
		uint64_t value;
	} rules[WHOLE_RULES];
	/* While this TDG.MEM.PAGE.ACCEPT is made, an AP is in a round and takes what it can; or, on
	 * its stack of the TD's, it ends by fatal() with WHOLE_AP_TEXT. */
	uint32_t ap_comes_at, ap_dies_at;
	/* RAX of a TDG.MEM.PAGE.ACCEPT. */
	struct {
		uint32_t call;
		uint64_t rax;
	} accepts[WHOLE_RULES];
};

/* A host like QEMU, with a kernel, an initrd, a command line and ACPI tables. */
void whole_good_host(struct whole_host *host);
/* The HOB list has one range of memory more, [base, end), above 4 GiB and below 4 GiB +
 * WHOLE_HIGH. */
void whole_add_high(struct whole_host *host, uint64_t base, uint64_t end);
/* The resource block with this number of the HOB list, 0 to 2. */
struct hob_resource *whole_hob_range(struct whole_host *host, unsigned number);

enum whole_end {
	WHOLE_LEFT,    /* the kernel was entered, and whole_judge() is content */
	WHOLE_FATAL,   /* ReportFatalError: the text is in whole_output() */
	WHOLE_STOPPED, /* the host has ended the TD, or the shim made more calls than any boot */
};
enum whole_end whole_boot(const struct whole_host *host);
/* What the last boot wrote to the serial port. */
const char *whole_output(void);
/* How often it made a TDG.MEM.PAGE.ACCEPT. */
uint32_t whole_accepts(void);
