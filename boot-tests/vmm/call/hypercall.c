// The hypercalls that KVM's paravirtual features offer a TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/call/hypercall.h"

#include "arch/base/bits.h"
#include "arch/qemu/kvm.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"

#define KVM_EINVAL 22
#define KVM_ENOSYS 1000

/* Two words of 64 APIC ids each. */
#define IPI_BITMAP_BITS 128
/* SEND_IPI says the destinations itself. */
#define ICR_NAMES_DESTINATION (BIT64(11) | MASK64(19, 18))

static uint64_t error(unsigned number)
{
	return -(uint64_t)number;
}

/* Finds the vCPU with this APIC id; false: there is none. */
static bool find_vcpu(const struct host_td *td, uint64_t apic_id, unsigned *index)
{
	for (unsigned i = 0; i < td->place.vcpu_count; i++) {
		if (cpu_apic_id(td->place.cpu_base + i) == apic_id) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* Ends the HLT of the vCPU with this APIC id, or its next one at once. */
static void kick_cpu(struct host_td *td, uint64_t apic_id)
{
	unsigned index;
	if (find_vcpu(td, apic_id, &index)) {
		__atomic_store_n(&td->vcpus[index].unhalted, true, __ATOMIC_SEQ_CST);
		wake_kick(td->place.cpu_base + index);
	}
}

/* Sends an IPI to each vCPU of the bitmap, whose first bit is APIC id min. Returns how many there
 * were. */
static uint64_t send_ipi(const struct host_td *td, const uint64_t bitmap[2], uint64_t min,
			 uint64_t icr)
{
	uint64_t count = 0;
	if ((icr & ICR_NAMES_DESTINATION) != 0) {
		return error(KVM_EINVAL);
	}
	for (unsigned i = 0; i < IPI_BITMAP_BITS; i++) {
		unsigned index;
		if ((bitmap[i / 64] & BIT64(i % 64)) != 0 &&
		    find_vcpu(td, (uint32_t)min + (uint64_t)i, &index) &&
		    lapic_send_ipi(td->place.cpu_base + index, icr)) {
			count++;
		}
	}
	return count;
}

uint64_t kvm_hypercall(struct host_td *td, const struct seam_regs *regs)
{
	const uint64_t bitmap[2] = { regs->r11, regs->r12 };
	switch (regs->r10) {
	case KVM_HC_VAPIC_POLL_IRQ:
		return 0;
	case KVM_HC_KICK_CPU:
		kick_cpu(td, regs->r12);
		return 0;
	case KVM_HC_SEND_IPI:
		return send_ipi(td, bitmap, regs->r13, regs->r14);
	case KVM_HC_SCHED_YIELD: /* QEMU gives another CPU its turn */
		insn_pause();
		return 0;
	default:
		return error(KVM_ENOSYS);
	}
}
