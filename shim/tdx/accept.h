// Acceptance of private memory, and conversion of pages between private and shared (TD only).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "shim/tdx/page_walk.h"

/* One vCPU's acceptance: what it has done, and where and why it stopped. */
struct accept {
	struct page_walk walk;
	uint64_t large;      /* pages of 2 MiB accepted */
	uint64_t small;      /* pages of 4 KiB accepted */
	uint64_t mismatches; /* requests of 2 MiB where the host has 4 KiB */
	uint64_t raw;        /* the last completion code of the module */
};

/*
 * Accepts every page of range once, private and zeroed afterwards; small: by pages of 4 KiB only.
 * On failure accept->walk.cursor is the page and accept->raw the reason; accept->walk.small says
 * whether the host had smaller pages. ST_ALREADY_ACCEPTED: the page has another owner and may hold
 * anything. ST_TIMEOUT: busy for too long. Several vCPUs may, each with its own struct.
 */
enum status accept_pages(struct accept *accept, struct gpa_range range, bool small) MUST_CHECK;

/* Names page, reason and vCPU of an acceptance that has failed with status. Boot processor only. */
enum status accept_refuse(const struct accept *accept, enum status status,
			  uint32_t vcpu) MUST_CHECK;

/* The same by the boot processor, with such a refusal. */
enum status accept_range(struct accept *accept, struct gpa_range range) MUST_CHECK;

/*
 * Converts private memory, accepted or not, to shared, or shared memory to private and accepts it.
 * The contents are lost both ways. The caller's page table decides which alias it then sees.
 */
enum status share_range(struct accept *accept, struct gpa_range range, enum share share,
			unsigned gpaw) MUST_CHECK;
