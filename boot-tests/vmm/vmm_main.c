// The VMM: takes what tools/tdrun left in fw_cfg, builds a TD or two of it and runs them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/machine_main.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/device/ports.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/init/bios_map.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/secret.h"
#include "boot-tests/vmm/selftest_entry.h"
#include "boot-tests/vmm/stats.h"
#include "boot-tests/vmm/td/run.h"

static const char *const firmware_files[] = { "opt/lintel/firmware", "opt/lintel/second" };
static struct tdx_host tdx;

static enum status load_firmware(const char *name, struct blob *firmware, struct verdict *verdict)
{
	*firmware = blob_load(name);
	if (firmware->data == NULL) {
		verdict_setup(verdict, "no fw_cfg file %s", name);
		return ST_NOT_FOUND;
	}
	return ST_OK;
}

/* The host's tables of a TD's memory; its shared memory may lie in frames. */
static enum status place_memory(struct td_place *place, struct verdict *verdict)
{
	char error[160];
	struct td_memory memory;
	enum status status = td_memory_make(place->memory, &memory, error, sizeof(error));
	if (status != ST_OK) {
		verdict_setup(verdict, "cannot lay out the TD: %s", error);
		return status;
	}
	CHECK(FOUR_GIB + memory.high_size <= memory_base().v);
	place->tables = frames_take_span(MMU_TABLES_SIZE(memory.high_size));
	if (!place->q35) {
		place->shared.base = ptr_hpa(frames_take_span(place->memory));
	} else if (memory.low_size > TD_LOW_MEMORY_SPLIT) {
		uint64_t upper = memory.low_size - TD_LOW_MEMORY_SPLIT;
		place->shared.upper = ptr_hpa(frames_take_span(upper));
	}
	return ST_OK;
}

/* The first TD has the first CPUs, and its shared memory at the same host addresses, where QEMU's
 * devices find it, but for that from 2 GiB on, where QEMU has its devices. That, and what a second
 * one shares, stands in frames. */
static enum status place_tds(const struct config *config, struct run_td tds[2],
			     struct verdict *verdict)
{
	if (config->second_smp >= cpu_count() || config->second_memory > TD_LOW_MEMORY_SPLIT) {
		verdict_setup(verdict,
			      "a second TD of %llu vCPUs, 0x%llx bytes: there are %u CPUs, and it "
			      "has no memory above 4 GiB",
			      (unsigned long long)config->second_smp,
			      (unsigned long long)config->second_memory, cpu_count());
		return ST_BAD_ARGUMENT;
	}
	if (config->second_smp != 0 && tdx.td_hkids < 2) {
		verdict_setup(verdict, "two TDs, and %u key id for them", tdx.td_hkids);
		return ST_BAD_ARGUMENT;
	}
	unsigned cpus = cpu_count() - (unsigned)config->second_smp;
	bool one_bus = !chipset_leads_on();
	tds[0].place = (struct td_place){ .vcpu_count = cpus,
					  .hkid = tdx.global_hkid + 1,
					  .memory = config->memory,
					  .q35 = true,
					  .one_bus = one_bus,
					  .ends_all = true,
					  .prefix = "" };
	tds[1].place = (struct td_place){ .cpu_base = cpus,
					  .vcpu_count = (unsigned)config->second_smp,
					  .hkid = tdx.global_hkid + 2,
					  .memory = config->second_memory,
					  .serial = PORT_COM2,
					  .one_bus = one_bus,
					  .prefix = "second " };
	TRY(place_memory(&tds[0].place, verdict));
	return config->second_smp != 0 ? place_memory(&tds[1].place, verdict) : ST_OK;
}

/* What ends the machine before a TD runs. */
static void vmm_must(enum status status, const struct verdict *verdict)
{
	if (status != ST_OK) {
		verdict_exit(verdict);
	}
}

static enum status take_keyid_bits(const struct config *config, unsigned *out,
				   struct verdict *verdict)
{
	uint64_t bits = config->keyid_bits != 0 ? config->keyid_bits : MODULE_KEYID_BITS;
	if (bits < MODULE_KEYID_BITS_MIN || bits > MODULE_KEYID_BITS_MAX) {
		verdict_setup(verdict, "%llu bits of key id: there may be %u to %u",
			      (unsigned long long)bits, MODULE_KEYID_BITS_MIN,
			      MODULE_KEYID_BITS_MAX);
		return ST_BAD_ARGUMENT;
	}
	uint64_t end = BIT64(MODULE_PHYS_BITS - bits);
	if (memory_top().v > end) {
		verdict_setup(verdict,
			      "%llu bits of key id leave addresses below 0x%llx: the memory that a "
			      "TD of 0x%llx bytes needs ends at 0x%llx",
			      (unsigned long long)bits, (unsigned long long)end,
			      (unsigned long long)config->memory,
			      (unsigned long long)memory_top().v);
		return ST_BAD_ARGUMENT;
	}
	*out = (unsigned)bits;
	return ST_OK;
}

static enum status check_secret(const struct config *config, struct verdict *verdict)
{
	if (config->secret[0] != 0 && strlen(config->secret) < SECRET_MIN) {
		verdict_setup(verdict, "secret '%s': it has less than %u characters",
			      config->secret, SECRET_MIN);
		return ST_BAD_ARGUMENT;
	}
	return ST_OK;
}

/* Statistics come last: with them the machine has said all. */
static void last_words(void)
{
	event_spans_end();
	stats_print();
}

void machine_main(void)
{
	machine_at_exit(last_words);
	smp_start_all();
	frames_init(memory_pool(), memory_top());
	struct verdict verdict = { 0 };
	struct config config;
	vmm_must(blob_load_config(&config, &verdict), &verdict);
	event_trace_on = config.trace || config.report;
	event_spans_on = config.report;
	event_trace_only = config.trace_only;
	stats_icount = config.icount;
	vmm_must(check_secret(&config, &verdict), &verdict);
	unsigned count = config.second_smp != 0 ? 2 : 1;
	hooks_load_script(count);
	unsigned keyid_bits;
	vmm_must(take_keyid_bits(&config, &keyid_bits, &verdict), &verdict);
	struct module_platform platform = platform_make(keyid_bits);
	platform.version_1_0 = config.module_version == MODULE_1_0;
	platform.tlb_memory =
		config.tlb ? frames_take_span(platform.cpu_count * MODULE_TLB_SIZE) : NULL;
	if (config.selftest[0] != 0) {
		selftest_run(config.selftest, &platform);
	}
	module_load(&platform);
	struct tdmr_range pool = { memory_pool().v, memory_top().v - memory_pool().v };
	if (tdx_enable(&tdx, &pool, 1, TDMR_COALESCE) != ST_OK) {
		verdict_no_module(&verdict);
		verdict_exit(&verdict);
	}
	CHECK(tdx.lost == 0); /* any frame can become a TD's */
	struct run_td tds[] = {
		{ .config = &config },
		{ .config = &config },
	};
	vmm_must(place_tds(&config, tds, &verdict), &verdict);
	if (count > 1) {
		chipset_set_up();
	}
	for (unsigned i = 0; i < count; i++) {
		vmm_must(load_firmware(firmware_files[i], &tds[i].firmware, &verdict), &verdict);
	}
	run_all(tds, count, tdx.global_hkid);
}
