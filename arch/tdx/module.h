// TDCALL and SEAMCALL leaves, completion codes, operand ids, field ids and operand layouts.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX Module ABI 1.5]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"

/* RAX on entry: leaf and version; all other bits are 0. [TDX ABI 1.5 TDCALL/SEAMCALL] */
#define TDX_LEAF MASK64(15, 0)
#define TDX_VERSION MASK64(23, 16)

/* RAX[15:0]: TDG_VP_VMCALL and so on. */
enum tdg_leaf {
#define TDG_LEAF(identifier, number, name) TDG_##identifier = (number),
#include "arch/tdx/leaves.def"
	TDG_LEAF_COUNT = 32, /* more than any number */
};

/* RAX[15:0]: TDH_VP_ENTER and so on. */
enum tdh_leaf {
#define TDH_LEAF(identifier, number, name) TDH_##identifier = (number),
#include "arch/tdx/leaves.def"
	TDH_LEAF_COUNT = 64, /* more than any number */
};

/* --- Completion status: bits 63:32 of RAX; bits 31:0 name the operand. ------------------------ */
#define TDX_STATUS(hi32) ((uint64_t)(hi32) << 32)
#define TDX_STATUS_CODE MASK64(63, 32)
#define TDX_STATUS_DETAIL MASK64(31, 0)
#define TDX_ERROR BIT64(63)
#define TDX_NON_RECOVERABLE BIT64(62)

