// The AMD virtual machine control block: what one VMRUN needs and what one #VMEXIT tells.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [AMD APM 2, 15.5 to 15.20, appendix B, appendix C]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"

#define VMCB_SIZE 4096

struct vmcb_control {
	uint16_t intercept_cr_read;    /* 000: bit n for CRn */
	uint16_t intercept_cr_write;   /* 002 */
	uint16_t intercept_dr_read;    /* 004 */
	uint16_t intercept_dr_write;   /* 006 */
	uint32_t intercept_exceptions; /* 008: bit n for vector n */
	uint32_t intercept_1;          /* 00C: INTERCEPT1_* */
	uint32_t intercept_2;          /* 010: INTERCEPT2_* */
	uint32_t intercept_3;          /* 014 */
	uint8_t reserved_018[36];
	uint16_t pause_filter_threshold; /* 03C */
	uint16_t pause_filter_count;     /* 03E */
	uint64_t iopm_base_pa;           /* 040 */
	uint64_t msrpm_base_pa;          /* 048 */
	uint64_t tsc_offset;             /* 050 */
	uint32_t guest_asid;             /* 058 */
	uint8_t tlb_control;             /* 05C */
	uint8_t reserved_05d[3];
	uint32_t int_ctl;                   /* 060: V_* */
	uint32_t v_intr_vector;             /* 064: [7:0] */
	uint64_t interrupt_shadow;          /* 068: INTERRUPT_SHADOW_* */
	uint64_t exitcode;                  /* 070: VMEXIT_* */
	uint64_t exitinfo1;                 /* 078 */
	uint64_t exitinfo2;                 /* 080 */
	uint64_t exitintinfo;               /* 088: as eventinj */
	uint64_t np_enable;                 /* 090: NP_ENABLE */
	uint64_t avic_apic_bar;             /* 098 */
	uint64_t ghcb_gpa;                  /* 0A0 */
	uint64_t eventinj;                  /* 0A8: EVENTINJ_* */
	uint64_t n_cr3;                     /* 0B0 */
	uint64_t lbr_virtualization_enable; /* 0B8 */
	uint32_t vmcb_clean;                /* 0C0 */
	uint32_t reserved_0c4;
	uint64_t nrip;                       /* 0C8 */
	uint8_t bytes_fetched;               /* 0D0 */
	uint8_t guest_instruction_bytes[15]; /* 0D1 */
	uint64_t avic_backing_page;          /* 0E0 */
	uint8_t reserved_0e8[8];
	uint64_t avic_logical_table;  /* 0F0 */
	uint64_t avic_physical_table; /* 0F8 */
	uint8_t reserved_100[8];
	uint64_t vmsa; /* 108 */
	uint8_t reserved_110[752];
};
ABI_SIZE(struct vmcb_control, 0x400);
ABI_FIELD(struct vmcb_control, intercept_cr_read, 0x00, 2);
ABI_FIELD(struct vmcb_control, intercept_cr_write, 0x02, 2);
ABI_FIELD(struct vmcb_control, intercept_dr_read, 0x04, 2);
ABI_FIELD(struct vmcb_control, intercept_dr_write, 0x06, 2);
ABI_FIELD(struct vmcb_control, intercept_exceptions, 0x08, 4);
ABI_FIELD(struct vmcb_control, intercept_1, 0x0C, 4);
ABI_FIELD(struct vmcb_control, intercept_2, 0x10, 4);
ABI_FIELD(struct vmcb_control, intercept_3, 0x14, 4);
ABI_FIELD(struct vmcb_control, pause_filter_threshold, 0x3C, 2);
ABI_FIELD(struct vmcb_control, pause_filter_count, 0x3E, 2);
ABI_FIELD(struct vmcb_control, iopm_base_pa, 0x40, 8);
ABI_FIELD(struct vmcb_control, msrpm_base_pa, 0x48, 8);
ABI_FIELD(struct vmcb_control, tsc_offset, 0x50, 8);
ABI_FIELD(struct vmcb_control, guest_asid, 0x58, 4);
ABI_FIELD(struct vmcb_control, tlb_control, 0x5C, 1);
ABI_FIELD(struct vmcb_control, int_ctl, 0x60, 4);
ABI_FIELD(struct vmcb_control, v_intr_vector, 0x64, 4);
ABI_FIELD(struct vmcb_control, interrupt_shadow, 0x68, 8);
ABI_FIELD(struct vmcb_control, exitcode, 0x70, 8);
ABI_FIELD(struct vmcb_control, exitinfo1, 0x78, 8);
ABI_FIELD(struct vmcb_control, exitinfo2, 0x80, 8);
ABI_FIELD(struct vmcb_control, exitintinfo, 0x88, 8);
ABI_FIELD(struct vmcb_control, np_enable, 0x90, 8);
ABI_FIELD(struct vmcb_control, avic_apic_bar, 0x98, 8);
ABI_FIELD(struct vmcb_control, ghcb_gpa, 0xA0, 8);
ABI_FIELD(struct vmcb_control, eventinj, 0xA8, 8);
ABI_FIELD(struct vmcb_control, n_cr3, 0xB0, 8);
ABI_FIELD(struct vmcb_control, lbr_virtualization_enable, 0xB8, 8);
ABI_FIELD(struct vmcb_control, vmcb_clean, 0xC0, 4);
ABI_FIELD(struct vmcb_control, nrip, 0xC8, 8);
ABI_FIELD(struct vmcb_control, bytes_fetched, 0xD0, 1);
ABI_FIELD(struct vmcb_control, guest_instruction_bytes, 0xD1, 15);
ABI_FIELD(struct vmcb_control, avic_backing_page, 0xE0, 8);
ABI_FIELD(struct vmcb_control, avic_logical_table, 0xF0, 8);
ABI_FIELD(struct vmcb_control, avic_physical_table, 0xF8, 8);
ABI_FIELD(struct vmcb_control, vmsa, 0x108, 8);

