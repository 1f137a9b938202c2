// The machine's clock.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"

#include "arch/base/bits.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/chipset.h"

#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK MASK64(23, 0)
#define CALIBRATION_TICKS (PM_TIMER_HZ / 50)
#define CALIBRATION_SAMPLES 16
/* TSC clocks; no host is so fast that this passes in 20 ms. */
#define CALIBRATION_LIMIT 10000000000

static uint64_t tsc_khz;
static uint64_t tsc_start;

struct clocks {
	uint64_t tsc;
	uint64_t ticks; /* of the ACPI timer */
};

/* Reads both at the same moment, as far as the host lets us. */
static struct clocks read_clocks(void)
{
	struct clocks clocks = { 0, 0 };
	uint64_t best = UINT64_MAX;
	for (unsigned i = 0; i < CALIBRATION_SAMPLES; i++) {
		uint64_t before = insn_rdtsc();
		uint64_t ticks = insn_in32(CHIPSET_PM_TIMER) & PM_TIMER_MASK;
		uint64_t gap = insn_rdtsc() - before;
		if (gap < best) {
			best = gap;
			clocks = (struct clocks){ before + gap / 2, ticks };
		}
	}
	return clocks;
}

bool time_init(void)
{
	chipset_pm_on();
	struct clocks start = read_clocks();
	uint64_t ticks;
	do {
		ticks = (insn_in32(CHIPSET_PM_TIMER) - start.ticks) & PM_TIMER_MASK;
	} while (ticks < CALIBRATION_TICKS && insn_rdtsc() - start.tsc < CALIBRATION_LIMIT);
	struct clocks end = read_clocks();
	chipset_pm_restore();
	ticks = (end.ticks - start.ticks) & PM_TIMER_MASK;
	if (ticks < CALIBRATION_TICKS) {
		return false;
	}
	tsc_khz = (end.tsc - start.tsc) * PM_TIMER_HZ / ticks / 1000;
	tsc_start = start.tsc;
	return true;
}

uint64_t time_tsc_khz(void)
{
	return tsc_khz;
}

uint64_t time_us(void)
{
	return tsc_khz == 0 ? 0 : (insn_rdtsc() - tsc_start) * 1000 / tsc_khz;
}

void time_delay_us(uint64_t us)
{
	uint64_t start = time_us();
	while (time_us() - start < us) {
		insn_pause();
	}
}