#define TDX_SUCCESS TDX_STATUS(0)
#define TDX_NON_RECOVERABLE_VCPU TDX_STATUS(0x40000001)
#define TDX_NON_RECOVERABLE_TD TDX_STATUS(0x60000002)
#define TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE TDX_STATUS(0x60000005)
#define TDX_INTERRUPTED_RESUMABLE TDX_STATUS(0x80000003)
#define TDX_INTERRUPTED_RESTARTABLE TDX_STATUS(0x80000004)
#define TDX_OPERAND_INVALID TDX_STATUS(0xC0000100)
#define TDX_OPERAND_ADDR_RANGE_ERROR TDX_STATUS(0xC0000101)
#define TDX_OPERAND_BUSY TDX_STATUS(0x80000200)
#define TDX_PREVIOUS_TLB_EPOCH_BUSY TDX_STATUS(0x80000201)
#define TDX_SYS_BUSY TDX_STATUS(0x80000202)
#define TDX_RND_NO_ENTROPY TDX_STATUS(0x80000203)
#define TDX_OPERAND_BUSY_HOST_PRIORITY TDX_STATUS(0x80000204)
#define TDX_HOST_PRIORITY_BUSY_TIMEOUT TDX_STATUS(0x90000205)
#define TDX_PAGE_METADATA_INCORRECT TDX_STATUS(0xC0000300)
#define TDX_PAGE_NOT_OWNED_BY_TD TDX_STATUS(0xC0000302)
#define TDX_PAGE_NOT_FREE TDX_STATUS(0xC0000303)
#define TDX_TD_ASSOCIATED_PAGES_EXIST TDX_STATUS(0xC0000400)
#define TDX_SYS_INIT_NOT_PENDING TDX_STATUS(0xC0000500)
#define TDX_SYS_LP_INIT_NOT_DONE TDX_STATUS(0xC0000502)
#define TDX_SYS_LP_INIT_DONE TDX_STATUS(0xC0000503)
#define TDX_SYS_NOT_READY TDX_STATUS(0xC0000505)
#define TDX_SYS_KEY_CONFIG_NOT_PENDING TDX_STATUS(0xC0000507)
#define TDX_SYS_LP_INIT_NOT_PENDING TDX_STATUS(0xC000050B)
#define TDX_SYS_CONFIG_NOT_PENDING TDX_STATUS(0xC000050C)
#define TDX_TD_FATAL TDX_STATUS(0xE0000604)
#define TDX_TD_NON_DEBUG TDX_STATUS(0xC0000605)
#define TDX_TDCS_NOT_ALLOCATED TDX_STATUS(0xC0000606)
#define TDX_LIFECYCLE_STATE_INCORRECT TDX_STATUS(0xC0000607)
#define TDX_OP_STATE_INCORRECT TDX_STATUS(0xC0000608)
#define TDX_NO_VCPUS TDX_STATUS(0xC0000609)
#define TDX_TDCX_NUM_INCORRECT TDX_STATUS(0xC0000610)
#define TDX_X2APIC_ID_NOT_UNIQUE TDX_STATUS(0xC0000621)
#define TDX_VCPU_STATE_INCORRECT TDX_STATUS(0xC0000700)
#define TDX_VCPU_ASSOCIATED TDX_STATUS(0x80000701)
#define TDX_VCPU_NOT_ASSOCIATED TDX_STATUS(0x80000702)
#define TDX_NO_VALID_VE_INFO TDX_STATUS(0xC0000704)
#define TDX_MAX_VCPUS_EXCEEDED TDX_STATUS(0xC0000705)
#define TDX_TD_VMCS_FIELD_NOT_INITIALIZED TDX_STATUS(0xC0000730)
#define TDX_KEY_GENERATION_FAILED TDX_STATUS(0x80000800)
#define TDX_TD_KEYS_NOT_CONFIGURED TDX_STATUS(0x80000810)
#define TDX_KEY_STATE_INCORRECT TDX_STATUS(0xC0000811)
#define TDX_KEY_CONFIGURED TDX_STATUS(0x00000815)
#define TDX_WBCACHE_NOT_COMPLETE TDX_STATUS(0x80000817)
#define TDX_HKID_NOT_FREE TDX_STATUS(0xC0000820)
#define TDX_NO_HKID_READY_TO_WBCACHE TDX_STATUS(0x00000821)
#define TDX_WBCACHE_RESUME_ERROR TDX_STATUS(0xC0000823)
#define TDX_FLUSHVP_NOT_DONE TDX_STATUS(0x80000824)
#define TDX_INVALID_TDMR TDX_STATUS(0xC0000A00)
#define TDX_NON_ORDERED_TDMR TDX_STATUS(0xC0000A01)
#define TDX_TDMR_OUTSIDE_CMRS TDX_STATUS(0xC0000A02)
#define TDX_TDMR_ALREADY_INITIALIZED TDX_STATUS(0x00000A03)
#define TDX_INVALID_PAMT TDX_STATUS(0xC0000A10)
#define TDX_PAMT_OUTSIDE_CMRS TDX_STATUS(0xC0000A11)
#define TDX_PAMT_OVERLAP TDX_STATUS(0xC0000A12)
#define TDX_INVALID_RESERVED_IN_TDMR TDX_STATUS(0xC0000A20)
#define TDX_NON_ORDERED_RESERVED_IN_TDMR TDX_STATUS(0xC0000A21)
#define TDX_EPT_WALK_FAILED TDX_STATUS(0xC0000B00)
#define TDX_EPT_ENTRY_FREE TDX_STATUS(0xC0000B01)
#define TDX_EPT_ENTRY_NOT_FREE TDX_STATUS(0xC0000B02)
#define TDX_EPT_ENTRY_NOT_PRESENT TDX_STATUS(0xC0000B03)
#define TDX_EPT_ENTRY_NOT_LEAF TDX_STATUS(0xC0000B04)
#define TDX_EPT_ENTRY_LEAF TDX_STATUS(0xC0000B05)
#define TDX_GPA_RANGE_NOT_BLOCKED TDX_STATUS(0xC0000B06)
#define TDX_GPA_RANGE_ALREADY_BLOCKED TDX_STATUS(0x00000B07)
#define TDX_TLB_TRACKING_NOT_DONE TDX_STATUS(0xC0000B08)
#define TDX_EPT_INVALID_PROMOTE_CONDITIONS TDX_STATUS(0xC0000B09)
#define TDX_PAGE_ALREADY_ACCEPTED TDX_STATUS(0x00000B0A)
#define TDX_PAGE_SIZE_MISMATCH TDX_STATUS(0xC0000B0B)
#define TDX_EPT_ENTRY_STATE_INCORRECT TDX_STATUS(0xC0000B0D)
#define TDX_EPT_PAGE_NOT_FREE TDX_STATUS(0xC0000B0E)
#define TDX_L2_SEPT_WALK_FAILED TDX_STATUS(0xC0000B0F)
#define TDX_PAGE_ATTR_INVALID TDX_STATUS(0xC0000B11)
#define TDX_METADATA_FIELD_ID_INCORRECT TDX_STATUS(0xC0000C00)
#define TDX_METADATA_FIELD_NOT_WRITABLE TDX_STATUS(0xC0000C01)
#define TDX_METADATA_FIELD_NOT_READABLE TDX_STATUS(0xC0000C02)
#define TDX_METADATA_FIELD_VALUE_NOT_VALID TDX_STATUS(0xC0000C03)
#define TDX_METADATA_LIST_OVERFLOW TDX_STATUS(0xC0000C04)
#define TDX_METADATA_WR_MASK_NOT_VALID TDX_STATUS(0xC0000C0A)
#define TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT TDX_STATUS(0x00000C0B)
#define TDX_INVALID_CPUSVN TDX_STATUS(0xC0001000)
#define TDX_INVALID_REPORTMACSTRUCT TDX_STATUS(0xC0001001)

