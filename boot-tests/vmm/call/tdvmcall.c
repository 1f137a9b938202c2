// Dispatch and answers of the TDVMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c; QEMU target/i386/kvm/tdx.c, tdx-quote-generator.h]
#include "boot-tests/vmm/call/tdvmcall.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/call/cpuid.h"
#include "boot-tests/vmm/call/hypercall.h"
#include "boot-tests/vmm/call/map_gpa.h"
#include "boot-tests/vmm/device/device_table.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/secret.h"
#include "boot-tests/vmm/vmm_events.h"
#include "linker/memmap.h"

/* GetTdVmCallInfo leaf 1, R11. */
#define INFO_SETUP_EVENT_NOTIFY BIT64(1)
#define FATAL_CODE_RESERVED MASK64(15, 0)
#define VECTOR_MAX 255

/* [GHCI 1.5 TDG.VP.VMCALL<GetQuote>] */
struct quote_header {
	uint64_t version;  /* 00: 1 */
	uint64_t status;   /* 08 */
	uint32_t in_size;  /* 10 */
	uint32_t out_size; /* 14 */
};
ABI_SIZE(struct quote_header, 24);
#define QUOTE_VERSION 1
#define QUOTE_UNAVAILABLE 0x8000000000000001
#define QUOTE_BUFFER_MAX 0x20000

static bool take_shared_bit(const struct host_td *td, uint64_t raw, uint64_t *address)
{
	uint64_t bit = gpa_with_share(gpa(0), SHARE_SHARED, td->mmu.gpaw);
	*address = raw & ~bit;
	return (raw & bit) != 0;
}

static uint64_t get_info(struct seam_regs *regs)
{
	if (regs->r12 > 1) {
		return TDVMCALL_INVALID_OPERAND;
	}
	regs->r11 = regs->r12 == 1 ? INFO_SETUP_EVENT_NOTIFY : 0;
	regs->r12 = 0;
	regs->r13 = 0;
	regs->r14 = 0;
	return TDVMCALL_SUCCESS;
}

/* There is no quoting service: the buffer says so. */
static uint64_t get_quote(struct host_td *td, const struct seam_regs *regs)
{
	uint64_t address;
	uint64_t size = regs->r13;
	if (!take_shared_bit(td, regs->r12, &address)) {
		return TDVMCALL_INVALID_OPERAND;
	}
	if (!is_aligned(address, MEM_PAGE_SIZE) || !is_aligned(size, MEM_PAGE_SIZE)) {
		return TDVMCALL_ALIGN_ERROR;
	}
	if (size == 0 || size > QUOTE_BUFFER_MAX || !mmu_is_shared(&td->mmu, address, size)) {
		return TDVMCALL_INVALID_OPERAND;
	}
	struct quote_header header;
	memcpy(&header, mmu_shared(&td->mmu, address), sizeof(header));
	if (header.version != QUOTE_VERSION || header.in_size > size - sizeof(header)) {
		return TDVMCALL_INVALID_OPERAND;
	}
	header.status = QUOTE_UNAVAILABLE;
	header.out_size = 0;
	memcpy(mmu_shared(&td->mmu, address), &header, sizeof(header));
	return TDVMCALL_SUCCESS;
}

/* Printable text up to the first NUL. */
static void copy_text(char *out, const void *bytes, unsigned size)
{
	const char *text = bytes;
	unsigned i;
	for (i = 0; i < size && text[i] != 0; i++) {
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ';
	}
	out[i] = 0;
}

static uint64_t fatal_error(struct host_td *td, unsigned index, const struct seam_regs *regs,
			    struct verdict *verdict)
{
	/* In the order of the message; the number of the GPR is its bit in the mask. */
	const struct {
		unsigned bit;
		uint64_t value;
	} parts[] = {
		{ 14, regs->r14 }, { 15, regs->r15 }, { 3, regs->rbx }, { 7, regs->rdi },
		{ 6, regs->rsi },  { 8, regs->r8 },   { 9, regs->r9 },  { 2, regs->rdx },
	};
	uint64_t message[ARRAY_COUNT(parts)] = { 0 };
	unsigned used = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
		if ((regs->rcx & BIT64(parts[i].bit)) != 0) {
			message[used++] = parts[i].value;
		}
	}
	char text[TDVMCALL_FATAL_MESSAGE_SIZE + 1];
	copy_text(text, message, sizeof(message));
	char more[256] = "";
	uint64_t address;
	if ((regs->r12 & TDVMCALL_FATAL_HAS_GPA) != 0 && take_shared_bit(td, regs->r13, &address) &&
	    mmu_is_shared(&td->mmu, address, sizeof(more) - 1)) {
		copy_text(more, mmu_shared(&td->mmu, address), sizeof(more) - 1);
	}
	if ((regs->r12 & FATAL_CODE_RESERVED) != 0) {
		verdict_bad_fatal_code(verdict, index, regs->r12, text);
	} else {
		verdict_fatal_error(verdict, index, regs->r12 & ~TDVMCALL_FATAL_HAS_GPA, text,
				    more);
	}
	return TDVMCALL_SUCCESS;
}

