// MRTD by OpenSSL [TDX ABI 1.5 TDH.MEM.PAGE.ADD, TDH.MR.EXTEND].
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/loader/mrtd_oracle.h"

#include <string.h>

void mrtd_oracle_add(EVP_MD_CTX *context, uint64_t gpa)
{
	uint8_t record[128] = "MEM.PAGE.ADD";
	memcpy(record + 16, &gpa, 8);
	EVP_DigestUpdate(context, record, sizeof(record));
}

void mrtd_oracle_extend(EVP_MD_CTX *context, uint64_t gpa, const uint8_t *page)
{
	for (unsigned i = 0; i < 16; i++) {
		uint8_t record[128] = "MR.EXTEND";
		uint64_t chunk = gpa + i * 256;
		memcpy(record + 16, &chunk, 8);
		EVP_DigestUpdate(context, record, sizeof(record));
		EVP_DigestUpdate(context, page + i * 256, 256);
	}
}
