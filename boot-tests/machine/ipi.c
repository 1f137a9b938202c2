// Interrupts from CPU to CPU, by APIC id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/ipi.h"

#include "boot-tests/machine/lapic_page.h"

#define XAPIC_ID MASK64(31, 24)

uint32_t ipi_own_id(void)
{
	return (uint32_t)field_get(XAPIC_ID, lapic_get(LAPIC_ID));
}

static void send(unsigned delivery, unsigned shorthand, uint32_t apic_id, uint32_t vector)
{
	lapic_set(LAPIC_ICR_HIGH, (uint32_t)field_put(XAPIC_ID, apic_id));
	lapic_set(LAPIC_ICR,
		  (uint32_t)(field_put(ICR_DELIVERY, delivery) |
			     field_put(ICR_SHORTHAND, shorthand) | ICR_LEVEL_ASSERT | vector));
}

void ipi_send_init_others(void)
{
	send(ICR_DELIVERY_INIT, ICR_SHORTHAND_OTHERS, 0, 0);
}

void ipi_send_sipi_others(uint32_t page)
{
	send(ICR_DELIVERY_SIPI, ICR_SHORTHAND_OTHERS, 0, page / 4096);
}

void ipi_send_nmi(uint32_t apic_id)
{
	send(ICR_DELIVERY_NMI, ICR_SHORTHAND_NONE, apic_id, 0);
}

void ipi_send_nmi_others(void)
{
	send(ICR_DELIVERY_NMI, ICR_SHORTHAND_OTHERS, 0, 0);
}

void ipi_send_interrupt(uint32_t apic_id, uint8_t vector)
{
	send(ICR_DELIVERY_FIXED, ICR_SHORTHAND_NONE, apic_id, vector);
}