static uint64_t setup_event_notify(const struct seam_regs *regs)
{
	return regs->r12 >= VECTOR_EXTERNAL && regs->r12 <= VECTOR_MAX ? TDVMCALL_SUCCESS :
									 TDVMCALL_INVALID_OPERAND;
}

static uint64_t cpuid(struct seam_regs *regs)
{
	struct cpuid_result r = cpuid_model((uint32_t)regs->r12, (uint32_t)regs->r13);
	regs->r12 = r.eax;
	regs->r13 = r.ebx;
	regs->r14 = r.ecx;
	regs->r15 = r.edx;
	return TDVMCALL_SUCCESS;
}

static bool is_unhalted(const struct host_vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->unhalted, __ATOMIC_SEQ_CST);
}

/* Has the vCPU a reason to leave a HLT with interrupts off? */
static bool is_woken(const struct host_td *td, unsigned index)
{
	return is_unhalted(&td->vcpus[index]) || wake_nmi_pending(td->place.cpu_base + index);
}

/* Counts one more vCPU that has halted with interrupts off, which only another one can wake: when
 * all have, the TD ends. */
static void check_any_runs(struct host_td *td, struct verdict *verdict)
{
	if (__atomic_add_fetch(&td->stopped_count, 1, __ATOMIC_SEQ_CST) != td->place.vcpu_count) {
		return;
	}
	/* Who was woken is counted until it has seen that. */
	for (unsigned i = 0; i < td->place.vcpu_count; i++) {
		if (is_woken(td, i)) {
			return;
		}
	}
	verdict_all_halted(verdict);
}

/* A HLT with interrupts off: until the vCPU is kicked by another one, or has an NMI, or the TD
 * ends. */
static void halt_blocked(struct host_td *td, unsigned index, struct verdict *verdict)
{
	check_any_runs(td, verdict);
	while (!verdict->given && !td_ending(td) && !is_woken(td, index)) {
		cpu_wait_nmi();
	}
	wake_take_kick();
	__atomic_sub_fetch(&td->stopped_count, 1, __ATOMIC_SEQ_CST);
}

static uint64_t halt(struct host_td *td, unsigned index, const struct seam_regs *regs,
		     struct verdict *verdict)
{
	struct host_vcpu *vcpu = &td->vcpus[index];
	if (is_unhalted(vcpu)) {
		__atomic_store_n(&vcpu->unhalted, false, __ATOMIC_SEQ_CST);
		return TDVMCALL_SUCCESS;
	}
	if (regs->r12 != 0) {
		halt_blocked(td, index, verdict);
		__atomic_store_n(&vcpu->unhalted, false, __ATOMIC_SEQ_CST);
		return TDVMCALL_SUCCESS;
	}
	/* As KVM does: who has yet to take an interrupt does not halt. */
	hpa_t tdvpr = td->vcpus[index].tdvpr;
	struct seam_failure failure;
	struct seam_result read = seam(TDH_VP_RD, tdvpr.v, MD_VP_VCPU_STATE_DETAILS, 0, 0);
	if (seam_status("TDH_VP_RD", tdvpr.v, read, &failure) != ST_OK) {
		verdict_seam_failed(verdict, &failure);
		return TDVMCALL_SUCCESS;
	}
	if ((read.r8 & VCPU_STATE_DETAILS_VMXIP) != 0) {
		return TDVMCALL_SUCCESS;
	}
	uint8_t vector = cpu_wait_interrupt();
	wake_take_kick(); /* which may have ended the wait */
	__atomic_store_n(&vcpu->unhalted, false, __ATOMIC_SEQ_CST);
	if (vector != 0) {
		module_post_interrupt(tdvpr, vector);
	}
	return TDVMCALL_SUCCESS;
}

static uint64_t port_io(struct host_td *td, unsigned index, struct seam_regs *regs,
			struct verdict *verdict)
{
	unsigned size = (unsigned)regs->r12;
	uint16_t port = (uint16_t)regs->r14;
	if ((regs->r12 != 1 && regs->r12 != 2 && regs->r12 != 4) || regs->r13 > TDVMCALL_WRITE) {
		return TDVMCALL_INVALID_OPERAND;
	}
	/* As on a bus: the port at which the access begins is the device's. */
	const struct device_row *row = device_find(&td->ports, port, 1);
	CHECK(row != NULL);
	if (regs->r13 == TDVMCALL_WRITE) {
		uint64_t value = regs->r15 & MASK64(8 * size - 1, 0);
		if (event_trace_on && size == 1) {
			serial_line_write(&td->serial, index, port, (uint8_t)value);
		}
		row->write(row->device, port, size, value, verdict);
	} else {
		regs->r11 = row->read(row->device, port, size);
	}
	return TDVMCALL_SUCCESS;
}

