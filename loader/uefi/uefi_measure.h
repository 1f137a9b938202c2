// Measures what the application loads, by the firmware: registers and events as those of the shim.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Only where the firmware has EFI_CC_MEASUREMENT_PROTOCOL. The application itself is measured by
// the firmware when it loads it.
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "loader/uefi/uefi_status.h"

/* Refuses a TD whose firmware measures nothing. */
uefi_status_t uefi_measure_start(void) MUST_CHECK;

/* Measures a kernel's whole file. */
uefi_status_t uefi_measure_kernel(const void *bytes, uint64_t size) MUST_CHECK;
/* Measures an initrd's whole file. */
uefi_status_t uefi_measure_initrd(const void *bytes, uint64_t size) MUST_CHECK;
/* Measures a command line without its NUL. */
uefi_status_t uefi_measure_cmdline(const char *text) MUST_CHECK;
