// Tests of key ids in host physical addresses: how many bits, what is left, and who may use which.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/key_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)

/* A platform on which addresses have so many bits of key id, and half of the key ids are private:
 * from *hkid on. Its module waits for TDH.SYS.CONFIG. */
static void load(unsigned bits, uint64_t *hkid)
{
	unsigned used = bits < MODULE_KEYID_BITS ? bits : MODULE_KEYID_BITS;
	*hkid = BIT64(used) / 2;
	fixture.platform.keyid_bits = bits;
	fixture.platform.keyid_partitioning =
		field_put(MKTME_KEYIDS, *hkid - 1) | field_put(TDX_KEYIDS, *hkid);
	module_load(&fixture.platform);
	assert_status(call(TDH_SYS_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	for (fixture.cpu = 0; fixture.cpu < FIXTURE_CPUS; fixture.cpu++) {
		assert_status(call(TDH_SYS_LP_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	}
	fixture.cpu = 0;
}

/* TDH.SYS.CONFIG with the fixture's region moved to base. */
static uint64_t configure(uint64_t hkid, uint64_t base)
{
	struct tdmr_info *info = fixture_tdmr();
	info->base = base;
	uint64_t list = fixture_frame(PG_4K);
	uint64_t at = ptr_hpa(info).v;
	memcpy(hpa_ptr(hpa(list)), &at, sizeof(at));
	return call(TDH_SYS_CONFIG, list, 1, hkid, 0);
}

static void make_ready(uint64_t hkid)
{
	assert_status(configure(hkid, 0), TDX_SUCCESS);
	assert_status(call(TDH_SYS_KEY_CONFIG, 0, 0, 0, 0), TDX_SUCCESS);
	do {
		assert_status(call(TDH_SYS_TDMR_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	} while (fixture.regs.rdx < TDX_TDMR_ALIGN);
}

/* 001-R3: memory ends where the key id begins. */
static void memory_shrinks(void **state)
{
	(void)state;
	for (unsigned bits = MODULE_KEYID_BITS_MIN; bits <= MODULE_KEYID_BITS_MAX; bits++) {
		uint64_t hkid, end = BIT64(48 - bits);
		load(bits, &hkid);
		assert_int_equal(module_keyid_bits(), bits);
		assert_int_equal(key_address_end(), end);
		assert_status(configure(hkid, end) & TDX_STATUS_CODE, TDX_INVALID_TDMR);
		/* What lies below is looked at further. */
		assert_status(configure(hkid, end - TDX_TDMR_ALIGN) & TDX_STATUS_CODE,
			      TDX_TDMR_OUTSIDE_CMRS);
		assert_status(configure(hkid - 1, 0), TDX_OPERAND_INVALID | TDX_OPERAND_R8);
		assert_status(configure(2 * hkid, 0), TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	}
}

/* 001-R3: a page has no key id, neither private nor the host's; each bit of it counts. */
static void pages_have_no_key_id(void **state)
{
	(void)state;
	static const unsigned widths[] = { MODULE_KEYID_BITS_MIN, 5, MODULE_KEYID_BITS, 7,
					   MODULE_KEYID_BITS_MAX };
	for (unsigned i = 0; i < ARRAY_COUNT(widths); i++) {
		uint64_t hkid;
		load(widths[i], &hkid);
		make_ready(hkid);
		uint64_t tdr = fixture_frame(PG_4K), other = fixture_frame(PG_4K);
		uint64_t free_page = fixture_frame(PG_4K);
		assert_status(call(TDH_MNG_CREATE, tdr, hkid + 1, 0, 0), TDX_SUCCESS);
		assert_status(call(TDH_MNG_KEY_CONFIG, tdr, 0, 0, 0), TDX_SUCCESS);
		for (unsigned bit = 48 - widths[i]; bit < 48; bit++) {
			uint64_t keyed = other | BIT64(bit);
			assert_status(call(TDH_MNG_ADDCX, keyed, tdr, 0, 0),
				      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
			assert_status(call(TDH_MNG_ADDCX, other, tdr | BIT64(bit), 0, 0),
				      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
			assert_status(call(TDH_PHYMEM_PAGE_RDMD, keyed, 0, 0, 0),
				      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
			assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, keyed, 0, 0, 0),
				      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
			/* What caches have of a page is written back by its key id. */
			assert_status(call(TDH_PHYMEM_PAGE_WBINVD, free_page | BIT64(bit), 0, 0, 0),
				      TDX_SUCCESS);
		}
		assert_status(call(TDH_PHYMEM_PAGE_WBINVD, free_page | BIT64(48), 0, 0, 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
		/* Memory that the host shares with the module has any of the host's. */
		for (uint64_t key = 0; key < 2 * hkid; key++) {
			assert_status(
				call(TDH_SYS_RDALL, 0, module_keyed(hpa(other), key), MD_NONE, 0),
				key < hkid ? TDX_SUCCESS : TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
		}
		assert_status(call(TDH_MNG_ADDCX, other, tdr, 0, 0), TDX_SUCCESS);
	}
}

/* 001-R5: a load or a store of the host by a private key id is a fault of the host. */
static void the_host_has_no_private_key_id(void **state)
{
	(void)state;
	uint64_t hkid;
	load(MODULE_KEYID_BITS, &hkid);
	make_ready(hkid);
	volatile uint64_t page = fixture_frame(PG_4K);
	uint64_t word = 0;
	memset(hpa_ptr(hpa(page)), 0x5A, 4096);
	for (volatile uint64_t key = 0; key < 2 * hkid; key++) {
		for (volatile unsigned store = 0; store < 2; store++) {
			hpa_t address = hpa(module_keyed(hpa(page + 8), key));
			fixture.reason[0] = 0;
			word = UINT64_C(0x0101010101010101) * (0x80 + key);
			if (setjmp(fixture.exit) == 0) {
				if (store != 0) {
					module_host_write(address, &word, sizeof(word));
				} else {
					module_host_read(address, &word, sizeof(word));
				}
				assert_true(key < hkid);
			} else {
				assert_true(key >= hkid);
				assert_non_null(strstr(fixture.reason, "#PF of the host"));
				assert_non_null(strstr(fixture.reason, "has the private key id"));
			}
		}
		uint8_t seen = *(const uint8_t *)hpa_ptr(hpa(page + 8));
		assert_int_equal(seen, 0x80 + (key < hkid ? key : hkid - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_shrinks),
		cmocka_unit_test(pages_have_no_key_id),
		cmocka_unit_test(the_host_has_no_private_key_id),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
