// What the payload asks of the world it runs in: a TD by TDCALL, a plain VM by instructions.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The payload raises no #VE on purpose: in a TD it makes each TDVMCALL itself. A refused call is a
// failed test.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/tdx/module.h"

/* Finds out which world this is; called once, first. */
void guest_init(void);

bool guest_is_td(void);
/* Width of guest physical addresses, SHARED bit included; 0 on a plain VM. */
unsigned guest_gpaw(void);
/* In a TD: the index of this vCPU, and how many there are. */
uint32_t guest_vcpu_index(void);
uint32_t guest_vcpu_count(void);

uint8_t guest_in8(uint16_t port);
uint32_t guest_in32(uint16_t port);
void guest_out8(uint16_t port, uint8_t value);
void guest_out16(uint16_t port, uint16_t value);
void guest_out32(uint16_t port, uint32_t value);

/* The x2APIC id of this CPU; in a TD as the host tells it. */
uint32_t guest_apic_id(void);
/* Another number on each CPU, which takes no call of the host. */
uint32_t guest_cpu_number(void);

/* TD only. */
/* An MSR that the host emulates. */
void guest_write_msr(uint32_t msr, uint64_t value);
/* Interrupts are off, and one of them ends the wait. */
void guest_halt(void);
void guest_map_gpa(gpa_t page, enum share share);
/* GetTdVmCallInfo: changes nothing, and is where a host script can have its say. */
void guest_get_vmcall_info(void);
/* TDG.MEM.PAGE.ACCEPT of 4 KiB: the completion code. */
uint64_t guest_accept(gpa_t page);
/* TDG.MR.REPORT; the report is aligned to its size. */
void guest_read_report(struct td_report *report);
/* ReportFatalError; text of at most 64 bytes. */
_Noreturn void guest_fatal_error(uint32_t code, const char *text);
