// Which kind of payload a file is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   kind      known by                       read by
//   -------   ----------------------------   --------------
//   ELF       "\x7fELF" at 0                 elf_read()
//   UKI       "MZ" at 0, no setup header     uki_read()
//   bzImage   all else                       bzimage_header_read()
//
// A bzImage with the kernel's own EFI stub begins with "MZ", too: it has a setup header.
#pragma once

#include <stdint.h>

enum payload_kind {
	PAYLOAD_BZIMAGE,
	PAYLOAD_ELF,
	PAYLOAD_UKI,
};

/* The kind of a file by its first size bytes, 4 KiB or all of them. */
enum payload_kind payload_kind_of(const uint8_t *file, uint64_t size);
