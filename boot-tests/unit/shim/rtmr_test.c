// Measuring: a log that replays to the module's registers, computed with OpenSSL alone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/measure/rtmr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"

#define REGISTERS 4

static uint8_t registers[REGISTERS][SHA384_SIZE];
static const uint8_t *const area = (const uint8_t *)EVENT_LOG;
static const struct rtmr_event nameless = { CC_MR_RTMR1, EV_IPL, "", 0 };

static void extend(uint8_t reg[SHA384_SIZE], const uint8_t *digest)
{
	uint8_t both[2 * SHA384_SIZE];
	memcpy(both, reg, SHA384_SIZE);
	memcpy(both + SHA384_SIZE, digest, SHA384_SIZE);
	SHA384(both, sizeof(both), reg);
}

/* The module: one leaf, with the rules for its operands. */
static uint64_t module(struct tdcall_regs *regs)
{
	assert_int_equal(regs->rax, TDG_MR_RTMR_EXTEND);
	assert_int_equal(regs->rcx % 64, 0);
	assert_within(regs->rdx, 0, REGISTERS - 1);
	extend(registers[regs->rdx], (const uint8_t *)regs->rcx);
	return TDX_SUCCESS;
}

static uint64_t refusing_module(struct tdcall_regs *regs)
{
	(void)regs;
	return TDX_OPERAND_BUSY | TDX_OPERAND_RTMR;
}

static uint32_t number_at(uint32_t offset)
{
	uint32_t value;
	memcpy(&value, area + offset, sizeof(value));
	return value;
}

/* Reads the log as the specification says it is, and extends registers of its own. */
static unsigned replay(uint8_t replayed[REGISTERS][SHA384_SIZE])
{
	unsigned events = 0;
	uint32_t at = 32 + number_at(28);
	memset(replayed, 0, REGISTERS * SHA384_SIZE);
	while (number_at(at) != UINT32_MAX) {
		assert_within(number_at(at), 1, REGISTERS);
		assert_int_equal(number_at(at + 8), 1);
		assert_int_equal(area[at + 12] | area[at + 13] << 8, 0x0C);
		extend(replayed[number_at(at) - 1], area + at + 14);
		at += 66 + number_at(at + 62);
		events++;
	}
	return events;
}

static int setup(void **state)
{
	(void)state;
	low_memory_map(SHIM_RAM_END);
	memset(registers, 0, sizeof(registers));
	fake_handler(module);
	return 0;
}

/* First: nothing has been started yet. */
static void a_plain_vm_measures_nothing(void **state)
{
	(void)state;
	assert_false(rtmr_active());
	assert_int_equal(rtmr_measure(&nameless, "abc", 3), ST_OK);
	assert_int_equal(rtmr_separate(CC_MR_RTMR0), ST_OK);
	assert_int_equal(fake_count(), 0);
	assert_int_equal(number_at(0), 0);
}

static void the_log_replays_to_the_registers(void **state)
{
	uint8_t replayed[REGISTERS][SHA384_SIZE];
	static uint8_t bytes[1000];
	struct sha384 hash;
	(void)state;
	assert_int_equal(rtmr_start(), ST_OK);
	assert_true(rtmr_active());
	assert_int_equal(replay(replayed), 0);
	for (unsigned i = 0; i < 30; i++) {
		const struct rtmr_event event = { CC_MR_RTMR0 + i % REGISTERS, EV_IPL, bytes,
						  7 * i };
		bytes[0] = (uint8_t)i;
		assert_int_equal(rtmr_measure(&event, bytes, 31 * i), ST_OK);
	}
	sha384_init(&hash);
	sha384_update(&hash, "in ", 3);
	sha384_update(&hash, "pieces", 6);
	assert_int_equal(rtmr_extend(&nameless, &hash), ST_OK);
	assert_int_equal(replay(replayed), 31);
	assert_memory_equal(replayed, registers, sizeof(registers));
}

static void digests_are_of_the_bytes(void **state)
{
	uint8_t digest[SHA384_SIZE];
	(void)state;
	assert_int_equal(rtmr_start(), ST_OK);
	assert_int_equal(rtmr_measure(&nameless, "abc", 3), ST_OK);
	assert_memory_equal(area + 65 + 14, SHA384((const uint8_t *)"abc", 3, digest), 48);
	assert_int_equal(rtmr_separate(CC_MR_RTMR1), ST_OK);
	assert_memory_equal(area + 65 + 66, "\x02\0\0\0\x04\0\0\0", 8);
	assert_memory_equal(area + 65 + 66 + 14, SHA384((const uint8_t *)"\0\0\0", 4, digest), 48);
	assert_memory_equal(area + 65 + 66 + 62, "\x04\0\0\0\0\0\0\0", 8);
}

/* What does not fit into the log is not in the register either. */
static void full(void **state)
{
	static uint8_t event[EVENT_LOG_SIZE];
	struct rtmr_event large = nameless;
	uint8_t replayed[REGISTERS][SHA384_SIZE];
	(void)state;
	large.event = event;
	large.event_size = EVENT_LOG_SIZE - 65 - 66 - 66 - 4;
	assert_int_equal(rtmr_start(), ST_OK);
	assert_int_equal(rtmr_measure(&large, "abc", 3), ST_OK);
	assert_refusal(rtmr_measure(&large, "abc", 3), ST_LOG_FULL,
		       "event log: 0x7f79 bytes, room for 0x46");
	assert_int_equal(fake_count(), 1);
	/* Room for an event without data, and for the 4 bytes that end the reading above. */
	assert_int_equal(rtmr_measure(&nameless, "abc", 3), ST_OK);
	assert_refusal(rtmr_measure(&nameless, "abc", 3), ST_LOG_FULL,
		       "event log: 0x42 bytes, room for 0x4");
	assert_int_equal(replay(replayed), 2);
	assert_memory_equal(replayed, registers, sizeof(registers));
}

static void the_module_refuses(void **state)
{
	(void)state;
	assert_int_equal(rtmr_start(), ST_OK);
	fake_handler(refusing_module);
	assert_refusal(rtmr_measure(&nameless, "abc", 3), ST_TDX,
		       "TDG.MR.RTMR.EXTEND of 0x1: RAX 0x80000200000000a8");
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plain_vm_measures_nothing), CASE(the_log_replays_to_the_registers),
		CASE(digests_are_of_the_bytes),    CASE(full),
		CASE(the_module_refuses),
	};
	return cmocka_run_group_tests_name("rtmr", tests, NULL, NULL);
}
