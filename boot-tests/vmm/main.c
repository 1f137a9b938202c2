// The VMM: takes what tools/tdrun left in fw_cfg, builds a TD of it and runs it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/main.h"

#include "arch/base/check.h"
#include "boot-tests/machine/cpu.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/blob.h"
#include "boot-tests/vmm/frames.h"
#include "boot-tests/vmm/platform.h"
#include "boot-tests/vmm/run.h"
#include "boot-tests/vmm/selftest.h"
#include "boot-tests/vmm/td_build.h"
#include "boot-tests/vmm/tdx_init.h"

#define HOLD_US 1000000

static struct td td;
static struct tdx_host tdx;

void machine_main(void)
{
	cpu_start_all();
	frames_init(hpa(MACHINE_POOL), memory_top());
	struct config config = blob_load_config();
	trace_on = config.trace;
	stats_icount = config.icount;
	struct module_platform platform = platform_make();
	platform.version_1_0 = config.module_1_0;
	if (config.selftest[0] != 0) {
		selftest_run(config.selftest, &platform);
	}
	module_load(&platform);
	struct tdmr_range pool = { MACHINE_POOL, memory_top().v - MACHINE_POOL };
	if (tdx_enable(&tdx, &pool, 1, TDMR_COALESCE) != ST_OK) {
		machine_exit(EXIT_TD_STOPPED, "host: TDX module initialization failed: "
					      "tdrun --machine-log says more");
	}
	CHECK(tdx.lost == 0); /* any frame can become a TD's */
	struct blob firmware = blob_load("opt/lintel/firmware");
	if (firmware.data == NULL) {
		machine_exit(EXIT_TD_STOPPED, "no fw_cfg file opt/lintel/firmware");
	}
	run_init(tdx.global_hkid);
	if (td_build(&td, &config, firmware) != ST_OK) {
		run_finish(&td, EXIT_TD_STOPPED,
			   "host: the TD cannot be built: tdrun --machine-log says more");
	}
	if (config.hold >= td.vcpu_count) {
		machine_exit(EXIT_TD_STOPPED, "hold=%llu: the TD has %u vCPUs",
			     (unsigned long long)config.hold, td.vcpu_count);
	}
	if (config.hold != 0) {
		svm_hold((unsigned)config.hold, HOLD_US);
	}
	fw_cfg_remap_init(&td.fw_cfg, &td.mmu.memory);
	run_td(&td);
}