/* In the status of TDH.VP.ENTER; bit 26 may say "and a bus lock". */
#define TDX_EXIT_REASON MASK64(15, 0)

/* Operand ids: a GPR is its hardware number. [TDX ABI 1.5, operand ids] */
#define TDX_OPERAND_RAX 0
#define TDX_OPERAND_RCX 1
#define TDX_OPERAND_RDX 2
#define TDX_OPERAND_R8 8
#define TDX_OPERAND_R9 9
#define TDX_OPERAND_R10 10
#define TDX_OPERAND_R11 11
#define TDX_OPERAND_ATTRIBUTES 64
#define TDX_OPERAND_XFAM 65
#define TDX_OPERAND_EXEC_CONTROLS 66
#define TDX_OPERAND_EPTP_CONTROLS 67
#define TDX_OPERAND_MAX_VCPUS 68
#define TDX_OPERAND_CPUID_CONFIG 69
#define TDX_OPERAND_TSC_FREQUENCY 70
#define TDX_OPERAND_NUM_L2_VMS 71
#define TDX_OPERAND_ARCH_CAPABILITIES_CONFIG 72
#define TDX_OPERAND_TDMR_INFO_PA 96
#define TDX_OPERAND_TDR 128
#define TDX_OPERAND_TDVPR 130
#define TDX_OPERAND_SEPT_TREE 146
#define TDX_OPERAND_SEPT_ENTRY 147
#define TDX_OPERAND_RTMR 168
#define TDX_OPERAND_TD_EPOCH 169
#define TDX_OPERAND_OP_STATE 172
#define TDX_OPERAND_KOT 186
#define TDX_OPERAND_KET 187
#define TDX_OPERAND_WBCACHE 188

/* The low half of the statuses of TDH.SYS.CONFIG: which TDMR, which of its reserved areas or PAMTs
 * (by enum pg_level), and which other TDMR. */
#define TDX_DETAIL_TDMR MASK64(7, 0)
#define TDX_DETAIL_PART MASK64(15, 8)
#define TDX_DETAIL_OTHER_TDMR MASK64(23, 16)

/* --- Operand layouts ------------------------------------------------------------------------ */
/* "GPA and level" operands: [2:0] level, [51:12] GPA in place, all else 0. */
#define TDX_GPA_LEVEL MASK64(2, 0)
#define TDX_GPA_PAGE MASK64(51, 12)
/* Extra outputs of a failed Secure EPT operation, RDX. */
#define TDX_SEPT_RDX_LEVEL MASK64(2, 0)
#define TDX_SEPT_RDX_STATE MASK64(15, 8)
/* TDH.MEM.SEPT.ADD, RDX: the TDR and this flag. */
#define TDX_SEPT_ADD_ALLOW_EXISTING BIT64(0)
/* A page operand of TDH.MEM.SEPT.ADD from version 1 on: it is not given. As an output, with
 * TDX_SEPT_ADD_NOT_USED: it was not used. */
#define TDX_NULL_PAGE UINT64_MAX
#define TDX_SEPT_ADD_NOT_USED BIT64(63)
/* TDH.MEM.PAGE.DEMOTE and TDH.MEM.SEPT.RD, RDX: the TDR and a flag. */
#define TDX_DEMOTE_L2_SEPT_ADD_MODE BIT64(0)
#define TDX_SEPT_RD_L2_ATTRIBUTES BIT64(0)
/* TDH.VP.ENTER, RCX: the TDVPR and these flags. */
#define TDX_VP_ENTER_HOST_RECOVERABILITY_HINT BIT64(52)
#define TDX_VP_ENTER_RESUME_L1 BIT64(53)

