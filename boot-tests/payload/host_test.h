// How the payloads of two TDs talk to the test of what the host can do to them (tdrun --host-test).
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   payload                                        host (boot-tests/selftest/host_test.c)
//   fills a private page with a text, and says
//   where it is in a page that it shares; writes   reads both pages as they are in memory
//   the number of that page to the port
//   reads the port until it is not WAIT            says what comes next
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

/* 32 bits wide. */
#define HOST_TEST_PORT 0x508

/* What a read of the port says. */
#define HOST_TEST_WAIT 0
#define HOST_TEST_LOST 1   /* the host has written to the private page: read it */
#define HOST_TEST_INTACT 2 /* it has not, and will not: check the page, and go on */

#define HOST_TEST_MAGIC UINT64_C(0x54534554534F4854)
#define HOST_TEST_TEXT_SIZE 256

/* Begins the shared page. The private page holds the text again and again. */
struct host_test_page {
	uint64_t magic;                    /* 00 */
	uint64_t secret;                   /* 08: GPA of the private page */
	uint8_t text[HOST_TEST_TEXT_SIZE]; /* 10 */
};
ABI_SIZE(struct host_test_page, 272);
ABI_FIELD(struct host_test_page, text, 0x10, HOST_TEST_TEXT_SIZE);
