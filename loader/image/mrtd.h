// MRTD of a launch image, replayed: the records that TDH.MEM.PAGE.ADD and TDH.MR.EXTEND hash.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.PAGE.ADD, TDH.MR.EXTEND, TDH.MR.FINALIZE]
//
// Sections in their order, pages ascending; both orders that VMMs use.
#pragma once

#include <stdint.h>

#include "loader/image/launch_image.h"
#include "loader/image/sha384.h"

enum measure_order {
	MEASURE_PER_PAGE,    /* ADD a page, then its 16 EXTENDs, then the next page: KVM */
	MEASURE_PER_SECTION, /* ADD all pages of a section, then EXTEND all of them */
};

void measure_mrtd(const struct launch_image *image, enum measure_order order,
		  uint8_t digest[SHA384_SIZE]);
