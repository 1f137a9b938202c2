// Bringing the module up when something is wrong: nothing is leaked, and an error is for ever.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "boot-tests/vmm/script/script.h"
#include "linker/memmap.h"

#define PIECES 40

/* The module is ready, and no page is any TD's; only its own key id is taken. */
static void check_pages(void)
{
	selftest_check_pages();
	EXPECT_EQUAL(module_census().owned, 0);
	EXPECT_EQUAL(module_census().hkids, 1);
}

/* The SEAMCALL with this number, from 1 on, is not made, and has this status. */
static void fail_call(unsigned number, const char *status)
{
	char text[80];
	fmt_print(text, sizeof(text), "on SEAMCALL #%u: status %s", number, status);
	script_set(text);
}

/* One host on a fresh module, whose call number `at` has this status; false: there is no such
 * call. */
static bool fail_at(const struct module_platform *platform, const struct tdmr_range *pool,
		    unsigned at)
{
	struct tdx_host host = { .quiet = true };
	module_load(platform);
	uint64_t taken = frames_taken();
	fail_call(at, "key-generation-failed");
	enum status status = tdx_enable(&host, pool, 1, TDMR_LINUX);
	if (script_waiting() != 0) {
		EXPECT_EQUAL(status, ST_OK);
		script_set("");
		check_pages();
		tdx_release(&host);
		EXPECT_EQUAL(frames_taken(), taken);
		return false;
	}
	EXPECT_EQUAL(status, ST_TDX);
	EXPECT_EQUAL(frames_taken(), taken);
	EXPECT_EQUAL(host.state, TDX_FAILED);
	EXPECT(host.tdmrs == NULL && host.pamt == NULL);
	/* It is not tried again, not even with a SEAMCALL. */
	fail_call(1, "key-generation-failed");
	EXPECT_EQUAL(tdx_enable(&host, pool, 1, TDMR_LINUX), ST_BAD_ARGUMENT);
	EXPECT(script_waiting() == 1);
	script_set("");
	return true;
}

/* Entropy that comes back is no error. calls: how many initialization makes. */
static void check_entropy(const struct module_platform *platform, const struct tdmr_range *ram,
			  unsigned calls)
{
	for (unsigned at = 1; at <= calls; at += 16) {
		if (at > 1 && at <= 1 + platform->cpu_count) {
			continue; /* TDH.SYS.LP.INIT needs none */
		}
		struct tdx_host host = { .quiet = true };
		module_load(platform);
		fail_call(at, "no-entropy");
		EXPECT_EQUAL(tdx_enable(&host, ram, 1, TDMR_LINUX), ST_OK);
		EXPECT(script_waiting() == 0);
		tdx_release(&host);
	}
}

/* The same, of a module that really has none: ten times in a row for each call, and more is too
 * much. */
static void check_starved(const struct module_platform *platform, const struct tdmr_range *ram)
{
	struct tdx_host host = { .quiet = true };
	uint64_t taken = frames_taken();
	module_load(platform);
	script_set("on RDRAND #1..9: no entropy");
	EXPECT_EQUAL(tdx_enable(&host, ram, 1, TDMR_LINUX), ST_OK);
	check_pages();
	tdx_release(&host);
	host = (struct tdx_host){ .quiet = true };
	module_load(platform);
	script_set("on RDRAND #1..10: no entropy");
	EXPECT_EQUAL(tdx_enable(&host, ram, 1, TDMR_LINUX), ST_TDX);
	EXPECT_EQUAL(script_waiting(), 0);
	script_set("");
	EXPECT_EQUAL(host.state, TDX_FAILED);
	EXPECT_EQUAL(frames_taken(), taken);
}

void selftest_init_faults(const struct module_platform *platform)
{
	struct tdmr_range ram = selftest_ram();
	unsigned calls = 0;
	while (fail_at(platform, &ram, calls + 1)) {
		calls++;
	}
	EXPECT(calls > TDX_TDMR_ALIGN / MEM_PAGE_SIZE / PAMT_INIT_ENTRIES);
	check_entropy(platform, &ram, calls);
	check_starved(platform, &ram);
	module_load(platform);
	console_line('L', "selftest: %u SEAMCALLs of initialization failed, one at a time", calls);
}

/* The metadata that the seed names are read by five calls, and there is no RDALL. */
static void check_calls(const struct module_platform *platform, const struct tdmr_range *pool)
{
	struct tdx_host host = { .quiet = true };
	uint64_t before = event_seamcall_counts[TDH_SYS_RDALL];
	module_load(platform);
	uint64_t taken = frames_taken();
	EXPECT_EQUAL(tdx_enable(&host, pool, 1, TDMR_LINUX), ST_OK);
	EXPECT_EQUAL(event_seamcall_counts[TDH_SYS_RDALL], before);
	EXPECT_EQUAL(host.sysinfo.max_tdmrs, 64);
	EXPECT_EQUAL(host.sysinfo.max_reserved, 16);
	EXPECT_EQUAL(host.sysinfo.pamt_1g_entry_size, 16);
	EXPECT_EQUAL(host.global_hkid, MODULE_HKID_BASE);
	EXPECT_EQUAL(host.td_hkids, MODULE_HKID_COUNT - 1);
	EXPECT(frames_taken() > taken);
	check_pages();
	tdx_release(&host);
	EXPECT_EQUAL(frames_taken(), taken);
}

