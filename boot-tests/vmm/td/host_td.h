// One TD as its VMM knows it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/call/msr.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/device/device_table.h"
#include "boot-tests/vmm/device/serial_line.h"
#include "boot-tests/vmm/init/frame_list.h"
#include "boot-tests/vmm/mmu/memory_fault.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/td/td_kick.h"
#include "boot-tests/vmm/td/td_place.h"

struct fw_cfg_remap;

struct host_vcpu {
	hpa_t tdvpr;
	struct msr_file msrs;
	bool unhalted;          /* kicked by another vCPU: a HLT of its own ends */
	uint64_t map_gpa_again; /* RETRYs without progress for its next chunk so far */
	struct memory_fault_record memory_faults;
	bool out;                   /* the TD ends, and this vCPU has left it for good */
	uint64_t last_exit;         /* status of the last TDH.VP.ENTER */
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
	uint32_t pci_address;      /* of a TD without the q35: port 0xCF8 */
	bool ending;               /* td_ending() */
	struct td_kick kick;
	struct mmu mmu;
	struct fw_cfg_remap *fw_cfg;
	struct device_table ports, mmio;
	struct serial_line serial; /* of a trace */
	struct host_vcpu vcpus[MACHINE_MAX_CPUS];
};

/* The TD ends: no vCPU enters it again, and whoever waits on behalf of a vCPU gives up. */
static inline bool td_ending(const struct host_td *td)
{
	return __atomic_load_n(&td->ending, __ATOMIC_ACQUIRE);
}
