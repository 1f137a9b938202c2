// The APs of a TD: from the firmware's mailbox to ours, which the payload is told of.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "loader/uefi/uefi_status.h"

struct uefi_aps {
	unsigned count;    /* APs that are to be taken */
	gpa_t piece;       /* UEFI_AP_SIZE bytes, see uefi_ap_piece.h */
	gpa_t rsdp;        /* of tables that name its mailbox and reset vector */
	uint64_t firmware; /* the firmware's mailbox; 0: none, and no AP */
	uint32_t own_id;   /* x2APIC id of this vCPU */
};

/* Makes all that the APs need; rsdp: of the firmware's tables, 0 if it has none. Nothing of the
 * firmware's is changed. Of a TD only. */
uefi_status_t uefi_aps_prepare(gpa_t rsdp, struct uefi_aps *out) MUST_CHECK;

/* Nothing with count 0. Wakes each AP in the firmware's mailbox, and waits until it is parked in
 * ours. When one has not come, others may have: the firmware cannot have them back. */
uefi_status_t uefi_aps_take(const struct uefi_aps *aps) MUST_CHECK;
