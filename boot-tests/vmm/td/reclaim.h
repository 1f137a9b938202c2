// Frames that come back from a TD whose key is gone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "boot-tests/vmm/init/frame_list.h"
#include "boot-tests/vmm/init/seam_failure.h"

/* Takes a frame back from the module, if that has it. ST_TDX: not so, for the failure given. */
enum status reclaim_page(hpa_t frame, struct seam_failure *failure) MUST_CHECK;
/* Takes a frame of the TD's memory back from the module, if that has it, and gives it to the
 * allocator. ST_TDX: neither was done, for the failure given. */
enum status reclaim_frame(hpa_t frame, enum pg_level level,
			  struct seam_failure *failure) MUST_CHECK;
/* reclaim_frame() for all pages of the list; those that are back are gone from it. */
enum status reclaim_list(struct frame_list *list, struct seam_failure *failure) MUST_CHECK;
