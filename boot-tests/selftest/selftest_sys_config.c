// Every status of TDH.SYS.CONFIG, in the order of its checks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"

#define KIB UINT64_C(0x400)
#define GIB UINT64_C(0x40000000)
#define HKID_BIT MODULE_HPA_END /* of a key id of the host's */

/* No such memory need exist: the call reads the TDMR_INFOs only. */
static const struct cmr_info cmrs[] = {
	{ 4 * GIB, GIB },
	{ 8 * GIB, GIB },
	{ 9 * GIB, GIB - 16 * MIB },
	{ 16 * GIB, GIB },
};

/* Two good TDMRs; the second has two convertible regions that touch. */
static const struct tdmr_info good[2] = {
	{
		.base = 4 * GIB,
		.size = GIB,
		.pamt_1g_base = 16 * GIB,
		.pamt_1g_size = 4 * KIB,
		.pamt_2m_base = 16 * GIB + 64 * KIB,
		.pamt_2m_size = 8 * KIB,
		.pamt_4k_base = 16 * GIB + 16 * MIB,
		.pamt_4k_size = 4 * MIB,
		.reserved = { { 0, MIB }, { 2 * MIB, MIB } },
	},
	{
		.base = 8 * GIB,
		.size = 2 * GIB,
		.pamt_1g_base = 16 * GIB + MIB,
		.pamt_1g_size = 4 * KIB,
		.pamt_2m_base = 16 * GIB + MIB + 64 * KIB,
		.pamt_2m_size = 16 * KIB,
		.pamt_4k_base = 16 * GIB + 32 * MIB,
		.pamt_4k_size = 8 * MIB,
		.reserved = { { 2 * GIB - 16 * MIB, 16 * MIB } },
	},
};

#define AT(field) offsetof(struct tdmr_info, field)
#define DETAIL(code, tdmr, part, other) ((code) | (tdmr) | (part) << 8 | (other) << 16)
#define INVALID(operand) (TDX_OPERAND_INVALID | TDX_OPERAND_##operand)

/* What is passed in registers, instead of the good value. */
static const struct {
	uint64_t rcx; /* added */
	uint64_t rdx, r8, status;
} calls[] = {
	{ 8, 0, 0, INVALID(RCX) }, /* the first check fails first */
	{ 256, 2, 32, INVALID(RCX) },
	{ PRIVATE_BIT, 2, 32, INVALID(RCX) },
	{ BIT64(48), 2, 32, INVALID(RCX) },
	{ 0, 0, 0, INVALID(RDX) },
	{ 0, 65, 32, INVALID(RDX) },
	{ 0, 2, 0, INVALID(R8) },
	{ 0, 2, 31, INVALID(R8) },
	{ 0, 2, 64, INVALID(R8) },
	{ 0, 2, 32 | BIT64(16), INVALID(R8) }, /* dynamic PAMT */
	{ 0, 2, 32 | BIT64(63), INVALID(R8) },
};

