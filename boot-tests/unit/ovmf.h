// The OVMF that set-up installs, of whatever release, read without our own TDVF reader.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

#define OVMF "/usr/share/ovmf/OVMF.fd"
#define OVMF_SECTIONS_MAX 16
#define OVMF_HEX_SIZE 97

/* A section as the metadata have it [TDX-DFV 11.1]. */
struct ovmf_section {
	uint32_t data_offset;
	uint32_t raw_size;
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint32_t attributes;
};

/* What is known of a file, from outside of this project. */
struct ovmf_known {
	const char *sha256;
	const char *release;
	unsigned count;
	const char *mrtd_page;
	const char *mrtd_section;
};

struct ovmf {
	uint8_t *image; /* of the heap */
	size_t size;
	unsigned count;
	struct ovmf_section sections[OVMF_SECTIONS_MAX];
	const struct ovmf_known *known; /* NULL: a file of another release */
};

/* The test fails if the file is not there, or has no metadata. */
void ovmf_load(struct ovmf *ovmf);
void ovmf_free(struct ovmf *ovmf);

/* Its MRTD, replayed by OpenSSL; per_page: each page's ADD, then its EXTENDs. */
void ovmf_mrtd(const struct ovmf *ovmf, int per_page, char hex[OVMF_HEX_SIZE]);

/* Skips the test, with the reason in the output, where nothing is known of the file. */
void ovmf_skip_unknown(struct ovmf *ovmf);