/* TDH.VP.ENTER, R9 of an exit by an exception: a machine check. [SDM 3C 25.9.2] */
#define TDX_EXIT_INTERRUPTION_MC (BIT64(31) | field_put(MASK64(10, 8), 3) | 18)

/* TDH.PHYMEM.CACHE.WB, RCX. */
#define TDX_CACHE_WB_START 0
#define TDX_CACHE_WB_RESUME 1

/* Public states of a Secure EPT entry. */
enum tdx_sept_state {
	TDX_SEPT_FREE = 0,
	TDX_SEPT_BLOCKED = 1,
	TDX_SEPT_PENDING = 2,
	TDX_SEPT_PENDING_BLOCKED = 3,
	TDX_SEPT_MAPPED = 4,
	TDX_SEPT_NL_BLOCKED = 129,
	TDX_SEPT_NL_MAPPED = 132,
};

/* Page types of TDH.PHYMEM.PAGE.RDMD, RCX. */
enum tdx_page_type {
	TDX_PAGE_NDA = 0,
	TDX_PAGE_RSVD = 1,
	TDX_PAGE_REG = 3,
	TDX_PAGE_TDR = 4,
	TDX_PAGE_TDCX = 5,
	TDX_PAGE_TDVPR = 6,
	TDX_PAGE_EPT = 8,
};

/* Pages of the control structures. */
#define TDX_TDCS_PAGES 6
#define TDX_TDVPS_PAGES 6 /* TDVPR included */
/* One L2 VM more, and the most with the three there can be. */
#define TDX_TDCS_PAGES_PER_L2_VM 1
#define TDX_TDVPS_PAGES_PER_L2_VM 3
#define TDX_MAX_L2_VMS 3
#define TDX_TDCS_PAGES_MAX (TDX_TDCS_PAGES + TDX_MAX_L2_VMS * TDX_TDCS_PAGES_PER_L2_VM)
#define TDX_TDVPS_PAGES_MAX (TDX_TDVPS_PAGES + TDX_MAX_L2_VMS * TDX_TDVPS_PAGES_PER_L2_VM)

/* TDG.MEM.PAGE.ATTR.RD/WR: one 16-bit word for each VM. */
#define TDX_ATTR_R BIT64(0)
#define TDX_ATTR_W BIT64(1)
#define TDX_ATTR_XS BIT64(2)
#define TDX_ATTR_XU BIT64(3)
#define TDX_ATTR_VALID BIT64(15)
#define TDX_ATTR_VM0 MASK64(15, 0)
/* TDG.MEM.PAGE.ATTR.RD, RCX: GPA and level, and this flag. */
#define TDX_ATTR_PENDING BIT64(62)

/* TDG.VP.INFO outputs */
#define TDG_VP_INFO_GPAW MASK64(5, 0)        /* RCX */
#define TDG_VP_INFO_NUM_VCPUS MASK64(31, 0)  /* R8 */
#define TDG_VP_INFO_MAX_VCPUS MASK64(63, 32) /* R8 */
#define TDG_VP_INFO_VCPU_INDEX MASK64(31, 0) /* R9 */

#define TD_ATTRIBUTES_DEBUG BIT64(0)
#define TD_ATTRIBUTES_SEPT_VE_DISABLE BIT64(28)
#define TD_ATTRIBUTES_MIGRATABLE BIT64(29)
#define TD_ATTRIBUTES_PKS BIT64(30)
#define TD_ATTRIBUTES_PERFMON BIT64(63)

#define TD_CONFIG_FLAGS_GPAW BIT64(0)
#define TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE BIT64(1)
#define TD_CONFIG_FLAGS_NO_RBP_MOD BIT64(2)

#define TD_EPTP_MEMORY_TYPE MASK64(2, 0)
#define TD_EPTP_LEVELS MASK64(5, 3) /* levels - 1: the level of the entries of the root */

/* NOTIFY_ENABLES */
#define TD_NOTIFY_EPT_FAULTS BIT64(0)

#define TD_CTLS_PENDING_VE_DISABLE BIT64(0)
#define TD_CTLS_ENUM_TOPOLOGY BIT64(1)
#define TD_CTLS_REDUCE_VE BIT64(3)

