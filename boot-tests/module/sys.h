// The state of the module as a whole: how far its initialisation has come.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, TDX module initialisation]
//
//   SYSINIT_PENDING --SYS.INIT--> SYSINIT_DONE --SYS.LP.INIT on each CPU, SYS.CONFIG--> SYSCONFIG_DONE
//                                                            --SYS.KEY.CONFIG (one package)--> READY
#pragma once

#include <stdbool.h>

#include "boot-tests/module/lock.h"

enum sys_state { SYS_SYSINIT_PENDING, SYS_SYSINIT_DONE, SYS_SYSCONFIG_DONE, SYS_READY };

void sys_reset(void);
/* For the leaves that change the state; false: SYS_BUSY. */
bool sys_lock(enum lock_mode mode);
void sys_unlock(enum lock_mode mode);

enum sys_state sys_state(void);
/* The caller holds the lock exclusive. */
void sys_set_state(enum sys_state state);

/* TDH.SYS.LP.INIT of the calling CPU. */
bool sys_lp_init_done(void);
void sys_lp_init(void);
bool sys_all_lps_init(void);
