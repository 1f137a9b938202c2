// The payload's own page table, and an independent walker that judges the firmware's tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The own table maps [0, TABLES_IDENTITY_END) one to one, and, in a TD, the shared half of the low
// 4 GiB at TABLES_SHARED_VIEW.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"

#define TABLES_IDENTITY_GIB 16
#define TABLES_IDENTITY_END (TABLES_IDENTITY_GIB * BIT64(30))
#define TABLES_SHARED_VIEW BIT64(39)

/* Builds the own table and returns its CR3 value. */
uint64_t tables_make_own(void);

struct tables_step {
	uint64_t entry;      /* the last entry read */
	enum pg_level level; /* of the table it stands in */
	bool present;
	bool writable; /* on every level */
	bool executable;
};

/* Walks cr3 for address. */
struct tables_step tables_walk(uint64_t cr3, uint64_t address);
