// What a TD and a vCPU are to the module: TDR, TDCS and TDVPS, kept in the pages the host gave.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDR, TDCS, TDVPS]
//
//   TDR     struct tdr
//   TDCS    page 0 struct tdcs, page 1 root of the Secure EPT, page 2 CPUID values; others not used
//   TDVPS   TDVPR struct vcpu; TDCX page 0 VMCB, page 1 nested root, page 2 nested table below its
//           first entry; others not used
//
// One nested table of a vCPU is the seam: it has entries of the Secure EPT where the SHARED bit of
// the GPA is 0, and those of the shared EPT where it is 1. GPAW 48: bit 47, halves of the table for
// 256 TiB. GPAW 52: bit 51, the first 8 entries of the root, which is then one of 5 levels, and the
// next 8. The machine's nested paging has 4 levels or 5, whatever the TD has:
//
//              4 levels, GPAW 48     5 levels, GPAW 48     5 levels, GPAW 52
//   root            seam             [0]: seam                  seam
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/addr.h"
#include "arch/tdx/module.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/lock.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/memory/sept.h"
#include "linker/memmap.h"
#include "loader/image/sha384.h"

#define TD_MAX_VCPUS MACHINE_MAX_CPUS
#define RTMR_COUNT 4

/* In this order, and never back. */
enum td_lifecycle { TD_HKID_ASSIGNED, TD_KEYS_CONFIGURED, TD_BLOCKED, TD_TEARDOWN };

struct tdr {
	enum td_lifecycle lifecycle;
	bool fatal;           /* nothing but its end is left for this TD */
	uint32_t associated;  /* vCPUs that belong to a CPU */
	uint64_t child_pages; /* of 4 KiB, that it owns */
	uint64_t uuid[4];
	uint64_t packages; /* bit n: package n has the key */
	uint64_t key[4];
	uint32_t hkid;
	uint32_t tdcx_count;
	hpa_t tdcx[TDX_TDCS_PAGES_MAX];
};

enum op_state { OP_STATE_UNINITIALIZED, OP_STATE_INITIALIZED, OP_STATE_RUNNABLE };
#define OP_UNINITIALIZED BIT32(OP_STATE_UNINITIALIZED)
#define OP_INITIALIZED BIT32(OP_STATE_INITIALIZED)
#define OP_RUNNABLE BIT32(OP_STATE_RUNNABLE)

struct cpuid_values {
	uint32_t eax, ebx, ecx, edx;
};

/* Fields that VM.RD and the like reach have the size of their field id. */
struct tdcs {
	struct tdr *tdr;
	enum op_state op_state; /* only grows; read without a lock by TDH.VP.ENTER */
	sharex_t sept_lock;
	sharex_t epoch_lock;
	sharex_t rtmr_lock;

	uint64_t attributes;
	uint64_t xfam;
	uint64_t config_flags;
	uint64_t td_ctls;
	uint64_t hp_lock_timeout; /* in us: how long the host may have priority and not use it */
	uint64_t notify_enables;
	uint64_t eptp;
	uint64_t tsc_offset;
	uint64_t tsc_multiplier;
	uint64_t arch_capabilities;
	uint32_t max_vcpus;
	uint32_t num_vcpus;
	uint16_t num_l2_vms;
	uint16_t tsc_frequency;
	uint8_t gpaw;                     /* 0: 48 bits, 1: 52 */
	uint8_t topology_enum_configured; /* all vCPUs so far were given their x2APIC ids */

	uint64_t epoch;
	uint32_t epoch_vcpus[2]; /* vCPUs that entered in epochs of this parity and run */

	struct sha384 mrtd_hash;
	uint8_t mrtd[SHA384_SIZE];
	uint8_t mrconfigid[SHA384_SIZE];
	uint8_t mrowner[SHA384_SIZE];
	uint8_t mrownerconfig[SHA384_SIZE];
	uint8_t rtmr[RTMR_COUNT][SHA384_SIZE];
	uint8_t servtd_hash[SHA384_SIZE]; /* no service TD: zero */

	struct sept_root sept_root;
	uint64_t root_generation; /* counts changes of entries of 512 GiB and more */
	struct cpuid_values *cpuid;
	uint32_t x2apic_ids[TD_MAX_VCPUS];
};
_Static_assert(sizeof(struct tdcs) <= 4096, "The TDCS has outgrown its page.");

/* Bits of a guest physical address. The highest of them is the SHARED bit. */
static inline unsigned td_gpa_bits(const struct tdcs *tdcs)
{
	return tdcs->gpaw != 0 ? 52 : 48;
}

static inline uint64_t td_shared_bit(const struct tdcs *tdcs)
{
	return BIT64(td_gpa_bits(tdcs) - 1);
}

/* An open TD; tdcs is null while it has none. */
struct td {
	hpa_t tdr_page;
	struct tdr *tdr;
	struct tdcs *tdcs;
};

enum vcpu_state { VCPU_UNINITIALIZED, VCPU_READY, VCPU_DISABLED };

