// Events of the TDX module and of the TDs in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/tdx/module.h"
#include "arch/tdx/names.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/machine/processors.h"

#define ACCEPT_LEVELS 2
/* From TDX_SEPT_FREE to TDX_SEPT_MAPPED. */
#define PRIVATE_PAGE_STATES 5

#define EVENT EVENT_DECLARE
#include "boot-tests/module/module_events.def"
#undef EVENT

/* All of them, for event_print(). */
extern const struct event *const module_events[];
