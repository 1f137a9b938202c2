// bzImage: the setup header, checked once, and the places that follow from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst]
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/linux/boot_params.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/payload_fault.h"

/* Copies the setup header out of the first size bytes of a bzImage and checks it. */
enum status bzimage_header_read(const uint8_t *setup, uint32_t size, struct linux_setup_header *out,
				struct payload_fault *fault) MUST_CHECK;

/* Where the protected-mode part starts in the file. header: as bzimage_header_read() made it. */
uint32_t bzimage_body_offset(const struct linux_setup_header *header);

/*
 * Does a TD of this kernel accept memory itself, as it is needed? setup: the bytes that header was
 * read from. By the kernel's version, so that one of a distribution that has it in an older version
 * is not known to.
 */
bool bzimage_accepts_memory(const uint8_t *setup, uint32_t size,
			    const struct linux_setup_header *header);

/*
 * Where a kernel with a protected-mode part of size bytes goes, and all that it needs there.
 * ST_NO_MEMORY: the map has no accepted memory there.
 */
enum status bzimage_place_kernel(const struct linux_setup_header *header, uint32_t size,
				 const struct memory_map *map, struct gpa_range *out,
				 struct payload_fault *fault) MUST_CHECK;

/*
 * bzimage_place_kernel() where others may have memory at the kernel's preferred address: one that
 * is relocatable then goes to the lowest place above that has all it needs.
 */
enum status bzimage_find_place(const struct linux_setup_header *header, uint32_t size,
			       const struct memory_map *map, struct gpa_range *out,
			       struct payload_fault *fault) MUST_CHECK;

/* Where the kernels that have no opinion get their initrd at the highest. */
#define BZIMAGE_INITRD_END_MAX UINT64_C(0x80000000)

/* What the kernel's initrd must end at or below. */
uint64_t bzimage_initrd_end(const struct linux_setup_header *header);

/*
 * Where an initrd of size bytes goes: as high as the kernel takes it, but not below lowest, which
 * is page aligned. size > 0. ST_NO_MEMORY: no accepted memory of that size there.
 */
enum status bzimage_place_initrd(const struct linux_setup_header *header, uint32_t size,
				 uint64_t lowest, const struct memory_map *map,
				 gpa_t *out) MUST_CHECK;
