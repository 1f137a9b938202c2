// Memory that is left to the payload to accept, and the table by which Linux knows it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A bit stands for a unit of 2 MiB, so only whole units can be left: what a range has before its
// first and after its last one is accepted up front. A unit's bit is set exactly while no page of
// it is accepted; the kernel clears it when it has accepted all of them.
#pragma once

#include <stdint.h>

#include "arch/linux/efi.h"
#include "loader/memory/memory_map.h"

#define UNACCEPTED_UNIT 0x200000

/*
 * Makes MEMORY_LEFT of the whole units that MEMORY_UNACCEPTED ranges have at or above from. What
 * does not fit stays MEMORY_UNACCEPTED: units that a table of table_size bytes has no bit for, and
 * ranges for whose parts the map has no room.
 */
void unaccepted_leave(struct memory_map *map, uint64_t from, uint64_t table_size);

/* MEMORY_LEFT becomes MEMORY_UNACCEPTED again: for a payload that cannot accept it. */
void unaccepted_take_back(struct memory_map *map);

/* Bytes of memory that are left. */
uint64_t unaccepted_left(const struct memory_map *map);

/* Bytes of the table of what is left, which is not nothing. */
uint64_t unaccepted_table_size(const struct memory_map *map);

/*
 * Writes the table of what is left, which is not nothing, at table. Returns its bytes: no more than
 * the table_size of unaccepted_leave(). It must lie below the end of the payload's RAM: Linux maps
 * nothing above.
 */
uint64_t unaccepted_table_fill(const struct memory_map *map, struct linux_unaccepted_table *table);
