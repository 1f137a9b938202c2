// Tests of the devices that a TD finds: which function answers where.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/devices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lintel/exit_status.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/vmm/device/fw_cfg_remap.h"
#include "boot-tests/vmm/device/mmio.h"
#include "boot-tests/vmm/device/ports.h"
#include "boot-tests/vmm/verdict.h"

#define LOW_SIZE UINT64_C(0x40000000)
#define TOP UINT64_C(0x300000000)

static struct host_td td;
static struct fw_cfg_remap fw_cfg;
static unsigned cpus;

unsigned cpu_count(void)
{
	return cpus;
}

hpa_t memory_top(void)
{
	return hpa(TOP);
}

/* What is not called here, but linked. */
uint64_t fw_cfg_port_read(void *device, uint64_t port, unsigned size)
{
	(void)device;
	(void)port;
	(void)size;
	return 0;
}

void fw_cfg_port_write(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict)
{
	(void)device;
	(void)port;
	(void)size;
	(void)value;
	(void)verdict;
}

/* A TD of two vCPUs, on a machine that has so many CPUs. */
static void make(bool q35, unsigned cpus_of_all)
{
	memset(&td, 0, sizeof(td));
	cpus = cpus_of_all;
	td.place.vcpu_count = 2;
	td.place.q35 = q35;
	td.place.serial = PORT_COM2;
	td.fw_cfg = &fw_cfg;
	td.mmu.memory.low_size = LOW_SIZE;
	devices_make(&td);
}

#define PORT_IS(port, reader, writer)                                             \
	do {                                                                      \
		const struct device_row *row = device_find(&td.ports, (port), 1); \
		assert_non_null(row);                                             \
		assert_ptr_equal(row->read, (reader));                            \
		assert_ptr_equal(row->write, (writer));                           \
	} while (0)
#define MMIO_IS(address, size, reader, writer)                                           \
	do {                                                                             \
		const struct device_row *row = device_find(&td.mmio, (address), (size)); \
		assert_non_null(row);                                                    \
		assert_ptr_equal(row->read, (reader));                                   \
		assert_ptr_equal(row->write, (writer));                                  \
	} while (0)
#define PORT_ABSENT(port) PORT_IS(port, device_absent_read, device_absent_write)
#define MMIO_ABSENT(address, size) MMIO_IS(address, size, device_absent_read, device_absent_write)
#define MMIO_REFUSED(address, size) MMIO_IS(address, size, NULL, NULL)

static void ports_of_the_q35(void **state)
{
	(void)state;
	make(true, 2);
	PORT_IS(0, port_host_read, port_power_write);
	PORT_IS(0xFFFF, port_host_read, port_power_write);
	PORT_IS(0x604, port_host_read, port_power_write); /* PM1A control, as a rule */
	PORT_IS(0x63, port_host_read, port_power_write);
	PORT_IS(0x64, port_host_read, port_reset_write);
	PORT_IS(0x65, port_host_read, port_power_write);
	PORT_IS(0x92, port_host_read, port_reset_write);
	PORT_IS(0xCF7, port_host_read, port_power_write);
	for (unsigned port = 0xCF8; port <= 0xCFF; port++) {
		PORT_IS(port, port_pci_read, port_pci_write);
	}
	PORT_IS(0xD00, port_host_read, port_power_write);
	PORT_IS(0x50F, port_host_read, port_power_write);
	for (unsigned port = 0x510; port <= 0x51B; port++) {
		PORT_IS(port, fw_cfg_port_read, fw_cfg_port_write);
		assert_ptr_equal(device_find(&td.ports, port, 1)->device, &fw_cfg);
	}
	PORT_IS(0x51C, port_host_read, port_power_write);
	PORT_ABSENT(0x403);
	PORT_ABSENT(0x501);
	PORT_IS(0x3F8, port_host_read, port_power_write);
	/* Alone on the machine it has COM2, too. */
	PORT_IS(0x2F8, port_host_read, port_power_write);
	make(true, 3);
	PORT_IS(0x2F7, port_host_read, port_power_write);
	PORT_ABSENT(0x2F8);
	PORT_ABSENT(0x2FF);
	PORT_IS(0x300, port_host_read, port_power_write);
}

