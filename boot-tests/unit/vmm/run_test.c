// Tests of the life of TDs in the list: who ends, in which order, and what ends the machine.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each CPU is a thread.
#include "boot-tests/vmm/td/run.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "arch/base/check.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
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

#define CPUS 4
#define POOL_SIZE UINT64_C(0x2000000)

static const struct config habits;
/* CPUs 0 and 1 are the first TD's, 2 and 3 of one TD each. */
static const struct run_td tds[] = {
	{ .place = { .vcpu_count = 2, .hkid = 1, .q35 = true, .ends_all = true, .prefix = "" },
	  .config = &habits },
	{ .place = { .cpu_base = 2, .vcpu_count = 1, .hkid = 2, .prefix = "second " },
	  .config = &habits },
	{ .place = { .cpu_base = 3, .vcpu_count = 1, .hkid = 3, .prefix = "third " },
	  .config = &habits },
};

bool stats_icount;

static struct {
	pthread_mutex_t lock; /* over what follows, but what a test sets */
	bool over;            /* the machine has ended: each CPU leaves */
	unsigned cpus;
	unsigned told; /* TDs whose own end was told */
	enum machine_exit_code code;
	char text[VERDICT_TEXT_SIZE];
	char log[4096];
	bool stops[CPUS];      /* this CPU's vCPU finds the TD's end */
	unsigned late;         /* that of CPU 0 once so many ends were told */
	unsigned reset_rounds; /* so often that of CPU 2 finds one, and the TD is built again */
	unsigned fail_build, fail_destroy, fail_fw_cfg; /* hkid of the TD; 0: none */
	bool lose_frame;
	enum mmu_checked checked;
	bool stop_asked;             /* the time is over: nothing comes again */
	bool shown;                  /* the secret is in shared memory */
	uint64_t mapped, pages;      /* of a TD, by its host and by the module */
	unsigned builds, fail_later; /* the one with this number fails; 0: none */
	unsigned lives;              /* of the only TD */
	bool wants_again;            /* the TD of CPU 2 is always to be built again */
} world;
static _Thread_local unsigned this_cpu;
static void (*cpu_entry)(unsigned cpu);
static jmp_buf ended_here; /* the machine has no CPU that runs any more */

static void note(const char *format, ...)
{
	pthread_mutex_lock(&world.lock);
	size_t used = strlen(world.log);
	va_list args;
	va_start(args, format);
	vsnprintf(world.log + used, sizeof(world.log) - used, format, args);
	va_end(args);
	pthread_mutex_unlock(&world.lock);
}

/* --- the machine ------------------------------------------------------------------------------ */

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	pthread_mutex_lock(&world.lock);
	if (!world.over) {
		world.code = code;
		va_start(args, format);
		vsnprintf(world.text, sizeof(world.text), format, args);
		va_end(args);
	}
	__atomic_store_n(&world.over, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&world.lock);
	if (cpu_entry == NULL) {
		longjmp(ended_here, 1);
	}
	pthread_exit(NULL);
}

_Noreturn void bug(const char *file, int line, const char *what)
{
	machine_exit(EXIT_BUG, "%s:%d: %s", file, line, what);
}

void console_line(char tag, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (tag == 'N') {
		note("%s;", text);
		__atomic_add_fetch(&world.told, 1, __ATOMIC_ACQ_REL);
	}
}

unsigned cpu_index(void)
{
	return this_cpu;
}

uint64_t time_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool cpu_stop_asked(void)
{
	return world.stop_asked;
}

_Noreturn void cpu_stop(void)
{
	pthread_exit(NULL);
}

/* Of a CPU that waits. */
static void give_way(void)
{
	if (__atomic_load_n(&world.over, __ATOMIC_ACQUIRE)) {
		pthread_exit(NULL);
	}
	sched_yield();
}

void lapic_nap(void)
{
	give_way();
}

void time_delay_us(uint64_t us)
{
	(void)us;
	give_way();
}

static void *run_thread(void *arg)
{
	this_cpu = (unsigned)(uintptr_t)arg;
	cpu_entry(this_cpu);
	return NULL;
}

