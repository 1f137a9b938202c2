// Looks for a text that only the TD knows in what its host can read of it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

struct mmu;

/* The setting has so many characters; so many of them in a row are what is found. */
#define SECRET_MIN 8

/* The name of a register that has characters of the text; NULL: none has. An empty text is found
 * nowhere. */
const char *secret_in_regs(const char *text, const struct seam_regs *regs);

/* Are there characters of the text in the shared pages of [start, end)? *where is then the GPA of
 * the first; they are zeroed, so that the next TD there does not show them. */
bool secret_in_shared(const char *text, const struct mmu *mmu, uint64_t start, uint64_t end,
		      uint64_t *where);
