// Events of the TDX module and of the TDs in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/module_events.h"

static const char *const accept_level_names[ACCEPT_LEVELS] = { "4K", "2M" };

#define EVENT EVENT_DEFINE
#include "boot-tests/module/module_events.def"
#undef EVENT

const struct event *const module_events[] = {
#define EVENT(id, ...) &event_##id,
#include "boot-tests/module/module_events.def"
#undef EVENT
	NULL,
};