_Noreturn void smp_run_all(void (*entry)(unsigned index))
{
	pthread_t threads[CPUS];
	cpu_entry = entry;
	for (unsigned cpu = 0; cpu < world.cpus; cpu++) {
		CHECK(pthread_create(&threads[cpu], NULL, run_thread, (void *)(uintptr_t)cpu) == 0);
	}
	for (unsigned cpu = 0; cpu < world.cpus; cpu++) {
		CHECK(pthread_join(threads[cpu], NULL) == 0);
	}
	longjmp(ended_here, 1);
}

void svm_cpu_init(void)
{
}

void wake_kick(unsigned cpu)
{
	CHECK(cpu < CPUS);
}

uint64_t svm_bare_exit(void)
{
	return 0;
}

void stats_set_shared_pages(uint64_t pages)
{
	(void)pages;
}

void stats_run_begins(uint64_t tsc)
{
	(void)tsc;
}

void stats_run_ends(uint64_t tsc)
{
	(void)tsc;
}

void stats_set_bare_exit(uint64_t instructions)
{
	(void)instructions;
}

void lapic_renew(void)
{
}

void chipset_restore(void)
{
	note("chipset;");
}

void lapic_group(unsigned first, unsigned count)
{
	note("group %u+%u;", first, count);
}

/* --- what a TD is made of --------------------------------------------------------------------- */

struct module_census module_census(void)
{
	return (struct module_census){ .hkids = 1 };
}

uint64_t module_pages_of(hpa_t tdr)
{
	(void)tdr;
	return world.pages;
}

enum mmu_checked mmu_check(struct mmu *mmu, uint64_t *pages, char *error, size_t error_size)
{
	(void)mmu;
	*pages = world.mapped;
	snprintf(error, error_size, "an entry is wrong");
	return world.checked;
}

bool secret_in_shared(const char *text, const struct mmu *mmu, uint64_t start, uint64_t end,
		      uint64_t *where)
{
	(void)mmu;
	(void)end;
	CHECK(text == habits.secret);
	*where = start + 0x1000;
	return world.shown && start != 0;
}

