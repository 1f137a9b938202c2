// The VMM: takes what tools/tdrun left in fw_cfg, builds a TD of it and runs it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/main.h"

#include "boot-tests/machine/cpu.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/blob.h"
#include "boot-tests/vmm/frames.h"
#include "boot-tests/vmm/run.h"
#include "boot-tests/vmm/td_build.h"

static struct td td;

void machine_main(void)
{
	cpu_start_all();
	struct module_platform platform = { cpu_tsc_khz(), hpa(MACHINE_POOL), memory_top() };
	hpa_t pool = module_load(&platform);
	frames_init(hpa(align_up(pool.v, pg_size(PG_2M))), memory_top());
	struct config config = blob_load_config();
	trace_on = config.trace;
	struct blob firmware = blob_load("opt/lintel/firmware");
	if (firmware.data == NULL) {
		machine_exit(EXIT_TD_STOPPED, "no fw_cfg file opt/lintel/firmware");
	}
	td_build(&td, &config, firmware);
	run_td(&td);
}
