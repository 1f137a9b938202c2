// A TDX module in a test process: real memory, a scripted CPU, and a TD built by SEAMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#define _DEFAULT_SOURCE
#include "boot-tests/unit/module/module_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/td.h"

#define POOL_BASE UINT64_C(0x10000000)
#define POOL_SIZE UINT64_C(0x8000000)
#define PAGE UINT64_C(0x1000)
/* The first 5 MiB of the pool are the TDMR_INFO and the PAMTs of 1 GiB. */
#define PAMT_SPACE UINT64_C(0x500000)

struct module_fixture fixture;
static uint64_t guests[POOL_SIZE / PAGE / 64];
_Static_assert(FIXTURE_AREAS == POOL_SIZE / 0x200000, "The areas are those of the pool.");

/* --- the machine ------------------------------------------------------------------------------ */

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(fixture.reason, sizeof(fixture.reason), format, args);
	va_end(args);
	longjmp(fixture.exit, (int)code);
}

unsigned cpu_index(void)
{
	return fixture.cpu;
}

bool lapic_x2apic_read(uint32_t msr, uint64_t *value)
{
	*value = msr;
	return true;
}

bool lapic_x2apic_write(uint32_t msr, uint64_t value)
{
	return msr == 0x80B ? value == 0 : msr == 0x808 || (msr == 0x83F && value <= 0xFF);
}

void svm_vcpu_init(struct svm_vcpu *vcpu, void *page, hpa_t nested_root, uint32_t asid)
{
	static uint8_t msrpm[8192];
	CHECK(asid != 0);
	struct vmcb *vmcb = page;
	memset(vmcb, 0, sizeof(*vmcb));
	vmcb->control.n_cr3 = nested_root.v;
	vmcb->save.efer = EFER_SVME;
	*vcpu = (struct svm_vcpu){ .vmcb = vmcb, .msrpm = msrpm, .nested_top = fixture.nested_top };
}

enum pg_level svm_nested_top(void)
{
	return fixture.nested_top;
}

void svm_msr_allow(uint8_t *msrpm, uint32_t msr, bool read, bool write)
{
	(void)msr;
	CHECK(msrpm != NULL && read && write);
}

void svm_enter(struct svm_vcpu *vcpu)
{
	if ((vcpu->vmcb->control.eventinj & EVENTINJ_V) != 0) {
		fixture.injected = vcpu->vmcb->control.eventinj;
	}
	vcpu->vmcb->control.eventinj = 0;
	vcpu->vmcb->control.exitintinfo = 0;
	fixture.script(vcpu, fixture.runs++);
}

void svm_inject_exception(struct svm_vcpu *vcpu, uint8_t vector, bool has_error,
			  uint32_t error_code)
{
	vcpu->vmcb->control.eventinj = EVENTINJ_V | field_put(EVENTINJ_TYPE, 3) | vector |
				       (has_error ? EVENTINJ_EV : 0) |
				       field_put(EVENTINJ_ERRORCODE, error_code);
}

bool wake_kick_pending(void)
{
	return fixture.kicked != NULL && fixture.kicked();
}

bool wake_nmi_pending(unsigned cpu)
{
	return cpu == fixture.cpu && fixture.nmi;
}

void svm_post_interrupt(struct svm_vcpu *vcpu, uint8_t vector)
{
	vcpu->interrupts[vector / 64] |= BIT64(vector % 64);
}

bool svm_interrupt_pending(const struct svm_vcpu *vcpu)
{
	return (vcpu->interrupts[0] | vcpu->interrupts[1] | vcpu->interrupts[2] |
		vcpu->interrupts[3]) != 0;
}

/* Linear address == GPA. */
bool guest_translate(const struct svm_vcpu *vcpu, uint64_t linear, uint64_t *gpa_raw)
{
	(void)vcpu;
	*gpa_raw = linear;
	return true;
}

bool guest_run(const struct svm_vcpu *vcpu, uint64_t linear, unsigned *steps, struct guest_run *run)
{
	(void)vcpu;
	(void)linear;
	(void)steps;
	(void)run;
	return false;
}

bool guest_read(const struct svm_vcpu *vcpu, uint64_t linear, void *to, unsigned size)
{
	uint64_t offset = linear - vcpu->vmcb->save.cs.base - vcpu->vmcb->save.rip;
	if (fixture.code_gone || offset >= sizeof(fixture.code) ||
	    size > sizeof(fixture.code) - offset) {
		return false;
	}
	memcpy(to, fixture.code + offset, size);
	return true;
}

