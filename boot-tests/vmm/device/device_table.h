// A TD's devices: which functions answer at which ports, or at which addresses of MMIO.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A row that is added later hides what it covers of those before it.
#pragma once

#include <stdint.h>

struct verdict;

struct device_row {
	uint64_t base, count; /* ports, or bytes */
	void *device;         /* for the functions */
	/* size: 1, 2, 4, in MMIO also 8; the value has no other bits set. Both null: not for
	 * devices. A write that ends the TD gives the verdict, and has no other effect. */
	uint64_t (*read)(void *device, uint64_t address, unsigned size);
	void (*write)(void *device, uint64_t address, unsigned size, uint64_t value,
		      struct verdict *verdict);
};

#define DEVICE_ROWS_MAX 16

/* All zero: no device. */
struct device_table {
	unsigned count;
	struct device_row rows[DEVICE_ROWS_MAX];
};

void device_add(struct device_table *table, struct device_row row);
/* The row added last of those that have any of [address, address + bytes); null: none has. */
const struct device_row *device_find(const struct device_table *table, uint64_t address,
				     uint64_t bytes);

/* Functions of a row where nothing answers: reads are all ones, writes are lost. */
uint64_t device_absent_read(void *device, uint64_t address, unsigned size);
void device_absent_write(void *device, uint64_t address, unsigned size, uint64_t value,
			 struct verdict *verdict);
