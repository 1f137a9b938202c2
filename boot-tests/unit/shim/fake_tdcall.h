// A scripted TDX module behind tdcall(): answers in order and refuses surprises.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/tdx/module.h"

/*
 * One expected call. Only the registers named in check are compared on entry; only those named in
 * answer are changed on return (RAX always is). Bit n is the register with hardware number n;
 * RSP and RBP do not exist here.
 */
struct fake_call {
	uint32_t check;
	struct tdcall_regs in;
	uint32_t answer;
	struct tdcall_regs out;
	unsigned repeat; /* the same call this many more times */
};

#define FAKE_RAX (1u << 0)
#define FAKE_RCX (1u << 1)
#define FAKE_RDX (1u << 2)
#define FAKE_RBX (1u << 3)
#define FAKE_RSI (1u << 6)
#define FAKE_RDI (1u << 7)
#define FAKE_R8 (1u << 8)
#define FAKE_R9 (1u << 9)
#define FAKE_R10 (1u << 10)
#define FAKE_R11 (1u << 11)
#define FAKE_R12 (1u << 12)
#define FAKE_R13 (1u << 13)
#define FAKE_R14 (1u << 14)
#define FAKE_R15 (1u << 15)

/* Starts a script; the calls must outlive it. */
void fake_script(const struct fake_call *calls, unsigned count);
/* Instead of a script: every call goes to this function, which returns RAX. */
void fake_handler(uint64_t (*handler)(struct tdcall_regs *regs));
/* Aborts unless every scripted call was made. */
void fake_done(void);
/* Calls made since fake_script() or fake_handler(). */
unsigned fake_count(void);
