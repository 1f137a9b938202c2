// The TD HOB as QEMU builds it: what RAM the TD has, and what of it is accepted already.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/i386/tdvf-hob.c]
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/td/td_layout.h"

/*
 * Writes the list for layout to out, which the TD sees at layout->hob_base. ST_NO_SPACE: it does
 * not fit into size bytes; nothing is written.
 */
enum status td_hob_build(const struct td_layout *layout, void *out, size_t size) MUST_CHECK;