struct vmcb_segment {
	uint16_t selector; /* 0 */
	uint16_t attrib;   /* 2: VMCB_SEG_*, descriptor bits 55:52 and 47:40 packed */
	uint32_t limit;    /* 4: in bytes */
	uint64_t base;     /* 8 */
};
ABI_SIZE(struct vmcb_segment, 16);
ABI_FIELD(struct vmcb_segment, attrib, 2, 2);
ABI_FIELD(struct vmcb_segment, limit, 4, 4);
ABI_FIELD(struct vmcb_segment, base, 8, 8);

struct vmcb_save {
	struct vmcb_segment es, cs, ss, ds; /* 000 */
	struct vmcb_segment fs, gs;         /* 040: VMLOAD/VMSAVE */
	struct vmcb_segment gdtr;           /* 060 */
	struct vmcb_segment ldtr;           /* 070: VMLOAD/VMSAVE */
	struct vmcb_segment idtr;           /* 080 */
	struct vmcb_segment tr;             /* 090: VMLOAD/VMSAVE */
	uint8_t reserved_0a0[43];
	uint8_t cpl; /* 0CB */
	uint8_t reserved_0cc[4];
	uint64_t efer; /* 0D0 */
	uint8_t reserved_0d8[112];
	uint64_t cr4;    /* 148 */
	uint64_t cr3;    /* 150 */
	uint64_t cr0;    /* 158 */
	uint64_t dr7;    /* 160 */
	uint64_t dr6;    /* 168 */
	uint64_t rflags; /* 170 */
	uint64_t rip;    /* 178 */
	uint8_t reserved_180[88];
	uint64_t rsp;                        /* 1D8 */
	uint64_t s_cet;                      /* 1E0 */
	uint64_t ssp;                        /* 1E8 */
	uint64_t isst_addr;                  /* 1F0 */
	uint64_t rax;                        /* 1F8 */
	uint64_t star, lstar, cstar, sfmask; /* 200: VMLOAD/VMSAVE */
	uint64_t kernel_gs_base;             /* 220: VMLOAD/VMSAVE */
	uint64_t sysenter_cs;                /* 228: VMLOAD/VMSAVE */
	uint64_t sysenter_esp, sysenter_eip; /* 230: VMLOAD/VMSAVE */
	uint64_t cr2;                        /* 240 */
	uint8_t reserved_248[32];
	uint64_t g_pat;                    /* 268 */
	uint64_t dbgctl;                   /* 270 */
	uint64_t br_from, br_to;           /* 278 */
	uint64_t lastexcpfrom, lastexcpto; /* 288 */
	uint8_t reserved_298[2408];
};
ABI_SIZE(struct vmcb_save, 0xC00);
ABI_FIELD(struct vmcb_save, es, 0x00, 16);
ABI_FIELD(struct vmcb_save, cs, 0x10, 16);
ABI_FIELD(struct vmcb_save, ss, 0x20, 16);
ABI_FIELD(struct vmcb_save, ds, 0x30, 16);
ABI_FIELD(struct vmcb_save, fs, 0x40, 16);
ABI_FIELD(struct vmcb_save, gs, 0x50, 16);
ABI_FIELD(struct vmcb_save, gdtr, 0x60, 16);
ABI_FIELD(struct vmcb_save, ldtr, 0x70, 16);
ABI_FIELD(struct vmcb_save, idtr, 0x80, 16);
ABI_FIELD(struct vmcb_save, tr, 0x90, 16);
ABI_FIELD(struct vmcb_save, cpl, 0xCB, 1);
ABI_FIELD(struct vmcb_save, efer, 0xD0, 8);
ABI_FIELD(struct vmcb_save, cr4, 0x148, 8);
ABI_FIELD(struct vmcb_save, cr3, 0x150, 8);
ABI_FIELD(struct vmcb_save, cr0, 0x158, 8);
ABI_FIELD(struct vmcb_save, dr7, 0x160, 8);
ABI_FIELD(struct vmcb_save, dr6, 0x168, 8);
ABI_FIELD(struct vmcb_save, rflags, 0x170, 8);
ABI_FIELD(struct vmcb_save, rip, 0x178, 8);
ABI_FIELD(struct vmcb_save, rsp, 0x1D8, 8);
ABI_FIELD(struct vmcb_save, rax, 0x1F8, 8);
ABI_FIELD(struct vmcb_save, star, 0x200, 8);
ABI_FIELD(struct vmcb_save, lstar, 0x208, 8);
ABI_FIELD(struct vmcb_save, cstar, 0x210, 8);
ABI_FIELD(struct vmcb_save, sfmask, 0x218, 8);
ABI_FIELD(struct vmcb_save, kernel_gs_base, 0x220, 8);
ABI_FIELD(struct vmcb_save, sysenter_cs, 0x228, 8);
ABI_FIELD(struct vmcb_save, sysenter_esp, 0x230, 8);
ABI_FIELD(struct vmcb_save, sysenter_eip, 0x238, 8);
ABI_FIELD(struct vmcb_save, cr2, 0x240, 8);
ABI_FIELD(struct vmcb_save, g_pat, 0x268, 8);
ABI_FIELD(struct vmcb_save, dbgctl, 0x270, 8);
ABI_FIELD(struct vmcb_save, br_from, 0x278, 8);
ABI_FIELD(struct vmcb_save, lastexcpto, 0x290, 8);