/* Metadata field ids. Only CLASS and FIELD_CODE select a field. */
#define MD_FIELD_CODE MASK64(23, 0)
#define MD_FIELD_CLASS MASK64(61, 56)
#define MD_CONTEXT MASK64(54, 52)
#define MD_FIELD_SELECT (MD_FIELD_CODE | MD_FIELD_CLASS)
#define MD_FIELD_RESERVED (MASK64(31, 24) | MASK64(49, 47) | BIT64(55) | BIT64(62))
#define MD_TD_FATAL 0x8010000000000001
#define MD_TD_NUM_TDCX 0x8010000200000002
#define MD_TD_CHLDCNT 0x8010000300000004
#define MD_TD_LIFECYCLE_STATE 0x8010000200000005
#define MD_TD_HKID 0x8110000100000001
#define MD_TD_PKG_CONFIG_BITMAP 0x8110000300000002
#define MD_TD_NUM_VCPUS 0x9010000200000001
#define MD_TD_NUM_ASSOC_VCPUS 0x9010000200000002
#define MD_TD_OP_STATE 0x9010000200000004
#define MD_TD_ATTRIBUTES 0x1110000300000000
#define MD_TD_XFAM 0x1110000300000001
#define MD_TD_MAX_VCPUS 0x1110000200000002
#define MD_TD_GPAW 0x1110000000000003
#define MD_TD_TSC_OFFSET 0x111000030000000A
#define MD_TD_TSC_FREQUENCY 0x111000010000000C
#define MD_TD_NOTIFY_ENABLES 0x9110000300000010
#define MD_TD_HP_LOCK_TIMEOUT 0x9110000300000011
#define MD_TD_CONFIG_FLAGS 0x1110000300000016
#define MD_TD_CTLS 0x1110000300000017
#define MD_TD_TOPOLOGY_ENUM_CONFIGURED 0x9110000000000019
#define MD_TD_MRTD 0x1310000300000000
#define MD_TD_RTMR 0x1310000300000040
#define MD_TD_UUID 0x8010000300000020
#define MD_TD_NUM_L2_VMS 0x9010000100000005
#define MD_TD_EPTP 0x1110000300000004
#define MD_TD_TSC_MULTIPLIER 0x111000030000000B
#define MD_TD_MRCONFIGID 0x1310000300000010
#define MD_TD_MROWNER 0x1310000300000018
#define MD_TD_MROWNERCONFIG 0x1310000300000020
#define MD_TD_SERVTD_HASH 0x9910000300000000
#define MD_VP_VCPU_INDEX 0xA020000200000002
#define MD_VP_ASSOC_LPID 0xA020000200000004
#define MD_VP_VCPU_EPOCH 0xA020000300000006
#define MD_VP_CPUID_SUPERVISOR_VE 0xA020000000000007
#define MD_VP_CPUID_USER_VE 0xA020000000000008
/* VMCS fields have class 0, and their VMCS encoding as code. */
#define MD_VP_POSTED_VECTOR 0x0024000100000002
#define MD_VP_POSTED_DESCRIPTOR 0x0024000300002016
#define MD_VP_SHARED_EPTP 0x002400030000203C
#define MD_VP_PIN_BASED_CONTROLS 0x0024000200004000
#define MD_VP_PIN_BASED_POSTED_INTERRUPTS BIT64(7)
#define MD_VP_VCPU_STATE_DETAILS 0x9120000300000100
#define VCPU_STATE_DETAILS_VMXIP BIT64(0) /* it has yet to take an interrupt */
#define MD_SYS_VENDOR_ID 0x0800000200000000
#define MD_SYS_MINOR_VERSION 0x0800000100000003
#define MD_SYS_MAJOR_VERSION 0x0800000100000004
#define MD_SYS_ATTRIBUTES 0x0A00000200000000
#define MD_SYS_NUM_TDX_FEATURES 0x0A00000000000001
#define MD_SYS_TDX_FEATURES0 0x0A00000300000008
#define MD_SYS_BUILD_DATE 0x8800000200000001
#define MD_SYS_BUILD_NUM 0x8800000100000002
#define MD_SYS_UPDATE_VERSION 0x0800000100000005
#define MD_SYS_INTERNAL_VERSION 0x0800000100000006
#define MD_SYS_NUM_CMRS 0x9000000100000000
#define MD_SYS_CMR_BASE 0x9000000300000080
#define MD_SYS_CMR_SIZE 0x9000000300000100
#define MD_SYS_MAX_TDMRS 0x9100000100000008
#define MD_SYS_MAX_RESERVED_PER_TDMR 0x9100000100000009
#define MD_SYS_PAMT_4K_ENTRY_SIZE 0x9100000100000010
#define MD_SYS_PAMT_2M_ENTRY_SIZE 0x9100000100000011
#define MD_SYS_PAMT_1G_ENTRY_SIZE 0x9100000100000012
#define MD_SYS_TDR_BASE_SIZE 0x9800000100000000
#define MD_SYS_TDCS_BASE_SIZE 0x9800000100000100
#define MD_SYS_TDVPS_BASE_SIZE 0x9800000100000200
#define MD_SYS_ATTRIBUTES_FIXED0 0x1900000300000000
#define MD_SYS_ATTRIBUTES_FIXED1 0x1900000300000001
#define MD_SYS_XFAM_FIXED0 0x1900000300000002
#define MD_SYS_XFAM_FIXED1 0x1900000300000003
#define MD_SYS_NUM_CPUID_CONFIG 0x9900000100000004
#define MD_SYS_CONFIG_FLAGS_FIXED0 0x9900000300000006
#define MD_SYS_CONFIG_FLAGS_FIXED1 0x9900000300000007
#define MD_SYS_CPUID_CONFIG_LEAVES 0x9900000300000400
#define MD_SYS_CPUID_CONFIG_VALUES 0x9900000300000500
#define MD_SYS_NUM_PKGS 0x0000000200000000
#define MD_SYS_PKG_FMS 0x0000000200000001
#define MD_SYS_MODULE_HV 0x8900000100000000
#define MD_SYS_MIN_UPDATE_HV 0x8900000100000001
#define MD_SYS_NO_DOWNGRADE 0x8900000000000002
#define MD_SYS_NUM_HANDOFF_PAGES 0x8900000100000003
#define MD_SYS_HANDOFF_DATA_VALID 0x8900000000000004
#define MD_SYS_HANDOFF_DATA_HV 0x8900000100000005
#define MD_SYS_HANDOFF_DATA_SIZE 0x8900000200000006
#define MD_SYS_TDCS_SIZE_PER_L2_VM 0x9800000100000101
#define MD_SYS_TDVPS_SIZE_PER_L2_VM 0x9800000100000201
#define MD_SYS_ARCH_CAPABILITIES_CONFIG_MASK 0x9900000300000600
#define MD_SYS_NUM_ALLOWED_FMS 0x9900000100000800
#define MD_SYS_NUM_DISALLOWED_FMS 0x9900000100000801
#define MD_SYS_ALLOWED_FMS 0x9900000300000810
#define MD_SYS_DISALLOWED_FMS 0x9900000300000850
#define MD_SYS_MIG_ATTRIBUTES 0xA000000300000000
#define MD_SYS_MIN_EXPORT_VERSION 0x2000000100000001
#define MD_SYS_MAX_EXPORT_VERSION 0x2000000100000002
#define MD_SYS_MIN_IMPORT_VERSION 0x2000000100000003
#define MD_SYS_MAX_IMPORT_VERSION 0x2000000100000004
#define MD_SYS_MAX_MIGS 0xA000000100000010
#define MD_SYS_NUM_IMMUTABLE_STATE_PAGES 0xA000000000000020
#define MD_SYS_NUM_TD_STATE_PAGES 0xA000000000000021
#define MD_SYS_NUM_VP_STATE_PAGES 0xA000000000000022
#define MD_SYS_MAX_SERV_TDS 0xA100000100000000
#define MD_SYS_SERVTD_ATTR_FIXED0 0xA100000300000001
#define MD_SYS_SERVTD_ATTR_FIXED1 0xA100000300000002
#define MD_SYS_GUEST_L2_GPA_ATTR_MASK 0xA200000100000000
#define MD_SYS_VM_CTLS_FIXED0 0xA200000300000001
#define MD_SYS_VM_CTLS_FIXED1 0xA200000300000002
#define MD_SYS_VCPU_L2_CTLS_FIXED0 0xA200000300000003
#define MD_SYS_VCPU_L2_CTLS_FIXED1 0xA200000300000004
#define MD_SYS_VCPU_L2_DEBUG_CTLS_FIXED0 0xA200000300000005
#define MD_SYS_VCPU_L2_DEBUG_CTLS_FIXED1 0xA200000300000006
/* TDX_FEATURES0 */
#define TDX_FEATURES0_NO_RBP_MOD BIT64(18)
#define TDX_FEATURES0_TOPOLOGY_ENUM BIT64(20)
/* Size of an element: 1 << this. */
#define MD_ELEMENT_SIZE MASK64(33, 32)
#define MD_LAST_ELEMENT MASK64(37, 34)
#define MD_LAST_FIELD MASK64(46, 38)
/* As an id: asks for the first field. As the next id: there is none. */
#define MD_NONE UINT64_MAX