static enum status enable(const struct module_platform *platform, const struct tdmr_range *ram,
			  unsigned count, enum tdmr_mode mode, uint64_t *lost)
{
	struct tdx_host host = { .quiet = true };
	module_load(platform);
	uint64_t taken = frames_taken();
	enum status status = tdx_enable(&host, ram, count, mode);
	*lost = host.lost;
	if (status == ST_OK) {
		check_pages();
		tdx_release(&host);
	}
	EXPECT_EQUAL(frames_taken(), taken);
	return status;
}

/* A key for each package: as many calls. The CPUs of the case are those of all packages. */
static void check_packages(const struct module_platform *machine, const struct tdmr_range *ram)
{
	struct module_platform platform = *machine;
	for (unsigned packages = 1; packages <= cpu_count(); packages++) {
		uint64_t before = event_seamcall_counts[TDH_SYS_KEY_CONFIG];
		uint64_t lost;
		platform.package_count = packages;
		EXPECT_EQUAL(enable(&platform, ram, 1, TDMR_LINUX, &lost), ST_OK);
		EXPECT_EQUAL(event_seamcall_counts[TDH_SYS_KEY_CONFIG] - before, packages);
	}
	/* A package without a CPU that could give it its key: the module never gets ready. */
	platform.package_count = cpu_count() + 1;
	uint64_t lost;
	EXPECT_EQUAL(enable(&platform, ram, 1, TDMR_LINUX, &lost), ST_TDX);
}

/* Memory that needs more regions than the module takes; and regions that need more memory for their
 * PAMTs than there is. Nothing of it need exist. */
static void check_exhaustion(const struct module_platform *machine, const struct tdmr_range *ram)
{
	struct module_platform platform = *machine;
	struct tdmr_range pieces[TDX_MAX_TDMRS + 1];
	uint64_t lost;
	memset(platform.cmrs, 0, sizeof(platform.cmrs));
	platform.cmrs[0] = (struct cmr_info){ 0, MODULE_HPA_END };
	for (unsigned i = 0; i < ARRAY_COUNT(pieces); i++) {
		pieces[i] = (struct tdmr_range){ (2 * i + 64) * TDX_TDMR_ALIGN, MEM_PAGE_SIZE };
	}
	EXPECT_EQUAL(enable(&platform, pieces, ARRAY_COUNT(pieces), TDMR_LINUX, &lost),
		     ST_NO_SPACE);
	struct tdmr_range much = { ram->base, MODULE_HPA_END - ram->base };
	EXPECT_EQUAL(enable(&platform, &much, 1, TDMR_LINUX, &lost), ST_NO_MEMORY);
}

void selftest_init_limits(const struct module_platform *machine)
{
	struct module_platform platform = *machine;
	struct tdmr_range pool = selftest_ram();
	uint64_t lost;
	check_calls(&platform, &pool);

	/* Key ids: one is too few, two are enough. */
	platform.keyid_partitioning = field_put(MKTME_KEYIDS, 31) | field_put(TDX_KEYIDS, 1);
	EXPECT_EQUAL(enable(&platform, &pool, 1, TDMR_LINUX, &lost), ST_UNSUPPORTED);
	platform.keyid_partitioning = field_put(MKTME_KEYIDS, 31);
	EXPECT_EQUAL(enable(&platform, &pool, 1, TDMR_LINUX, &lost), ST_UNSUPPORTED);
	platform.keyid_partitioning = field_put(MKTME_KEYIDS, 3) | field_put(TDX_KEYIDS, 2);
	EXPECT_EQUAL(enable(&platform, &pool, 1, TDMR_LINUX, &lost), ST_OK);
	platform.keyid_partitioning = machine->keyid_partitioning;

	/* Too many holes, for Linux; the module takes what is coalesced. */
	struct tdmr_range holes = selftest_pool();
	uint64_t stride = align_down(holes.size / PIECES, MEM_PAGE_SIZE);
	struct tdmr_range ram[PIECES + 1];
	for (unsigned i = 0; i < PIECES; i++) {
		ram[i] = (struct tdmr_range){ holes.base + i * stride, (2 + i) * MEM_PAGE_SIZE };
	}
	/* After them lies what PAMTs are taken from. */
	uint64_t behind = holes.base + holes.size;
	ram[PIECES] = (struct tdmr_range){ behind, pool.base + pool.size - behind };
	EXPECT_EQUAL(enable(&platform, ram, PIECES + 1, TDMR_LINUX, &lost), ST_NO_SPACE);
	EXPECT_EQUAL(enable(&platform, ram, PIECES + 1, TDMR_COALESCE, &lost), ST_OK);
	EXPECT(lost > 0 && lost % MEM_PAGE_SIZE == 0);

	check_packages(&platform, &pool);
	check_exhaustion(&platform, &pool);

	/* RAM that is not convertible is not used: nothing to do, nothing to configure. */
	platform.cmrs[0] = (struct cmr_info){ 0, MEM_PAGE_SIZE };
	platform.cmrs[1] = (struct cmr_info){ 0, 0 };
	EXPECT_EQUAL(enable(&platform, &pool, 1, TDMR_LINUX, &lost), ST_NOT_FOUND);
	module_load(machine);
}
