// A unified kernel image: a PE file whose sections are a kernel and what goes with it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [UAPI group specification 5, UKI]
//
// The sections .linux, .initrd and .cmdline are what a kernel is loaded from; what the stub in the
// file would do with the others is its own.
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "loader/payload/payload_fault.h"

enum uki_section { UKI_LINUX, UKI_INITRD, UKI_CMDLINE };
#define UKI_SECTIONS 3

struct uki {
	struct uki_part {
		uint32_t offset; /* in the file */
		uint32_t size;   /* 0: there is none; of .cmdline up to its first NUL */
	} parts[UKI_SECTIONS];
};

/*
 * Reads a file of PAYLOAD_UKI. ST_TRUNCATED: it ends before what its headers describe.
 * ST_BAD_FORMAT: no PE signature, or a section is there twice. ST_UNSUPPORTED: for another machine,
 * or a UKI of several profiles. ST_NOT_FOUND: a PE file without .linux. On failure *out holds
 * nothing of use.
 */
enum status uki_read(const uint8_t *file, uint64_t size, struct uki *out,
		     struct payload_fault *fault) MUST_CHECK;
