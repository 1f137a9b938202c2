// What the rest of the shim knows of the AP path (ap.nasm).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/mailbox.h"

/* What the ACPI multiprocessor wake-up structure publishes. */
struct mailbox_info {
	gpa_t mailbox;
	gpa_t reset_vector;
};

/* Where an OS sends a CPU that it gives back: ResetVector of the wake-up structure. */
extern char ap_reset_vector[];

/*
 * Waits until vCPUs 0 to vcpu_count - 1 have left their x2APIC ids in the mailbox page and checks
 * that no two are the same. vcpu_count is at most MAILBOX_MAX_VCPUS. *which is the vCPU looked at
 * last: ST_TIMEOUT: it did not arrive; ST_HOST_LIED: its id is another's.
 */
enum status ap_wait(const volatile struct mailbox *mailbox, uint32_t vcpu_count,
		    uint32_t *which) MUST_CHECK;