static void ports_of_a_bare_td(void **state)
{
	(void)state;
	make(false, 4);
	static const unsigned bare[] = {
		0, 0xFFFF, 0x604, 0x403, 0x501, 0x2F8, 0x3F7, 0x400, 0x70
	};
	for (unsigned i = 0; i < ARRAY_COUNT(bare); i++) {
		PORT_IS(bare[i], port_bare_read, port_bare_write);
	}
	PORT_IS(0x64, device_absent_read, port_bare_reset_write);
	PORT_IS(0x92, device_absent_read, port_bare_reset_write);
	for (unsigned port = 0xCF8; port <= 0xCFF; port++) {
		PORT_IS(port, port_bare_pci_read, port_bare_pci_write);
		assert_ptr_equal(device_find(&td.ports, port, 1)->device, &td.pci_address);
	}
	for (unsigned port = 0x3F8; port <= 0x3FF; port++) {
		PORT_IS(port, port_serial_read, port_serial_write);
		assert_ptr_equal(device_find(&td.ports, port, 1)->device, &td.place.serial);
	}
	PORT_IS(0x510, fw_cfg_port_read, fw_cfg_port_write);
	PORT_IS(0x51B, fw_cfg_port_read, fw_cfg_port_write);
}

static void mmio_is_not_memory(void **state)
{
	(void)state;
	for (unsigned q35 = 0; q35 < 2; q35++) {
		make(q35 != 0, 4);
		MMIO_REFUSED(0, 1);
		MMIO_REFUSED(LOW_SIZE - 1, 8);
		MMIO_REFUSED(FOUR_GIB, 1);
		MMIO_REFUSED(FOUR_GIB - 7, 8);
		MMIO_REFUSED(TOP - 1, 1);
		MMIO_REFUSED(BIT64(47), 1);
		MMIO_REFUSED(BIT64(47) - 7, 8);
		MMIO_REFUSED(BIT64(51) - 1, 1);
	}
	make(true, 2);
	MMIO_IS(LOW_SIZE, 8, mmio_host_read, mmio_host_write);
	MMIO_IS(0xFEC00000, 4, mmio_host_read, mmio_host_write);
	MMIO_IS(FOUR_GIB - 8, 8, mmio_host_read, mmio_host_write);
	MMIO_IS(TOP, 8, mmio_host_read, mmio_host_write);
	MMIO_IS(BIT64(47) - 8, 8, mmio_host_read, mmio_host_write);
	make(false, 4);
	MMIO_ABSENT(LOW_SIZE, 8);
	MMIO_ABSENT(0xFEC00000, 4);
	MMIO_ABSENT(BIT64(47) - 8, 8);
}

/* The machine's own APICs, whatever touches them, and a TPM that is none. */
static void apics_and_tpm_are_absent(void **state)
{
	(void)state;
	make(true, 2);
	MMIO_IS(0xFEDFFFF8, 8, mmio_host_read, mmio_host_write);
	MMIO_ABSENT(0xFEDFFFF9, 8);
	MMIO_ABSENT(0xFEE00000, 4);
	MMIO_ABSENT(0xFEEFFFFF, 1);
	MMIO_IS(0xFEF00000, 4, mmio_host_read, mmio_host_write);
	MMIO_IS(0xFED3FFFC, 4, mmio_host_read, mmio_host_write);
	MMIO_ABSENT(0xFED40000, 1);
	MMIO_ABSENT(0xFED44FFF, 1);
	MMIO_IS(0xFED45000, 1, mmio_host_read, mmio_host_write);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_of_the_q35),
		cmocka_unit_test(ports_of_a_bare_td),
		cmocka_unit_test(mmio_is_not_memory),
		cmocka_unit_test(apics_and_tpm_are_absent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