struct vmcb {
	struct vmcb_control control; /* 000 */
	struct vmcb_save save;       /* 400 */
};
ABI_SIZE(struct vmcb, VMCB_SIZE);
ABI_FIELD(struct vmcb, save, 0x400, 0xC00);

/* vmcb_segment.attrib */
#define VMCB_SEG_TYPE MASK64(3, 0)
#define VMCB_SEG_S BIT64(4)
#define VMCB_SEG_DPL MASK64(6, 5)
#define VMCB_SEG_P BIT64(7)
#define VMCB_SEG_AVL BIT64(8)
#define VMCB_SEG_L BIT64(9)
#define VMCB_SEG_DB BIT64(10)
#define VMCB_SEG_G BIT64(11)
/* Flat segments of ring 0, accessed. */
#define VMCB_ATTRIB_CODE64 0xA9B
#define VMCB_ATTRIB_CODE32 0xC9B
#define VMCB_ATTRIB_DATA 0xC93
#define VMCB_ATTRIB_LDT 0x082
#define VMCB_ATTRIB_TSS_BUSY 0x08B

#define INTERCEPT1_INTR BIT32(0)
#define INTERCEPT1_NMI BIT32(1)
#define INTERCEPT1_SMI BIT32(2)
#define INTERCEPT1_INIT BIT32(3)
#define INTERCEPT1_VINTR BIT32(4)
#define INTERCEPT1_CR0_SEL_WRITE BIT32(5)
#define INTERCEPT1_IDTR_READ BIT32(6)
#define INTERCEPT1_GDTR_READ BIT32(7)
#define INTERCEPT1_LDTR_READ BIT32(8)
#define INTERCEPT1_TR_READ BIT32(9)
#define INTERCEPT1_IDTR_WRITE BIT32(10)
#define INTERCEPT1_GDTR_WRITE BIT32(11)
#define INTERCEPT1_LDTR_WRITE BIT32(12)
#define INTERCEPT1_TR_WRITE BIT32(13)
#define INTERCEPT1_RDTSC BIT32(14)
#define INTERCEPT1_RDPMC BIT32(15)
#define INTERCEPT1_PUSHF BIT32(16)
#define INTERCEPT1_POPF BIT32(17)
#define INTERCEPT1_CPUID BIT32(18)
#define INTERCEPT1_RSM BIT32(19)
#define INTERCEPT1_IRET BIT32(20)
#define INTERCEPT1_SWINT BIT32(21)
#define INTERCEPT1_INVD BIT32(22)
#define INTERCEPT1_PAUSE BIT32(23)
#define INTERCEPT1_HLT BIT32(24)
#define INTERCEPT1_INVLPG BIT32(25)
#define INTERCEPT1_INVLPGA BIT32(26)
#define INTERCEPT1_IOIO BIT32(27)
#define INTERCEPT1_MSR BIT32(28)
#define INTERCEPT1_TASK_SWITCH BIT32(29)
#define INTERCEPT1_FERR_FREEZE BIT32(30)
#define INTERCEPT1_SHUTDOWN BIT32(31)

