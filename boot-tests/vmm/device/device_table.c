// A TD's devices: which functions answer at which ports, or at which addresses of MMIO.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/device_table.h"

#include <stddef.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"

void device_add(struct device_table *table, struct device_row row)
{
	CHECK(table->count < DEVICE_ROWS_MAX);
	CHECK((row.read == NULL) == (row.write == NULL));
	table->rows[table->count++] = row;
}

const struct device_row *device_find(const struct device_table *table, uint64_t address,
				     uint64_t bytes)
{
	for (unsigned i = table->count; i > 0; i--) {
		const struct device_row *row = &table->rows[i - 1];
		if (ranges_overlap(address, bytes, row->base, row->count)) {
			return row;
		}
	}
	return NULL;
}

uint64_t device_absent_read(void *device, uint64_t address, unsigned size)
{
	(void)device;
	(void)address;
	return MASK64(8 * size - 1, 0);
}

void device_absent_write(void *device, uint64_t address, unsigned size, uint64_t value,
			 struct verdict *verdict)
{
	(void)device;
	(void)address;
	(void)size;
	(void)value;
	(void)verdict;
}
