// The trust border: all that a host VMM can ask of the TDX module.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 SEAMCALL]
//
// Leaves, status codes, operand layouts and field ids stand in arch/tdx/module.h. What a host must
// know beyond them:
//
// - All addresses it passes are host physical, of 48 bits, of which the highest are the key id: 0
//   for pages of TDs and not a private one for memory of the host. Pages for TDR, TDCS (6 times
//   TDH.MNG.ADDCX), TDVPS (TDVPR and 5 times TDH.VP.ADDCX), Secure EPT and the TD itself come from
//   the unreserved parts of the TDMRs that TDH.SYS.CONFIG was given, where every page starts free
//   (NDA) and unowned once TDH.SYS.TDMR.INIT has passed its GiB.
// - Secure EPT and shared EPT have as many levels as EPTP_CONTROLS says: 4 (0x1E), or 5 (0x26)
//   where the machine's nested paging has them. CONFIG_FLAGS.GPAW, the SHARED bit at 51 and not at
//   47, needs 5. A new table hangs in an entry of level 4 (256 TiB), 3 (512 GiB), 2 or 1.
// - TDH.VP.INIT, TDH.VP.RD, TDH.VP.WR and TDH.VP.ENTER associate the vCPU with the calling CPU, and
//   fail with VCPU_ASSOCIATED while it belongs to another one. TDH.VP.FLUSH, on the CPU that has
//   it, sets it free: flush after TDH.VP.INIT when another CPU shall run the vCPU.
// - TD_PARAMS.cpuid_config is in the order of cpuid_config_leaves[]: bits of config_direct are the
//   guest's values, bits of config_allow that are 0 hide a feature, all others must be 0.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/bits.h"
#include "arch/tdx/module.h"
#include "arch/x86/insn.h"

