// Interrupts from CPU to CPU, by APIC id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

/* APIC id of the calling CPU. */
uint32_t ipi_own_id(void);
/* The highest that an interrupt reaches: the next is all CPUs. */
#define IPI_MAX_ID 254

void ipi_send_init_others(void);
/* page: the address below 1 MiB that the CPUs start at. */
void ipi_send_sipi_others(uint32_t page);
void ipi_send_nmi(uint32_t apic_id);
void ipi_send_nmi_others(void);
void ipi_send_interrupt(uint32_t apic_id, uint8_t vector);
