// The boot processor's half of AP arrival.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/ap.h"

#include <stdbool.h>

#include "arch/x86/insn.h"
#include "arch/x86/tsc.h"

/* APs start together with the boot processor; a crowded host may take its time. */
#define PATIENCE_SECONDS 60

uint64_t ap_patience(void)
{
	return PATIENCE_SECONDS * tsc_hz_at_most();
}

static bool id_is_new(const volatile uint32_t *arrived, uint32_t index)
{
	for (uint32_t other = 0; other < index; other++) {
		if (arrived[other] == arrived[index]) {
			return false;
		}
	}
	return true;
}

enum status ap_wait(const volatile struct mailbox *mailbox, uint32_t vcpu_count, uint32_t *which)
{
	uint64_t start = insn_rdtsc();
	uint64_t limit = ap_patience();
	for (uint32_t index = 0; index < vcpu_count; index++) {
		*which = index;
		while (mailbox->arrived[index] == 0) {
			if (insn_rdtsc() - start > limit) {
				return ST_TIMEOUT;
			}
			insn_pause();
		}
		if (!id_is_new(mailbox->arrived, index)) {
			return ST_HOST_LIED;
		}
	}
	return ST_OK;
}
