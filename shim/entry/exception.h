// The handler behind all exception stubs of the boot processor.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/x86/frame.h"

/* Handles #VE of a TD; every other exception is fatal. What it leaves in *frame is resumed. */
void exception_handle(struct trap_frame *frame, uint64_t cr2);
/* Called by the stubs. */
void exception(struct trap_frame *frame);
