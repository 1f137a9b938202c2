// Fuzzes the IGVM reader, then measures what it took: no read outside the file, bounded work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: a byte of flags; where it says so a number of headers, of 4 bytes each, that make the file
// instead of a good one; then changes of 10 bytes each, an offset in its headers and 8 bytes that
// are XORed there. The checksum is made right but where a flag says otherwise, or nothing but it
// would ever be refused.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/addr.h"
#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/unit/loader/igvm_fixture.h"
#include "linker/memmap.h"
#include "loader/image/igvm_check.h"
#include "loader/image/igvm_read.h"
#include "loader/image/mrtd.h"

#define FLAG_VERSION_2 1
#define FLAG_NOT_SEALED 2
#define FLAG_OWN_HEADERS 4
#define FLAG_SHORT 8
#define FLAG_LONG 16
#define HEADER 4
#define DATA_PAGES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of each kind, with the numbers of a few that go together. */
static void add_header(struct igvm_fixture *f, const uint8_t *header, uint32_t data)
{
	static const uint32_t parameters[] = { 0x307, 0x30A, 0x30C, 0x30E };
	static const uint32_t others[] = { 0x001, 0x101, 0x30B, 0x30D, 0x311, 0x313, 0x80000177 };
	uint32_t gpa = 0xFFFFF000 - header[1] * 0x1000u;
	uint32_t index = header[2] % 32u;
	switch (header[0] % 8) {
	case 0:
	case 1:
		IGVM_FIXTURE_ADD(f, 0x302, 24, gpa, 0, 1, data + header[2] % DATA_PAGES * 0x1000u,
				 header[3] % 4);
		break;
	case 2:
		IGVM_FIXTURE_ADD(f, 0x301, 16, header[3] % 3 * 0x1000u, 0, index);
		break;
	case 3:
		IGVM_FIXTURE_ADD(f, 0x303, 16, gpa, 0, 1, index);
		break;
	case 4:
	case 5:
		IGVM_FIXTURE_ADD(f, parameters[header[1] % ARRAY_COUNT(parameters)], 8, index,
				 header[3] * 8u);
		break;
	case 6:
		IGVM_FIXTURE_ADD(f, 0x305, 24, gpa, 0, 1, header[2] * 0x1000u);
		break;
	default:
		IGVM_FIXTURE_ADD(f, others[header[1] % ARRAY_COUNT(others)], 16, 1,
				 0x00010300u + header[2]);
	}
}

/* For TDX alone. Where the data stand the headers' size decides: two passes. */
static void make_own(struct igvm_fixture *f, uint32_t version, const uint8_t *headers,
		     unsigned count)
{
	uint32_t data = 0;
	for (unsigned pass = 0; pass < 2; pass++) {
		igvm_fixture_start(f, version);
		IGVM_FIXTURE_ADD(f, 0x001, 16, 1, 0x00010300, 0, 0x8000);
		for (unsigned i = 0; i < count; i++) {
			add_header(f, headers + i * HEADER, data);
		}
		data = f->end;
	}
	igvm_fixture_finish(f, DATA_PAGES);
}

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

/* Returns what is left of the input, of *size bytes. */
static const uint8_t *make_file(struct igvm_fixture *f, const uint8_t *data, size_t *size)
{
	uint32_t version = (data[0] & FLAG_VERSION_2) != 0 ? 2 : 1;
	size_t used = 1;
	if ((data[0] & FLAG_OWN_HEADERS) != 0 && *size >= 2) {
		unsigned count = data[1] % IGVM_FIXTURE_HEADERS_MAX;
		count = (*size - 2) / HEADER < count ? (unsigned)((*size - 2) / HEADER) : count;
		make_own(f, version, data + 2, count);
		used = 2 + (size_t)count * HEADER;
	} else {
		igvm_fixture_make(f, version);
	}
	*size -= used;
	return data + used;
}

/* What the reader is told of the file's size. */
static uint64_t told_size(const struct igvm_fixture *f, uint8_t flags)
{
	if ((flags & FLAG_LONG) != 0) {
		return IMAGE_MAX_SIZE + 1;
	}
	return (flags & FLAG_SHORT) != 0 ? f->fixed_size - 1 : f->size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct igvm_fixture f;
	if (size == 0) {
		return 0;
	}
	uint8_t flags = data[0];
	const uint8_t *changes = make_file(&f, data, &size);
	for (size_t at = 0; at + 10 <= size; at += 10) {
		uint16_t offset;
		memcpy(&offset, changes + at, sizeof(offset));
		for (size_t i = 0; i < 8; i++) {
			f.bytes[offset % (f.end - 8) + i] ^= changes[at + 2 + i];
		}
	}
	if ((flags & FLAG_NOT_SEALED) == 0) {
		igvm_fixture_seal(&f);
	}
	uint64_t told = told_size(&f, flags);
	uint8_t *file = malloc(f.size);
	CHECK(file != NULL);
	memcpy(file, f.bytes, f.size);
	struct launch_image launch;
	char error[200] = "";
	if (igvm_read(file, told, &launch, error, sizeof(error)) == ST_OK) {
		CHECK(igvm_is(file, told));
		check_image(&launch);
		check_fd(&launch);
	} else {
		CHECK(strlen(error) > 0);
	}
	free(file);
	return 0;
}
