// TDs on their CPUs, from their building to their end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/run.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/host_test_entry.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/stats.h"
#include "boot-tests/vmm/td/td_build.h"
#include "boot-tests/vmm/td/td_destroy.h"
#include "boot-tests/vmm/td/vcpu.h"
#include "boot-tests/vmm/td/vcpu_log.h"

/* Within this time a TD that ends is out of all its vCPUs, and then taken down. Until it is out
 * they are kicked. */
#define END_BOUND_US 30000000
#define END_KICK_US 1000
#define REASON_SIZE 512

struct run {
	struct host_td td;
	struct td_place place; /* of the TD, also when it is gone */
	const struct config *config;
	struct blob firmware;
	struct fw_cfg_remap fw_cfg;
	unsigned rounds;  /* how often it was built */
	unsigned running; /* vCPUs that are not out for good */
	bool claimed;     /* one CPU has given the reason of the end */
	bool ending;      /* no vCPU enters any more; what follows is then set */
	unsigned ender;   /* the CPU that takes the TD down */
	enum machine_exit_code code;
	char reason[REASON_SIZE];
	bool gone; /* and never built again */
};

/* The first TD, whose end is the machine's, and perhaps a second: smp_run_all() has no argument. */
static struct run runs[2];
static unsigned run_count;
static struct run *const first = &runs[0];
static struct run *const second = &runs[1];

/* Whether the second TD is to be built again is decided under the lock: not when all is to end. */
static struct spinlock again_lock;
static bool closing;

/* Before the first TD. */
static uint32_t global_hkid;
static uint64_t frames_before;

static struct run *run_of(const struct host_td *td)
{
	CHECK(td == &first->td || td == &second->td);
	return td == &first->td ? first : second;
}

static bool has_cpu(const struct run *run, unsigned cpu)
{
	return cpu >= run->place.cpu_base && cpu - run->place.cpu_base < run->place.vcpu_count;
}

