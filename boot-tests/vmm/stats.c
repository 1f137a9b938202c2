// The statistics of a run: counts of events, measurements, costs of SEAMCALLs; one line of JSON.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/stats.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/tdx/names.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/vmm_events.h"

bool stats_icount;

/* Successful calls of one SEAMCALL leaf, and the instructions in them. */
struct cost {
	uint64_t calls;
	uint64_t instructions;
};

static struct cost costs[TDH_LEAF_COUNT][2]; /* by level of the GPA in RCX, for MEM.PAGE.* */
static uint64_t bare_exit;
static uint64_t td_began, td_ended;
static uint64_t shared_pages;

void stats_set_bare_exit(uint64_t instructions)
{
	bare_exit = instructions;
}

void stats_set_shared_pages(uint64_t pages)
{
	shared_pages = pages;
}

void stats_run_begins(uint64_t tsc)
{
	td_began = tsc;
}

void stats_run_ends(uint64_t tsc)
{
	uint64_t none = 0;
	__atomic_compare_exchange_n(&td_ended, &none, tsc, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end)
{
	uint64_t number = leaf & TDX_LEAF;
	if (stats_icount && number < TDH_LEAF_COUNT) {
		struct cost *cost = &costs[number][(rcx & TDX_GPA_LEVEL) != 0];
		__atomic_fetch_add(&cost->calls, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&cost->instructions, end - begin, __ATOMIC_RELAXED);
	}
}

/* "NAME": [[calls, instructions] of 4 KiB or no page, the same of larger pages] */
static void print_costs(void)
{
	const char *comma = "";
	console_part("\"instructions\": %llu, \"bare_exit\": %llu, \"cost\": {",
		     (unsigned long long)(td_ended - td_began), (unsigned long long)bare_exit);
	for (unsigned i = 0; i < TDH_LEAF_COUNT; i++) {
		const struct cost *cost = costs[i];
		if (cost[0].calls + cost[1].calls != 0) {
			console_part("%s\"%s\": [[%llu, %llu], [%llu, %llu]]", comma,
				     tdh_leaf_names[i], (unsigned long long)cost[0].calls,
				     (unsigned long long)cost[0].instructions,
				     (unsigned long long)cost[1].calls,
				     (unsigned long long)cost[1].instructions);
			comma = ", ";
		}
	}
	console_part("}, ");
}

static void print_digest(const uint8_t digest[SHA384_SIZE])
{
	console_part("\"");
	for (size_t i = 0; i < SHA384_SIZE; i++) {
		console_part("%02x", digest[i]);
	}
	console_part("\"");
}

void stats_print(void)
{
	console_open('S');
	console_part("{");
	event_print(module_events, cpu_count());
	event_print(vmm_events, cpu_count());
	if (stats_icount) {
		print_costs();
	}
	console_part("\"shared_pages\": %llu, \"mrtd\": ", (unsigned long long)shared_pages);
	print_digest(module_measured.mrtd);
	console_part(", \"rtmr\": [");
	for (size_t i = 0; i < ARRAY_COUNT(module_measured.rtmr); i++) {
		console_part("%s", i == 0 ? "" : ", ");
		print_digest(module_measured.rtmr[i]);
	}
	console_part("]}");
	console_close();
}
