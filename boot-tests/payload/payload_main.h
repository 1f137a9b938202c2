// What payload_entry.nasm calls, and what it offers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/linux/boot_params.h"
#include "arch/x86/desc.h"

/* First CPU, on its own stack, with the state it found. */
_Noreturn void payload_main(const struct linux_boot_params *params, uint64_t cr0, uint64_t cr3,
			    uint64_t cr4, uint64_t efer, uint64_t rflags);
/* CS, SS, DS, ES at the entry. */
extern const uint16_t entry_segments[4];

/* Interrupts come in here: report_take_interrupts(). */
extern const char interrupt_stubs[];

/* What an AP found at the wake-up vector. */
struct ap_state {
	uint64_t cr0, cr3, cr4, efer, rflags;
	uint64_t cs, ss, ds, es, fs, gs;
	uint64_t fs_base, gs_base;
	struct desc_pointer gdt;
	uint16_t unused_gdt[3];
	struct desc_pointer idt;
	uint16_t unused_idt[3];
};
ABI_SIZE(struct ap_state, 136);

/* An AP, on its own stack and the payload's table; number is that of its entry. */
_Noreturn void ap_main(uint32_t number, const struct ap_state *state);
/* Addresses to wake APs at, AP_ENTRY_SIZE bytes apart. Before: ap_cr3 is set. */
#define AP_ENTRY_SIZE 16
extern const char ap_entries[], ap_entries_end[];
/* The entry whose number is the AP's vCPU index. */
extern const char ap_entry_by_index[];
extern uint64_t ap_cr3;

/* What an AP does first, while still on the AP table, at ap_access_address. */
enum ap_access { ACCESS_NONE, ACCESS_STORE, ACCESS_LOAD, ACCESS_FETCH };
extern uint32_t ap_access;
extern uint64_t ap_access_address;

/* Hands this CPU back to the firmware. */
_Noreturn void ap_give_back(uint64_t reset_vector);

/* #UD with a stack pointer below which nothing is mapped. */
_Noreturn void fault_without_stack(void);
