// Goes in front of each source of the shim in the programs that run all of it on the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One process is many boots: .bss has a name, so that it can be cleared as the reset code does. The
// memory functions report what they read; other loads are reported by -fsanitize-coverage.
#pragma once

#pragma clang section bss = "shim_bss"

#define memcpy whole_memcpy
#define memmove whole_memmove
#define memset whole_memset
#define memcmp whole_memcmp
#define strlen whole_strlen