/* --- a TD ------------------------------------------------------------------------------------- */

int fixture_load(void **state)
{
	(void)state;
	void *base = (void *)(uintptr_t)POOL_BASE;
	CHECK(mmap(base, POOL_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == base);
	for (unsigned i = 0; i < FIXTURE_AREAS; i++) {
		fixture.areas[i] = PTE_D;
	}
	page_marks_init(hpa(POOL_BASE), hpa(POOL_BASE + POOL_SIZE), fixture.areas, guests);
	fixture.nested_top = PG_512G;
	fixture.base = POOL_BASE;
	fixture.end = POOL_BASE + POOL_SIZE;
	fixture.platform = (struct module_platform){
		.tsc_khz = 2600000,
		.keyid_bits = MODULE_KEYID_BITS,
		.keyid_partitioning = MODULE_KEYID_PARTITIONING,
		.cpu_count = FIXTURE_CPUS,
		.package_count = 1,
		.cmrs = { { fixture.base, POOL_SIZE } },
	};
	module_load(&fixture.platform);
	fixture_sys_init();
	return 0;
}

static void must(uint64_t status)
{
	CHECK(status == TDX_SUCCESS);
}

struct tdmr_info *fixture_tdmr(void)
{
	fixture.next = fixture.base;
	struct tdmr_info *info = hpa_ptr(hpa(fixture_frame(PG_4K)));
	uint64_t pamt = fixture.base + PAGE;
	uint64_t pamt_end = fixture.base + PAMT_SPACE;
	*info = (struct tdmr_info){
		.base = 0,
		.size = TDX_TDMR_ALIGN,
		.pamt_1g_base = pamt,
		.pamt_1g_size = PAGE,
		.pamt_2m_base = pamt + PAGE,
		.pamt_2m_size = 2 * PAGE,
		.pamt_4k_base = pamt + 3 * PAGE,
		.pamt_4k_size = pamt_end - (pamt + 3 * PAGE),
		.reserved = {
			{ 0, pamt_end },
			{ fixture.end, TDX_TDMR_ALIGN - fixture.end },
		},
	};
	fixture.next = pamt_end;
	return info;
}

void fixture_sys_init(void)
{
	must(call(TDH_SYS_INIT, 0, 0, 0, 0));
	for (fixture.cpu = 0; fixture.cpu < FIXTURE_CPUS; fixture.cpu++) {
		must(call(TDH_SYS_LP_INIT, 0, 0, 0, 0));
	}
	fixture.cpu = 0;
	uint64_t info = ptr_hpa(fixture_tdmr()).v;
	uint64_t list = fixture_frame(PG_4K);
	memcpy(hpa_ptr(hpa(list)), &info, sizeof(info));
	must(call(TDH_SYS_CONFIG, list, 1, MODULE_HKID_BASE, 0));
	/* The first CPUs are in a package each. */
	for (; fixture.cpu < fixture.platform.package_count; fixture.cpu++) {
		must(call(TDH_SYS_KEY_CONFIG, 0, 0, 0, 0));
	}
	fixture.cpu = 0;
	do {
		must(call(TDH_SYS_TDMR_INIT, 0, 0, 0, 0));
	} while (fixture.regs.rdx < TDX_TDMR_ALIGN);
}

uint64_t fixture_frame(enum pg_level level)
{
	uint64_t frame = align_up(fixture.next, pg_size(level));
	fixture.next = frame + pg_size(level);
	CHECK(fixture.next <= fixture.end);
	return frame;
}

uint64_t call(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	fixture.regs = (struct seam_regs){ .rax = rax, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9 };
	uint64_t status = seamcall(&fixture.regs);
	CHECK(status == fixture.regs.rax);
	return status;
}

struct td_params *fixture_params(void)
{
	struct td_params *params = hpa_ptr(hpa(fixture_frame(PG_4K)));
	*params = (struct td_params){
		.attributes = TD_ATTRIBUTES_SEPT_VE_DISABLE,
		.xfam = 3,
		.max_vcpus = FIXTURE_VCPUS,
		.eptp_controls = 0x1E,
		.config_flags = TD_CONFIG_FLAGS_NO_RBP_MOD,
		.tsc_frequency = 104,
	};
	return params;
}

void fixture_create(void)
{
	static uint64_t hkid = MODULE_HKID_BASE;
	fixture.cpu = 0;
	fixture.tdr = fixture_frame(PG_4K);
	must(call(TDH_MNG_CREATE, fixture.tdr, ++hkid, 0, 0));
	must(call(TDH_MNG_KEY_CONFIG, fixture.tdr, 0, 0, 0));
	for (unsigned i = 0; i < TDX_TDCS_PAGES; i++) {
		must(call(TDH_MNG_ADDCX, fixture_frame(PG_4K), fixture.tdr, 0, 0));
	}
}

void fixture_init(const struct td_params *params)
{
	fixture_create();
	must(call(TDH_MNG_INIT, fixture.tdr, ptr_hpa(params).v, 0, 0));
}

void fixture_vcpus(void)
{
	for (unsigned i = 0; i < FIXTURE_VCPUS; i++) {
		fixture.tdvpr[i] = fixture_frame(PG_4K);
		must(call(TDH_VP_CREATE, fixture.tdvpr[i], fixture.tdr, 0, 0));
		for (unsigned j = 1; j < TDX_TDVPS_PAGES; j++) {
			must(call(TDH_VP_ADDCX, fixture_frame(PG_4K), fixture.tdvpr[i], 0, 0));
		}
		must(call(TDH_VP_INIT | field_put(TDX_VERSION, 1), fixture.tdvpr[i], FIXTURE_HOB,
			  4 * i, 0));
	}
}

void fixture_tables(uint64_t address)
{
	for (unsigned level = PG_512G; level >= PG_2M; level--) {
		uint64_t base = align_down(address, pg_size((enum pg_level)level));
		must(call(TDH_MEM_SEPT_ADD, base | level, fixture.tdr | TDX_SEPT_ADD_ALLOW_EXISTING,
			  fixture_frame(PG_4K), 0));
	}
}

void fixture_finalize(void)
{
	must(call(TDH_MR_FINALIZE, fixture.tdr, 0, 0, 0));
	fixture.shared_root = fixture_frame(PG_4K);
	memset(hpa_ptr(hpa(fixture.shared_root)), 0, PAGE);
	must(call(TDH_VP_WR, fixture.tdvpr[0], MD_VP_SHARED_EPTP, fixture.shared_root, UINT64_MAX));
}

uint64_t enter(void (*script)(struct svm_vcpu *vcpu, unsigned run))
{
	fixture.script = script;
	fixture.runs = 0;
	fixture.injected = 0;
	return call(TDH_VP_ENTER, fixture.tdvpr[0], 0, 0, 0);
}

struct vcpu *vcpu(void)
{
	return hpa_ptr(hpa(fixture.tdvpr[0]));
}

struct svm_vcpu *fixture_svm(void)
{
	return &vcpu()->svm;
}

uint64_t *gpr(void)
{
	return fixture_svm()->gpr;
}

struct vmcb *vmcb(void)
{
	return fixture_svm()->vmcb;
}

struct tdcs *tdcs(void)
{
	return vcpu()->td.tdcs;
}

static struct {
	uint64_t rax, rcx, rdx, r8, r9;
} wanted;

/* First run: the TDCALL. Second run: it is over, a kick ends the test. */
static void tdcall_script(struct svm_vcpu *vcpu, unsigned run)
{
	static const uint8_t bytes[] = { 0x66, 0x0F, 0x01, 0xCC };
	struct vmcb *vmcb = vcpu->vmcb;
	vmcb->control.exitcode = run == 0 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
	if (run == 0) {
		vmcb->save.efer |= EFER_LMA;
		vmcb->save.cs.attrib = VMCB_ATTRIB_CODE64;
		memcpy(fixture.code, bytes, sizeof(bytes));
		vcpu->gpr[RAX] = wanted.rax;
		vcpu->gpr[RCX] = wanted.rcx;
		vcpu->gpr[RDX] = wanted.rdx;
		vcpu->gpr[R8] = wanted.r8;
		vcpu->gpr[R9] = wanted.r9;
	}
}

uint64_t tdcall_of_td(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9,
		      bool *exited)
{
	wanted.rax = rax;
	wanted.rcx = rcx;
	wanted.rdx = rdx;
	wanted.r8 = r8;
	wanted.r9 = r9;
	uint64_t rip = fixture_svm()->vmcb->save.rip;
	vcpu()->tdcall_repeats = false; /* the TD is elsewhere by now */
	uint64_t status = enter(tdcall_script);
	*exited = fixture.runs == 1;
	if (*exited) {
		return status;
	}
	/* An exception or an interrupt: the TD executes it again. */
	bool again = fixture_svm()->gpr[RAX] == rax;
	CHECK(fixture_svm()->vmcb->save.rip == rip + (again ? 0 : sizeof(uint32_t)));
	return fixture_svm()->gpr[RAX];
}
