// One TD as its VMM knows it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/call/msr.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/device/fw_cfg_remap.h"
#include "boot-tests/vmm/init/frame_list.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/td/td_place.h"

struct host_vcpu {
	hpa_t tdvpr;
	struct msr_file msrs;
	bool unhalted;          /* kicked by another vCPU: a HLT of its own ends */
	bool inside;            /* between the decision to enter and the return of TDH.VP.ENTER */
	uint64_t map_gpa_again; /* RETRYs without progress for its next chunk so far */
	bool out;               /* the TD ends, and this vCPU has left it for good */
	uint64_t last_exit;     /* status of the last TDH.VP.ENTER */
	struct seam_regs last_call; /* of the last TDVMCALL; all 0: none yet */
};

/* How far the TD is from its beginning and its end. */
enum td_stage {
	TD_NOT_CREATED, /* the TDR is still the host's */
	TD_HAS_KEY,
	TD_FLUSHED,
	TD_KEYLESS,
	TD_RECLAIMED,
};

/* All zero: no TD. */
struct host_td {
	struct td_place place;
	const struct config *config; /* the host's habits */
	hpa_t tdr;
	enum td_stage stage;
	struct frame_list control; /* TDCS and TDVPS */
	uint64_t tsc_offset;       /* TD's TSC minus the CPU's */
	unsigned stopped_count;    /* vCPUs that halted with interrupts off */
	uint32_t pci_address;      /* of a second TD: port 0xCF8 */
	struct mmu mmu;
	struct fw_cfg_remap *fw_cfg;
	struct host_vcpu vcpus[MACHINE_MAX_CPUS];
};
