// What entry.nasm calls, and what it offers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/linux/boot_params.h"

/* First CPU, on its own stack, with the state it found. */
_Noreturn void payload_main(const struct linux_boot_params *params, uint64_t cr0, uint64_t cr3,
			    uint64_t cr4, uint64_t efer, uint64_t rflags);
/* CS, SS, DS, ES at the entry. */
extern const uint16_t entry_segments[4];

/* An AP, on its own stack and the payload's table; cr3 is what it arrived with. */
_Noreturn void ap_main(uint64_t cs, uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer,
		       uint64_t rflags);
/* The address to wake an AP at. Before: ap_cr3, ap_stack, ap_store_target are set. */
extern const char ap_entry[];
extern uint64_t ap_cr3;
extern uint64_t ap_stack;
/* Not 0: the AP stores one byte there while still on the AP table. */
extern uint64_t ap_store_target;

/* Hands this CPU back to the firmware. */
_Noreturn void ap_give_back(uint64_t reset_vector);