/* TDH.MNG.INIT operand. [TDX ABI 1.5 TD_PARAMS] */
struct td_params {
	uint64_t attributes;     /* 000 */
	uint64_t xfam;           /* 008 */
	uint16_t max_vcpus;      /* 010 */
	uint8_t num_l2_vms;      /* 012 */
	uint8_t msr_config_ctls; /* 013 */
	uint32_t reserved_014;
	uint64_t eptp_controls; /* 018: [2:0] 6 = WB, [5:3] levels - 1 */
	uint64_t config_flags;  /* 020 */
	uint16_t tsc_frequency; /* 028: units of 25 MHz, 4 to 400 */
	uint8_t reserved_02a[38];
	uint8_t mrconfigid[48];     /* 050 */
	uint8_t mrowner[48];        /* 080 */
	uint8_t mrownerconfig[48];  /* 0B0 */
	uint64_t arch_capabilities; /* 0E0 */
	uint8_t reserved_0e8[24];
	uint8_t cpuid_config[768]; /* 100 */
};
ABI_SIZE(struct td_params, 1024);
ABI_FIELD(struct td_params, eptp_controls, 0x18, 8);
ABI_FIELD(struct td_params, mrconfigid, 0x50, 48);
ABI_FIELD(struct td_params, arch_capabilities, 0xE0, 8);

