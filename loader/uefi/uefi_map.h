// A memory map as GetMemoryMap() writes it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

/* struct efi_memory_descriptor (arch/linux/efi.h) in no order, every descriptor_size bytes. */
struct uefi_map {
	const void *descriptors;
	size_t size;
	size_t descriptor_size;
};
