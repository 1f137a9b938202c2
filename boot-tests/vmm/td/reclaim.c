// Frames that come back from a TD whose key is gone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/reclaim.h"

#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/seam.h"

enum status reclaim_page(hpa_t frame, struct seam_failure *failure)
{
	struct seam_result result = seam(TDH_PHYMEM_PAGE_RECLAIM, frame.v, 0, 0, 0);
	/* A frame that the SEAMCALL it was meant for has refused is still the host's. */
	if ((result.status & TDX_STATUS_CODE) == TDX_PAGE_METADATA_INCORRECT) {
		return ST_OK;
	}
	return seam_status("TDH_PHYMEM_PAGE_RECLAIM", frame.v, result, failure);
}

enum status reclaim_frame(hpa_t frame, enum pg_level level, struct seam_failure *failure)
{
	TRY(reclaim_page(frame, failure));
	frames_give(frame, level);
	return ST_OK;
}

enum status reclaim_list(struct frame_list *list, struct seam_failure *failure)
{
	hpa_t frame;
	while (frame_list_last(list, &frame)) {
		TRY(reclaim_page(frame, failure));
		frames_give_page(frame);
		frame_list_drop(list);
	}
	return ST_OK;
}
