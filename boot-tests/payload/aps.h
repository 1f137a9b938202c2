// The APs as the cases use them: woken, judged, given back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An AP is named by its place in info->apic_ids, a vector by the number of its entry. What an AP
// leaves stands under the number of the entry that it came through.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/tdx/mailbox.h"
#include "boot-tests/payload/info.h"
#include "boot-tests/payload/payload_main.h"

/* Some 10 s, however fast the TSC: a vCPU may share its core with many others. */
#define ANSWER_CYCLES 40000000000
/* Long enough for a waiting AP to see a command that is not for it. */
#define SILENCE_CYCLES 500000000

struct ap {
	bool running;     /* set by the AP, cleared when it is sent back */
	uint32_t apic_id; /* as the AP itself sees it */
	uint32_t vcpu_index;
	struct ap_state state;
};

/* APs that run halt, again and again. */
extern bool aps_halt;
/* APs that run spin without PAUSE. */
extern bool aps_spin;

volatile struct mailbox *aps_mailbox(const struct info *info);
void aps_pause(uint64_t cycles);

uint64_t aps_vector(unsigned number);
/* Null while nobody is there. */
const struct ap *aps_at(unsigned number);

/* Writes id, vector, command; true when an AP acknowledged it in time. */
bool aps_send(const struct info *info, uint16_t command, uint32_t apic_id, uint64_t vector,
	      uint64_t cycles);
/* The same, for a command that must be acknowledged. */
void aps_command(const struct info *info, uint16_t command, uint32_t apic_id, uint64_t vector);
/* Waits for the AP that was sent to the entry. */
const struct ap *aps_await(unsigned number);
/* Wakes an AP at its own entry. */
const struct ap *aps_wake(const struct info *info, unsigned cpu);
/* Every register of the entry state; "strict=1" says what the image was made with. */
void aps_check_state(const struct info *info, const struct ap *ap);
/* Sends the AP at an entry to ResetVector. It is back when it answers a test. */
void aps_release(const struct info *info, unsigned number);
void aps_expect_parked(const struct info *info, uint32_t apic_id);
/* Every AP answers a test, and nobody has come to an entry. */
void aps_expect_all_parked(const struct info *info);
