// MRTD of a TDVF image, replayed: the records that TDH.MEM.PAGE.ADD and TDH.MR.EXTEND hash.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.PAGE.ADD, TDH.MR.EXTEND, TDH.MR.FINALIZE]
//
// Sections in table order, pages ascending; both orders that VMMs use. Bytes behind a section's
// data count as zero.
#pragma once

#include <stdint.h>

#include "loader/image/sha384.h"
#include "loader/image/tdvf_read.h"

enum measure_order {
	MEASURE_PER_PAGE,    /* ADD a page, then its 16 EXTENDs, then the next page: KVM */
	MEASURE_PER_SECTION, /* ADD all pages of a section, then EXTEND all of them */
};

/* image: the bytes that tdvf_read() made *tdvf from. */
void measure_mrtd(const uint8_t *image, const struct tdvf_image *tdvf, enum measure_order order,
		  uint8_t digest[SHA384_SIZE]);
