// Would the shim boot the payload of an image?
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/payload_check.h"

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/fmt.h"
#include "arch/linux/boot_params.h"
#include "linker/memmap.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/bzimage.h"
#include "loader/payload/elf.h"
#include "loader/payload/payload_fault.h"
#include "loader/payload/payload_kind.h"
#include "loader/payload/uki.h"

/* The most RAM that a TD has below 4 GiB: 0xB0000000 with QEMU, this with cloud-hypervisor. */
#define LOW_RAM_MAX 0xC0000000

static const struct memory_map largest_map = {
	.count = 1,
	.entries = { { { { 0 }, LOW_RAM_MAX }, MEMORY_ACCEPTED } },
};

struct payload_checker {
	char *error;
	size_t error_size;
};

static enum status say_fault(const struct payload_checker *c, enum status status,
			     const struct payload_fault *fault)
{
	fmt_print(c->error, c->error_size, "kernel: %s 0x%lx at 0x%lx: %s",
		  payload_fault_field(fault), fault->value, fault->offset,
		  payload_fault_text(fault));
	return status;
}

/* What the kernel that a bzImage is, and an initrd and a command line of these sizes, must be. */
static enum status check_linux(const struct payload_checker *c, const uint8_t *kernel,
			       uint32_t size, uint32_t initrd_size, uint32_t *cmdline_most)
{
	struct linux_setup_header header;
	struct payload_fault fault;
	struct gpa_range window;
	gpa_t initrd;
	enum status status = bzimage_header_read(kernel, size, &header, &fault);
	if (status != ST_OK) {
		return say_fault(c, status, &fault);
	}
	uint32_t body = bzimage_body_offset(&header);
	if (body > size) {
		fmt_print(c->error, c->error_size,
			  "kernel: setup_sects 0x%x: the file has 0x%x bytes", header.setup_sects,
			  size);
		return ST_TRUNCATED;
	}
	status = bzimage_place_kernel(&header, size - body, &largest_map, &window, &fault);
	if (status != ST_OK) {
		fmt_print(c->error, c->error_size,
			  "kernel: %s 0x%lx, init_size 0x%x, syssize 0x%x: %s",
			  payload_fault_field(&fault), fault.value, header.init_size,
			  header.syssize, payload_fault_text(&fault));
		return status;
	}
	*cmdline_most = header.cmdline_size;
	if (initrd_size == 0) {
		return ST_OK;
	}
	status = bzimage_place_initrd(&header, initrd_size, gpa_range_end(window), &largest_map,
				      &initrd);
	if (status != ST_OK) {
		fmt_print(c->error, c->error_size,
			  "initrd: 0x%x bytes above 0x%lx, initrd_addr_max 0x%x: no room",
			  initrd_size, gpa_range_end(window), header.initrd_addr_max);
	}
	return status;
}

static enum status check_cmdline(const struct payload_checker *c, const struct plan_bytes *cmdline,
				 uint32_t most)
{
	for (uint64_t i = 0; i < cmdline->size; i++) {
		if (cmdline->bytes[i] == 0) {
			fmt_print(c->error, c->error_size,
				  "command line: NUL at 0x%lx of 0x%lx bytes", i, cmdline->size);
			return ST_BAD_FORMAT;
		}
	}
	if (cmdline->size > most) {
		fmt_print(c->error, c->error_size,
			  "command line: length %lu: the kernel takes %u (cmdline_size)",
			  cmdline->size, most);
		return ST_NO_SPACE;
	}
	return ST_OK;
}

static enum status check_uki(const struct payload_checker *c, const struct plan_parts *parts)
{
	const uint8_t *file = parts->kernel.bytes;
	struct payload_fault fault;
	struct uki uki;
	uint32_t most;
	if (parts->initrd.size != 0 || parts->cmdline.size != 0) {
		fmt_print(c->error, c->error_size,
			  "kernel: a UKI: 0x%lx bytes of initrd, 0x%lx of command line beside it",
			  parts->initrd.size, parts->cmdline.size);
		return ST_UNSUPPORTED;
	}
	enum status status = uki_read(file, parts->kernel.size, &uki, &fault);
	if (status != ST_OK) {
		return say_fault(c, status, &fault);
	}
	const struct uki_part *kernel = &uki.parts[UKI_LINUX];
	const struct uki_part *cmdline = &uki.parts[UKI_CMDLINE];
	TRY(check_linux(c, file + kernel->offset, kernel->size, uki.parts[UKI_INITRD].size, &most));
	return check_cmdline(c, &(struct plan_bytes){ file + cmdline->offset, cmdline->size },
			     most);
}

static enum status check_elf(const struct payload_checker *c, const struct plan_parts *parts)
{
	struct payload_fault fault;
	struct gpa_range window;
	struct elf elf;
	enum status status = elf_read(parts->kernel.bytes, parts->kernel.size, &elf, &fault);
	if (status == ST_OK) {
		status = elf_place(&elf, &largest_map, &window, &fault);
	}
	return status == ST_OK ? ST_OK : say_fault(c, status, &fault);
}

enum status payload_check(const struct plan_parts *parts, char *error, size_t error_size)
{
	const struct payload_checker c = { error, error_size };
	uint32_t most = LINUX_CMDLINE_MAX;
	if (parts->kernel.size > UINT32_MAX || parts->initrd.size > UINT32_MAX) {
		fmt_print(error, error_size, "kernel 0x%lx, initrd 0x%lx bytes: above 4 GiB",
			  parts->kernel.size, parts->initrd.size);
		return ST_NO_SPACE;
	}
	if (parts->kernel.size != 0) {
		switch (payload_kind_of(parts->kernel.bytes, parts->kernel.size)) {
		case PAYLOAD_BZIMAGE:
			TRY(check_linux(&c, parts->kernel.bytes, (uint32_t)parts->kernel.size,
					(uint32_t)parts->initrd.size, &most));
			break;
		case PAYLOAD_UKI:
			return check_uki(&c, parts);
		case PAYLOAD_ELF:
			TRY(check_elf(&c, parts));
			break;
		}
	}
	return check_cmdline(&c, &parts->cmdline,
			     most < LINUX_CMDLINE_MAX ? most : LINUX_CMDLINE_MAX);
}
