// Events of the TDX module and of the TDs in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/module_events.h"

static const char *const accept_level_names[ACCEPT_LEVELS] = { "4K", "2M" };
static const char *const private_page_state_names[PRIVATE_PAGE_STATES] = {
	[TDX_SEPT_FREE] = "FREE",       [TDX_SEPT_BLOCKED] = "BLOCKED",
	[TDX_SEPT_PENDING] = "PENDING", [TDX_SEPT_PENDING_BLOCKED] = "PENDING_BLOCKED",
	[TDX_SEPT_MAPPED] = "MAPPED",
};

#define EVENT EVENT_DEFINE
#include "boot-tests/module/module_events.def"
#undef EVENT

const struct event *const module_events[] = {
#define EVENT(id, ...) &event_##id,
#include "boot-tests/module/module_events.def"
#undef EVENT
	NULL,
};
