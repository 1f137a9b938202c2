// Port I/O in both worlds: TDVMCALL in a TD, the instruction on a plain VM.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/status.h"

/* size is 1, 2 or 4. A host that refuses is fatal. */
uint32_t port_in(uint16_t port, unsigned size);
void port_out(uint16_t port, unsigned size, uint32_t value);

/* The same for callers that can go on without the device. Never fails on a plain VM. */
enum status port_read(uint16_t port, unsigned size, uint32_t *value) MUST_CHECK;
enum status port_write(uint16_t port, unsigned size, uint32_t value) MUST_CHECK;
