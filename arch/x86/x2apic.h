// MSRs of the local APIC in x2APIC mode.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 11.12.1]
#pragma once

#define X2APIC_VERSION 0x803
#define X2APIC_EOI 0x80B
#define X2APIC_LDR 0x80D
#define X2APIC_SVR 0x80F
#define X2APIC_ESR 0x828
#define X2APIC_LVT_CMCI 0x82F
#define X2APIC_ICR 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_LVT_ERROR 0x837
#define X2APIC_TIMER_INITIAL 0x838
#define X2APIC_TIMER_CURRENT 0x839
#define X2APIC_TIMER_DIVIDE 0x83E
#define X2APIC_SELF_IPI 0x83F
