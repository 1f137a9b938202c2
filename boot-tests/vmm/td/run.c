// The life of TDs: a list of them, each built, run with each vCPU on its own CPU, and taken down.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/run.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/device/devices.h"
#include "boot-tests/vmm/device/fw_cfg_remap.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/mmu_check.h"
#include "boot-tests/vmm/secret.h"
#include "boot-tests/vmm/stats.h"
#include "boot-tests/vmm/td/td_build.h"
#include "boot-tests/vmm/td/td_destroy.h"
#include "boot-tests/vmm/td/vcpu.h"
#include "boot-tests/vmm/td/vcpu_log.h"
#include "boot-tests/vmm/vmm_events.h"
#include "linker/memmap.h"

/* Within this time a TD that ends is out of all its vCPUs, and then taken down. Until it is out
 * they are kicked. */
#define END_BOUND_US 30000000
#define END_KICK_US 1000

/* A TD of the list: what it is made of, and how far it is. */
struct run {
	const struct run_td *made_of;
	const struct td_place *place;
	struct host_td td;
	struct fw_cfg_remap fw_cfg;
	unsigned rounds;        /* how often it was built */
	unsigned running;       /* vCPUs that are not out for good */
	bool claimed;           /* one CPU has given the verdict */
	struct verdict verdict; /* set once the TD is ending */
	unsigned ender;         /* the CPU that takes the TD down, set likewise */
	struct spinlock lock;   /* over building it again and closing */
	bool closing;           /* it is not built again */
	bool gone;              /* and never built again */
};

static struct run *runs;
static unsigned run_count;
static uint32_t global_hkid;
static uint64_t frames_before; /* the first TD was built */

