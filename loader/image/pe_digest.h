// The digest of a PE image by which UEFI measures it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Windows Authenticode PE signature format, "Calculating the PE image hash"; edk2
// SecurityPkg/Library/DxeTpm2MeasureBootLib]
//
//   headers  [0, SizeOfHeaders), but CheckSum and the directory's entry of the certificates
//   sections in the order of their places in the file
//   the rest what follows as many bytes as those above are, up to the certificates
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/module.h"

/*
 * ST_TRUNCATED: the file ends before what its headers describe. ST_BAD_FORMAT: a field breaks a
 * rule. ST_UNSUPPORTED: no PE32+ for x86-64 with an entry of the certificates. On failure digest is
 * untouched, and error names field, value and offset.
 */
enum status pe_digest(const uint8_t *file, uint64_t size, uint8_t digest[SHA384_SIZE], char *error,
		      size_t error_size) MUST_CHECK;
