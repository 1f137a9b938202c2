// A file that the host gives a TD, on the console, where tools/tdrun --host-files takes it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

void host_file_print(const char *name, const uint8_t *bytes, uint32_t size);
