// Fuzzes the IGVM reader, then measures what it took: no read outside the file, bounded work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: changes of 10 bytes each of a good file, an offset in its headers and 8 bytes that are
// XORed there. The checksum is made right, or nothing but it would ever be refused.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "boot-tests/unit/loader/igvm_fixture.h"
#include "loader/image/igvm_check.h"
#include "loader/image/igvm_read.h"
#include "loader/image/mrtd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the reader promises for each section, said again. */
static void check_image(const struct launch_image *launch)
{
	CHECK(launch->count != 0 && launch->count <= LAUNCH_SECTIONS_MAX);
	bool start = false;
	uint64_t total = 0;
	for (unsigned i = 0; i < launch->count; i++) {
		const struct launch_section *s = &launch->sections[i];
		CHECK(s->size != 0 && s->size % 4096 == 0 && s->base % 4096 == 0);
		CHECK(s->base < 0x100000000 && s->size <= 0x100000000 - s->base);
		CHECK(s->bytes_size <= s->size && (s->bytes != NULL) == (s->bytes_size != 0));
		CHECK(s->bytes == NULL ||
		      (uint64_t)(s->bytes - launch->file) + s->bytes_size <= launch->file_size);
		CHECK(s->kind == LAUNCH_BFV || s->kind == LAUNCH_CFV ||
		      s->kind == LAUNCH_PARAMETERS);
		CHECK(s->measured == (s->kind == LAUNCH_BFV) && s->tag != NULL);
		for (unsigned j = 0; j < i; j++) {
			CHECK(!ranges_overlap(s->base, s->size, launch->sections[j].base,
					      launch->sections[j].size));
		}
		start = start || (s->measured && s->base + s->size == 0x100000000);
		total += s->size;
	}
	CHECK(start && launch->parameter_count <= LAUNCH_PARAMETERS_MAX);
	for (unsigned i = 0; i < launch->parameter_count; i++) {
		const struct launch_parameter *p = &launch->parameters[i];
		bool found = false;
		for (unsigned j = 0; j < launch->count; j++) {
			const struct launch_section *s = &launch->sections[j];
			found = found || (s->kind == LAUNCH_PARAMETERS && p->base >= s->base &&
					  p->base + p->size == s->base + s->size);
		}
		CHECK(found && p->size != 0);
	}
	if (total <= 0x20000) {
		uint8_t digest[SHA384_SIZE];
		measure_mrtd(launch, MEASURE_PER_PAGE, digest);
	}
}

static void check_fd(const struct launch_image *launch)
{
	char error[200] = "";
	uint64_t size = igvm_fd_size(launch);
	CHECK(size != 0);
	uint8_t *fd = malloc(size);
	uint8_t *scratch = malloc(launch->file_size);
	CHECK(fd != NULL && scratch != NULL);
	igvm_fd_make(launch, fd);
	/* The fixture is no image of ours. */
	CHECK(igvm_check(launch, fd, size, scratch, error, sizeof(error)) != ST_OK);
	CHECK(strlen(error) > 0);
	free(scratch);
	free(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct igvm_fixture f;
	igvm_fixture_good(&f);
	for (size_t at = 0; at + 10 <= size; at += 10) {
		uint16_t offset;
		memcpy(&offset, data + at, sizeof(offset));
		for (size_t i = 0; i < 8; i++) {
			f.bytes[offset % (f.end - 8) + i] ^= data[at + 2 + i];
		}
	}
	igvm_fixture_seal(&f);
	uint8_t *file = malloc(f.size);
	CHECK(file != NULL);
	memcpy(file, f.bytes, f.size);
	struct launch_image launch;
	char error[200] = "";
	if (igvm_read(file, f.size, &launch, error, sizeof(error)) == ST_OK) {
		check_image(&launch);
		check_fd(&launch);
	} else {
		CHECK(strlen(error) > 0);
	}
	free(file);
	return 0;
}
