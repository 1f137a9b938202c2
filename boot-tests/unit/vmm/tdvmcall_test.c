// Tests of what the host answers to a TDVMCALL: as KVM and QEMU do.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/call/tdvmcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "arch/x86/cpu.h"
#include "arch/x86/pc.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/unit/machine/fake_console.h"
#include "boot-tests/vmm/call/map_gpa.h"
#include "boot-tests/vmm/device/device_table.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/vmm_events.h"

#define VCPUS 4
/* APIC ids with a gap: 0, 1, 2, 70. The TD's CPUs begin at 1. */
#define CPU_BASE 1
static const uint32_t apic_ids[CPU_BASE + VCPUS] = { 9, 0, 1, 2, 70 };

static struct host_td td;
static struct config config;
static struct {
	bool seam_fails;       /* TDH.VP.RD */
	char sent[256];        /* IPIs and kicks */
	unsigned waits;        /* in cpu_wait_nmi(), cpu_wait_interrupt() */
	void (*waiting)(void); /* what happens meanwhile */
	bool nmi[CPU_BASE + VCPUS];
} host;
static struct verdict verdict;

unsigned cpu_count(void)
{
	return CPU_BASE + VCPUS;
}

uint32_t cpu_apic_id(unsigned index)
{
	assert_true(index < CPU_BASE + VCPUS);
	return apic_ids[index];
}

uint64_t time_tsc_khz(void)
{
	return 1000000;
}

uint8_t cpu_wait_interrupt(void)
{
	host.waits++;
	return 0;
}

void cpu_wait_nmi(void)
{
	assert_true(host.waits++ < 10); /* nobody would wake it */
	if (host.waiting != NULL) {
		host.waiting();
	}
}

void wake_take_kick(void)
{
}

void wake_kick(unsigned cpu)
{
	size_t used = strlen(host.sent);
	snprintf(host.sent + used, sizeof(host.sent) - used, "kick %u;", cpu);
}

bool wake_nmi_pending(unsigned cpu)
{
	return host.nmi[cpu];
}

bool lapic_send_ipi(unsigned index, uint64_t icr)
{
	size_t used = strlen(host.sent);
	snprintf(host.sent + used, sizeof(host.sent) - used, "%llx to %u;", (unsigned long long)icr,
		 index);
	return (icr & 0x700) == 0;
}

bool lapic_x2apic_read(uint32_t msr, uint64_t *value)
{
	*value = msr;
	return true;
}

bool lapic_x2apic_write(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	return true;
}

uint64_t seamcall(struct seam_regs *regs)
{
	assert_int_equal(regs->rax, TDH_VP_RD);
	*regs = (struct seam_regs){ 0 };
	return regs->rax = host.seam_fails ? TDX_OPERAND_INVALID | TDX_OPERAND_RCX : TDX_SUCCESS;
}

uint64_t time_us(void)
{
	return 0;
}

/* A cache of each level, shared by nobody. */
struct cpuid_result module_native_cpuid(uint32_t leaf, uint32_t subleaf)
{
	assert_int_equal(leaf, 4);
	return (struct cpuid_result){ subleaf < 4 ? 1 | (subleaf + 1) << 5 : 0, 2, 3, 4 };
}

void module_post_interrupt(hpa_t tdvpr, uint8_t vector)
{
	(void)tdvpr;
	(void)vector;
}

/* Not what is tested here. */
static uint64_t map_gpa_status, map_gpa_r11;
uint64_t map_gpa(struct mmu *mmu, const struct config *settings, uint64_t *again,
		 struct seam_regs *regs, struct verdict *why)
{
	(void)mmu;
	(void)settings;
	(void)again;
	(void)why;
	regs->r11 = map_gpa_r11;
	return map_gpa_status;
}

bool mmu_is_shared(const struct mmu *mmu, uint64_t address, uint64_t size)
{
	(void)mmu;
	(void)address;
	(void)size;
	return false;
}

void *mmu_shared(const struct mmu *mmu, uint64_t address)
{
	(void)mmu;
	(void)address;
	return NULL;
}

/* --- devices: they note who was asked for what ------------------------------------------------ */

static struct {
	void *device;
	uint64_t address, value;
	unsigned size;
} access;

static uint64_t note_read(void *device, uint64_t address, unsigned size)
{
	access.device = device;
	access.address = address;
	access.size = size;
	return 0x1234;
}

