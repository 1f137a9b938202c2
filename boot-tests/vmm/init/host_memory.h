// Memory that may be a TD's, as the host's own loads and stores find it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"

/* Copies what a load of the host finds: ciphertext in a page of a TD. */
void host_read(hpa_t address, void *to, uint64_t size);
/* Stores as the host does: a page of a TD is lost for the TD, whose next access to it ends it. */
void host_write(hpa_t address, const void *from, uint64_t size);
