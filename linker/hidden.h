// Included before each file of the machine, and of what it shares: no symbol is of another program.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// -fvisibility=hidden says so of definitions only. With a GOT, ld.lld 14 relaxes some references to
// 32-bit absolute ones, which do not reach the machine.
#pragma once

#pragma GCC visibility push(hidden)
