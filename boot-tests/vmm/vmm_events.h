// Events of the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "arch/qemu/kvm.h"
#include "arch/tdx/names.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/machine/processors.h"

#define MAP_GPA_KINDS 2 /* of enum share */

#define EVENT EVENT_DECLARE
#include "boot-tests/vmm/vmm_events.def"
#undef EVENT

/* All events of the host, for event_print(). */
extern const struct event *const vmm_events[];
