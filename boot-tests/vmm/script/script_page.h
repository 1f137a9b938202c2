// What a host script does with pages of TDs: copies that it keeps and compares, and writes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Everything by the host's own loads and stores: a private page reads as ciphertext.
#pragma once

#include <stddef.h>

#include "boot-tests/vmm/script/script_parse.h"

struct host_td;

/* No copy is kept from now on. */
void script_page_reset(void);

/*
 * The rule's actions on pages, if it has any: awaits, then reads, writes, moves, adds, shares and
 * drops. td: the
 * TD whose vCPU the calling CPU runs; null where no action of the rule needs one. ST_BAD_FORMAT:
 * the page or a copy is not what the rule says, the page was not moved or refused as it must be, or
 * the copy that it awaits has not come in SCRIPT_MAX_HOLD_US; error says which. A wait gives up,
 * with ST_OK, when the TD ends.
 */
enum status script_page_act(const struct script_rule *rule, struct host_td *td, char *error,
			    size_t error_size) MUST_CHECK;