/* Starts as the hardware's virtualization-exception information area does. [SDM 3C 26.5.7.2] */
struct ve_area {
	uint32_t exit_reason;        /* 00 */
	uint32_t valid;              /* 04: FFFFFFFF or 0 */
	uint64_t exit_qualification; /* 08 */
	uint64_t gla;                /* 10 */
	uint64_t gpa;                /* 18 */
	uint16_t eptp_index;         /* 20 */
	uint16_t reserved_22;
	uint32_t instruction_length; /* 24: not architectural */
	uint32_t instruction_info;   /* 28 */
	uint32_t reserved_2c;
};
ABI_SIZE(struct ve_area, 48);
#define VE_AREA_VALID UINT32_MAX

#define VCPU_NO_CPU UINT32_MAX
#define VCPU_NO_VECTOR UINT16_MAX
#define VCPU_NO_DESCRIPTOR UINT64_MAX

struct vcpu {
	struct ve_area ve;
	struct svm_vcpu svm;
	struct td td;
	enum vcpu_state state;
	uint32_t index;
	uint32_t x2apic_id;
	uint32_t tdcx_count;
	hpa_t tdcx[TDX_TDVPS_PAGES_MAX - 1];

	uint32_t cpu;   /* the CPU it is associated with, or VCPU_NO_CPU */
	uint64_t epoch; /* in which it was entered last */
	uint64_t shared_eptp;
	/* What the host says of posted interrupts: module_post_interrupt() stands for them. */
	uint64_t posted_descriptor;
	uint32_t pin_based_controls;
	uint16_t posted_vector;
	uint64_t *seam;
	uint64_t root_generation;
	uint64_t posted[4];     /* bit n: external interrupt n waits */
	uint64_t state_details; /* of the last exit: VCPU_STATE_DETAILS_* */

	/* A TDVMCALL that the host has yet to answer, and its RCX. */
	bool vmcall_open;
	uint64_t vmcall_control;
	uint8_t cpuid_supervisor_ve, cpuid_user_ve;
	/* MSRs that exist here only. */
	uint64_t pat, debugctl, xss, ds_area, uarch_misc_ctl;
	uint8_t self_ipi; /* what the virtual-APIC page has for x2APIC SELF_IPI */

	/* zero_step.c: RIP at the last TDH.VP.ENTER, private EPT violations there, and pages that
	 * have to be there at the next. */
	uint64_t entry_rip;
	uint32_t fault_count;
	uint32_t fault_gpa_count;
	uint64_t fault_gpas[32];
	/* TDCALLs in a row have lost to a host with priority, since this TSC value. */
	bool host_priority;
	uint64_t host_priority_since;

	/* guest_tables.c: page tables in the trace so far, and the last one's CR3. */
	unsigned tables_traced;
	uint64_t cr3_traced;

	/* The last TD exit was for a TDCALL, which the vCPU is to execute again. */
	bool tdcall_repeats;

	/* The TD exit that ends this run of the vCPU. */
	bool exit_pending;
	uint64_t exit_status; /* RAX: status and exit reason */
	uint64_t exit_qualification;
	uint64_t exit_extended;
	uint64_t exit_gpa;
	uint64_t exit_interruption;
};
_Static_assert(sizeof(struct vcpu) <= 4096, "The vCPU has outgrown its page.");

/*
 * Locks a TDR and checks what every TD leaf checks: page type, and, when op_states is not 0, that
 * keys and TDCS are there and the TD is in one of these states.
 */
uint64_t td_open(uint64_t tdr_raw, uint32_t operand, enum lock_mode mode, uint32_t op_states,
		 struct td *out);
void td_close(const struct td *td, enum lock_mode mode);

/* Locks a TDVPR and the TDR of its owner, and checks the TD as td_open() does. */
uint64_t vcpu_open(uint64_t tdvpr_raw, uint32_t operand, enum lock_mode mode,
		   enum lock_mode tdr_mode, uint32_t op_states, struct vcpu **out);
void vcpu_close(struct vcpu *vcpu, enum lock_mode mode, enum lock_mode tdr_mode);
/* Has it all pages of its TDVPS? Else TDCX_NUM_INCORRECT. */
static inline bool vcpu_has_pages(const struct vcpu *vcpu)
{
	return vcpu->tdcx_count >= TDX_TDVPS_PAGES - 1;
}
/* Makes the calling CPU the one of the vCPU, which TDH.VP.INIT has made ready, or which is disabled
 * if that is allowed: VCPU_STATE_INCORRECT, VCPU_ASSOCIATED. The TDR is locked, or
 * TDH.MNG.VPFLUSHDONE could miss it. */
uint64_t vcpu_associate(struct vcpu *vcpu, bool allow_disabled);
/* Ends that; false when it was not. */
bool vcpu_dissociate(struct vcpu *vcpu);

/* Gives a page, whose entry is locked exclusive, to the TD. */
void td_take_page(hpa_t tdr_page, struct pamt_entry *entry, enum pg_level level,
		  enum tdx_page_type type);
/* Sets a page of the TD free, whose entry is locked exclusive. Nothing of its content is left for
 * the host. */
void td_drop_page(hpa_t tdr_page, hpa_t page, enum pg_level level);

/* Is a block of this epoch past every TLB? [TDX ABI 1.5, TLB tracking] */
bool td_tracked(const struct tdcs *tdcs, uint64_t bepoch);
/* Must blocks be tracked at all? */
static inline bool td_needs_tracking(const struct tdcs *tdcs)
{
	return tdcs->op_state == OP_STATE_RUNNABLE;
}
