// The OVMF that set-up installs: a reader and a replay that share no line with ours.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/ovmf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "boot-tests/unit/loader/mrtd_oracle.h"

#define IMAGE_SPACE 0x1000000
#define PAGE 0x1000
#define CONTENT_MEASURED 1u

/* MRTD of Debian 12's: third-party values. Of the others: hashed by Python's hashlib from the raw
 * metadata. */
static const struct ovmf_known known[] = {
	{ "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773", "Debian 12", 6,
	  "4c7206f0f483c524f12c366c711e9049030a8d47c471ee5aa9c4999a08de4057"
	  "fb887fed0744d5631a212967fb231c47",
	  "acccbcc870a381adab0d3919d90a7f268ac3b0364771f202ed4bb4e892d045b3"
	  "3db3b32e6924cba830a724eed443f7e1" },
	{ "14954040cc754ade0c625ac3470ea46d4c14318b5b1396de4ef77090203d76db", "Debian 13", 6,
	  "bdc6fb145880f06f30c8b346b8dce2a99d9351b56892df22f80fcf6574caa9f9"
	  "c31df8e8576d53b4d0cd1c3f28910e11",
	  "456f07902150d008bb913c3e1e84e9297f735a6c83cd2a957a1f0a8bbedb06df"
	  "188e3837ae48d32c73d473d097dc0db2" },
	{ "6a3e8f438ad7269f5dfd884647587b88391fb23965bb3aa7902b519438dba129", "sid", 7,
	  "ab742989d480d040f178cf83c3ae0734f923dbddb7325b4a826e0d87c30cb299"
	  "aff85beb23ad30a1c6f975a8d0ce3e7a",
	  "d137701167ce1e42b0cce3e4e9d658f0caa19591aa5787014f2ff8a89057d815"
	  "97e4fa7f0990813882525937e8191d1e" },
};

static void to_hex(const uint8_t *bytes, size_t size, char *hex)
{
	for (size_t i = 0; i < size; i++) {
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	}
}

static void read_sections(struct ovmf *ovmf)
{
	/* Only there in the last page, so that one may look for it. */
	for (size_t at = ovmf->size - PAGE; at + 16 < ovmf->size; at += 4) {
		uint32_t header[4]; /* signature, length, version, count */
		memcpy(header, ovmf->image + at, sizeof(header));
		if (memcmp(header, "TDVF", 4) == 0) {
			assert_int_equal(header[2], 1);
			assert_true(header[3] <= OVMF_SECTIONS_MAX);
			assert_int_equal(header[1], 16 + 32 * header[3]);
			ovmf->count = header[3];
			memcpy(ovmf->sections, ovmf->image + at + 16, 32 * header[3]);
			return;
		}
	}
	fail_msg("%s has no TDX metadata", OVMF);
}

void ovmf_load(struct ovmf *ovmf)
{
	memset(ovmf, 0, sizeof(*ovmf));
	FILE *file = fopen(OVMF, "rb");
	if (file == NULL) {
		fail_msg("%s, which set-up installs, is not there", OVMF);
		return;
	}
	ovmf->image = malloc(IMAGE_SPACE);
	ovmf->size = fread(ovmf->image, 1, IMAGE_SPACE, file);
	fclose(file);
	assert_true(ovmf->size > PAGE);
	read_sections(ovmf);

	uint8_t digest[32];
	char hex[65];
	EVP_Digest(ovmf->image, ovmf->size, digest, NULL, EVP_sha256(), NULL);
	to_hex(digest, sizeof(digest), hex);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].sha256, hex) == 0) {
			ovmf->known = &known[i];
		}
	}
}

void ovmf_free(struct ovmf *ovmf)
{
	free(ovmf->image);
	ovmf->image = NULL;
}

void ovmf_mrtd(const struct ovmf *ovmf, int per_page, char hex[OVMF_HEX_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_DigestInit_ex(context, EVP_sha384(), NULL);
	for (unsigned i = 0; i < ovmf->count; i++) {
		const struct ovmf_section *section = &ovmf->sections[i];
		const int extend = (section->attributes & CONTENT_MEASURED) != 0;
		const uint8_t *data = ovmf->image + section->data_offset;
		/* The data of OVMF's measured sections fill them. */
		assert_true(!extend || section->raw_size == section->size);
		for (uint64_t page = 0; page < section->size; page += PAGE) {
			mrtd_oracle_add(context, section->base + page);
			if (extend && per_page) {
				mrtd_oracle_extend(context, section->base + page, data + page);
			}
		}
		for (uint64_t page = 0; extend && !per_page && page < section->size; page += PAGE) {
			mrtd_oracle_extend(context, section->base + page, data + page);
		}
	}
	uint8_t digest[48];
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	to_hex(digest, sizeof(digest), hex);
}

void ovmf_skip_unknown(struct ovmf *ovmf)
{
	if (ovmf->known == NULL) {
		ovmf_free(ovmf);
		print_message("SKIP: no value is known of this release's %s\n", OVMF);
		skip();
	}
}