/* One field of one TDMR_INFO, or two, with another value. */
static const struct {
	unsigned tdmr;
	size_t offset;
	uint64_t value;
	size_t offset2; /* 0: none */
	uint64_t value2;
	uint64_t status;
} fields[] = {
	/* the region */
	{ 0, AT(size), UINT64_MAX, AT(reserved[1].offset), 1, DETAIL(TDX_INVALID_TDMR, 0, 0, 0) },
	{ 1, AT(size), UINT64_MAX, 0, 0, DETAIL(TDX_INVALID_TDMR, 1, 0, 0) },
	{ 1, AT(base), 0, 0, 0, DETAIL(TDX_NON_ORDERED_TDMR, 1, 0, 0) },
	{ 1, AT(base), 4 * GIB, 0, 0, DETAIL(TDX_NON_ORDERED_TDMR, 1, 0, 0) },
	{ 1, AT(base), 5 * GIB - 1, 0, 0, DETAIL(TDX_NON_ORDERED_TDMR, 1, 0, 0) },
	{ 1, AT(base), 8 * GIB + MIB, 0, 0, DETAIL(TDX_INVALID_TDMR, 1, 0, 0) },
	{ 0, AT(base), 4 * GIB + GIB / 2, 0, 0, DETAIL(TDX_INVALID_TDMR, 0, 0, 0) },
	{ 0, AT(size), 0, 0, 0, DETAIL(TDX_INVALID_TDMR, 0, 0, 0) },
	{ 0, AT(size), GIB + MIB, 0, 0, DETAIL(TDX_INVALID_TDMR, 0, 0, 0) },
	{ 1, AT(base), HKID_BIT, 0, 0, DETAIL(TDX_INVALID_TDMR, 1, 0, 0) },
	{ 1, AT(base), HKID_BIT - GIB, 0, 0, DETAIL(TDX_INVALID_TDMR, 1, 0, 0) },
	/* reserved areas */
	{ 0, AT(reserved[0].size), 0, 0, 0, DETAIL(TDX_NON_ORDERED_RESERVED_IN_TDMR, 0, 0, 0) },
	{ 0, AT(reserved[3].size), MIB, 0, 0, DETAIL(TDX_NON_ORDERED_RESERVED_IN_TDMR, 0, 2, 0) },
	{ 0, AT(reserved[15].size), MIB, 0, 0, DETAIL(TDX_NON_ORDERED_RESERVED_IN_TDMR, 0, 14, 0) },
	{ 0, AT(reserved[1].offset), UINT64_MAX, 0, 0,
	  DETAIL(TDX_INVALID_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 0, AT(reserved[0].offset), 4 * MIB, 0, 0,
	  DETAIL(TDX_NON_ORDERED_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 0, AT(reserved[1].offset), MIB - 4 * KIB, 0, 0,
	  DETAIL(TDX_NON_ORDERED_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 0, AT(reserved[1].offset), 2 * MIB + 1, 0, 0,
	  DETAIL(TDX_INVALID_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 0, AT(reserved[1].size), 1, 0, 0, DETAIL(TDX_INVALID_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 0, AT(reserved[1].size), GIB - MIB, 0, 0, DETAIL(TDX_INVALID_RESERVED_IN_TDMR, 0, 1, 0) },
	{ 1, AT(reserved[0].offset), 2 * GIB, AT(pamt_1g_base), 1,
	  DETAIL(TDX_INVALID_RESERVED_IN_TDMR, 1, 0, 0) },
	/* each PAMT; 1 GiB first */
	{ 0, AT(pamt_1g_base), 1, AT(pamt_4k_base), 1, DETAIL(TDX_INVALID_PAMT, 0, 2, 0) },
	{ 0, AT(pamt_2m_base), 1, AT(pamt_4k_base), 1, DETAIL(TDX_INVALID_PAMT, 0, 1, 0) },
	{ 0, AT(pamt_4k_base), 1, AT(pamt_2m_base), 16 * GIB, DETAIL(TDX_INVALID_PAMT, 0, 0, 0) },
	{ 0, AT(pamt_1g_size), 0, 0, 0, DETAIL(TDX_INVALID_PAMT, 0, 2, 0) },
	{ 0, AT(pamt_2m_size), 4 * KIB, 0, 0, DETAIL(TDX_INVALID_PAMT, 0, 1, 0) },
	{ 0, AT(pamt_4k_size), 4 * MIB - 4 * KIB, 0, 0, DETAIL(TDX_INVALID_PAMT, 0, 0, 0) },
	{ 0, AT(pamt_4k_size), 4 * MIB + 1, 0, 0, DETAIL(TDX_INVALID_PAMT, 0, 0, 0) },
	{ 0, AT(pamt_4k_size), UINT64_MAX & ~(4 * KIB - 1), 0, 0,
	  DETAIL(TDX_INVALID_PAMT, 0, 0, 0) },
	{ 1, AT(pamt_4k_base), HKID_BIT | 16 * GIB, 0, 0, DETAIL(TDX_INVALID_PAMT, 1, 0, 0) },
	{ 1, AT(pamt_4k_base), HKID_BIT - 4 * MIB, 0, 0, DETAIL(TDX_INVALID_PAMT, 1, 0, 0) },
	/* among PAMTs */
	{ 1, AT(pamt_4k_base), 16 * GIB + 20 * MIB - 4 * KIB, 0, 0,
	  DETAIL(TDX_PAMT_OVERLAP, 1, 0, 0) },
	{ 1, AT(pamt_2m_base), 16 * GIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 1, 0) },
	{ 1, AT(pamt_1g_base), 16 * GIB + 64 * KIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 2, 0) },
	{ 1, AT(pamt_2m_base), 16 * GIB + 32 * MIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 0, 1) },
	{ 1, AT(pamt_1g_base), 16 * GIB + 32 * MIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 0, 1) },
	{ 1, AT(pamt_1g_base), 16 * GIB + MIB + 64 * KIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 1, 1) },
	/* PAMTs and usable parts of a TDMR: its own, one before, one after */
	{ 0, AT(pamt_4k_base), 4 * GIB + 64 * MIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 0, 0, 0) },
	{ 0, AT(pamt_2m_base), 4 * GIB + 2 * MIB - 4 * KIB, 0, 0,
	  DETAIL(TDX_PAMT_OVERLAP, 0, 1, 0) },
	{ 0, AT(pamt_1g_base), 5 * GIB - 4 * KIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 0, 2, 0) },
	{ 1, AT(pamt_4k_base), 4 * GIB + 64 * MIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 1, 0, 0) },
	{ 0, AT(pamt_4k_base), 8 * GIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 0, 0, 1) },
	{ 0, AT(pamt_1g_base), 9 * GIB, 0, 0, DETAIL(TDX_PAMT_OVERLAP, 0, 2, 1) },
	/* convertible memory */
	{ 0, AT(pamt_4k_base), 32 * GIB, 0, 0, DETAIL(TDX_PAMT_OUTSIDE_CMRS, 0, 0, 0) },
	{ 0, AT(pamt_2m_base), 32 * GIB, AT(pamt_4k_base), 33 * GIB,
	  DETAIL(TDX_PAMT_OUTSIDE_CMRS, 0, 1, 0) },
	{ 0, AT(pamt_1g_base), 17 * GIB, 0, 0, DETAIL(TDX_PAMT_OUTSIDE_CMRS, 0, 2, 0) },
	{ 1, AT(pamt_4k_base), 10 * GIB - 16 * MIB, 0, 0, DETAIL(TDX_PAMT_OUTSIDE_CMRS, 1, 0, 0) },
	{ 1, AT(reserved[0].size), 0, 0, 0, DETAIL(TDX_TDMR_OUTSIDE_CMRS, 1, 0, 0) },
	{ 1, AT(reserved[0].offset), 2 * GIB - 16 * MIB + 4 * KIB, AT(reserved[0].size),
	  16 * MIB - 4 * KIB, DETAIL(TDX_TDMR_OUTSIDE_CMRS, 1, 0, 0) },
	{ 1, AT(size), 3 * GIB, AT(pamt_4k_size), 16 * MIB, DETAIL(TDX_INVALID_PAMT, 1, 1, 0) },
	/* good as well: a PAMT in a reserved area, one that is larger */
	{ 0, AT(pamt_1g_base), 4 * GIB, 0, 0, TDX_SUCCESS },
	{ 0, AT(pamt_4k_size), 8 * MIB, 0, 0, TDX_SUCCESS },
	{ 0, AT(reserved[2].offset), 12345, 0, 0, TDX_SUCCESS }, /* after the end of the list */
};

