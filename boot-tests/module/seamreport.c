// The MAC of TD reports: what SEAMREPORT and SEAMVERIFYREPORT do on a real CPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [RFC 2104]
#include "boot-tests/module/seamreport.h"

#include "arch/base/mem.h"
#include "boot-tests/module/platform.h"
#include "loader/image/sha384.h"

#define HMAC_INNER 0x36
#define HMAC_OUTER 0x5C

static void keyed_init(struct sha384 *hash, uint8_t pad)
{
	const uint8_t *key = module_report_key();
	uint8_t block[SHA384_BLOCK_SIZE];
	for (unsigned i = 0; i < sizeof(block); i++) {
		block[i] = (uint8_t)((i < MODULE_KEY_SIZE ? key[i] : 0) ^ pad);
	}
	sha384_init(hash);
	sha384_update(hash, block, sizeof(block));
}

void report_mac(const uint8_t report[REPORT_MAC_STRUCT_SIZE], uint8_t mac[REPORT_MAC_SIZE])
{
	struct sha384 hash;
	uint8_t digest[SHA384_SIZE];
	keyed_init(&hash, HMAC_INNER);
	sha384_update(&hash, report, REPORT_MAC_STRUCT_SIZE - REPORT_MAC_SIZE);
	sha384_final(&hash, digest);
	keyed_init(&hash, HMAC_OUTER);
	sha384_update(&hash, digest, sizeof(digest));
	sha384_final(&hash, digest);
	memcpy(mac, digest, REPORT_MAC_SIZE);
}
