// MMIO: QEMU's devices stand at the same host address.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/addr.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/vmm/device/ports.h"

/* The machine's own APICs: a TD has x2APIC only. */
#define LAPIC_BASE UINT64_C(0xFEE00000)
#define LAPIC_SIZE UINT64_C(0x100000)
/* There is no TPM; an empty page of QEMU reads 0, which OVMF takes for one that is slow. */
#define TPM_BASE UINT64_C(0xFED40000)
#define TPM_SIZE UINT64_C(0x5000)
#define HOST_ADDRESS_END BIT64(47)

static bool is_memory(const struct host_td *td, uint64_t address, unsigned size)
{
	uint64_t top = memory_top().v;
	return ranges_overlap(address, size, 0, td->mmu.memory.low_size) ||
	       ranges_overlap(address, size, FOUR_GIB, top - FOUR_GIB) ||
	       address > HOST_ADDRESS_END - size;
}

static bool is_absent(const struct host_td *td, uint64_t address, unsigned size)
{
	return td->place.second || ranges_overlap(address, size, LAPIC_BASE, LAPIC_SIZE) ||
	       ranges_overlap(address, size, TPM_BASE, TPM_SIZE);
}

bool mmio_read(const struct host_td *td, uint64_t address, unsigned size, uint64_t *value)
{
	if (is_memory(td, address, size)) {
		return false;
	}
	const volatile void *device = hpa_ptr(hpa(address));
	if (is_absent(td, address, size)) {
		*value = MASK64(8 * size - 1, 0);
	} else if (size == 1) {
		*value = *(const volatile uint8_t *)device;
	} else if (size == 2) {
		*value = *(const volatile uint16_t *)device;
	} else if (size == 4) {
		*value = *(const volatile uint32_t *)device;
	} else {
		*value = *(const volatile uint64_t *)device;
	}
	return true;
}

bool mmio_write(const struct host_td *td, uint64_t address, unsigned size, uint64_t value)
{
	if (is_memory(td, address, size)) {
		return false;
	}
	volatile void *device = hpa_ptr(hpa(address));
	if (is_absent(td, address, size)) {
		return true;
	}
	if (size == 1) {
		*(volatile uint8_t *)device = (uint8_t)value;
	} else if (size == 2) {
		*(volatile uint16_t *)device = (uint16_t)value;
	} else if (size == 4) {
		*(volatile uint32_t *)device = (uint32_t)value;
	} else {
		*(volatile uint64_t *)device = value;
	}
	return true;
}
