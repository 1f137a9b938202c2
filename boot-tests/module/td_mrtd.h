// MRTD: the records that building a TD adds to its measurement.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.PAGE.ADD, TDH.MR.EXTEND, TDH.MR.FINALIZE]
#pragma once

#include "boot-tests/module/td.h"

#define MRTD_EXTEND_SIZE 256

void mrtd_page_add(struct tdcs *tdcs, gpa_t page);
/* chunk is the content of MRTD_EXTEND_SIZE bytes. */
void mrtd_extend(struct tdcs *tdcs, gpa_t address, const void *chunk);
void mrtd_finalize(struct tdcs *tdcs);
