// MRTD by OpenSSL: what the loader's replay and the module's are measured by.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <openssl/evp.h>
#include <stdint.h>

/* What TDH.MEM.PAGE.ADD hashes, and what the 16 TDH.MR.EXTENDs of a page do. */
void mrtd_oracle_add(EVP_MD_CTX *context, uint64_t gpa);
void mrtd_oracle_extend(EVP_MD_CTX *context, uint64_t gpa, const uint8_t *page);