/* IA32_MKTME_KEYID_PARTITIONING: key ids 1 to MKTME are the host's, the next TDX are private. */
#define MSR_MKTME_KEYID_PARTITIONING 0x87
#define MKTME_KEYIDS MASK64(31, 0)
#define TDX_KEYIDS MASK64(63, 32)

/* TDH.SYS.INFO: one convertible memory region; size 0: none. [TDX ABI 1.5 CMR_INFO] */
#define TDX_MAX_CMRS 32

struct cmr_info {
	uint64_t base; /* 00 */
	uint64_t size; /* 08 */
};
ABI_SIZE(struct cmr_info, 16);

/* TDH.SYS.INFO output. [TDX ABI 1.5 TDSYSINFO_STRUCT] */
struct tdsysinfo_cpuid_config {
	uint32_t leaf;      /* 00 */
	uint32_t subleaf;   /* 04: UINT32_MAX: none */
	uint32_t values[4]; /* 08: EAX, EBX, ECX, EDX: bits that the host may set */
};
ABI_SIZE(struct tdsysinfo_cpuid_config, 24);

struct tdsysinfo {
	uint32_t attributes;    /* 000 */
	uint32_t vendor_id;     /* 004 */
	uint32_t build_date;    /* 008: BCD, yyyymmdd */
	uint16_t build_num;     /* 00C */
	uint16_t minor_version; /* 00E */
	uint16_t major_version; /* 010 */
	uint8_t sys_rd;         /* 012: TDH.SYS.RD exists */
	uint8_t reserved_013[13];
	uint16_t max_tdmrs;             /* 020 */
	uint16_t max_reserved_per_tdmr; /* 022 */
	uint16_t pamt_entry_size;       /* 024 */
	uint8_t reserved_026[10];
	uint16_t tdcs_base_size; /* 030 */
	uint8_t reserved_032[2];
	uint16_t tdvps_base_size;          /* 034 */
	uint8_t tdvps_xfam_dependent_size; /* 036 */
	uint8_t reserved_037[9];
	uint64_t attributes_fixed0; /* 040 */
	uint64_t attributes_fixed1; /* 048 */
	uint64_t xfam_fixed0;       /* 050 */
	uint64_t xfam_fixed1;       /* 058 */
	uint8_t reserved_060[32];
	uint32_t num_cpuid_config;                      /* 080 */
	struct tdsysinfo_cpuid_config cpuid_config[37]; /* 084 */
	uint8_t reserved_3fc[4];
};
ABI_SIZE(struct tdsysinfo, 1024);
ABI_FIELD(struct tdsysinfo, max_tdmrs, 0x20, 2);
ABI_FIELD(struct tdsysinfo, tdcs_base_size, 0x30, 2);
ABI_FIELD(struct tdsysinfo, attributes_fixed0, 0x40, 8);
ABI_FIELD(struct tdsysinfo, num_cpuid_config, 0x80, 4);
ABI_FIELD(struct tdsysinfo, cpuid_config, 0x84, 888);