#define INTERCEPT2_VMRUN BIT32(0)
#define INTERCEPT2_VMMCALL BIT32(1)
#define INTERCEPT2_VMLOAD BIT32(2)
#define INTERCEPT2_VMSAVE BIT32(3)
#define INTERCEPT2_STGI BIT32(4)
#define INTERCEPT2_CLGI BIT32(5)
#define INTERCEPT2_SKINIT BIT32(6)
#define INTERCEPT2_RDTSCP BIT32(7)
#define INTERCEPT2_ICEBP BIT32(8)
#define INTERCEPT2_WBINVD BIT32(9)
#define INTERCEPT2_MONITOR BIT32(10)
#define INTERCEPT2_MWAIT BIT32(11)
#define INTERCEPT2_MWAIT_COND BIT32(12)
#define INTERCEPT2_XSETBV BIT32(13)

/* int_ctl */
#define V_TPR MASK64(7, 0)
#define V_IRQ BIT32(8)
#define V_GIF BIT32(9)
#define V_INTR_PRIO MASK64(19, 16)
#define V_IGN_TPR BIT32(20)
#define V_INTR_MASKING BIT32(24)
#define V_GIF_ENABLE BIT32(25)

#define INTERRUPT_SHADOW_ACTIVE BIT64(0)
#define INTERRUPT_SHADOW_GUEST_INTERRUPT_MASK BIT64(1)

#define TLB_CONTROL_NOTHING 0
#define TLB_CONTROL_FLUSH_ALL 1

#define NP_ENABLE BIT64(0)

/* eventinj and exitintinfo */
#define EVENTINJ_VECTOR MASK64(7, 0)
#define EVENTINJ_TYPE MASK64(10, 8)
#define EVENTINJ_TYPE_INTR 0
#define EVENTINJ_TYPE_NMI 2
#define EVENTINJ_TYPE_EXCEPTION 3
#define EVENTINJ_TYPE_SOFT_INTERRUPT 4
#define EVENTINJ_EV BIT64(11)
#define EVENTINJ_V BIT64(31)
#define EVENTINJ_ERRORCODE MASK64(63, 32)

