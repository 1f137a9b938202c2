// The payload, whatever its kind: opened, loaded and measured, and told of all.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A bzImage is told apart from its header on. Of the other kinds the file is first copied whole to
// private memory, and measured, before any more of it than its first bytes is looked at.
#pragma once

#include <stdbool.h>

#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/payload_kind.h"
#include "shim/payload/handover_record.h"
#include "shim/payload/linux.h"
#include "shim/payload/paravisor.h"
#include "shim/payload/source.h"

struct payload {
	enum payload_kind kind;
	struct source file;
	struct linux_payload kernel; /* bzImage, UKI */
	struct paravisor paravisor;  /* ELF */
};

/* Finds the payload and its kind; checks a bzImage's header. ST_NOT_FOUND: there is none. */
enum status payload_open(const struct image_config *config, struct payload *out) MUST_CHECK;

/*
 * Loads and measures it and what goes with it. Only MEMORY_ACCEPTED ranges of the map, and the
 * shim's own memory, are written to. The host is not asked for anything after it.
 */
enum status payload_load(struct payload *payload, const struct image_config *config,
			 const struct memory_map *map) MUST_CHECK;

/* Of one that is loaded: is it known to accept memory that is left to it? */
bool payload_accepts_memory(const struct payload *payload);

/* Writes what the payload is told, and says in the record how it is entered. map, and rsdp and
 * reserved of the record: what it is told of memory and of tables. */
void payload_hand_over(const struct payload *payload, const struct image_config *config,
		       const struct memory_map *map, struct handover *handover);
