// Every field of the platform: for host and TD, one by one and as a list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/td_params.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)

/* host-side.md, Appendix A, as it stands there. The host reads all of them. */
static const struct row {
	uint64_t id;
	unsigned bits, fields, elements;
	bool guest;
} rows[] = {
	{ 0x0000000200000000, 32, 1, 1, false },  /* NUM_PKGS */
	{ 0x0000000200000001, 32, 8, 1, false },  /* PKG_FMS */
	{ 0x0800000200000000, 32, 1, 1, true },   /* VENDOR_ID */
	{ 0x8800000200000001, 32, 1, 1, false },  /* BUILD_DATE */
	{ 0x8800000100000002, 16, 1, 1, false },  /* BUILD_NUM */
	{ 0x0800000100000003, 16, 1, 1, true },   /* MINOR_VERSION */
	{ 0x0800000100000004, 16, 1, 1, true },   /* MAJOR_VERSION */
	{ 0x0800000100000005, 16, 1, 1, false },  /* UPDATE_VERSION */
	{ 0x0800000100000006, 16, 1, 1, false },  /* INTERNAL_VERSION */
	{ 0x8900000100000000, 16, 1, 1, false },  /* MODULE_HV */
	{ 0x8900000100000001, 16, 1, 1, false },  /* MIN_UPDATE_HV */
	{ 0x8900000000000002, 8, 1, 1, false },   /* NO_DOWNGRADE */
	{ 0x8900000100000003, 16, 1, 1, false },  /* NUM_HANDOFF_PAGES */
	{ 0x8900000000000004, 8, 1, 1, false },   /* HANDOFF_DATA_VALID */
	{ 0x8900000100000005, 16, 1, 1, false },  /* HANDOFF_DATA_HV */
	{ 0x8900000200000006, 32, 1, 1, false },  /* HANDOFF_DATA_SIZE */
	{ 0x0A00000200000000, 32, 1, 1, true },   /* SYS_ATTRIBUTES */
	{ 0x0A00000000000001, 8, 1, 1, true },    /* NUM_TDX_FEATURES */
	{ 0x0A00000300000008, 64, 1, 1, true },   /* TDX_FEATURES0 */
	{ 0x9000000100000000, 16, 1, 1, false },  /* NUM_CMRS */
	{ 0x9000000300000080, 64, 32, 1, false }, /* CMR_BASE */
	{ 0x9000000300000100, 64, 32, 1, false }, /* CMR_SIZE */
	{ 0x9100000100000008, 16, 1, 1, false },  /* MAX_TDMRS */
	{ 0x9100000100000009, 16, 1, 1, false },  /* MAX_RESERVED_PER_TDMR */
	{ 0x9100000100000010, 16, 1, 1, false },  /* PAMT_4K_ENTRY_SIZE */
	{ 0x9100000100000011, 16, 1, 1, false },  /* PAMT_2M_ENTRY_SIZE */
	{ 0x9100000100000012, 16, 1, 1, false },  /* PAMT_1G_ENTRY_SIZE */
	{ 0x9800000100000000, 16, 1, 1, false },  /* TDR_BASE_SIZE */
	{ 0x9800000100000100, 16, 1, 1, false },  /* TDCS_BASE_SIZE */
	{ 0x9800000100000101, 16, 1, 1, false },  /* TDCS_SIZE_PER_L2_VM */
	{ 0x9800000100000200, 16, 1, 1, false },  /* TDVPS_BASE_SIZE */
	{ 0x9800000100000201, 16, 1, 1, false },  /* TDVPS_SIZE_PER_L2_VM */
	{ 0x1900000300000000, 64, 1, 1, false },  /* ATTRIBUTES_FIXED0 */
	{ 0x1900000300000001, 64, 1, 1, false },  /* ATTRIBUTES_FIXED1 */
	{ 0x1900000300000002, 64, 1, 1, false },  /* XFAM_FIXED0 */
	{ 0x1900000300000003, 64, 1, 1, false },  /* XFAM_FIXED1 */
	{ 0x9900000100000004, 16, 1, 1, false },  /* NUM_CPUID_CONFIG */
	{ 0x9900000300000006, 64, 1, 1, false },  /* CONFIG_FLAGS_FIXED0 */
	{ 0x9900000300000007, 64, 1, 1, false },  /* CONFIG_FLAGS_FIXED1 */
	{ 0x9900000300000400, 64, 32, 1, false }, /* CPUID_CONFIG_LEAVES */
	{ 0x9900000300000500, 64, 32, 2, false }, /* CPUID_CONFIG_VALUES */
	{ 0x9900000300000600, 64, 1, 1, false },  /* IA32_ARCH_CAPABILITIES_CONFIG_MASK */
	{ 0x9900000100000800, 16, 1, 1, false },  /* NUM_ALLOWED_FMS */
	{ 0x9900000100000801, 16, 1, 1, false },  /* NUM_DISALLOWED_FMS */
	{ 0x9900000300000810, 64, 64, 1, false }, /* ALLOWED_FMS */
	{ 0x9900000300000850, 64, 64, 1, false }, /* DISALLOWED_FMS */
	{ 0xA000000300000000, 64, 1, 1, true },   /* MIG_ATTRIBUTES */
	{ 0x2000000100000001, 16, 1, 1, true },   /* MIN_EXPORT_VERSION */
	{ 0x2000000100000002, 16, 1, 1, true },   /* MAX_EXPORT_VERSION */
	{ 0x2000000100000003, 16, 1, 1, true },   /* MIN_IMPORT_VERSION */
	{ 0x2000000100000004, 16, 1, 1, true },   /* MAX_IMPORT_VERSION */
	{ 0xA000000100000010, 16, 1, 1, false },  /* MAX_MIGS */
	{ 0xA000000000000020, 8, 1, 1, false },   /* NUM_IMMUTABLE_STATE_PAGES */
	{ 0xA000000000000021, 8, 1, 1, false },   /* NUM_TD_STATE_PAGES */
	{ 0xA000000000000022, 8, 1, 1, false },   /* NUM_VP_STATE_PAGES */
	{ 0xA100000100000000, 16, 1, 1, false },  /* MAX_SERV_TDS */
	{ 0xA100000300000001, 64, 1, 1, false },  /* SERVTD_ATTR_FIXED0 */
	{ 0xA100000300000002, 64, 1, 1, false },  /* SERVTD_ATTR_FIXED1 */
	{ 0xA200000100000000, 16, 1, 1, true },   /* GUEST_L2_GPA_ATTR_MASK */
	{ 0xA200000300000001, 64, 1, 1, false },  /* VM_CTLS_FIXED0 */
	{ 0xA200000300000002, 64, 1, 1, false },  /* VM_CTLS_FIXED1 */
	{ 0xA200000300000003, 64, 1, 1, false },  /* VPCU_L2_CTLS_FIXED0 */
	{ 0xA200000300000004, 64, 1, 1, false },  /* VCPU_L2_CTLS_FIXED1 */
	{ 0xA200000300000005, 64, 1, 1, false },  /* VPCU_L2_DEBUG_CTLS_FIXED0 */
	{ 0xA200000300000006, 64, 1, 1, false },  /* VCPU_L2_DEBUG_CTLS_FIXED1 */
};

