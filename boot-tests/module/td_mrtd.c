// MRTD: the records that building a TD adds to its measurement.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/td_mrtd.h"

#include "arch/base/mem.h"
#include "boot-tests/module/seamcall.h"

struct module_measured module_measured;

struct mrtd_record {
	char operation[16]; /* 00: padded with zeros */
	uint64_t gpa;       /* 10 */
	uint8_t reserved_18[104];
};
ABI_SIZE(struct mrtd_record, 128);

static void add_record(struct tdcs *tdcs, const char *operation, gpa_t address)
{
	struct mrtd_record record;
	memset(&record, 0, sizeof(record));
	memcpy(record.operation, operation, strlen(operation));
	record.gpa = address.v;
	sha384_update(&tdcs->mrtd_hash, &record, sizeof(record));
}

void mrtd_page_add(struct tdcs *tdcs, gpa_t page)
{
	add_record(tdcs, "MEM.PAGE.ADD", page);
}

void mrtd_extend(struct tdcs *tdcs, gpa_t address, const void *chunk)
{
	add_record(tdcs, "MR.EXTEND", address);
	sha384_update(&tdcs->mrtd_hash, chunk, MRTD_EXTEND_SIZE);
}

void mrtd_finalize(struct tdcs *tdcs)
{
	sha384_final(&tdcs->mrtd_hash, tdcs->mrtd);
}
