// What becomes of each exception: a #VE of a TD is handled, the rest is the end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/exception.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/fmt.h"
#include "arch/x86/cpu.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "shim/fatal.h"
#include "shim/tdx/ve.h"
#include "shim/tdx/world.h"

#define RIP_BEFORE 0xFFFF8000
#define RIP_AFTER 0xFFFF8002
#define GPAW 52

static bool in_td;
static enum status handler_says;
static struct ve_info handled;
static jmp_buf end;
static char text[200];

bool world_is_td(void)
{
	return in_td;
}

const struct td_info *world_info(void)
{
	static const struct td_info info = { .gpaw = GPAW };
	return &info;
}

enum status ve_handle(struct trap_frame *frame, const struct ve_info *info, unsigned gpaw)
{
	assert_int_equal(gpaw, GPAW);
	handled = *info;
	if (handler_says == ST_OK) {
		frame->rip = RIP_AFTER;
	}
	return handler_says;
}

void fatal(enum status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t length = fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	snprintf(text + length, sizeof(text) - length, ": %s",
		 status == ST_OK ? "no status" : status_text(status));
	longjmp(end, 1);
}

/* Does it come back, as what a #VE interrupted goes on then? Else the text is in text[]. */
static bool comes_back(struct trap_frame *frame)
{
	text[0] = 0;
	if (setjmp(end) != 0) {
		return false;
	}
	exception_handle(frame, 0x1234);
	return true;
}

static struct trap_frame frame_of(uint64_t vector)
{
	return (struct trap_frame){ .vector = vector, .error_code = 5, .rip = RIP_BEFORE };
}

static const struct fake_call veinfo = {
	.check = FAKE_RAX,
	.in = { .rax = TDG_VP_VEINFO_GET },
	.answer = FAKE_RCX | FAKE_RDX | FAKE_R8 | FAKE_R9 | FAKE_R10,
	.out = { .rcx = EXIT_REASON_CPUID, .rdx = 0x22, .r8 = 0x33, .r9 = 0x44, .r10 = 2 },
};
static const struct fake_call no_veinfo = {
	.check = FAKE_RAX,
	.in = { .rax = TDG_VP_VEINFO_GET },
	.out = { .rax = TDX_NO_VALID_VE_INFO },
};

static void every_other_vector_is_the_end(void **state)
{
	(void)state;
	for (unsigned td = 0; td < 2; td++) {
		in_td = td != 0;
		for (unsigned vector = 0; vector < 32; vector++) {
			struct trap_frame frame = frame_of(vector);
			char want[100];
			if (in_td && vector == VECTOR_VE) {
				continue;
			}
			fake_script(NULL, 0);
			assert_false(comes_back(&frame));
			snprintf(want, sizeof(want),
				 "exception %u error 0x5 RIP 0x%x CR2 0x1234: no status", vector,
				 RIP_BEFORE);
			assert_string_equal(text, want);
			assert_int_equal(fake_count(), 0);
		}
	}
}

static void ve_is_handled(void **state)
{
	struct trap_frame frame = frame_of(VECTOR_VE);
	(void)state;
	in_td = true;
	handler_says = ST_OK;
	fake_script(&veinfo, 1);
	assert_true(comes_back(&frame));
	assert_int_equal(frame.rip, RIP_AFTER);
	assert_int_equal(handled.exit_reason, EXIT_REASON_CPUID);
	assert_int_equal(handled.exit_qualification, 0x22);
	fake_done();
}

static void ve_without_information_is_the_end(void **state)
{
	struct trap_frame frame = frame_of(VECTOR_VE);
	(void)state;
	in_td = true;
	handler_says = ST_OK;
	fake_script(&no_veinfo, 1);
	assert_false(comes_back(&frame));
	assert_non_null(strstr(text, "RAX 0xc000070400000000: #VE at RIP 0xffff8000"));
}

static void ve_that_no_handler_takes_is_the_end(void **state)
{
	const enum status statuses[] = { ST_UNSUPPORTED, ST_HOST_LIED, ST_HOST_REFUSED };
	(void)state;
	in_td = true;
	for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
		struct trap_frame frame = frame_of(VECTOR_VE);
		handler_says = statuses[i];
		fake_script(&veinfo, 1);
		assert_false(comes_back(&frame));
		assert_non_null(strstr(text, "#VE reason 10 qualification 0x22 GPA 0x44"));
		assert_non_null(strstr(text, status_text(statuses[i])));
		assert_int_equal(frame.rip, RIP_BEFORE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_other_vector_is_the_end),
		cmocka_unit_test(ve_is_handled),
		cmocka_unit_test(ve_without_information_is_the_end),
		cmocka_unit_test(ve_that_no_handler_takes_is_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
