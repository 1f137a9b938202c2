// What the self-tests of the module and its host share.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/init/tdmr.h"

/* In an address: a private key id, which memory of the host cannot have. */
#define PRIVATE_BIT (MODULE_HPA_END << 5)

/* platform: the machine as it is. A case loads the module, as often as it likes. */
typedef void selftest_fn(const struct module_platform *platform);

selftest_fn selftest_sys_config;
selftest_fn selftest_sys_states;
selftest_fn selftest_sys_fields;
selftest_fn selftest_init_faults;
selftest_fn selftest_init_limits;
selftest_fn selftest_random;
selftest_fn selftest_chipset;
selftest_fn selftest_frames;

_Noreturn void selftest_failed(const char *file, int line, const char *what, uint64_t seen);

#define EXPECT(condition)                                                   \
	do {                                                                \
		if (!(condition)) {                                         \
			selftest_failed(__FILE__, __LINE__, #condition, 0); \
		}                                                           \
	} while (0)
/* Says what was seen when it is not what was wanted. */
#define EXPECT_EQUAL(actual, wanted)                                                        \
	do {                                                                                \
		uint64_t seen_ = (actual);                                                  \
		if (seen_ != (uint64_t)(wanted)) {                                          \
			selftest_failed(__FILE__, __LINE__, #actual " == " #wanted, seen_); \
		}                                                                           \
	} while (0)

/* One SEAMCALL, busy or not; outputs in the registers given. */
uint64_t selftest_call(struct seam_regs *regs, uint64_t rax, uint64_t rcx, uint64_t rdx,
		       uint64_t r8, uint64_t r9);

/* No SEAMCALL runs: every page of the module has the owner, the size and the lock that its type
 * asks for, and every TD counts its pages right. After every case; in a case, before the PAMTs are
 * given back. */
void selftest_check_pages(void);

/* TDH.SYS.INIT, and TDH.SYS.LP.INIT on every CPU. */
void selftest_sys_init(void);

/* All frames: what a host brings the module up for. */
struct tdmr_range selftest_ram(void);
/* 32 MiB of them that only the case uses. */
struct tdmr_range selftest_pool(void);
