// SHA-384 by OpenSSL: what the loader's own is measured by.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The digest of a, then b, of 48 bytes; out may be one of them. */
void sha384_of(const void *a, size_t a_size, const void *b, size_t b_size, uint8_t *out);
