// A TDX module in a test process: real memory, a scripted CPU, and a TD built by SEAMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// svm_enter() calls the script of the test, which plays the TD: it sets registers and an exit code.
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/tdx/module.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/seamcall.h"

/* Statuses are unsigned and wider than int. */
#define assert_status(actual, expected) assert_int_equal(actual, (uint64_t)(expected))

#define FIXTURE_VCPUS 2
#define FIXTURE_CPUS 4
#define FIXTURE_HOB 0x809000
#define FIXTURE_AREAS 64

struct module_fixture {
	struct module_platform platform;
	uint64_t base, end; /* convertible memory; PAMT first */
	uint64_t next;      /* frames that were never given out */
	/* The machine's own entries for each 2 MiB from base on. All are dirty: a test makes those
	 * clean whose memory is to be untouched. */
	uint64_t areas[FIXTURE_AREAS];
	uint64_t tdr, tdvpr[FIXTURE_VCPUS];
	struct seam_regs regs; /* of the last call() */

	unsigned cpu;             /* that the calls are made on */
	enum pg_level nested_top; /* svm_nested_top(): PG_512G unless a test says otherwise */
	bool nmi;                 /* wake_nmi_pending() of the CPU */
	bool (*kicked)(void);     /* asked in the middle of long leaves; null: never */
	/* The TD: called at each VMRUN with the number of VMRUNs since enter() before it. */
	void (*script)(struct svm_vcpu *vcpu, unsigned run);
	unsigned runs;
	uint64_t injected; /* the last event that a VMRUN since enter() delivered */
	uint8_t code[16];  /* at RIP, wherever that is */
	bool code_gone;    /* and nobody can read it */
	uint64_t shared_root;

	char reason[256]; /* of machine_exit() */
	jmp_buf exit;
};
extern struct module_fixture fixture;

/* Loads the module on fresh memory, ready for TDs; in the first call of a process only. A group's
 * set-up for cmocka: returns 0 and does not look at state. */
int fixture_load(void **state);
/* What the host does after module_load(), with one TDMR for the first GiB. */
void fixture_sys_init(void);
/* Valid TDMR_INFO, in the first frame; all memory after its PAMTs is unused again. */
struct tdmr_info *fixture_tdmr(void);
/* A frame that was never used, of 4 KiB or 2 MiB. */
uint64_t fixture_frame(enum pg_level level);
/* One SEAMCALL; outputs are in fixture.regs. */
uint64_t call(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);
/* Valid TD_PARAMS, in a new page. */
struct td_params *fixture_params(void);
/* TD up to each step; the one before is done too. A new TD at each call of the first. */
void fixture_create(void);
void fixture_init(const struct td_params *params);
void fixture_vcpus(void);
/* Tables down to level 1 for the 1 GiB at address. */
void fixture_tables(uint64_t address);
void fixture_finalize(void);

/* TDH.VP.ENTER of vCPU 0 with a script; RAX. */
uint64_t enter(void (*script)(struct svm_vcpu *vcpu, unsigned run));
/* One TDCALL of vCPU 0 in 64-bit mode, as a TD makes it; returns RAX, other registers in gpr().
 * exited says whether it became a TD exit: then it returns what TDH.VP.ENTER returned. */
uint64_t tdcall_of_td(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9,
		      bool *exited);

/* vCPU 0 as the module has it, its general registers and VMCB, and the TDCS. */
struct vcpu;
struct vcpu *vcpu(void);
struct svm_vcpu *fixture_svm(void);
uint64_t *gpr(void);
struct vmcb *vmcb(void);
struct tdcs *tdcs(void);
