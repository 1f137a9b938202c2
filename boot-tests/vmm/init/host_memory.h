// Memory that may be a TD's, as the host's own loads and stores find it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"

/* A page of a TD reads as ciphertext. */
void host_read(hpa_t address, void *to, uint64_t size);
/* A page of a TD is lost for it: its next access ends the TD. */
void host_write(hpa_t address, const void *from, uint64_t size);
