// The MAC of TD reports: what SEAMREPORT and SEAMVERIFYREPORT do on a real CPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 REPORTMACSTRUCT]
#pragma once

#include <stdint.h>

/* The part of a TD report that the MAC covers and that can be verified locally. */
#define REPORT_MAC_STRUCT_SIZE 256
#define REPORT_MAC_SIZE 32
#define REPORT_TYPE_TDX 0x81

/* HMAC-SHA-384 under the module's key, cut to 256 bits: the real algorithm is the CPU's secret. */
void report_mac(const uint8_t report[REPORT_MAC_STRUCT_SIZE], uint8_t mac[REPORT_MAC_SIZE]);