enum status td_build(struct host_td *td, const struct td_place *place, const struct config *config,
		     struct blob firmware, struct verdict *verdict)
{
	(void)config;
	(void)firmware;
	td->place = *place;
	td->tdr = frames_take_page();
	note("build %u;", place->hkid);
	if (world.fail_build == place->hkid || ++world.builds == world.fail_later) {
		verdict_setup(verdict, "cannot build %u", place->hkid);
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

enum status td_destroy(struct host_td *td, uint32_t module_hkid, struct seam_failure *failure)
{
	CHECK(module_hkid == 77);
	if (td->tdr.v == 0) {
		return ST_OK;
	}
	note("destroy %u by CPU %u;", td->place.hkid, this_cpu);
	if (world.fail_destroy == td->place.hkid) {
		*failure = (struct seam_failure){ "TDH_X", 1, { 2, 3, 4, 5 } };
		return ST_TDX;
	}
	if (!world.lose_frame) {
		frames_give_page(td->tdr);
	}
	memset(td, 0, sizeof(*td));
	return ST_OK;
}

enum status td_flush_vcpu(struct host_td *td, unsigned index, struct seam_failure *failure)
{
	(void)failure;
	CHECK(td->place.cpu_base + index == this_cpu);
	return ST_OK;
}

void devices_make(struct host_td *td)
{
	(void)td;
}

enum status fw_cfg_remap_init(struct fw_cfg_remap *remap, const struct td_place *place,
			      struct mmu *mmu, const struct config *config, struct verdict *verdict)
{
	(void)remap;
	(void)mmu;
	(void)config;
	if (world.fail_fw_cfg == place->hkid) {
		verdict_no_madt(verdict);
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

void fw_cfg_remap_print(const struct fw_cfg_remap *remap)
{
	(void)remap;
}

void fw_cfg_remap_destroy(struct fw_cfg_remap *remap)
{
	(void)remap;
}

void vcpu_log(const struct host_td *td, unsigned index)
{
	note("vcpu %u of %u;", index, td->place.hkid);
}

/* A vCPU that finds no end runs until another one has. */
void vcpu_run(struct host_td *td, unsigned index, struct verdict *verdict)
{
	CHECK(td->place.cpu_base + index == this_cpu);
	while (this_cpu == 0 && __atomic_load_n(&world.told, __ATOMIC_ACQUIRE) < world.late) {
		give_way();
	}
	if (this_cpu == 2 && world.reset_rounds > 0) {
		world.reset_rounds--;
		verdict_reset(verdict, 6, 0xCF9);
	} else if (world.stops[this_cpu] && this_cpu == 0) {
		verdict_power_off(verdict);
	} else if (world.stops[this_cpu]) {
		verdict_all_halted(verdict);
	}
	while (!verdict->given && !td_ending(td)) {
		give_way();
	}
}

/* --- the host script -------------------------------------------------------------------------- */

static bool again(const struct verdict *verdict)
{
	CHECK(verdict->given);
	if (this_cpu < 2) {
		note("verdict %u;", verdict->code);
		return world.lives > 0 && --world.lives > 0;
	}
	return this_cpu == 2 && (world.reset_rounds > 0 || world.wants_again);
}

/* --- tests ------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
	static uint8_t *pool;
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(0x200000, POOL_SIZE);
	}
	assert_non_null(pool);
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	memset(&world, 0, sizeof(world));
	CHECK(pthread_mutex_init(&world.lock, NULL) == 0);
	cpu_entry = NULL;
	hooks.end = again;
	return 0;
}

/* The machine with so many of the TDs, until it ends by this status for this reason. */
static void run_some(unsigned count, enum machine_exit_code code, const char *text)
{
	world.cpus = count == 1 ? tds[0].place.vcpu_count : CPUS;
	if (setjmp(ended_here) == 0) {
		run_all(tds, count, 77);
	}
	assert_int_equal(world.code, code);
	assert_string_equal(world.text, text);
}

static void run(enum machine_exit_code code, const char *text)
{
	run_some(ARRAY_COUNT(tds), code, text);
}

#define BUILT "build 1;group 0+2;build 2;group 2+1;build 3;group 3+1;"
#define OTHERS_CLOSED                                           \
	"destroy 2 by CPU 2;second TD: the first TD has ended;" \
	"destroy 3 by CPU 3;third TD: the first TD has ended;"

static void the_end_of_one_is_that_of_all(void **state)
{
	(void)state;
	world.stops[0] = true;
	world.wants_again = true; /* but not now */
	run(EXIT_POWER_OFF, "TD powered itself off");
	assert_string_equal(world.log, BUILT OTHERS_CLOSED "destroy 1 by CPU 0;");
}

/* The vCPU that finds the reason is shown, and takes the TD down. */
static void any_vcpu_may_end_it(void **state)
{
	(void)state;
	world.stops[1] = true;
	run(EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
	assert_string_equal(world.log, BUILT "vcpu 1 of 1;" OTHERS_CLOSED "destroy 1 by CPU 1;");
}

static void another_may_end_before(void **state)
{
	(void)state;
	world.stops[3] = world.stops[0] = true;
	world.late = 1;
	run(EXIT_POWER_OFF, "TD powered itself off");
	assert_string_equal(world.log, BUILT "vcpu 0 of 3;destroy 3 by CPU 3;"
					     "third TD: all vCPUs halted with interrupts off;"
					     "destroy 2 by CPU 2;"
					     "second TD: the first TD has ended;"
					     "destroy 1 by CPU 0;");
}

static void a_script_may_have_it_built_again(void **state)
{
	(void)state;
	world.reset_rounds = 2;
	world.stops[0] = true;
	world.late = 2;
	run(EXIT_POWER_OFF, "TD powered itself off");
	assert_string_equal(world.log,
			    BUILT "destroy 2 by CPU 2;"
				  "second TD: TD asked for a reset: 0x6 to port 0xcf9;build 2;"
				  "destroy 2 by CPU 2;"
				  "second TD: TD asked for a reset: 0x6 to port 0xcf9;"
				  "destroy 3 by CPU 3;third TD: the first TD has ended;"
				  "destroy 1 by CPU 0;");
}

/* All its vCPUs come again, and the chipset is as it was at first. */
static void the_only_one_may_come_again(void **state)
{
	(void)state;
	world.lives = 3;
	world.stops[1] = true;
	run_some(1, EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
	assert_string_equal(world.log, "build 1;group 0+2;"
				       "vcpu 1 of 1;destroy 1 by CPU 1;chipset;verdict 12;build 1;"
				       "vcpu 1 of 1;destroy 1 by CPU 1;chipset;verdict 12;build 1;"
				       "vcpu 1 of 1;destroy 1 by CPU 1;chipset;verdict 12;");
	/* A life that cannot be built is over. */
	(void)set_up(NULL);
	world.lives = 3;
	world.stops[1] = true;
	world.fail_later = 2;
	run_some(1, EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
	assert_string_equal(world.log, "build 1;group 0+2;"
				       "vcpu 1 of 1;destroy 1 by CPU 1;chipset;verdict 12;build 1;"
				       "destroy 1 by CPU 1;verdict 2;build 1;"
				       "vcpu 1 of 1;destroy 1 by CPU 1;chipset;verdict 12;");
	/* What it leaves behind is found then, not in the end. */
	(void)set_up(NULL);
	world.lives = 3;
	world.stops[1] = true;
	world.mapped = world.pages = 2;
	run_some(1, EXIT_BUG, "bug of the machine: after the TD 2 pages are its own, not 0");
	(void)set_up(NULL);
	world.lives = 3;
	world.stops[1] = world.stop_asked = true;
	run_some(1, EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
	assert_string_equal(world.log, "build 1;group 0+2;vcpu 1 of 1;destroy 1 by CPU 1;chipset;");
	(void)set_up(NULL);
	hooks.end = NULL;
	world.stops[0] = true;
	run_some(1, EXIT_POWER_OFF, "TD powered itself off");
	assert_string_equal(world.log, "build 1;group 0+2;destroy 1 by CPU 0;");
}

/* With no script a TD that has ended is gone. */
static void nobody_may_have_a_say(void **state)
{
	(void)state;
	hooks.end = NULL;
	world.reset_rounds = 2;
	world.stops[0] = true;
	world.late = 1;
	run(EXIT_POWER_OFF, "TD powered itself off");
	assert_string_equal(world.log, BUILT "destroy 2 by CPU 2;"
					     "second TD: TD asked for a reset: 0x6 to port 0xcf9;"
					     "destroy 3 by CPU 3;third TD: the first TD has ended;"
					     "destroy 1 by CPU 0;");
}

/* Whatever it has ended by. */
static void a_secret_that_is_shared_is_its_end(void **state)
{
	(void)state;
	world.stops[0] = world.shown = true;
	run_some(1, EXIT_TD_STOPPED, "the TD shows the secret: shared memory at GPA 0x100001000");
}

static void what_cannot_be_built_ends_all(void **state)
{
	(void)state;
	world.fail_build = 2;
	run(EXIT_SETUP, "cannot build 2");
	assert_string_equal(world.log, "build 1;group 0+2;build 2;"
				       "destroy 1 by CPU 0;destroy 2 by CPU 0;");
	(void)set_up(NULL);
	world.fail_fw_cfg = 1;
	run(EXIT_TD_STOPPED, "QEMU's ACPI tables have no MADT");
	assert_string_equal(world.log, "build 1;destroy 1 by CPU 0;");
}

static void the_books_must_balance(void **state)
{
	(void)state;
	world.stops[0] = world.lose_frame = true;
	run(EXIT_BUG,
	    "bug of the machine: after the TD 2109440 bytes of frames are taken, not 2097152");
	(void)set_up(NULL);
	/* 001-R92: what host and module have of the TD's memory. */
	world.stops[0] = true;
	world.mapped = 2;
	run(EXIT_BUG, "bug of the machine: after the TD 0 pages are its own, not 2");
	(void)set_up(NULL);
	world.stops[0] = true;
	world.checked = MMU_DIFFERS;
	run(EXIT_BUG, "bug of the machine: after the TD an entry is wrong");
	(void)set_up(NULL);
	world.stops[0] = true;
	world.fail_destroy = 1;
	run(EXIT_BUG, "bug of the machine: the TD cannot be taken down: TDH_X(RCX 0x1) failed: "
		      "0x0000000000000002, RCX 0x3, RDX 0x4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_end_of_one_is_that_of_all, set_up),
		cmocka_unit_test_setup(any_vcpu_may_end_it, set_up),
		cmocka_unit_test_setup(another_may_end_before, set_up),
		cmocka_unit_test_setup(a_script_may_have_it_built_again, set_up),
		cmocka_unit_test_setup(the_only_one_may_come_again, set_up),
		cmocka_unit_test_setup(nobody_may_have_a_say, set_up),
		cmocka_unit_test_setup(a_secret_that_is_shared_is_its_end, set_up),
		cmocka_unit_test_setup(what_cannot_be_built_ends_all, set_up),
		cmocka_unit_test_setup(the_books_must_balance, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