static bool has_cpu(const struct run *run, unsigned cpu)
{
	return cpu >= run->place->cpu_base && cpu - run->place->cpu_base < run->place->vcpu_count;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* The TD ends by this verdict, unless one was given before. No vCPU enters it then. */
static void run_end(struct run *run, const struct verdict *verdict)
{
	if (__atomic_exchange_n(&run->claimed, true, __ATOMIC_ACQ_REL)) {
		return;
	}
	unsigned cpu = cpu_index();
	event_line(td_end, cpu, 0);
	console_line('L', "%sTD ends: %s", run->place->prefix, verdict->text);
	if (verdict_shows_vcpu(verdict) && has_cpu(run, cpu)) {
		vcpu_log(&run->td, cpu - run->place->cpu_base);
	}
	run->verdict = *verdict;
	run->ender = has_cpu(run, cpu) ? cpu : run->place->cpu_base;
	__atomic_store_n(&run->td.ending, true, __ATOMIC_RELEASE);
}

/* Waits, once a vCPU has left its loop, until it is known who takes the TD down. */
static void await_ending(const struct run *run)
{
	uint64_t deadline = time_us() + END_BOUND_US;
	while (!td_ending(&run->td)) {
		if (time_us() >= deadline) {
			verdict_bug("a vCPU is out, and the TD does not end");
		}
		insn_pause();
	}
}

/* This CPU's vCPU will not enter again. */
static void come_out(struct run *run, unsigned index)
{
	struct seam_failure failure;
	char text[SEAM_FAILURE_SIZE];
	if (td_flush_vcpu(&run->td, index, &failure) != ST_OK) {
		seam_failure_text(&failure, text);
		verdict_bug("vCPU %u cannot be flushed: %s", index, text);
	}
	__atomic_store_n(&run->td.vcpus[index].out, true, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&run->running, 1, __ATOMIC_ACQ_REL);
}

/* Kicks the vCPUs that are not out, until every one is. By any CPU but those of the vCPUs that have
 * yet to come out. */
static void bring_out(struct run *run)
{
	uint64_t deadline = time_us() + END_BOUND_US;
	unsigned left;
	while ((left = __atomic_load_n(&run->running, __ATOMIC_ACQUIRE)) != 0) {
		if (time_us() >= deadline) {
			verdict_bug("%u vCPUs stay in the TD", left);
		}
		for (unsigned i = 0; i < run->place->vcpu_count; i++) {
			if (!__atomic_load_n(&run->td.vcpus[i].out, __ATOMIC_ACQUIRE)) {
				wake_kick(run->place->cpu_base + i);
			}
		}
		time_delay_us(END_KICK_US);
	}
}

static void run_take_down(struct run *run)
{
	struct seam_failure failure;
	char text[SEAM_FAILURE_SIZE];
	if (td_destroy(&run->td, global_hkid, &failure) != ST_OK) {
		seam_failure_text(&failure, text);
		verdict_bug("the TD cannot be taken down: %s", text);
	}
}

static void must_balance(const char *what, uint64_t now, uint64_t before)
{
	if (now != before) {
		verdict_bug("after the TD %llu %s, not %llu", (unsigned long long)now, what,
			    (unsigned long long)before);
	}
}

/* Before the TD is taken down: what host and module have of its memory must be the same. */
static void check_memory(struct run *run)
{
	char error[160];
	uint64_t pages;
	if (run->td.mmu.sept.failed) {
		return; /* it ends because of that */
	}
	enum mmu_checked checked = mmu_check(&run->td.mmu, &pages, error, sizeof(error));
	if (checked == MMU_DIFFERS) {
		verdict_bug("after the TD %s", error);
	} else if (checked == MMU_AGREES) {
		must_balance("pages are its own", module_pages_of(run->td.tdr),
			     pages + frame_list_count(&run->td.control));
	}
}

/* What the TD leaves in memory that it shares. */
static void look_for_secret(struct run *run)
{
	const char *text = run->made_of->config->secret;
	const struct mmu *mmu = &run->td.mmu;
	uint64_t where;
	if (secret_in_shared(text, mmu, 0, mmu->memory.low_size, &where) ||
	    secret_in_shared(text, mmu, FOUR_GIB, FOUR_GIB + mmu->memory.high_size, &where)) {
		verdict_secret_in_memory(&run->verdict, gpa(where));
	}
}

/* No page, no frame and no key id may be left behind. */
static void check_nothing_left(void)
{
	struct module_census census = module_census();
	if (census.broken != NULL) {
		verdict_bug("after the TD page 0x%llx %s", (unsigned long long)census.page.v,
			    census.broken);
	}
	must_balance("pages are a TD's", census.owned, 0);
	must_balance("key ids are in use", census.hkids, 1); /* the module's own */
	must_balance("bytes of frames are taken", frames_taken(), frames_before);
}

/* No vCPU of any TD runs. */
static _Noreturn void finish(const struct verdict *verdict)
{
	for (unsigned i = 0; i < run_count; i++) {
		run_take_down(&runs[i]);
		fw_cfg_remap_print(&runs[i].fw_cfg);
		fw_cfg_remap_destroy(&runs[i].fw_cfg);
	}
	check_nothing_left();
	verdict_exit(verdict);
}

/* From another TD's CPU: the TD ends, if it has not, and is gone. */
static void close_run(struct run *run)
{
	struct verdict closed = { 0 };
	verdict_closing(&closed);
	spin_lock(&run->lock);
	run->closing = true;
	spin_unlock(&run->lock);
	run_end(run, &closed);
	bring_out(run);
	uint64_t deadline = time_us() + END_BOUND_US;
	while (!__atomic_load_n(&run->gone, __ATOMIC_ACQUIRE)) {
		if (time_us() >= deadline) {
			verdict_bug("the %sTD does not end", run->place->prefix);
		}
		time_delay_us(END_KICK_US);
	}
}

/* --- the beginning ---------------------------------------------------------------------------- */

static enum status run_build(struct run *run, struct verdict *verdict)
{
	uint8_t mrtd[SHA384_SIZE];
	memcpy(mrtd, module_measured.mrtd, sizeof(mrtd));
	TRY(td_build(&run->td, run->place, run->made_of->config, run->made_of->firmware, verdict));
	if (!run->place->ends_all) { /* the statistics show that of the TD with the run's verdict */
		memcpy(module_measured.mrtd, mrtd, sizeof(mrtd));
	}
	run->td.fw_cfg = &run->fw_cfg;
	devices_make(&run->td);
	run->running = run->place->vcpu_count;
	return ST_OK;
}

/* While other TDs may run. False, with a verdict: it cannot be built, and is taken down. */
static bool build_again(struct run *run)
{
	run->verdict = (struct verdict){ 0 };
	if (run_build(run, &run->verdict) != ST_OK) {
		run_take_down(run);
		return false;
	}
	run->claimed = false;
	__atomic_add_fetch(&run->rounds, 1, __ATOMIC_ACQ_REL);
	return true;
}

/* Its end is that of no other TD: true if it was built again, else it is gone. */
static bool one_ended(struct run *run)
{
	hpa_t tdr = run->td.tdr;
	run_take_down(run);
	must_balance("pages are its own", module_pages_of(tdr), 0);
	if (run->place->q35) {
		chipset_restore();
	}
	if (!run->place->ends_all) {
		console_line('N', "%sTD: %s", run->place->prefix, run->verdict.text);
	}
	spin_lock(&run->lock);
	bool again = false;
	while (!again && !run->closing && !cpu_stop_asked() && hook_end(&run->verdict)) {
		again = build_again(run);
	}
	__atomic_store_n(&run->gone, !again, __ATOMIC_RELEASE);
	spin_unlock(&run->lock);
	return again;
}

/* May a script have the only TD built again? */
static bool comes_again_alone(void)
{
	return run_count == 1 && hooks.end != NULL;
}

/* On the CPU that takes the TD down. */
static void ended(struct run *run)
{
	bring_out(run);
	for (unsigned i = 0; verdict_shows_all(&run->verdict) && i < run->place->vcpu_count; i++) {
		vcpu_log(&run->td, i);
	}
	check_memory(run);
	look_for_secret(run);
	if (!run->place->ends_all) {
		(void)one_ended(run);
		return;
	}
	stats_set_shared_pages(attributes_shared_pages(&run->td.mmu.attributes));
	if (comes_again_alone() && one_ended(run)) {
		return;
	}
	for (unsigned i = 0; i < run_count; i++) {
		if (&runs[i] != run) {
			close_run(&runs[i]);
		}
	}
	finish(&run->verdict);
}

static void run_cpu(unsigned cpu)
{
	struct run *run = runs;
	while (!has_cpu(run, cpu)) {
		run++;
		CHECK(run < runs + run_count);
	}
	unsigned index = cpu - run->place->cpu_base;
	for (unsigned round = 1;; round++) {
		while (__atomic_load_n(&run->rounds, __ATOMIC_ACQUIRE) < round) {
			lapic_nap();
		}
		svm_cpu_init();
		if (stats_icount && cpu == 0) {
			stats_set_bare_exit(svm_bare_exit());
			stats_run_begins(insn_rdtsc());
		}
		struct verdict verdict = { 0 };
		vcpu_run(&run->td, index, &verdict);
		if (verdict.given) {
			stats_run_ends(insn_rdtsc());
			run_end(run, &verdict);
		}
		await_ending(run);
		come_out(run, index);
		if (run->ender == cpu) {
			ended(run);
		} else if (run->place->ends_all && !comes_again_alone()) {
			cpu_stop();
		}
		lapic_renew();
	}
}

_Noreturn void run_all(const struct run_td *tds, unsigned count, uint32_t module_hkid)
{
	struct verdict verdict = { 0 };
	runs = frames_take_span(count * sizeof(*runs));
	memset(runs, 0, count * sizeof(*runs));
	run_count = count;
	global_hkid = module_hkid;
	frames_before = frames_taken();
	for (unsigned i = 0; i < count; i++) {
		struct run *run = &runs[i];
		run->made_of = &tds[i];
		run->place = &tds[i].place;
		run->rounds = 1;
		if (run_build(run, &verdict) != ST_OK ||
		    fw_cfg_remap_init(&run->fw_cfg, run->place, &run->td.mmu, run->made_of->config,
				      &verdict) != ST_OK) {
			finish(&verdict);
		}
		lapic_group(run->place->cpu_base, run->place->vcpu_count);
	}
	smp_run_all(run_cpu);
}
