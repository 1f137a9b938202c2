// machine_exit() of tests in which nothing may end the machine. It is defined here: one source of a
// program includes this.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "boot-tests/machine/exit.h"

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	fail_msg("machine_exit(%u, %s)", (unsigned)code, format);
	abort();
}