/* TDH.SYS.CONFIG: one TD memory region; aligned to its size. [TDX ABI 1.5 TDMR_INFO] */
#define TDX_MAX_TDMRS 64
#define TDX_MAX_RESERVED_PER_TDMR 16
#define TDX_TDMR_ALIGN BIT64(30)

struct tdmr_reserved {
	uint64_t offset; /* 00: from the region's base */
	uint64_t size;   /* 08: 0 ends the list */
};
ABI_SIZE(struct tdmr_reserved, 16);

struct tdmr_info {
	uint64_t base;                                            /* 000 */
	uint64_t size;                                            /* 008 */
	uint64_t pamt_1g_base;                                    /* 010 */
	uint64_t pamt_1g_size;                                    /* 018 */
	uint64_t pamt_2m_base;                                    /* 020 */
	uint64_t pamt_2m_size;                                    /* 028 */
	uint64_t pamt_4k_base;                                    /* 030 */
	uint64_t pamt_4k_size;                                    /* 038 */
	struct tdmr_reserved reserved[TDX_MAX_RESERVED_PER_TDMR]; /* 040: ascending */
	uint8_t reserved_140[192];
};
ABI_SIZE(struct tdmr_info, 512);
ABI_FIELD(struct tdmr_info, pamt_1g_base, 0x10, 8);
ABI_FIELD(struct tdmr_info, pamt_4k_size, 0x38, 8);
ABI_FIELD(struct tdmr_info, reserved, 0x40, 256);

/* TDG.MR.REPORT output. [TDX ABI 1.5 TDREPORT_STRUCT] */
struct td_report {
	/* REPORTMACSTRUCT */
	uint8_t type;    /* 000: 0x81 */
	uint8_t subtype; /* 001 */
	uint8_t version; /* 002 */
	uint8_t reserved_003[13];
	uint8_t cpusvn[16];            /* 010 */
	uint8_t tee_tcb_info_hash[48]; /* 020 */
	uint8_t tee_info_hash[48];     /* 050 */
	uint8_t report_data[64];       /* 080 */
	uint8_t reserved_0c0[32];
	uint8_t mac[32];           /* 0E0 */
	uint8_t tee_tcb_info[256]; /* 100 */
	/* TDINFO_STRUCT */
	uint64_t attributes;       /* 200 */
	uint64_t xfam;             /* 208 */
	uint8_t mrtd[48];          /* 210 */
	uint8_t mrconfigid[48];    /* 240 */
	uint8_t mrowner[48];       /* 270 */
	uint8_t mrownerconfig[48]; /* 2A0 */
	uint8_t rtmr[4][48];       /* 2D0 */
	uint8_t servtd_hash[48];   /* 390 */
	uint8_t reserved_3c0[64];
};
ABI_SIZE(struct td_report, 1024);
ABI_FIELD(struct td_report, mac, 0xE0, 32);
ABI_FIELD(struct td_report, mrtd, 0x210, 48);
ABI_FIELD(struct td_report, rtmr, 0x2D0, 192);
ABI_FIELD(struct td_report, servtd_hash, 0x390, 48);

#define SHA384_SIZE 48

/*
 * Registers of one TDCALL, guest side: in and out. tdcall() loads all of them, executes TDCALL and
 * stores all of them back, so that a register the module or the host changed is never missed.
 */
struct tdcall_regs {
	uint64_t rax, rcx, rdx, rbx, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Executes TDCALL (64-bit mode only) and returns RAX. RBP is never exposed (NO_RBP_MOD). */
uint64_t tdcall(struct tdcall_regs *regs);
