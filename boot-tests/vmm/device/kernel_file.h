// What QEMU makes of -kernel, -initrd and -append for fw_cfg.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/i386/x86-common.c x86_load_linux()]
//
// Any file is cut in two by its byte 0x1F1; the firmware judges what it is. The setup header is
// patched for a loader that does not know better, with "HdrS" only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Room for what kernel_file_read() says of a file that QEMU's loader does not take. */
#define KERNEL_FILE_ERROR_SIZE 96

struct kernel_file {
	uint32_t setup_size; /* from the start of the file; the rest is the kernel */
	uint32_t kernel_size;
	uint16_t protocol; /* of the setup header; 0: there is none */
	/* Where a 16-bit loader puts it all: what fw_cfg's address items say. */
	uint32_t setup_address, kernel_address, command_line_address, initrd_address;
	uint32_t initrd_size;
	bool has_video_mode; /* of "vga=" */
	uint16_t video_mode;
};

struct kernel_request {
	const uint8_t *kernel;
	uint32_t kernel_size;
	uint32_t initrd_size; /* 0: none */
	const char *command_line;
	uint64_t low_memory; /* bytes of RAM below 4 GiB */
};

/* False: QEMU would not start, and error says why. */
bool kernel_file_read(const struct kernel_request *request, struct kernel_file *out, char *error,
		      uint32_t error_size);
/* Patches a copy of the setup part as QEMU 10.1 does for a TD, and every QEMU for other VMs. */
void kernel_file_patch(const struct kernel_file *file, uint8_t *setup);
