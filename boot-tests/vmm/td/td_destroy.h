// The end of a TD, as KVM brings it about: every frame comes back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/host_td.h"

/* Ends the association of a vCPU with the calling CPU; no effect when there is none. On the CPU
 * that ran the vCPU last, before td_destroy(). ST_TDX: a SEAMCALL failed. */
enum status td_flush_vcpu(struct host_td *td, unsigned index,
			  struct seam_failure *failure) MUST_CHECK;

/*
 * Gives back all that td_build() has taken, also when that failed half way. No vCPU runs. When a
 * SEAMCALL fails (ST_TDX) what is not back yet still belongs to the TD: call it again. global_hkid
 * is the module's key id.
 */
enum status td_destroy(struct host_td *td, uint32_t global_hkid,
		       struct seam_failure *failure) MUST_CHECK;
