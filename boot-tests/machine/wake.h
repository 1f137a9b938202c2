// Why a CPU shall leave its guest: a kick, or an NMI for the guest.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Both are a flag of the CPU, set before the physical NMI is sent that makes it look.
#pragma once

#include <stdbool.h>

/* Makes the CPU with this index leave its guest with VMEXIT_NMI, at once or at its next entry. An
 * exit flushes the CPU's translations. A CPU that waits in cpu_wait_interrupt() or cpu_wait_nmi()
 * goes on. */
void wake_kick(unsigned cpu);
/* Is this CPU kicked, so that its next svm_enter() ends at once? To what runs between two entries
 * this is an interrupt that waits. */
bool wake_kick_pending(void);
/* Was this CPU kicked? The kick is over then: its NMI, if that comes later, ends no entry. */
bool wake_claim_kick(void);
/* The interrupt of a kick, if there is one, is taken outside of the guest: no entry ends for it. */
void wake_take_kick(void);

/* Makes an NMI pending for the guest on the CPU with this index. */
void wake_post_nmi(unsigned cpu);
/* Has the guest on the CPU with this index an NMI of wake_post_nmi() yet to take? */
bool wake_nmi_pending(unsigned cpu);
/* The guest on this CPU takes the NMI that was pending for it. */
void wake_nmi_taken(void);

/* On this CPU: nothing is pending, it was meant for a guest that is gone. */
void wake_reset(void);
