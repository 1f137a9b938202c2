// The state of the module as a whole: how far its initialisation has come.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, TDX module initialisation]
//
//   SYSINIT_PENDING --SYS.INIT--> SYSINIT_DONE --LP.INIT on each CPU, SYS.CONFIG--> SYSCONFIG_DONE
//                                                --SYS.KEY.CONFIG on each package--> READY
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/lock.h"

enum sys_state { SYS_SYSINIT_PENDING, SYS_SYSINIT_DONE, SYS_SYSCONFIG_DONE, SYS_READY };

void sys_reset(void);
/* For the leaves that change the state; false: SYS_BUSY. */
bool sys_lock(enum lock_mode mode);
void sys_unlock(enum lock_mode mode);

enum sys_state sys_state(void);
/* The caller holds the lock exclusive. */
void sys_set_state(enum sys_state state);

/* Packages whose part of TDH.SYS.KEY.CONFIG is done, as a bit map. The caller holds the lock. */
uint32_t sys_key_packages(void);
void sys_add_key_package(uint32_t package);

/* TDH.SYS.LP.INIT of the calling CPU. */
bool sys_lp_init_done(void);
void sys_lp_init(void);
bool sys_all_lps_init(void);