static uint64_t page; /* behind ADDRESS of the TD */

static int load(void **state)
{
	(void)fixture_load(state);
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	page = fixture_frame(PG_4K);
	assert_int_equal(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, fixture_frame(PG_4K)),
			 TDX_SUCCESS);
	fixture_finalize();
	return 0;
}

/* TDH.SYS.RD or TDG.SYS.RD: R8 and RDX. */
static uint64_t read(bool guest, uint64_t id, uint64_t *value, uint64_t *next)
{
	uint64_t status;
	if (guest) {
		bool exited;
		status = tdcall_of_td(TDG_SYS_RD, 0, id, 77, 0, &exited);
		assert_false(exited);
		*value = fixture_svm()->gpr[R8];
		*next = fixture_svm()->gpr[RDX];
	} else {
		status = call(TDH_SYS_RD, 0, id, 77, 0);
		*value = fixture.regs.r8;
		*next = fixture.regs.rdx;
	}
	return status;
}

static bool readable(bool guest, const struct row *row)
{
	return !guest || row->guest;
}

/* From -1 along the next ids: every element of every row, in the order of the table, and no
 * other. */
static void walk(bool guest)
{
	uint64_t value, next;
	assert_int_equal(read(guest, UINT64_MAX, &value, &next),
			 TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT);
	assert_int_equal(value, 0);
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		assert_int_equal(field_get(MD_ELEMENT_SIZE, row->id), __builtin_ctz(row->bits / 8));
		for (unsigned j = 0; j < row->fields * row->elements; j++) {
			uint64_t id = row->id + j;
			if (!readable(guest, row)) {
				uint64_t none;
				assert_int_equal(read(guest, id, &value, &none),
						 TDX_METADATA_FIELD_NOT_READABLE);
				assert_int_equal(value, 0);
				assert_int_equal(none, UINT64_MAX);
				continue;
			}
			assert_int_equal(next, id);
			assert_int_equal(read(guest, id, &value, &next), TDX_SUCCESS);
			assert_int_equal(value & ~MASK64(row->bits - 1, 0), 0);
		}
	}
	assert_int_equal(next, UINT64_MAX);
}

