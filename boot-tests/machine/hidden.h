// Included before each file of the machine: every symbol is in this program, so none needs a GOT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// -fvisibility=hidden says so of definitions only. With a GOT, ld.lld 14 relaxes some references to
// 32-bit absolute ones, which do not reach 8 GiB.
#pragma once

#pragma GCC visibility push(hidden)
