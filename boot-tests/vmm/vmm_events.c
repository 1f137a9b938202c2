// Events of the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/vmm_events.h"

static const char *const kvm_hypercall_names[KVM_HC_COUNT] = {
#define KVM_HYPERCALL(identifier, number) [number] = #identifier,
#include "arch/qemu/hypercalls.def"
};

static const char *const map_gpa_names[MAP_GPA_KINDS] = {
	[SHARE_PRIVATE] = "private",
	[SHARE_SHARED] = "shared",
};

#define EVENT EVENT_DEFINE
#include "boot-tests/vmm/vmm_events.def"
#undef EVENT

const struct event *const vmm_events[] = {
#define EVENT(id, ...) &event_##id,
#include "boot-tests/vmm/vmm_events.def"
#undef EVENT
	NULL,
};