static void host_walks_all(void **state)
{
	(void)state;
	walk(false);
}

static void guest_walks_its_own(void **state)
{
	(void)state;
	walk(true);
}

/* Size, context and the like are not looked at; what is reserved, and what describes lists, must be
 * 0. */
static void what_selects(void **state)
{
	(void)state;
	static const uint64_t ignored[] = { MD_ELEMENT_SIZE, BIT64(50), BIT64(51), MASK64(54, 52),
					    BIT64(63) };
	static const uint64_t refused[] = { BIT64(24), BIT64(31), BIT64(47), BIT64(55),
					    BIT64(62), BIT64(34), BIT64(38) };
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t want, value, next;
		assert_int_equal(read(false, rows[i].id, &want, &next), TDX_SUCCESS);
		for (unsigned j = 0; j < ARRAY_COUNT(ignored); j++) {
			assert_int_equal(read(false, rows[i].id ^ ignored[j], &value, &next),
					 TDX_SUCCESS);
			assert_int_equal(value, want);
		}
		for (unsigned j = 0; j < ARRAY_COUNT(refused); j++) {
			assert_int_equal(read(false, rows[i].id | refused[j], &value, &next),
					 TDX_METADATA_FIELD_ID_INCORRECT);
			assert_int_equal(value, 0);
			assert_int_equal(next, UINT64_MAX);
		}
	}
}

/* TDH.SYS.RDALL or TDG.SYS.RDALL: R8. */
static uint64_t read_all(bool guest, uint64_t first, const uint64_t **list, uint64_t *next)
{
	uint64_t status;
	if (guest) {
		bool exited;
		status = tdcall_of_td(TDG_SYS_RDALL, 0, ADDRESS, first, 0, &exited);
		assert_false(exited);
		*list = hpa_ptr(hpa(page));
		*next = fixture_svm()->gpr[R8];
	} else {
		uint64_t frame = fixture_frame(PG_4K);
		status = call(TDH_SYS_RDALL, 0, frame, first, 0);
		*list = hpa_ptr(hpa(frame));
		*next = fixture.regs.r8;
	}
	return status;
}

/* Does the row continue the sequence of the one before, if both are readable? */
static bool continues(const struct row *before, const struct row *row)
{
	return before != NULL && ((before->id ^ row->id) & MD_FIELD_CLASS) == 0 &&
	       field_get(MD_FIELD_CODE, before->id) + before->fields * before->elements ==
		       field_get(MD_FIELD_CODE, row->id) &&
	       before->bits == row->bits && before->elements == row->elements;
}