/* Registers of one SEAMCALL, in and out. XMM registers are not modelled. */
struct seam_regs {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Bits of a host physical address, the key id included. */
#define MODULE_PHYS_BITS 48
/* What of them may be the key id. */
#define MODULE_KEYID_BITS_MIN 2
#define MODULE_KEYID_BITS_MAX 14

/* Executes the leaf in rax; the completion status is returned and stands in rax. TDH.VP.ENTER runs
 * the vCPU on the calling CPU and returns at the next TD exit. */
uint64_t seamcall(struct seam_regs *regs);

/* What BIOS, fuses and QEMU fix before a module can be loaded. */
struct module_platform {
	uint64_t tsc_khz;
	unsigned keyid_bits;         /* IA32_TME_ACTIVATE: the highest bits of an address */
	uint64_t keyid_partitioning; /* MSR_MKTME_KEYID_PARTITIONING: at most 63 key ids */
	unsigned cpu_count;     /* TDH.SYS.LP.INIT must run on each; at most MACHINE_MAX_CPUS */
	unsigned package_count; /* processors: 1 to MODULE_MAX_PACKAGES */
	bool version_1_0;       /* a module without TDH.SYS.RD and TDH.SYS.RDALL */
	void *tlb_memory;       /* MODULE_TLB_SIZE for each CPU, whose TLBs keep translations until
				 * something empties them; null: each exit of the TD does */
	struct cmr_info cmrs[TDX_MAX_CMRS]; /* ascending, disjoint; those that follow are all 0 */
};

#define MODULE_TLB_SIZE UINT64_C(0x40000)

/* Platform reset and a new module: nothing of before is left. No other CPU may be in seamcall(). */
void module_load(const struct module_platform *platform);

/* Which package is the CPU in, 0 to package_count - 1? To keys and caches it matters. */
#define MODULE_MAX_PACKAGES 8
unsigned module_package(unsigned cpu);

/*
 * The machine's own eye, for its user: writes the registers ("V ") of a vCPU that runs on the
 * calling CPU or on none. A real host sees those of a DEBUG TD only.
 */
void module_log_vcpu(hpa_t tdvpr);

/* For tests: whether the module finds no entropy is asked each time it wants random words. Null: it
 * always finds it. */
void module_entropy_hook(bool (*starves)(void));

/* For tests: asked before each TDCALL by a vCPU on the calling CPU. Not null: it is not made, and
 * this is its status. Null: all are made. */
void module_tdcall_hook(const uint64_t *(*instead)(uint64_t leaf));

/* The machine's own eye: MRTD as the last TDH.MR.FINALIZE left it, and the RTMRs of the TD that was
 * the last to extend one. A real host sees them in reports only. */
struct module_measured {
	uint8_t mrtd[SHA384_SIZE];
	uint8_t rtmr[4][SHA384_SIZE];
};
extern struct module_measured module_measured;

/* RDMSR of MSR_MKTME_KEYID_PARTITIONING by the host. */
uint64_t module_keyid_partitioning(void);
/* RDMSR of IA32_TME_ACTIVATE, bits 35 to 32. */
unsigned module_keyid_bits(void);
/* An address with a key id. */
static inline uint64_t module_keyed(hpa_t address, uint64_t hkid)
{
	return address.v | hkid << (MODULE_PHYS_BITS - module_keyid_bits());
}

/* CPUID by the host: QEMU's CPU as the processor that the machine plays. */
struct cpuid_result module_native_cpuid(uint32_t leaf, uint32_t subleaf);

/* What can be configured of each CPUID leaf, in the order of TD_PARAMS.cpuid_config. */
struct cpuid_config_leaf {
	uint32_t leaf, subleaf; /* UINT32_MAX: the leaf has none */
	uint32_t direct[4];     /* EAX, EBX, ECX, EDX: the host's bit is the guest's */
	uint32_t allow[4];      /* the host may hide a feature of the platform */
};
#define CPUID_CONFIG_LEAVES 18
extern const struct cpuid_config_leaf cpuid_config_leaves[CPUID_CONFIG_LEAVES];

/* What the machine's BIOS chooses, where it is not told otherwise: half of the key ids are private.
 * The host gives the module the first of them for its own use. */
#define MODULE_KEYID_BITS 6
#define MODULE_HKID_BASE 32
#define MODULE_HKID_COUNT 32
#define MODULE_KEYID_PARTITIONING \
	(field_put(MKTME_KEYIDS, MODULE_HKID_BASE - 1) | field_put(TDX_KEYIDS, MODULE_HKID_COUNT))
/* Then the key id of an address, and the end of those without one. */
#define MODULE_HPA_HKID MASK64(MODULE_PHYS_BITS - 1, MODULE_PHYS_BITS - MODULE_KEYID_BITS)
#define MODULE_HPA_END BIT64(MODULE_PHYS_BITS - MODULE_KEYID_BITS)

/*
 * Stands for a posted-interrupt descriptor: an external interrupt the host took while the vCPU was
 * not running. It is delivered at the next TDH.VP.ENTER.
 */
void module_post_interrupt(hpa_t tdvpr, uint8_t vector);

/*
 * INVEPT of all contexts by the host, on the calling CPU: what TLBs have of the shared EPT is for
 * the host to empty. Where TLBs are as QEMU's, nothing is left for it to do.
 */
void module_invept(void);

/*
 * The shared EPT, written by the host: its root is the field MD_VP_SHARED_EPTP of each vCPU (by
 * TDH.VP.WR; bits 11:0 of the value are 0). Tables are in the format of x86 paging (PTE_P,
 * PTE_W, PTE_U must be set on the way to memory that the TD may write), as many levels as the
 * Secure EPT, indexed by the GPA without its SHARED bit. The module takes the entries beside the
 * SHARED bit (GPAW 48: 0 to 255 of 512 GiB; GPAW 52: 0 to 7 of 256 TiB) at each TDH.VP.ENTER; below
 * that, edits act at once. An access that finds no present entry
 *   - is a #VE for the TD (MMIO) when the entry where the walk ends has NPT_SUPPRESS_VE clear, as a
 *     zero entry has;
 *   - is a TD exit EPT_VIOLATION (memory that the host has yet to map) when it is set.
 */
#define NPT_SUPPRESS_VE BIT64(9)

/*
 * The memory controller: what loads and stores of the host, with a key id of its own, do to
 * [address, address + size). Frames of a TD hold its plaintext, because nested paging reads them,
 * and keep it when the TD is gone: a host that wants to see what a real one would see has to come
 * through here.
 *
 * A load from a page of a TD gives bytes that depend on its key, the address and the content; from
 * one that a TD had, and nobody has written since, bytes that say nothing of the content. A
 * store is lost and breaks the page's integrity: the TD's next access to it ends the TD
 * (NON_RECOVERABLE_TD_NON_ACCESSIBLE); a store to a control page or a table of the Secure EPT ends
 * it at its next entry (TD_FATAL). CPUs that run the TD have to be kicked for that.
 *
 * An address may have a key id of the host's. One with a private key id is a #PF of the host, which
 * ends the machine: such accesses are the module's alone.
 */
void module_host_read(hpa_t address, void *to, uint64_t size);
void module_host_write(hpa_t address, const void *from, uint64_t size);
/* The host takes whole pages, which no TD has, for itself: from now on its own loads and stores,
 * and tables and devices that it lets reach them, find no bytes of a TD there. */
void module_host_own(hpa_t base, uint64_t size);

/*
 * For tests, what no host can ask: the module's own books. While no CPU is in seamcall(), every
 * page has the owner, the size and the lock (none) that its type asks for, and each TD counts its
 * pages right; broken names the first rule that does not hold, of page.
 */
struct module_census {
	uint64_t owned;     /* pages that are of a TD, TDRs included */
	unsigned hkids;     /* key ids in use, the module's own included */
	const char *broken; /* null: all is well */
	hpa_t page;
};
struct module_census module_census(void);
/* Pages whose owner is this TDR. Other TDs may run. */
uint64_t module_pages_of(hpa_t tdr);
