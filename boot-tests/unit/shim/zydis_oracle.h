// Holds decode_insn() against Zydis, an independent decoder, on one byte string.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/x86/decode.h"

/* Null when both agree, else in a few words what they differ in. */
const char *zydis_disagrees(const uint8_t *bytes, unsigned count, enum decode_mode mode);
