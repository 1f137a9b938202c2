// MMIO of QEMU's devices, which stand at the same host address. Functions for device_table.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/mmio.h"

#include "boot-tests/machine/memory.h"

uint64_t mmio_host_read(void *device, uint64_t address, unsigned size)
{
	(void)device;
	const volatile void *at = hpa_ptr(hpa(address));
	switch (size) {
	case 1:
		return *(const volatile uint8_t *)at;
	case 2:
		return *(const volatile uint16_t *)at;
	case 4:
		return *(const volatile uint32_t *)at;
	default:
		return *(const volatile uint64_t *)at;
	}
}

void mmio_host_write(void *device, uint64_t address, unsigned size, uint64_t value,
		     struct verdict *verdict)
{
	(void)device;
	(void)verdict;
	volatile void *at = hpa_ptr(hpa(address));
	switch (size) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
		break;
	}
}
