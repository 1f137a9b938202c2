// The VMM: takes what tools/tdrun left in fw_cfg, builds a TD or two of it and runs them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/machine_main.h"

#include "arch/base/check.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/init/bios_map.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "boot-tests/vmm/selftest_entry.h"
#include "boot-tests/vmm/stats.h"
#include "boot-tests/vmm/td/run.h"
#include "boot-tests/vmm/td/td_build.h"

static struct tdx_host tdx;

static struct blob load_firmware(const char *name)
{
	struct blob firmware = blob_load(name);
	if (firmware.data == NULL) {
		machine_exit(EXIT_SETUP, "no fw_cfg file %s", name);
	}
	return firmware;
}

/* The first TD has the first CPUs, and its shared memory at the same host addresses, where QEMU's
 * devices find it, but for that from 2 GiB on, where QEMU has its devices. That, and what a second
 * one shares, stands in frames. */
static void place_tds(const struct config *config, struct td_place places[2])
{
	if (config->second_smp >= cpu_count() || config->second_memory > TD_LOW_MEMORY_SPLIT) {
		machine_exit(EXIT_SETUP,
			     "a second TD of %llu vCPUs, 0x%llx bytes: there are %u CPUs, and it "
			     "has no memory above 4 GiB",
			     (unsigned long long)config->second_smp,
			     (unsigned long long)config->second_memory, cpu_count());
	}
	unsigned cpus = cpu_count() - (unsigned)config->second_smp;
	places[0] = (struct td_place){ .vcpu_count = cpus,
				       .hkid = tdx.global_hkid + 1,
				       .memory = config->memory,
				       .host_test = config->host_test };
	places[1] = (struct td_place){ .cpu_base = cpus,
				       .vcpu_count = (unsigned)config->second_smp,
				       .hkid = tdx.global_hkid + 2,
				       .memory = config->second_memory,
				       .host_test = config->host_test,
				       .second = true };
	if (config->second_smp != 0) {
		places[1].shared.base = ptr_hpa(frames_take_span(config->second_memory));
	}
	if (config->memory > TD_LOW_MEMORY_SPLIT && config->memory < TD_LOW_MEMORY_MAX) {
		uint64_t upper = config->memory - TD_LOW_MEMORY_SPLIT;
		places[0].shared.upper = ptr_hpa(frames_take_span(upper));
	}
}

void machine_main(void)
{
	machine_at_exit(stats_print);
	smp_start_all();
	frames_init(hpa(MACHINE_POOL), memory_top());
	struct config config = blob_load_config();
	event_trace_on = config.trace;
	stats_icount = config.icount;
	hooks_load_script();
	struct module_platform platform = platform_make();
	platform.version_1_0 = config.module_version == MODULE_1_0;
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
	struct td_place places[2];
	place_tds(&config, places);
	bool has_second = config.second_smp != 0;
	if (has_second) {
		chipset_set_up();
	}
	struct blob firmware = load_firmware("opt/lintel/firmware");
	struct blob second = { 0 };
	if (has_second) {
		second = load_firmware("opt/lintel/second");
	}
	run_init(tdx.global_hkid);
	run_add(&places[0], &config, firmware);
	if (has_second) {
		run_add(&places[1], &config, second);
	}
	run_all();
}
