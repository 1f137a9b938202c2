// Tests of SEAMCALLs that meet: two CPUs, until each has found the other's lock and all still adds
// up.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/module/td_mrtd.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)
#define ROUNDS 1000
/* The two sides are left to meet for so long; it takes a fraction of a second. */
#define BOUND_S 120

/* One CPU: what it calls, and what it may be answered: done, or the other has the lock. */
struct side {
	uint64_t (*call)(unsigned round);
	uint64_t done, busy;
	uint64_t also; /* one more answer, or done again */
	uint64_t dones, busies, alsos;
	uint64_t wrong; /* an answer that is none of them */
	bool failed;
};

static struct side sides[2];
static bool stop;

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool content(const struct side *side)
{
	return __atomic_load_n(&side->busies, __ATOMIC_RELAXED) > 0 &&
	       __atomic_load_n(&side->dones, __ATOMIC_RELAXED) >= ROUNDS;
}

static void *run_side(void *argument)
{
	struct side *side = argument;
	for (unsigned round = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); round++) {
		uint64_t status = side->call(round);
		if (status == side->done) {
			__atomic_fetch_add(&side->dones, 1, __ATOMIC_RELAXED);
		} else if (status == side->busy) {
			__atomic_fetch_add(&side->busies, 1, __ATOMIC_RELAXED);
		} else if (status == side->also) {
			side->alsos++;
		} else {
			side->wrong = status;
			side->failed = true;
			__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

/* Only the first side may use what the fixture has one of: the TD, and call(). */
static void contend(struct side first, struct side second)
{
	pthread_t threads[2];
	time_t deadline = seconds() + BOUND_S;
	sides[0] = first;
	sides[1] = second;
	stop = false;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
	}
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED) &&
	       !(content(&sides[0]) && content(&sides[1])) && seconds() < deadline) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		print_message("side %u: done %u, busy %u, else %u\n", i, (unsigned)sides[i].dones,
			      (unsigned)sides[i].busies, (unsigned)sides[i].alsos);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (sides[i].failed) {
			fail_msg("side %u: status 0x%llx", i, (unsigned long long)sides[i].wrong);
		}
		assert_true(content(&sides[i]));
	}
}

static uint64_t *entry(void)
{
	return sept_walk(tdcs()->sept_root, gpa(ADDRESS), PG_4K).entry;
}

static void assert_no_locks(void)
{
	for (uint64_t page = fixture.base; page < fixture.end; page += pg_size(PG_4K)) {
		assert_int_equal(pamt_find(hpa(page))->lock, 0);
	}
	assert_int_equal(tdcs()->sept_lock | tdcs()->epoch_lock, 0);
	assert_int_equal(tdcs()->epoch_vcpus[0] | tdcs()->epoch_vcpus[1], 0);
	assert_false(*entry() & SEPT_LOCK);
}

/* A SEAMCALL of the other CPU. */
static uint64_t other(uint64_t rax, uint64_t rcx, uint64_t rdx)
{
	struct seam_regs regs = { .rax = rax, .rcx = rcx, .rdx = rdx };
	return seamcall(&regs);
}

static uint64_t page;

static int setup(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	page = fixture_frame(PG_4K);
	assert_int_equal(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, fixture_frame(PG_4K)),
			 TDX_SUCCESS);
	return 0;
}

static void kick_script(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

static uint64_t enter_td(unsigned round)
{
	(void)round;
	return enter(kick_script);
}

static uint64_t track(unsigned round)
{
	(void)round;
	return other(TDH_MEM_TRACK, fixture.tdr, 0);
}

static void track_meets_entry(void **state)
{
	(void)state;
	fixture_finalize();
	uint64_t busy = TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH;
	uint64_t epoch = tdcs()->epoch;
	contend((struct side){ .call = enter_td, .done = KICKED, .busy = busy, .also = KICKED },
		(struct side){ .call = track,
			       .done = TDX_SUCCESS,
			       .busy = busy,
			       .also = TDX_PREVIOUS_TLB_EPOCH_BUSY });
	/* One more for each that was told so, and every entry has left its own. */
	assert_int_equal(tdcs()->epoch, epoch + sides[1].dones);
	assert_no_locks();
}

static uint64_t sept_rd(unsigned round)
{
	(void)round;
	return other(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr);
}

static void zero_step_meets_host(void **state)
{
	(void)state;
	fixture_finalize();
	/* A suspect whose page is there again. */
	vcpu()->fault_gpas[0] = ADDRESS;
	vcpu()->fault_gpa_count = 1;
	uint64_t before = *entry();
	uint64_t busy = TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
	contend((struct side){ .call = enter_td, .done = KICKED, .busy = busy, .also = KICKED },
		(struct side){ .call = sept_rd, .done = TDX_SUCCESS, .busy = busy, .also = busy });
	assert_int_equal(vcpu()->fault_gpa_count, 1);
	assert_int_equal(*entry(), before);
	assert_no_locks();
}

/* ACCEPT of a page that is accepted, and ATTR.RD, in turns. */
static uint64_t use_entry(unsigned round)
{
	bool exited;
	uint64_t leaf = round % 2 ? TDG_MEM_PAGE_ACCEPT : TDG_MEM_PAGE_ATTR_RD;
	return tdcall_of_td(leaf, ADDRESS, 0, 0, 0, &exited);
}

static void td_meets_host(void **state)
{
	(void)state;
	fixture_finalize();
	uint64_t busy = TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	uint64_t before = *entry();
	contend((struct side){ .call = use_entry,
			       .done = TDX_SUCCESS,
			       .busy = busy,
			       .also = TDX_PAGE_ALREADY_ACCEPTED },
		(struct side){ .call = sept_rd, .done = TDX_SUCCESS, .busy = busy, .also = busy });
	assert_true(sides[0].alsos > 0);
	assert_int_equal(*entry() & ~SEPT_HOST_PRIORITY, before);
	assert_no_locks();
}

static uint64_t extend(unsigned round)
{
	(void)round;
	return call(TDH_MR_EXTEND, ADDRESS, fixture.tdr, 0, 0);
}

/* Gets as far as the page, which is no free one. */
static uint64_t create_vcpu(unsigned round)
{
	(void)round;
	return other(TDH_VP_CREATE, fixture.tdvpr[1], fixture.tdr);
}

static void vp_create_meets_mr_extend(void **state)
{
	(void)state;
	static struct tdcs copy;
	copy = *tdcs();
	uint64_t busy = TDX_OPERAND_BUSY | TDX_OPERAND_RDX;
	contend((struct side){ .call = extend, .done = TDX_SUCCESS, .busy = busy, .also = busy },
		(struct side){ .call = create_vcpu,
			       .done = TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX,
			       .busy = busy,
			       .also = busy });
	/* MRTD has each of those that succeeded, and nothing else. */
	for (uint64_t i = 0; i < sides[0].dones; i++) {
		mrtd_extend(&copy, gpa(ADDRESS), hpa_ptr(hpa(page)));
	}
	assert_memory_equal(&copy, tdcs(), sizeof(copy));
	assert_no_locks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(track_meets_entry, setup),
		cmocka_unit_test_setup(zero_step_meets_host, setup),
		cmocka_unit_test_setup(td_meets_host, setup),
		cmocka_unit_test_setup(vp_create_meets_mr_extend, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