void run_kick_tds(void)
{
	for (unsigned i = 0; i < run_count; i++) {
		run_kick_all(&runs[i].td);
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

bool run_ending(const struct host_td *td)
{
	return __atomic_load_n(&run_of(td)->ending, __ATOMIC_ACQUIRE);
}

void run_end(struct host_td *td, enum machine_exit_code code, const char *format, ...)
{
	struct run *run = run_of(td);
	if (__atomic_exchange_n(&run->claimed, true, __ATOMIC_ACQ_REL)) {
		return; /* the reason that came first is the reason */
	}
	va_list args;
	va_start(args, format);
	fmt_vprint(run->reason, sizeof(run->reason), format, args);
	va_end(args);
	console_line('L', "%sTD ends: %s", run == second ? "second " : "", run->reason);
	if (code == EXIT_TD_STOPPED && has_cpu(run, cpu_index())) {
		vcpu_log(td, cpu_index() - run->place.cpu_base);
	}
	run->code = code;
	run->ender = has_cpu(run, cpu_index()) ? cpu_index() : run->place.cpu_base;
	__atomic_store_n(&run->ending, true, __ATOMIC_RELEASE);
}

/* This CPU's vCPU will not enter again. */
static void come_out(struct run *run, unsigned index)
{
	if (td_flush_vcpu(&run->td, index) != ST_OK) {
		machine_exit(EXIT_BUG, "bug of the machine: vCPU %u cannot be flushed", index);
	}
	__atomic_store_n(&run->td.vcpus[index].out, true, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&run->running, 1, __ATOMIC_ACQ_REL);
}

/* Until every vCPU has come out. By any CPU but those of the vCPUs that have yet to. */
static void bring_out(struct run *run)
{
	uint64_t deadline = time_us() + END_BOUND_US;
	unsigned left;
	while ((left = __atomic_load_n(&run->running, __ATOMIC_ACQUIRE)) != 0) {
		if (time_us() >= deadline) {
			machine_exit(EXIT_BUG, "bug of the machine: %u vCPUs stay in the TD", left);
		}
		for (unsigned i = 0; i < run->place.vcpu_count; i++) {
			if (!__atomic_load_n(&run->td.vcpus[i].out, __ATOMIC_ACQUIRE)) {
				wake_kick(run->place.cpu_base + i);
			}
		}
		time_delay_us(END_KICK_US);
	}
}

static void take_down(struct run *run)
{
	if (td_destroy(&run->td, global_hkid) != ST_OK) {
		machine_exit(EXIT_BUG, "bug of the machine: the TD cannot be taken down: tdrun "
				       "--machine-log says more");
	}
}

static void must_balance(const char *what, uint64_t now, uint64_t before)
{
	if (now != before) {
		machine_exit(EXIT_BUG, "bug of the machine: after the TD %llu %s, not %llu",
			     (unsigned long long)now, what, (unsigned long long)before);
	}
}

/* No page, no frame and no key id may be left behind. */
static void check_nothing_left(void)
{
	struct module_census census = module_census();
	if (census.broken != NULL) {
		machine_exit(EXIT_BUG, "bug of the machine: after the TD page 0x%llx %s",
			     (unsigned long long)census.page.v, census.broken);
	}
	must_balance("pages are a TD's", census.owned, 0);
	must_balance("key ids are in use", census.hkids, 1); /* the module's own */
	must_balance("bytes of frames are taken", frames_taken(), frames_before);
}

/* No vCPU of any TD runs. */
static _Noreturn void finish(enum machine_exit_code code, const char *reason)
{
	for (unsigned i = 0; i < run_count; i++) {
		take_down(&runs[i]);
		fw_cfg_remap_destroy(&runs[i].fw_cfg);
	}
	check_nothing_left();
	machine_exit(code, "%s", reason);
}

static void end_second(void)
{
	spin_lock(&again_lock);
	closing = true;
	spin_unlock(&again_lock);
	run_end(&second->td, EXIT_TD_STOPPED, "the first TD has ended");
	bring_out(second);
	uint64_t deadline = time_us() + END_BOUND_US;
	while (!__atomic_load_n(&second->gone, __ATOMIC_ACQUIRE)) {
		if (time_us() >= deadline) {
			machine_exit(EXIT_BUG, "bug of the machine: the second TD does not end");
		}
		time_delay_us(END_KICK_US);
	}
}

/* --- the beginning ---------------------------------------------------------------------------- */

static enum status build(struct run *run)
{
	uint8_t mrtd[SHA384_SIZE];
	memcpy(mrtd, module_measured.mrtd, sizeof(mrtd));
	enum status status = td_build(&run->td, &run->place, run->config, run->firmware);
	if (run == second) { /* the statistics show the first TD's */
		memcpy(module_measured.mrtd, mrtd, sizeof(mrtd));
	}
	run->td.config = run->config;
	run->td.fw_cfg = &run->fw_cfg;
	run->running = run->place.vcpu_count;
	return status;
}

/* While the first one runs. */
static void second_again(void)
{
	if (build(second) != ST_OK) {
		machine_exit(EXIT_BUG, "bug of the machine: the second TD cannot be built again: "
				       "tdrun --machine-log says more");
	}
	second->claimed = false;
	__atomic_store_n(&second->ending, false, __ATOMIC_RELEASE);
	__atomic_add_fetch(&second->rounds, 1, __ATOMIC_ACQ_REL);
}

/* Perhaps while the first one runs. */
static void second_ended(void)
{
	hpa_t tdr = second->td.tdr;
	bool tested = second->place.host_test;
	if (tested) {
		host_test_second_ends(&second->td, second->reason);
	}
	take_down(second);
	must_balance("pages are its own", module_pages_of(tdr), 0);
	console_line('N', "second TD: %s", second->reason);
	spin_lock(&again_lock);
	if (tested && !closing && host_test_second_again()) {
		second_again();
	} else {
		__atomic_store_n(&second->gone, true, __ATOMIC_RELEASE);
	}
	spin_unlock(&again_lock);
}

static void ended(struct run *run)
{
	bring_out(run);
	for (unsigned i = 0; run->code == EXIT_TIMEOUT && i < run->place.vcpu_count; i++) {
		vcpu_log(&run->td, i);
	}
	if (run == second) {
		second_ended();
		return;
	}
	if (run_count > 1) {
		end_second();
	}
	finish(first->code, first->reason);
}

static void run_cpu(unsigned cpu)
{
	struct run *run = has_cpu(first, cpu) ? first : second;
	unsigned index = cpu - run->place.cpu_base;
	for (unsigned round = 1;; round++) {
		while (__atomic_load_n(&run->rounds, __ATOMIC_ACQUIRE) < round) {
			lapic_nap();
		}
		svm_cpu_init();
		if (stats_icount && cpu == 0) {
			stats_set_bare_exit(svm_bare_exit());
		}
		vcpu_run(&run->td, index);
		come_out(run, index);
		if (run->ender == cpu) {
			ended(run);
		} else if (run == first) {
			cpu_stop();
		}
		lapic_renew();
	}
}

void run_init(uint32_t module_hkid)
{
	global_hkid = module_hkid;
	frames_before = frames_taken();
}

void run_add(const struct td_place *place, const struct config *config, struct blob firmware)
{
	CHECK(run_count < ARRAY_COUNT(runs));
	struct run *run = &runs[run_count++];
	run->place = *place;
	run->config = config;
	run->firmware = firmware;
	run->rounds = 1;
	if (build(run) != ST_OK) {
		finish(EXIT_TD_STOPPED,
		       "host: the TD cannot be built: tdrun --machine-log says more");
	}
	fw_cfg_remap_init(&run->fw_cfg, &run->place, &run->td.mmu.memory, config);
}

_Noreturn void run_all(void)
{
	for (unsigned i = 0; i < run_count; i++) {
		lapic_group(runs[i].place.cpu_base, runs[i].place.vcpu_count);
	}
	smp_run_all(run_cpu);
}