/* The operand: two TDMR_INFOs and the array of their addresses. */
struct operand {
	struct tdmr_info infos[2];
	uint64_t addresses[64];
};

static struct operand *operand;

static void reset_operand(void)
{
	memset(operand, 0, sizeof(*operand));
	memcpy(operand->infos, good, sizeof(good));
	operand->addresses[0] = ptr_hpa(&operand->infos[0]).v;
	operand->addresses[1] = ptr_hpa(&operand->infos[1]).v;
}

static uint64_t config(uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	struct seam_regs regs;
	return selftest_call(&regs, TDH_SYS_CONFIG, ptr_hpa(operand->addresses).v + rcx, rdx, r8,
			     0);
}

static void load(const struct module_platform *platform)
{
	module_load(platform);
	selftest_sys_init();
}

/* Nothing that has failed left a trace: the good ones are taken, once. */
static void expect_good(void)
{
	reset_operand();
	EXPECT_EQUAL(sys_state(), SYS_SYSINIT_DONE);
	operand->addresses[0] |= HKID_BIT;
	EXPECT_EQUAL(config(HKID_BIT, 2, 32), TDX_SUCCESS);
	EXPECT_EQUAL(sys_state(), SYS_SYSCONFIG_DONE);
	EXPECT_EQUAL(config(0, 2, 32), TDX_SYS_CONFIG_NOT_PENDING);
}

static void check_fields(const struct module_platform *platform)
{
	for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
		reset_operand();
		uint8_t *info = (uint8_t *)&operand->infos[fields[i].tdmr];
		memcpy(info + fields[i].offset, &fields[i].value, sizeof(uint64_t));
		if (fields[i].offset2 != 0) {
			memcpy(info + fields[i].offset2, &fields[i].value2, sizeof(uint64_t));
		}
		uint64_t status = config(0, 2, 32);
		if (status != fields[i].status) {
			selftest_failed(__FILE__, (int)i, "row of fields[]", status);
		}
		if (status == TDX_SUCCESS) {
			load(platform);
		}
	}
}

void selftest_sys_config(const struct module_platform *machine)
{
	struct module_platform platform = *machine;
	memset(platform.cmrs, 0, sizeof(platform.cmrs));
	memcpy(platform.cmrs, cmrs, sizeof(cmrs));
	operand = hpa_ptr(frames_take_page());

	load(&platform);
	for (unsigned i = 0; i < ARRAY_COUNT(calls); i++) {
		reset_operand();
		uint64_t status = config(calls[i].rcx, calls[i].rdx, calls[i].r8);
		if (status != calls[i].status) {
			selftest_failed(__FILE__, (int)i, "row of calls[]", status);
		}
	}
	reset_operand();
	operand->addresses[1] += 64;
	EXPECT_EQUAL(config(0, 2, 32), INVALID(RCX));
	operand->addresses[1] = PRIVATE_BIT;
	EXPECT_EQUAL(config(0, 2, 32), INVALID(RCX));
	check_fields(&platform);
	expect_good();

	/* Before them all: the lock, then the state, then that all CPUs are there. */
	load(&platform);
	reset_operand();
	EXPECT(sys_lock(LOCK_SHARED));
	EXPECT_EQUAL(config(8, 0, 0), TDX_SYS_BUSY);
	sys_unlock(LOCK_SHARED);
	expect_good();
	EXPECT_EQUAL(config(8, 0, 0), TDX_SYS_CONFIG_NOT_PENDING);
	platform.cpu_count = cpu_count() + 1;
	load(&platform);
	EXPECT_EQUAL(config(0, 2, 32), TDX_SYS_CONFIG_NOT_PENDING);
	frames_give_page(ptr_hpa(operand));
}