/* What MapGPA has done is the whole request, or ends where R11 says. */
static uint64_t map_and_trace(struct host_td *td, unsigned index, struct seam_regs *regs,
			      struct verdict *verdict)
{
	uint64_t bit = gpa_with_share(gpa(0), SHARE_SHARED, td->mmu.gpaw);
	uint64_t base = regs->r12 & ~bit;
	uint64_t status =
		map_gpa(&td->mmu, td->config, &td->vcpus[index].map_gpa_again, regs, verdict);
	uint64_t done = status == TDVMCALL_SUCCESS ? regs->r13 : (regs->r11 & ~bit) - base;
	if (done != 0) {
		event_line(map_gpa, index, (regs->r12 & bit) != 0, base, done);
	}
	return status;
}

static uint64_t mmio(struct host_td *td, struct seam_regs *regs, struct verdict *verdict)
{
	unsigned size = (unsigned)regs->r12;
	uint64_t address;
	bool shared = take_shared_bit(td, regs->r14, &address);
	if ((regs->r12 != 1 && regs->r12 != 2 && regs->r12 != 4 && regs->r12 != 8) ||
	    regs->r13 > TDVMCALL_WRITE || !shared) {
		return TDVMCALL_INVALID_OPERAND;
	}
	const struct device_row *row = device_find(&td->mmio, address, size);
	if (row == NULL || row->read == NULL) {
		return TDVMCALL_INVALID_OPERAND;
	}
	if (regs->r13 == TDVMCALL_WRITE) {
		uint64_t value = regs->r15 & MASK64(8 * size - 1, 0);
		row->write(row->device, address, size, value, verdict);
	} else {
		regs->r11 = row->read(row->device, address, size);
	}
	return TDVMCALL_SUCCESS;
}

/* KVM takes ECX of R12, whatever is above. */
static uint64_t read_msr(struct host_td *td, unsigned index, struct seam_regs *regs)
{
	return msr_read(&td->vcpus[index].msrs, (uint32_t)regs->r12, &regs->r11) ?
		       TDVMCALL_SUCCESS :
		       TDVMCALL_INVALID_OPERAND;
}

static uint64_t write_msr(struct host_td *td, unsigned index, struct seam_regs *regs)
{
	return msr_write(&td->vcpus[index].msrs, (uint32_t)regs->r12, regs->r13) ?
		       TDVMCALL_SUCCESS :
		       TDVMCALL_INVALID_OPERAND;
}

static uint64_t dispatch(struct host_td *td, unsigned index, struct seam_regs *regs,
			 struct verdict *verdict)
{
	switch (regs->r11) {
	case TDVMCALL_GET_TD_VM_CALL_INFO:
		return get_info(regs);
	case TDVMCALL_MAP_GPA:
		return map_and_trace(td, index, regs, verdict);
	case TDVMCALL_GET_QUOTE:
		return get_quote(td, regs);
	case TDVMCALL_REPORT_FATAL_ERROR:
		return fatal_error(td, index, regs, verdict);
	case TDVMCALL_SETUP_EVENT_NOTIFY_INTERRUPT:
		return setup_event_notify(regs);
	case TDVMCALL_CPUID:
		return cpuid(regs);
	case TDVMCALL_HLT:
		return halt(td, index, regs, verdict);
	case TDVMCALL_IO:
		return port_io(td, index, regs, verdict);
	case TDVMCALL_RDMSR:
		return read_msr(td, index, regs);
	case TDVMCALL_WRMSR:
		return write_msr(td, index, regs);
	case TDVMCALL_MMIO:
		return mmio(td, regs, verdict);
	case TDVMCALL_WBINVD: /* private memory is coherent, there is no device with its own */
		return td->config->wbinvd ? TDVMCALL_SUCCESS : TDVMCALL_SUBFUNC_UNSUPPORTED;
	default:
		console_line('L', "vCPU %u: unknown TDVMCALL sub-function 0x%llx", index,
			     (unsigned long long)regs->r11);
		return TDVMCALL_SUBFUNC_UNSUPPORTED;
	}
}

void tdvmcall(struct host_td *td, unsigned index, struct seam_regs *regs, struct verdict *verdict)
{
	struct seam_regs in = *regs;
	td->vcpus[index].last_call = in;
	const char *shown = secret_in_regs(td->config->secret, &in);
	if (shown != NULL) {
		verdict_secret_in_register(verdict, index, shown, in.r11);
		return;
	}
	if (regs->r10 != 0) {
		event_count(kvm_hypercall, in.r10);
		regs->r10 = kvm_hypercall(td, regs);
		event_line(kvm_hypercall, index, in.r10, in.r10, in.r11, in.r12, in.r13, in.r14,
			   regs->r10);
		return;
	}
	uint64_t key = tdvmcall_key(in.r11);
	event_count(tdvmcall, key);
	const struct hook_answer *answer = hook_call(HOOK_TDVMCALL, in.r11, td);
	if (!hook_instead(answer)) {
		regs->r10 = dispatch(td, index, regs, verdict);
	}
	hook_apply(answer, regs);
	event_line(tdvmcall, index, key, in.r11, in.r12, in.r13, in.r14, in.r15, regs->r10,
		   regs->r11);
}