/* The list is the sum of all reads: as many sequences as there are gaps, and one value for each. */
static void sum(bool guest)
{
	const uint64_t *list;
	uint64_t next, value, unused;
	assert_int_equal(read_all(guest, UINT64_MAX, &list, &next), TDX_SUCCESS);
	assert_int_equal(next, UINT64_MAX);
	const struct row *before = NULL;
	unsigned at = 1;
	unsigned sequences = 0;
	const uint64_t *header = NULL;
	uint64_t fields = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		if (!readable(guest, row)) {
			continue;
		}
		if (!continues(before, row)) {
			header = &list[at++];
			fields = 0;
			sequences++;
			assert_int_equal(*header & ~MD_LAST_FIELD,
					 row->id | field_put(MD_LAST_ELEMENT, row->elements - 1));
		}
		fields += row->fields;
		assert_true(field_get(MD_LAST_FIELD, *header) >= fields - 1);
		for (unsigned j = 0; j < row->fields * row->elements; j++) {
			assert_int_equal(read(false, row->id + j, &value, &unused), TDX_SUCCESS);
			assert_int_equal(list[at], value);
			at++;
		}
		before = row;
	}
	assert_int_equal(list[0], at * sizeof(list[0]) | sequences << 16);
}

static void lists(void **state)
{
	(void)state;
	sum(false);
	sum(true);
}

/* From each row on: the list begins there. */
static void lists_from_any_row(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		const uint64_t *list;
		uint64_t next;
		assert_int_equal(read_all(false, rows[i].id, &list, &next), TDX_SUCCESS);
		assert_int_equal(list[1] & ~(MD_LAST_FIELD | MD_LAST_ELEMENT), rows[i].id);
		assert_int_equal(read_all(false, rows[i].id ^ BIT64(32), &list, &next),
				 TDX_METADATA_FIELD_ID_INCORRECT);
		assert_int_equal(next, UINT64_MAX);
	}
}

static void values(void **state)
{
	(void)state;
	static const struct {
		uint64_t id, value;
	} known[] = {
		{ MD_SYS_NUM_PKGS, 1 },
		{ MD_SYS_PKG_FMS, 0x806F8 },
		{ MD_SYS_PKG_FMS + 1, 0 },
		{ MD_SYS_NUM_CMRS, 32 },
		{ MD_SYS_TDR_BASE_SIZE, 4096 },
		{ MD_SYS_TDCS_BASE_SIZE, 6 * 4096 },
		{ MD_SYS_TDCS_SIZE_PER_L2_VM, 4096 },
		{ MD_SYS_TDVPS_BASE_SIZE, 6 * 4096 },
		{ MD_SYS_TDVPS_SIZE_PER_L2_VM, 3 * 4096 },
		{ MD_SYS_ATTRIBUTES_FIXED0, ATTRIBUTES_ALLOWED },
		{ MD_SYS_NUM_CPUID_CONFIG, 18 },
		{ MD_SYS_CPUID_CONFIG_LEAVES, 0xFFFFFFFF00000001 },
		{ MD_SYS_CPUID_CONFIG_LEAVES + 11, 0x23 },
		{ MD_SYS_CPUID_CONFIG_LEAVES + 12, 0x1F },
		{ MD_SYS_CPUID_CONFIG_LEAVES + 17, 0x50000001F },
		{ MD_SYS_CPUID_CONFIG_LEAVES + 18, UINT64_MAX }, /* not used */
		{ MD_SYS_CPUID_CONFIG_VALUES, 0x00FF00000FFF3FFF },
		{ MD_SYS_CPUID_CONFIG_VALUES + 3, 0xFFFFFFFBFFFFFFFF },
		{ MD_SYS_CPUID_CONFIG_VALUES + 24, 0x0000FFFF0000001F },
		{ MD_SYS_CPUID_CONFIG_VALUES + 25, 0xFFFF },
		{ MD_SYS_CPUID_CONFIG_VALUES + 36, 0 },
		{ MD_SYS_ARCH_CAPABILITIES_CONFIG_MASK, 0x1180010 },
		{ MD_SYS_NUM_ALLOWED_FMS, 1 },
		{ MD_SYS_ALLOWED_FMS, 0x806F8 },
		{ MD_SYS_ALLOWED_FMS + 1, 0 },
		{ MD_SYS_NUM_DISALLOWED_FMS, 0 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
		uint64_t value, next;
		assert_int_equal(read(false, known[i].id, &value, &next), TDX_SUCCESS);
		assert_int_equal(value, known[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_walks_all),     cmocka_unit_test(guest_walks_its_own),
		cmocka_unit_test(what_selects),       cmocka_unit_test(lists),
		cmocka_unit_test(lists_from_any_row), cmocka_unit_test(values),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
