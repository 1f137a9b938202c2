// Frames that come back from a TD whose key is gone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "boot-tests/vmm/init/frame_list.h"

/* Takes a frame of the TD's memory back from the module, if that has it, and gives it to the
 * allocator. ST_TDX: neither was done, and the failure is logged. */
enum status reclaim_frame(hpa_t frame, enum pg_level level) MUST_CHECK;
/* The same for all pages of the list; those that are back are gone from it. */
enum status reclaim_list(struct frame_list *list) MUST_CHECK;