static void note_write(void *device, uint64_t address, unsigned size, uint64_t value,
		       struct verdict *why)
{
	(void)note_read(device, address, size);
	access.value = value;
	if (value == 0xDEAD) {
		verdict_power_off(why);
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&td, 0, sizeof(td));
	memset(&host, 0, sizeof(host));
	memset(&config, 0, sizeof(config));
	memset(event_tdvmcall_counts, 0, sizeof(event_tdvmcall_counts));
	memset(event_kvm_hypercall_counts, 0, sizeof(event_kvm_hypercall_counts));
	memset(&verdict, 0, sizeof(verdict));
	memset(&access, 0, sizeof(access));
	td.place = (struct td_place){ .cpu_base = CPU_BASE, .vcpu_count = VCPUS };
	td.config = &config;
	td.mmu.gpaw = 48;
	for (unsigned i = 0; i < VCPUS; i++) {
		msr_file_init(&td.vcpus[i].msrs, i == 0, 0);
	}
	return 0;
}

/* R10 of one TDVMCALL of vCPU 1. */
static uint64_t vmcall(uint64_t r11, uint64_t r12, uint64_t r13, uint64_t *out)
{
	struct seam_regs regs = { .rcx = TDVMCALL_EXPOSE_ALL, .r11 = r11, .r12 = r12, .r13 = r13 };
	tdvmcall(&td, 1, &regs, &verdict);
	if (out != NULL) {
		*out = regs.r11;
	}
	return regs.r10;
}

static uint64_t hypercall(uint64_t number, uint64_t r11, uint64_t r12, uint64_t r13, uint64_t r14)
{
	struct seam_regs regs = { .r10 = number, .r11 = r11, .r12 = r12, .r13 = r13, .r14 = r14 };
	tdvmcall(&td, 1, &regs, &verdict);
	assert_int_equal(event_kvm_hypercall_counts[number < KVM_HC_COUNT ? number : KVM_HC_COUNT],
			 1);
	event_kvm_hypercall_counts[number < KVM_HC_COUNT ? number : KVM_HC_COUNT] = 0;
	return regs.r10;
}