#define VMEXIT_CR0_READ 0x00
#define VMEXIT_CR0_WRITE 0x10
#define VMEXIT_CR3_WRITE 0x13
#define VMEXIT_CR4_WRITE 0x14
#define VMEXIT_CR8_WRITE 0x18
#define VMEXIT_DR0_READ 0x20
#define VMEXIT_DR0_WRITE 0x30
#define VMEXIT_EXCP(vector) (0x40 + (vector))
#define VMEXIT_INTR 0x60
#define VMEXIT_NMI 0x61
#define VMEXIT_SMI 0x62
#define VMEXIT_INIT 0x63
#define VMEXIT_VINTR 0x64
#define VMEXIT_CR0_SEL_WRITE 0x65
#define VMEXIT_IDTR_READ 0x66
#define VMEXIT_GDTR_READ 0x67
#define VMEXIT_LDTR_READ 0x68
#define VMEXIT_TR_READ 0x69
#define VMEXIT_IDTR_WRITE 0x6A
#define VMEXIT_GDTR_WRITE 0x6B
#define VMEXIT_LDTR_WRITE 0x6C
#define VMEXIT_TR_WRITE 0x6D
#define VMEXIT_RDTSC 0x6E
#define VMEXIT_RDPMC 0x6F
#define VMEXIT_PUSHF 0x70
#define VMEXIT_POPF 0x71
#define VMEXIT_CPUID 0x72
#define VMEXIT_RSM 0x73
#define VMEXIT_IRET 0x74
#define VMEXIT_SWINT 0x75
#define VMEXIT_INVD 0x76
#define VMEXIT_PAUSE 0x77
#define VMEXIT_HLT 0x78
#define VMEXIT_INVLPG 0x79
#define VMEXIT_INVLPGA 0x7A
#define VMEXIT_IOIO 0x7B
#define VMEXIT_MSR 0x7C
#define VMEXIT_TASK_SWITCH 0x7D
#define VMEXIT_FERR_FREEZE 0x7E
#define VMEXIT_SHUTDOWN 0x7F
#define VMEXIT_VMRUN 0x80
#define VMEXIT_VMMCALL 0x81
#define VMEXIT_VMLOAD 0x82
#define VMEXIT_VMSAVE 0x83
#define VMEXIT_STGI 0x84
#define VMEXIT_CLGI 0x85
#define VMEXIT_SKINIT 0x86
#define VMEXIT_RDTSCP 0x87
#define VMEXIT_ICEBP 0x88
#define VMEXIT_WBINVD 0x89
#define VMEXIT_MONITOR 0x8A
#define VMEXIT_MWAIT 0x8B
#define VMEXIT_MWAIT_COND 0x8C
#define VMEXIT_XSETBV 0x8D
#define VMEXIT_NPF 0x400
/* QEMU 7.2 stores VMEXIT_INVALID in 32 bits, later ones in 64: compare the low half. */
#define VMEXIT_INVALID_LOW 0xFFFFFFFF

/* exitinfo1 of VMEXIT_IOIO; exitinfo2 is the RIP of the next instruction. */
#define IOIO_IN BIT64(0)
#define IOIO_STRING BIT64(2)
#define IOIO_REP BIT64(3)
#define IOIO_SIZE_8 BIT64(4)
#define IOIO_SIZE_16 BIT64(5)
#define IOIO_SIZE_32 BIT64(6)
#define IOIO_ADDRESS_16 BIT64(7)
#define IOIO_ADDRESS_32 BIT64(8)
#define IOIO_ADDRESS_64 BIT64(9)
#define IOIO_SEGMENT MASK64(12, 10)
#define IOIO_PORT MASK64(31, 16)

/* exitinfo1 of VMEXIT_MSR */
#define MSR_EXIT_WRITE BIT64(0)

/* exitinfo1 of VMEXIT_NPF; exitinfo2 is the guest physical address. */
#define NPF_P BIT64(0)
#define NPF_W BIT64(1)
#define NPF_U BIT64(2)
#define NPF_RSVD BIT64(3)
#define NPF_I BIT64(4)
#define NPF_FINAL BIT64(32) /* access to the translated address */
#define NPF_TABLE BIT64(33) /* access to a guest page table */

/* I/O permission map: one bit for each port, and three more. MSR permission map: two bits (read,
 * write) for each MSR of three ranges of 0x2000. A set bit intercepts. */
#define IOPM_SIZE 0x3000
#define MSRPM_SIZE 0x2000
#define MSRPM_RANGE_MSRS 0x2000
#define MSRPM_RANGE_SIZE 0x800
#define MSRPM_BASE_0 0x00000000
#define MSRPM_BASE_1 0xC0000000
#define MSRPM_BASE_2 0xC0010000

#define MSR_VM_CR 0xC0010114
#define MSR_VM_HSAVE_PA 0xC0010117
#define VM_CR_SVMDIS BIT64(4)
