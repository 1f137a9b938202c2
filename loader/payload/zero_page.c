// What a boot loader tells a Linux kernel in boot_params, but for memory.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/zero_page.h"

#include "arch/base/mem.h"

void zero_page_fill(struct linux_boot_params *params, const struct linux_setup_header *header,
		    const struct zero_page_parts *parts)
{
	memset(params, 0, sizeof(*params));
	params->header = *header;
	params->header.type_of_loader = LINUX_LOADER_UNDEFINED;
	params->header.loadflags = LINUX_LOADFLAG_LOADED_HIGH;
	params->header.code32_start = (uint32_t)parts->kernel.v;
	params->header.ramdisk_image = (uint32_t)parts->initrd.v;
	params->header.ramdisk_size = parts->initrd_size;
	params->header.heap_end_ptr = 0;
	params->header.ext_loader_ver = 0;
	params->header.ext_loader_type = 0;
	params->header.cmd_line_ptr = (uint32_t)parts->cmdline.v;
	params->header.setup_data = 0;
	params->acpi_rsdp_addr = parts->rsdp.v;
}