static void wbinvd_is_refused(void **state)
{
	(void)state;
	assert_int_equal(vmcall(TDVMCALL_WBINVD, 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
	config.wbinvd = true;
	assert_int_equal(vmcall(TDVMCALL_WBINVD, 0, 0, NULL), TDVMCALL_SUCCESS);
	assert_int_equal(vmcall(TDVMCALL_PCONFIG, 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
	assert_int_equal(vmcall(TDVMCALL_SERVICE, 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
}

/* Not even its number is looked at. */
static void a_secret_in_a_register_ends_the_td(void **state)
{
	(void)state;
	struct seam_regs regs = { .r11 = TDVMCALL_WBINVD };
	strcpy(config.secret, "12345678");
	assert_int_equal(vmcall(TDVMCALL_WBINVD, 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
	assert_false(verdict.given);
	memcpy(&regs.rbx, "12345678", 8);
	tdvmcall(&td, 1, &regs, &verdict);
	assert_string_equal(verdict.text, "vCPU 1 shows the secret: rbx of TDVMCALL 0x36");
	assert_int_equal(regs.r10, 0);
}

static struct hook_answer answer;

static const struct hook_answer *ask(enum hook_call kind, uint64_t number, struct host_td *of)
{
	assert_int_equal(kind, HOOK_TDVMCALL);
	assert_ptr_equal(of, &td);
	return number == TDVMCALL_GET_TD_VM_CALL_INFO ? &answer : NULL;
}

static void a_script_has_its_say(void **state)
{
	(void)state;
	uint64_t r11;
	hooks.call = ask;
	answer = (struct hook_answer){ .set = BIT32(HOOK_REG(r11)), .regs = { .r11 = 7 } };
	assert_int_equal(vmcall(TDVMCALL_GET_TD_VM_CALL_INFO, 2, 0, &r11),
			 TDVMCALL_INVALID_OPERAND);
	assert_int_equal(r11, 7);
	answer = (struct hook_answer){ .instead = true,
				       .set = BIT32(HOOK_REG(r10)),
				       .regs = { .r10 = TDVMCALL_RETRY } };
	assert_int_equal(vmcall(TDVMCALL_GET_TD_VM_CALL_INFO, 0, 0, &r11), TDVMCALL_RETRY);
	assert_int_equal(r11, TDVMCALL_GET_TD_VM_CALL_INFO); /* nobody has served it */
	assert_int_equal(vmcall(TDVMCALL_WBINVD, 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
	hooks.call = NULL;
	assert_int_equal(vmcall(TDVMCALL_GET_TD_VM_CALL_INFO, 0, 0, &r11), TDVMCALL_SUCCESS);
	assert_int_equal(r11, 0);
}

/* Refused, and counted: the numbers around those that there are, too. */
static void unknown_sub_functions_are_counted(void **state)
{
	(void)state;
	static const uint64_t numbers[] = { EXIT_REASON_COUNT, TDVMCALL_FIRST - 1,
					    TDVMCALL_LAST + 1, UINT64_MAX };
	uint64_t *unknown = &event_tdvmcall_counts[TDVMCALL_KEY_COUNT];
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		assert_int_equal(*unknown, i);
		assert_int_equal(vmcall(numbers[i], 0, 0, NULL), TDVMCALL_SUBFUNC_UNSUPPORTED);
	}
	assert_int_equal(*unknown, ARRAY_COUNT(numbers));
}

static void fatal_code_has_no_low_bits(void **state)
{
	(void)state;
	static const uint64_t refused[] = { 1, 0x8000, 0xBEEF, 0x10001,
					    TDVMCALL_FATAL_HAS_GPA | 1 };
	static const uint64_t taken[] = { 0, 0x10000, 0xBEEF0000, TDVMCALL_FATAL_HAS_GPA };
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		set_up(NULL);
		struct seam_regs regs = { .rcx = BIT64(14),
					  .r11 = TDVMCALL_REPORT_FATAL_ERROR,
					  .r12 = refused[i],
					  .r14 = 0x74786574 };
		tdvmcall(&td, 1, &regs, &verdict);
		assert_int_equal(verdict.code, EXIT_TD_STOPPED);
		char code[32];
		snprintf(code, sizeof(code), "code 0x%llx:", (unsigned long long)refused[i]);
		assert_non_null(strstr(verdict.text, code));
		assert_non_null(strstr(verdict.text, "text"));
	}
	for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
		set_up(NULL);
		(void)vmcall(TDVMCALL_REPORT_FATAL_ERROR, taken[i], 0, NULL);
		assert_int_equal(verdict.code, EXIT_FATAL_ERROR);
	}
}

static void features_are_qemus(void **state)
{
	(void)state;
	struct seam_regs regs = { .r11 = TDVMCALL_CPUID, .r12 = 0x40000001, .r13 = 5 };
	tdvmcall(&td, 1, &regs, &verdict);
	assert_int_equal(regs.r10, TDVMCALL_SUCCESS);
	/* NOP_IO_DELAY, PV_UNHALT, PV_TLB_FLUSH, PV_SEND_IPI, POLL_CONTROL, PV_SCHED_YIELD,
	 * MSI_EXT_DEST_ID */
	assert_int_equal(regs.r12, 0xBA82);
	assert_int_equal(regs.r13 | regs.r14 | regs.r15, 0);
}

static struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct seam_regs regs = { .r11 = TDVMCALL_CPUID, .r12 = leaf, .r13 = subleaf };
	tdvmcall(&td, 1, &regs, &verdict);
	assert_int_equal(regs.r10, TDVMCALL_SUCCESS);
	return (struct cpuid_result){ (uint32_t)regs.r12, (uint32_t)regs.r13, (uint32_t)regs.r14,
				      (uint32_t)regs.r15 };
}

/* QEMU's leaf 0BH says how many ids a core and a package have. */
static void caches_and_packages_are_qemus(void **state)
{
	(void)state;
	uint32_t core = insn_cpuid(0xB, 0).eax & 0x1F;
	uint32_t package = insn_cpuid(0xB, 1).eax & 0x1F;
	uint32_t core_ids = (1u << (package - core)) - 1;
	for (uint32_t i = 0; i < 4; i++) {
		struct cpuid_result r = cpuid(4, i);
		uint32_t sharing = i == 2 ? package : core; /* level 3 */
		assert_int_equal(r.eax, 1 | (i + 1) << 5 | ((1u << sharing) - 1) << 14 |
						(core_ids < 63 ? core_ids : 63) << 26);
		assert_int_equal(r.ebx, 2);
	}
	assert_int_equal(cpuid(4, 4).eax, 0);
	uint32_t ids = 1u << package;
	assert_int_equal((cpuid(1, 0).ebx >> 16) & 0xFF, ids < 255 ? ids : 255);
}

/* KVM: as the last basic leaf, by the sub-leaf that was asked for. */
static void leaves_beyond_the_last_are_the_last(void **state)
{
	(void)state;
	static const uint32_t beyond[] = { 0x20,       0x3FFFFFFF, 0x40000002, 0x40000100,
					   0x4FFFFFFF, 0x50000000, 0x80000009, 0xBFFFFFFF,
					   0xC0000000, UINT32_MAX };
	for (size_t i = 0; i < ARRAY_COUNT(beyond); i++) {
		for (uint32_t subleaf = 0; subleaf < 3; subleaf++) {
			struct cpuid_result last = cpuid(0x1F, subleaf);
			struct cpuid_result r = cpuid(beyond[i], subleaf);
			assert_int_equal(r.eax, last.eax);
			assert_int_equal(r.ebx, last.ebx);
			assert_int_equal(r.ecx, last.ecx);
		}
	}
	assert_int_equal(cpuid(0x1F, 1).ecx & 0xFF, 1);
	assert_int_equal(cpuid(0x40000000, 0).ebx, 0x4B4D564B);
}

static void hypercalls_are_those_of_the_features(void **state)
{
	(void)state;
	assert_int_equal(hypercall(1, 0, 0, 0, 0), 0);
	assert_int_equal(hypercall(11, 70, 0, 0, 0), 0);
	for (uint64_t number = 2; number < 100; number++) {
		if (number != 5 && number != 10 && number != 11) {
			assert_int_equal(hypercall(number, 0, 0, 0, 0), (uint64_t)-1000);
		}
	}
	assert_int_equal(hypercall(UINT64_MAX - 15, 0, 0, 0, 0), (uint64_t)-1000);
	assert_string_equal(host.sent, "");
}

static void send_ipi_finds_ids(void **state)
{
	(void)state;
	/* Ids 0, 2, 3 (none), 70; CPUs 1, 3 and 4. */
	assert_int_equal(hypercall(10, 0xD, BIT64(6), 0, 0x4031), 3);
	assert_string_equal(host.sent, "4031 to 1;4031 to 3;4031 to 4;");
	host.sent[0] = 0;
	/* From id 2 on; another TD's CPU 0, id 9, is none of this TD's. */
	assert_int_equal(hypercall(10, BIT64(0) | BIT64(7), BIT64(4), 2, 0xFB), 2);
	assert_string_equal(host.sent, "fb to 3;fb to 4;");
	host.sent[0] = 0;
	assert_int_equal(hypercall(10, UINT64_MAX, UINT64_MAX, 71, 0xFB), 0);
	assert_int_equal(hypercall(10, UINT64_MAX, UINT64_MAX, UINT32_MAX, 0xFB), 0);
	/* KVM's min has 32 bits. */
	assert_int_equal(hypercall(10, 1, 0, BIT64(32), 0xFB), 1);
	host.sent[0] = 0;
	/* INIT: sent to nobody. Logical or by shorthand: refused. */
	assert_int_equal(hypercall(10, 1, 0, 0, 0x500), 0);
	host.sent[0] = 0;
	assert_int_equal(hypercall(10, 1, 0, 0, 0x800), (uint64_t)-22);
	assert_int_equal(hypercall(10, 1, 0, 0, 0x40000), (uint64_t)-22);
	assert_int_equal(hypercall(10, 1, 0, 0, 0x80000), (uint64_t)-22);
	assert_string_equal(host.sent, "");
}

static void kick_ends_a_halt(void **state)
{
	(void)state;
	/* Nobody has the id. */
	assert_int_equal(hypercall(5, 0, 3, 0, 0), 0);
	assert_string_equal(host.sent, "");
	/* A kick of one that runs ends its next HLT, and only that. */
	assert_int_equal(hypercall(5, 0, 1, 0, 0), 0);
	assert_string_equal(host.sent, "kick 2;");
	assert_int_equal(vmcall(TDVMCALL_HLT, 1, 0, NULL), TDVMCALL_SUCCESS);
	assert_int_equal(host.waits, 0);
	assert_int_equal(hypercall(5, 0, 1, 0, 0), 0);
	assert_int_equal(vmcall(TDVMCALL_HLT, 0, 0, NULL), TDVMCALL_SUCCESS);
	assert_int_equal(host.waits, 0);
	assert_int_equal(vmcall(TDVMCALL_HLT, 0, 0, NULL), TDVMCALL_SUCCESS);
	assert_int_equal(host.waits, 1);
}

static void kick_self(void)
{
	if (host.waits == 3) {
		struct seam_regs regs = { .r10 = 5, .r12 = apic_ids[CPU_BASE + 1] };
		tdvmcall(&td, 0, &regs, &verdict);
	}
}

static void nmi_self(void)
{
	host.nmi[CPU_BASE + 1] = host.waits == 2;
}

static void a_blocked_halt_waits(void **state)
{
	(void)state;
	host.waiting = kick_self;
	assert_int_equal(vmcall(TDVMCALL_HLT, 1, 0, NULL), TDVMCALL_SUCCESS);
	assert_int_equal(host.waits, 3);
	assert_int_equal(td.stopped_count, 0);
	assert_false(td.vcpus[1].unhalted);
	host.waiting = nmi_self;
	host.waits = 0;
	assert_int_equal(vmcall(TDVMCALL_HLT, 2, 0, NULL), TDVMCALL_SUCCESS); /* all of R12 */
	assert_int_equal(host.waits, 2);
	assert_false(verdict.given);
}

static void the_last_halt_ends_the_td(void **state)
{
	(void)state;
	td.stopped_count = VCPUS - 1;
	(void)vmcall(TDVMCALL_HLT, 1, 0, NULL);
	assert_int_equal(verdict.code, EXIT_TD_STOPPED);
	/* But not while one of the others has been woken. */
	set_up(NULL);
	td.stopped_count = VCPUS - 1;
	td.vcpus[3].unhalted = true;
	host.waiting = nmi_self;
	(void)vmcall(TDVMCALL_HLT, 1, 0, NULL);
	assert_false(verdict.given);
	set_up(NULL);
	td.stopped_count = VCPUS - 1;
	host.nmi[CPU_BASE + 3] = true;
	host.waiting = nmi_self;
	(void)vmcall(TDVMCALL_HLT, 1, 0, NULL);
	assert_false(verdict.given);
}

static void a_halt_ends_with_the_td(void **state)
{
	(void)state;
	td.ending = true;
	(void)vmcall(TDVMCALL_HLT, 1, 0, NULL);
	assert_int_equal(host.waits, 0);
	assert_false(verdict.given);
}

static void a_seamcall_that_fails_ends_the_td(void **state)
{
	(void)state;
	host.seam_fails = true;
	(void)vmcall(TDVMCALL_HLT, 0, 0, NULL);
	assert_int_equal(verdict.code, EXIT_TD_STOPPED);
	assert_non_null(strstr(verdict.text, "host: TDH_VP_RD(RCX 0x0) failed"));
	assert_int_equal(host.waits, 0);
}

/* An access of a TD, R12 to R15 as the GHCI has them; R11. */
static uint64_t device_access(uint64_t sub_function, uint64_t size, uint64_t write,
			      uint64_t address, uint64_t value, uint64_t status)
{
	struct seam_regs regs = {
		.r11 = sub_function, .r12 = size, .r13 = write, .r14 = address, .r15 = value
	};
	memset(&access, 0, sizeof(access));
	tdvmcall(&td, 1, &regs, &verdict);
	assert_int_equal(regs.r10, status);
	return regs.r11;
}

static void ports_reach_their_row(void **state)
{
	(void)state;
	int all;
	int one;
	device_add(&td.ports, (struct device_row){ 0, 0x10000, &all, note_read, note_write });
	device_add(&td.ports, (struct device_row){ 0x70, 2, &one, note_read, note_write });
	for (unsigned size = 0; size <= 9; size++) {
		bool valid = size == 1 || size == 2 || size == 4;
		uint64_t status = valid ? TDVMCALL_SUCCESS : TDVMCALL_INVALID_OPERAND;
		(void)device_access(TDVMCALL_IO, size, 0, 0x70, 0, status);
		assert_int_equal(access.size, valid ? size : 0);
	}
	assert_int_equal(device_access(TDVMCALL_IO, 1, 0, 0x71, 0, TDVMCALL_SUCCESS), 0x1234);
	assert_ptr_equal(access.device, &one);
	/* The port at which the access begins. */
	(void)device_access(TDVMCALL_IO, 4, 0, 0x6E, 0, TDVMCALL_SUCCESS);
	assert_ptr_equal(access.device, &all);
	(void)device_access(TDVMCALL_IO, 1, 1, 0x70, 0x12345678, TDVMCALL_SUCCESS);
	assert_int_equal(access.value, 0x78);
	(void)device_access(TDVMCALL_IO, 1, 2, 0x70, 0, TDVMCALL_INVALID_OPERAND);
	assert_false(verdict.given);
	(void)device_access(TDVMCALL_IO, 2, 1, 0xFFFF, 0xDEAD, TDVMCALL_SUCCESS);
	assert_ptr_equal(access.device, &all);
	assert_int_equal(verdict.code, EXIT_POWER_OFF);
	assert_string_equal(verdict.text, "TD powered itself off");
}

static void the_serial_port_is_traced(void **state)
{
	(void)state;
	int all;
	device_add(&td.ports, (struct device_row){ 0, 0x10000, &all, note_read, note_write });
	fake_console_text[0] = 0;
	for (unsigned round = 0; round < 2; round++) {
		event_trace_on = round == 1;
		event_trace_only = "serial";
		(void)device_access(TDVMCALL_IO, 1, 1, PC_COM1, 'a', TDVMCALL_SUCCESS);
		(void)device_access(TDVMCALL_IO, 2, 1, PC_COM1, 'b', TDVMCALL_SUCCESS);
		(void)device_access(TDVMCALL_IO, 1, 0, PC_COM1, 'c', TDVMCALL_SUCCESS);
		(void)device_access(TDVMCALL_IO, 1, 1, PC_COM1, '\n', TDVMCALL_SUCCESS);
		assert_int_equal(access.value, '\n');
	}
	event_trace_on = false;
	event_trace_only = "";
	assert_string_equal(fake_console_text, "T 0 1 serial a\n");
}

static void what_map_gpa_has_done_is_traced(void **state)
{
	(void)state;
	static const struct {
		uint64_t gpa, status, r11;
		const char *traced;
	} rows[] = {
		{ 0x5000, TDVMCALL_SUCCESS, 0, "to=private gpa=0x5000 size=0x3000" },
		{ BIT64(47) | 0x5000, TDVMCALL_SUCCESS, 0, "to=shared gpa=0x5000 size=0x3000" },
		{ BIT64(47) | 0x5000, TDVMCALL_RETRY, BIT64(47) | 0x6000,
		  "to=shared gpa=0x5000 size=0x1000" },
		{ BIT64(47) | 0x5000, TDVMCALL_RETRY, 0x7000, "to=shared gpa=0x5000 size=0x2000" },
		{ 0x5000, TDVMCALL_INVALID_OPERAND, 0x5000, "" },
	};
	td.mmu.gpaw = 48;
	event_trace_on = true;
	event_trace_only = "map_gpa";
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct seam_regs regs = { .r11 = TDVMCALL_MAP_GPA,
					  .r12 = rows[i].gpa,
					  .r13 = 0x3000 };
		char expected[128] = "";
		if (rows[i].traced[0] != 0) {
			snprintf(expected, sizeof(expected), "T 0 1 map_gpa %s\n", rows[i].traced);
		}
		fake_console_text[0] = 0;
		map_gpa_status = rows[i].status;
		map_gpa_r11 = rows[i].r11;
		tdvmcall(&td, 1, &regs, &verdict);
		assert_int_equal(regs.r10, rows[i].status);
		assert_string_equal(fake_console_text, expected);
	}
	event_trace_on = false;
	event_trace_only = "";
}

static void mmio_reaches_any_row_it_touches(void **state)
{
	(void)state;
	int all;
	uint64_t bit = BIT64(47);
	device_add(&td.mmio, (struct device_row){ 0, BIT64(46), &all, note_read, note_write });
	device_add(&td.mmio, (struct device_row){ .base = 0x8000, .count = 0x1000 }); /* RAM */
	(void)device_access(TDVMCALL_MMIO, 8, 1, bit | 0x7FF8, UINT64_MAX, TDVMCALL_SUCCESS);
	assert_ptr_equal(access.device, &all);
	assert_int_equal(access.address, 0x7FF8);
	assert_int_equal(access.value, UINT64_MAX);
	assert_int_equal(device_access(TDVMCALL_MMIO, 2, 0, bit | 0x9000, 0, TDVMCALL_SUCCESS),
			 0x1234);
	(void)device_access(TDVMCALL_MMIO, 4, 1, bit | 0x9000, UINT64_MAX, TDVMCALL_SUCCESS);
	assert_int_equal(access.value, UINT32_MAX);
	static const uint64_t memory[] = { 0x7FF9, 0x8000, 0x8FFF };
	for (unsigned i = 0; i < ARRAY_COUNT(memory); i++) {
		(void)device_access(TDVMCALL_MMIO, 8, 0, bit | memory[i], 0,
				    TDVMCALL_INVALID_OPERAND);
		(void)device_access(TDVMCALL_MMIO, 8, 1, bit | memory[i], 0,
				    TDVMCALL_INVALID_OPERAND);
		assert_null(access.device);
	}
	/* No row, not shared, no such size. */
	(void)device_access(TDVMCALL_MMIO, 1, 0, bit | BIT64(46), 0, TDVMCALL_INVALID_OPERAND);
	(void)device_access(TDVMCALL_MMIO, 1, 0, 0x100, 0, TDVMCALL_INVALID_OPERAND);
	(void)device_access(TDVMCALL_MMIO, 3, 0, bit | 0x100, 0, TDVMCALL_INVALID_OPERAND);
}

static void expect_msr(uint64_t msr, uint64_t expected)
{
	uint64_t value = 0;
	if (vmcall(TDVMCALL_RDMSR, msr, 0, &value) != TDVMCALL_SUCCESS || value != expected) {
		fail_msg("MSR 0x%llx is 0x%llx", (unsigned long long)msr,
			 (unsigned long long)value);
	}
}

static void msrs_are_those_of_kvm(void **state)
{
	(void)state;
	static const uint32_t absent[] = {
		/* QEMU has 10 banks, no CMCI and no LMCE. */
		0x428,      0x47F,      MSR_IA32_MC0_CTL2,    0x289,
		0x28A,      0x29F,      MSR_IA32_MCG_EXT_CTL, MSR_IA32_TSC,
		0x4B564D00, 0x4B564D02, 0x4B564D04,           0x4B564D06,
	};
	for (size_t i = 0; i < ARRAY_COUNT(absent); i++) {
		assert_int_equal(vmcall(TDVMCALL_RDMSR, absent[i], 0, NULL),
				 TDVMCALL_INVALID_OPERAND);
		assert_int_equal(vmcall(TDVMCALL_WRMSR, absent[i], 0, NULL),
				 TDVMCALL_INVALID_OPERAND);
	}
	expect_msr(MSR_IA32_MCG_CAP, 0x100010A);
	expect_msr(MSR_IA32_MCG_STATUS, 0);
	expect_msr(MSR_IA32_MCG_CTL, UINT64_MAX);
	for (uint32_t bank = 0; bank < 10; bank++) {
		expect_msr(MSR_IA32_MC0_CTL + 4 * bank, UINT64_MAX);
		expect_msr(MSR_IA32_MC0_CTL + 4 * bank + 1, 0);
		expect_msr(MSR_IA32_MC0_CTL + 4 * bank + 2, 0);
		expect_msr(MSR_IA32_MC0_CTL + 4 * bank + 3, 0);
	}
	expect_msr(MSR_KVM_POLL_CONTROL, 1);
	expect_msr(BIT64(32) | MSR_KVM_POLL_CONTROL, 1); /* ECX is R12[31:0] */
	assert_int_equal(vmcall(TDVMCALL_WRMSR, BIT64(40) | MSR_KVM_POLL_CONTROL, 0, NULL),
			 TDVMCALL_SUCCESS);
	expect_msr(MSR_KVM_POLL_CONTROL, 0);
}

static void values_are_checked(void **state)
{
	(void)state;
	static const struct {
		uint32_t msr;
		uint64_t value;
		bool taken;
	} rows[] = {
		{ MSR_KVM_POLL_CONTROL, 2, false },
		{ MSR_KVM_POLL_CONTROL, 1, true },
		{ MSR_IA32_MCG_CAP, 0x100010A, false },
		{ MSR_IA32_MCG_CTL, 0, true },
		{ MSR_IA32_MCG_CTL, 1, false },
		{ MSR_IA32_MCG_CTL, UINT64_MAX, true },
		{ MSR_IA32_MC0_CTL, 0, true },
		{ MSR_IA32_MC0_CTL, UINT64_MAX & ~BIT64(10), true },
		{ MSR_IA32_MC0_CTL + 4, UINT64_MAX & ~BIT64(0), true },
		{ MSR_IA32_MC0_CTL + 4, UINT64_MAX & ~BIT64(1), false },
		{ MSR_IA32_MC0_CTL + 1, 0, true },
		{ MSR_IA32_MC0_CTL + 1, 1, false },
		{ MSR_IA32_MC9_MISC - 2, BIT64(63), false },
		{ MSR_IA32_MC9_MISC, 77, true },
		{ MSR_IA32_PAT, 0x0007040600070406, true },
		{ MSR_IA32_PAT, 0x0007050100070406, true },
		{ MSR_IA32_PAT, 0x0007040600070402, false },
		{ MSR_IA32_PAT, 0x0307040600070406, false },
		{ MSR_IA32_PAT, 0x0007080600070406, false },
		{ MSR_IA32_MTRR_DEF_TYPE, 0xC06, true },
		{ MSR_IA32_MTRR_DEF_TYPE, 0x1000, false },
		{ MSR_IA32_MTRR_DEF_TYPE, 0x107, false },
		{ MSR_IA32_MTRR_DEF_TYPE, 7, false },
		{ MSR_IA32_MTRR_PHYS_BASE0, 0x80000006, true },
		{ MSR_IA32_MTRR_PHYS_BASE0, 0x80000106, false },
		{ MSR_IA32_MTRR_PHYS_BASE0, BIT64(52), false },
		{ MSR_IA32_MTRR_PHYS_BASE0, 2, false },
		{ MSR_IA32_MTRR_PHYS_MASK7, 0xFFFFF80000800, true },
		{ MSR_IA32_MTRR_PHYS_MASK7, 0xFFFFF80000C00, false },
		{ MSR_IA32_MTRR_FIX64K_00000, 0x0606060606060606, true },
		{ MSR_IA32_MTRR_FIX4K_F8000, 0x0706060606060606, false },
		{ MSR_MISC_FEATURES_ENABLES, 1, true },
		{ MSR_MISC_FEATURES_ENABLES, 2, false },
		{ MSR_EFER, 0xD01, false },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t before = 0;
		(void)vmcall(TDVMCALL_RDMSR, rows[i].msr, 0, &before);
		uint64_t status = vmcall(TDVMCALL_WRMSR, rows[i].msr, rows[i].value, NULL);
		if (status != (rows[i].taken ? TDVMCALL_SUCCESS : TDVMCALL_INVALID_OPERAND)) {
			fail_msg("0x%llx in MSR 0x%x: 0x%llx", (unsigned long long)rows[i].value,
				 rows[i].msr, (unsigned long long)status);
		}
		expect_msr(rows[i].msr, rows[i].taken ? rows[i].value : before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unknown_sub_functions_are_counted, set_up),
		cmocka_unit_test_setup(wbinvd_is_refused, set_up),
		cmocka_unit_test_setup(a_secret_in_a_register_ends_the_td, set_up),
		cmocka_unit_test_setup(a_script_has_its_say, set_up),
		cmocka_unit_test_setup(fatal_code_has_no_low_bits, set_up),
		cmocka_unit_test_setup(features_are_qemus, set_up),
		cmocka_unit_test_setup(caches_and_packages_are_qemus, set_up),
		cmocka_unit_test_setup(leaves_beyond_the_last_are_the_last, set_up),
		cmocka_unit_test_setup(hypercalls_are_those_of_the_features, set_up),
		cmocka_unit_test_setup(send_ipi_finds_ids, set_up),
		cmocka_unit_test_setup(kick_ends_a_halt, set_up),
		cmocka_unit_test_setup(a_blocked_halt_waits, set_up),
		cmocka_unit_test_setup(the_last_halt_ends_the_td, set_up),
		cmocka_unit_test_setup(a_halt_ends_with_the_td, set_up),
		cmocka_unit_test_setup(a_seamcall_that_fails_ends_the_td, set_up),
		cmocka_unit_test_setup(ports_reach_their_row, set_up),
		cmocka_unit_test_setup(the_serial_port_is_traced, set_up),
		cmocka_unit_test_setup(what_map_gpa_has_done_is_traced, set_up),
		cmocka_unit_test_setup(mmio_reaches_any_row_it_touches, set_up),
		cmocka_unit_test_setup(msrs_are_those_of_kvm, set_up),
		cmocka_unit_test_setup(values_are_checked, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
