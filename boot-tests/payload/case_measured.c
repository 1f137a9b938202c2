// The event log: where CCEL says, and what it says replays to the registers of the TD's report.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/acpi/sdt.h"
#include "arch/base/mem.h"
#include "arch/linux/boot_params.h"
#include "arch/tdx/event_log.h"
#include "arch/tdx/hob.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"
#include "loader/image/sha384.h"

#define REGISTERS 4
#define DUMP_BYTES 64

struct log {
	const uint8_t *bytes;
	uint64_t size;
};

static struct log find_log(const struct info *info)
{
	const struct acpi_ccel *ccel = info->ccel;

	EXPECT(ccel != NULL, "no CCEL");
	EXPECT(ccel->header.length == sizeof(*ccel) && ccel->header.revision == ACPI_CCEL_REVISION,
	       "CCEL: length %u revision %u", ccel->header.length, ccel->header.revision);
	EXPECT(ccel->type == ACPI_CCEL_TDX && ccel->subtype == 0, "CCEL: type %u subtype %u",
	       ccel->type, ccel->subtype);
	report("event log %lx size %lx", ccel->log, ccel->log_size);
	/* Type 2 would be mapped shared by Linux, type 1 be given away. */
	for (uint64_t at = 0; at < ccel->log_size; at += MEM_PAGE_SIZE) {
		EXPECT(info_memory_type(info, ccel->log + at) == E820_NVS, "%lx is of e820 type %u",
		       ccel->log + at, info_memory_type(info, ccel->log + at));
	}
	return (struct log){ (const uint8_t *)ccel->log, ccel->log_size };
}

static uint32_t number_at(const struct log *log, uint64_t at, unsigned size)
{
	uint32_t value = 0;

	EXPECT(at + size <= log->size, "the log ends within an event");
	memcpy(&value, log->bytes + at, size);
	return value;
}

static void hash(const void *a, size_t a_size, const void *b, size_t b_size,
		 uint8_t digest[SHA384_SIZE])
{
	struct sha384 state;

	sha384_init(&state);
	sha384_update(&state, a, a_size);
	sha384_update(&state, b, b_size);
	sha384_final(&state, digest);
}

/* The host's list, which nobody has touched since: its size without the END block. */
static size_t hob_list_size(const uint8_t *list)
{
	size_t at = 0;
	struct hob_header block;

	for (memcpy(&block, list, sizeof(block)); block.type != HOB_TYPE_END_OF_HOB_LIST;
	     memcpy(&block, list + at, sizeof(block))) {
		EXPECT(block.length != 0 && at + block.length < TD_HOB_SIZE, "TD HOB");
		at += block.length;
	}
	return at;
}

/* The events of which the payload has the bytes. */
static void check_digest(const struct info *info, uint32_t type, const uint8_t *logged)
{
	static const uint8_t zeros[4];
	uint8_t digest[SHA384_SIZE];

	if (type == EV_SEPARATOR) {
		hash(zeros, sizeof(zeros), NULL, 0, digest);
	} else if (type == EV_IPL) {
		hash(info->cmdline, strlen(info->cmdline), NULL, 0, digest);
	} else if (type == EV_EFI_HANDOFF_TABLES2) {
		hash((const void *)TD_HOB, hob_list_size((const uint8_t *)TD_HOB), NULL, 0, digest);
	} else {
		return;
	}
	EXPECT(memcmp(digest, logged, sizeof(digest)) == 0, "digest of an event of type %x", type);
}

/* Returns the log's length in use. */
static uint64_t replay(const struct info *info, const struct log *log,
		       uint8_t registers[REGISTERS][SHA384_SIZE])
{
	uint64_t at = 28;

	EXPECT(memcmp(log->bytes + 32, "Spec ID Event03", 16) == 0, "signature of the log");
	at += 4 + number_at(log, at, 4);
	while (at < log->size && number_at(log, at, 4) != UINT32_MAX) {
		uint32_t mr = number_at(log, at, 4);
		uint32_t type = number_at(log, at + 4, 4);
		uint32_t size = number_at(log, at + 62, 4);

		report("event mr %u type %x size %u", mr, type, size);
		EXPECT(mr >= 1 && mr <= REGISTERS, "register %u", mr);
		EXPECT(number_at(log, at + 8, 4) == 1 && number_at(log, at + 12, 2) == 0xC,
		       "not one digest of SHA-384");
		hash(registers[mr - 1], SHA384_SIZE, log->bytes + at + 14, SHA384_SIZE,
		     registers[mr - 1]);
		check_digest(info, type, log->bytes + at + 14);
		at += 66 + (uint64_t)size;
	}
	for (uint64_t rest = at; rest < log->size; rest++) {
		EXPECT(log->bytes[rest] == 0xFF, "byte %lx after the log", rest);
	}
	return at;
}

static void dump(const uint8_t *bytes, uint64_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (uint64_t at = 0; at < size; at += DUMP_BYTES) {
		char text[2 * DUMP_BYTES + 1];
		unsigned count = size - at < DUMP_BYTES ? (unsigned)(size - at) : DUMP_BYTES;

		for (unsigned i = 0; i < count; i++) {
			text[2 * i] = digits[bytes[at + i] >> 4];
			text[2 * i + 1] = digits[bytes[at + i] & 0xF];
		}
		text[2 * count] = '\0';
		report("log %s", text);
	}
}

/* The event log replays to the RTMRs; it is printed, too. A plain VM has none. */
static void case_measured(const struct info *info)
{
	static uint8_t registers[REGISTERS][SHA384_SIZE];
	static struct td_report td __attribute__((aligned(1024)));

	if (!guest_is_td()) {
		EXPECT(info->ccel == NULL, "a CCEL on a plain VM");
		return;
	}
	struct log log = find_log(info);
	uint64_t used = replay(info, &log, registers);

	guest_read_report(&td);
	report("report attributes %lx", td.attributes);
	for (unsigned i = 0; i < REGISTERS; i++) {
		EXPECT(memcmp(registers[i], td.rtmr[i], SHA384_SIZE) == 0,
		       "RTMR[%u] is not what the log says", i);
	}
	dump(log.bytes, used);
}
PAYLOAD_CASE("measured", case_measured);
