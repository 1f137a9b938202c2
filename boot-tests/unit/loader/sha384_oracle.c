// SHA-384 by OpenSSL.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/loader/sha384_oracle.h"

#include <openssl/evp.h>

void sha384_of(const void *a, size_t a_size, const void *b, size_t b_size, uint8_t *out)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	EVP_DigestInit_ex(hash, EVP_sha384(), NULL);
	EVP_DigestUpdate(hash, a, a_size);
	EVP_DigestUpdate(hash, b, b_size);
	EVP_DigestFinal_ex(hash, out, NULL);
	EVP_MD_CTX_free(hash);
}
