// EFI_STATUS by name, and what a status of ours becomes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Numbers of UEFI 2.10, appendix D, typed once more. */
static void names(void **state)
{
	(void)state;
	assert_string_equal(uefi_status_name(0), "EFI_SUCCESS");
	assert_string_equal(uefi_status_name(0x8000000000000001), "EFI_LOAD_ERROR");
	assert_string_equal(uefi_status_name(0x8000000000000002), "EFI_INVALID_PARAMETER");
	assert_string_equal(uefi_status_name(0x800000000000000E), "EFI_NOT_FOUND");
	assert_string_equal(uefi_status_name(0x800000000000001C), "EFI_END_OF_MEDIA");
	assert_string_equal(uefi_status_name(0x800000000000001F), "EFI_END_OF_FILE");
	assert_string_equal(uefi_status_name(0x8000000000000023), "EFI_HTTP_ERROR");
	assert_string_equal(uefi_status_name(0x800000000000001D), "EFI_STATUS of no name");
	/* A warning is no error. */
	assert_string_equal(uefi_status_name(1), "EFI_STATUS of no name");
}

static void statuses_of_ours(void **state)
{
	(void)state;
	assert_int_equal(uefi_status_of(ST_OK), 0);
	assert_int_equal(uefi_status_of(ST_BAD_ARGUMENT), 0x8000000000000002);
	assert_int_equal(uefi_status_of(ST_BAD_FORMAT), 0x8000000000000001);
	assert_int_equal(uefi_status_of(ST_NO_MEMORY), 0x8000000000000009);
	assert_int_equal(uefi_status_of(ST_UNSUPPORTED), 0x8000000000000003);
	assert_int_equal(uefi_status_of(ST_NOT_FOUND), 0x800000000000000E);
	assert_int_equal(uefi_status_of(ST_TIMEOUT), 0x8000000000000012);
#define IS_ERROR(name, text)                                                    \
	if ((name) != ST_OK) {                                                  \
		assert_true((uefi_status_of(name) & UEFI_ERROR_BIT) != 0);      \
		assert_string_not_equal(uefi_status_name(uefi_status_of(name)), \
					"EFI_STATUS of no name");               \
	}
	STATUS_LIST(IS_ERROR)
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(statuses_of_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
