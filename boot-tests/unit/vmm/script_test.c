// Tests of a host script at work: which events fire a rule, and what becomes of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/script/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/svm/vmcb.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/device/ports.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/script/script_page.h"
#include "boot-tests/vmm/verdict.h"

static struct {
	unsigned cpu;
	uint64_t waited_us;
	const char *text; /* of fw_cfg */
	char log[400], reason[200];
	enum machine_exit_code code;
	bool (*starves)(void);
	const uint64_t *(*instead)(uint64_t leaf);
	void (*enters)(unsigned cpu, uint64_t exit);
	unsigned acts; /* rules whose actions on pages were asked for */
	struct host_td *td;
	const char *page_error;
	unsigned tds;
	char serial[400];
	unsigned nmis, interrupts; /* a bit for each CPU */
	uint64_t icr;
} host;
static jmp_buf stopped;
static const struct verdict verdict = { true, EXIT_RESET, "TD asked for a reset" };

unsigned cpu_index(void)
{
	return host.cpu;
}

unsigned cpu_count(void)
{
	return 4;
}

void time_delay_us(uint64_t us)
{
	host.waited_us += us;
}

void module_tdcall_hook(const uint64_t *(*instead)(uint64_t leaf))
{
	host.instead = instead;
}

void module_entropy_hook(bool (*starves)(void))
{
	host.starves = starves;
}

void svm_entry_hook(void (*enters)(unsigned cpu, uint64_t exit))
{
	host.enters = enters;
}

void wake_post_nmi(unsigned cpu)
{
	host.nmis |= 1u << cpu;
}

bool lapic_send_ipi(unsigned index, uint64_t icr)
{
	host.interrupts |= 1u << index;
	host.icr = icr;
	return true;
}

void script_page_reset(void)
{
	host.acts = 0;
}

enum status script_page_act(const struct script_rule *rule, struct host_td *td, char *error,
			    size_t error_size)
{
	(void)rule;
	host.acts++;
	host.td = td;
	if (host.page_error == NULL) {
		return ST_OK;
	}
	snprintf(error, error_size, "%s", host.page_error);
	return ST_BAD_FORMAT;
}

void port_serial_print(const char *text)
{
	size_t used = strlen(host.serial);
	snprintf(host.serial + used, sizeof(host.serial) - used, "%s", text);
}

struct blob blob_load(const char *name)
{
	static char text[400];
	assert_string_equal(name, "opt/lintel/script");
	if (host.text == NULL) {
		return (struct blob){ 0 };
	}
	memcpy(text, host.text, strlen(host.text));
	return (struct blob){ (uint8_t *)text, (uint32_t)strlen(host.text) };
}

void console_line(char tag, const char *format, ...)
{
	va_list args;
	size_t used = strlen(host.log);
	va_start(args, format);
	used += (size_t)snprintf(host.log + used, sizeof(host.log) - used, "%c ", tag);
	used += (size_t)vsnprintf(host.log + used, sizeof(host.log) - used, format, args);
	snprintf(host.log + used, sizeof(host.log) - used, "\n");
	va_end(args);
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(host.reason, sizeof(host.reason), format, args);
	va_end(args);
	host.code = code;
	longjmp(stopped, 1);
}

static int reset(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	host.tds = 1;
	script_set("");
	return 0;
}

static const struct hook_answer *seamcall_by(unsigned cpu, uint64_t leaf)
{
	host.cpu = cpu;
	return hook_call(HOOK_SEAMCALL, leaf, NULL);
}

static void nothing_is_hooked_in_vain(void **state)
{
	(void)state;
	assert_null(hooks.call);
	assert_null(hooks.hob);
	assert_null(hooks.fw_cfg);
	assert_null(hooks.temp_mem);
	assert_null(host.starves);
	assert_null(host.instead);
	assert_null(host.enters);
	assert_null(hooks.end);
	assert_null(hook_call(HOOK_SEAMCALL, 1, NULL));
	assert_false(hook_instead(NULL));
	assert_false(hook_end(&verdict));
	script_set("on RDRAND: no entropy");
	assert_null(hooks.call);
	assert_non_null(host.starves);
	script_set("on TDVMCALL: hold 1s");
	assert_non_null(hooks.call);
	assert_null(host.starves);
	assert_null(seamcall_by(0, 1));
}

static void a_rule_fires_by_its_count(void **state)
{
	(void)state;
	script_set("on SEAMCALL.MEM.PAGE.AUG #2..3: status operand-busy");
	assert_int_equal(script_waiting(), 1);
	assert_null(seamcall_by(0, TDH_MEM_PAGE_AUG));
	assert_null(seamcall_by(0, TDH_MEM_PAGE_ADD));
	assert_null(hook_call(HOOK_TDVMCALL, TDH_MEM_PAGE_AUG, NULL));
	assert_int_equal(script_waiting(), 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct hook_answer *answer = seamcall_by(i, TDH_MEM_PAGE_AUG);
		struct seam_regs regs = { .rax = 1, .rcx = 2 };
		assert_true(hook_instead(answer));
		hook_apply(answer, &regs);
		assert_int_equal(regs.rax, TDX_OPERAND_BUSY);
		assert_int_equal(regs.rcx, 2);
		assert_int_equal(script_waiting(), 0);
	}
	assert_null(seamcall_by(0, TDH_MEM_PAGE_AUG));
	assert_string_equal(host.log, "");
	/* Every count starts anew. */
	script_set("on SEAMCALL.MEM.PAGE.AUG #1: status operand-busy");
	assert_int_equal(script_waiting(), 1);
	assert_non_null(seamcall_by(0, TDH_MEM_PAGE_AUG));
	assert_null(seamcall_by(0, TDH_MEM_PAGE_AUG));
}

static void a_tdcall_has_the_rules_status(void **state)
{
	(void)state;
	script_set("on TDCALL.MEM.PAGE.ACCEPT #2 vcpu 1: status 0xC000010000000001");
	assert_null(hooks.call);
	host.cpu = 0;
	assert_null(host.instead(TDG_MEM_PAGE_ACCEPT));
	host.cpu = 1;
	assert_null(host.instead(TDG_MEM_PAGE_ACCEPT));
	assert_null(host.instead(TDG_VP_INFO));
	assert_int_equal(script_waiting(), 1);
	assert_int_equal(*host.instead(TDG_MEM_PAGE_ACCEPT), UINT64_C(0xC000010000000001));
	assert_null(host.instead(TDG_MEM_PAGE_ACCEPT));
	assert_int_equal(script_waiting(), 0);
}

/* The second call of vCPU 1 is the third of all. */
static void a_count_is_of_the_rules_own_vcpu(void **state)
{
	(void)state;
	script_set("on TDVMCALL.MapGPA #2 vcpu 1: r11=0x1000 hold 2ms");
	for (unsigned i = 0; i < 4; i++) {
		host.cpu = i % 2;
		assert_int_equal(host.waited_us, 0);
		const struct hook_answer *answer = hook_call(HOOK_TDVMCALL, TDVMCALL_MAP_GPA, NULL);
		assert_int_equal(answer != NULL, i == 3);
		assert_false(hook_instead(answer));
	}
	assert_int_equal(host.waited_us, 2000);
}

/* All rules are counted and wait; the answer is that of the first that fires. */
static void several_rules(void **state)
{
	(void)state;
	script_set("on TDVMCALL #2: r11=1 hold 1us\non TDVMCALL.IO: r11=2 hold 10us\n"
		   "on TDVMCALL.IO #3: r11=3 hold 100us\n");
	static const uint64_t r11[] = { 2, 1, 2 };
	static const uint64_t waited[] = { 10, 21, 131 };
	for (unsigned i = 0; i < 3; i++) {
		struct seam_regs regs = { 0 };
		hook_apply(hook_call(HOOK_TDVMCALL, TDVMCALL_IO, NULL), &regs);
		assert_int_equal(regs.r11, r11[i]);
		assert_int_equal(host.waited_us, waited[i]);
	}
	assert_int_equal(script_waiting(), 0);
}

static void entropy_fails(void **state)
{
	(void)state;
	script_set("on RDRAND #2..3: no entropy");
	static const bool expected[] = { false, true, true, false };
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(host.starves(), expected[i]);
	}
}

static void bytes_of_the_hob_are_replaced(void **state)
{
	(void)state;
	uint8_t list[16];
	memset(list, 0xAA, sizeof(list));
	script_set("on HOB: replace 3 u16 0x1234\non HOB: replace 8 u64 0x0102030405060708\n"
		   "on HOB #2: replace 0 u32 7\n");
	assert_true(hooks.hob(list, sizeof(list)));
	static const uint8_t expected[16] = { 0xAA, 0xAA, 0xAA, 0x34, 0x12, 0xAA, 0xAA, 0xAA,
					      8,    7,    6,    5,    4,    3,    2,    1 };
	assert_memory_equal(list, expected, sizeof(list));
	assert_int_equal(script_waiting(), 1);
	assert_true(hooks.hob(list, sizeof(list)));
	assert_int_equal(list[0], 7);
	script_set("on HOB: replace 9 u64 1");
	assert_false(hooks.hob(list, sizeof(list)));
	script_set("on HOB: replace 0xffffffffffffffff u8 1");
	assert_false(hooks.hob(list, sizeof(list)));
}

static void the_end_of_a_td(void **state)
{
	(void)state;
	script_set("on end #2: build again\non end vcpu 1: read again 1 as 2");
	assert_null(hooks.call);
	assert_false(hook_end(&verdict));
	assert_int_equal(host.acts, 0);
	host.cpu = 1;
	assert_true(hook_end(&verdict));
	assert_int_equal(host.acts, 2);
	assert_null(host.td);
	assert_false(hook_end(&verdict));
	assert_int_equal(host.acts, 3);
	/* Any of the rules that fire says so. */
	script_set("on end: build again\non end: read again 1 as 2");
	assert_true(hook_end(&verdict));
}

/* Each rule that fires, in the order of the script, whatever the answer is. */
static void pages_are_the_calling_tds(void **state)
{
	(void)state;
	int td;
	script_set("on TDVMCALL: read shared 0 as 1\non TDVMCALL #1: write private 0 u8 1");
	assert_false(hook_instead(hook_call(HOOK_TDVMCALL, 1, (struct host_td *)&td)));
	assert_int_equal(host.acts, 2);
	assert_ptr_equal(host.td, &td);
	(void)hook_call(HOOK_TDVMCALL, 1, NULL);
	assert_int_equal(host.acts, 3);
	host.page_error = "there is no copy 4";
	if (setjmp(stopped) == 0) {
		(void)hook_call(HOOK_TDVMCALL, 1, NULL);
		fail_msg("the machine goes on");
	}
	assert_int_equal(host.code, EXIT_TD_STOPPED);
	assert_string_equal(host.reason, "host script, line 1: there is no copy 4");
}

static void phases_hold(void **state)
{
	(void)state;
	script_set("on phase turn vcpu 1: hold 1us\non phase start: hold 100us\n"
		   "on phase ap.parked: hold 10000us\n");
	static const struct {
		unsigned cpu;
		uint64_t exit, waited;
	} rows[] = {
		{ 1, 0, 101 },
		{ 1, 0, 0 },
		{ 1, VMEXIT_CR0_WRITE, 1 },
		{ 1, VMEXIT_PAUSE, 10001 },
		{ 1, VMEXIT_PAUSE, 0 },
		{ 1, VMEXIT_NPF, 1 },
		{ 1, VMEXIT_PAUSE, 10001 },
		{ 0, VMEXIT_PAUSE, 100 }, /* the first is no exit of its own */
		{ 0, VMEXIT_NPF, 0 },
		{ 0, VMEXIT_PAUSE, 0 }, /* the boot processor */
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		host.waited_us = 0;
		host.enters(rows[i].cpu, rows[i].exit);
		assert_int_equal(host.waited_us, rows[i].waited);
	}
}

static void interrupts_are_sent(void **state)
{
	(void)state;
	script_set("on TDVMCALL #2: nmi\non phase start vcpu 3: interrupt 0x80");
	host.cpu = 1;
	assert_non_null(hooks.call);
	(void)hook_call(HOOK_TDVMCALL, 1, NULL);
	host.enters(2, 0);
	assert_int_equal(host.nmis | host.interrupts, 0);
	(void)hook_call(HOOK_TDVMCALL, 1, NULL);
	host.enters(3, 0);
	assert_int_equal(host.nmis, 1 << 1);
	assert_int_equal(host.interrupts, 1 << 3);
	assert_int_equal(host.icr, 0x80);
}

static void temp_mem_is_filled(void **state)
{
	(void)state;
	static uint8_t page[4096 + 8];
	script_set("on TempMem #2: fill 0x0102030405060708");
	memset(page, 0xAA, sizeof(page));
	hooks.temp_mem(page);
	assert_int_equal(page[0], 0xAA);
	hooks.temp_mem(page);
	for (unsigned i = 0; i < 4096; i++) {
		assert_int_equal(page[i], 8 - i % 8);
	}
	assert_int_equal(page[4096], 0xAA);
}

/* A rule about fw_cfg counts reads of its bytes by its vCPU. */
static void what_is_read_of_fw_cfg_is_changed(void **state)
{
	(void)state;
	uint8_t data[4] = { 0 };
	struct hook_fw_cfg read = { .selector = 7, .offset = 8, .data = data, .size = 4 };
	script_set("on fw_cfg 7 #2 vcpu 1: replace 10 u16 0x1234");
	host.cpu = 2;
	hooks.fw_cfg(&read);
	hooks.fw_cfg(&read);
	host.cpu = 1;
	read.offset = 0;
	hooks.fw_cfg(&read);
	read.offset = 8;
	hooks.fw_cfg(&read);
	assert_int_equal(script_waiting(), 1);
	assert_int_equal(data[2], 0);
	hooks.fw_cfg(&read);
	assert_int_equal(script_waiting(), 0);
	assert_int_equal(data[2], 0x34);
	assert_int_equal(data[3], 0x12);
}

static void load(const char *text)
{
	host.text = text;
	host.reason[0] = 0;
	if (setjmp(stopped) == 0) {
		hooks_load_script(host.tds);
	}
}

static void the_users_script_is_loaded_and_told_of(void **state)
{
	(void)state;
	load(NULL);
	assert_string_equal(host.log, "");
	assert_null(hooks.call);
	load("# mine\non SEAMCALL: hold 1us\non SEAMCALL #9 vcpu 3: hold 1us\n");
	assert_string_equal(host.reason, "");
	assert_string_equal(host.log, "R 2 waits\nR 3 waits\n");
	host.log[0] = 0;
	assert_non_null(seamcall_by(0, 0));
	assert_non_null(seamcall_by(0, 0));
	assert_string_equal(host.log, "R 2 fired\n");
	load("on SEAMCALL vcpu 4: hold 1us");
	assert_int_equal(host.code, EXIT_SETUP);
	assert_string_equal(host.reason, "host script, line 1: vcpu 4: there are 4");
	load("\non Seamcall: hold 1us");
	assert_string_equal(host.reason, "host script, line 2: 'Seamcall': no such event");
}

/* A life's counts, phases and hooks are its own, and each is told of when it has ended. */
static void one_life_after_the_other(void **state)
{
	(void)state;
	host.tds = 2;
	load("on RDRAND: no entropy\nlife a\n");
	assert_int_equal(host.code, EXIT_SETUP);
	assert_string_equal(host.reason, "host script, life a: there are 2 TDs");
	host.tds = 1;
	load("life a\non phase start: hold 1us\nlife b\non phase start vcpu 4: hold 1us\n");
	assert_string_equal(host.reason, "host script, line 4: vcpu 4: there are 4");
	host.log[0] = 0;
	load("life a\non SEAMCALL #2: hold 1us\non phase start: hold 10us\n"
	     "life b\non SEAMCALL #2: hold 100us\non phase start: hold 10us\n"
	     "on end #1: build again\nlife c\n");
	assert_string_equal(host.reason, "");
	assert_string_equal(host.log, "R 2 waits\nR 3 waits\nR 5 waits\nR 6 waits\nR 7 waits\n");
	assert_null(seamcall_by(0, 0));
	assert_non_null(seamcall_by(0, 0));
	host.enters(0, 0);
	assert_int_equal(host.waited_us, 11);
	assert_true(hook_end(&verdict));
	assert_string_equal(host.serial, "\nlife a ends by 14: TD asked for a reset\n");
	host.serial[0] = 0;
	assert_null(seamcall_by(0, 0));
	host.enters(0, 0);
	assert_int_equal(host.waited_us, 21);
	/* Once more the same life, which goes on counting. */
	assert_true(hook_end(&verdict));
	assert_string_equal(host.serial, "");
	assert_non_null(seamcall_by(0, 0));
	assert_int_equal(host.waited_us, 121);
	assert_true(hook_end(&verdict));
	assert_string_equal(host.serial, "\nlife b ends by 14: TD asked for a reset\n");
	assert_null(hooks.call);
	assert_null(host.enters);
	assert_false(hook_end(&verdict));
	assert_string_equal(strstr(host.serial, "life c"),
			    "life c ends by 14: TD asked for a reset\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_hooked_in_vain, reset),
		cmocka_unit_test_setup(a_rule_fires_by_its_count, reset),
		cmocka_unit_test_setup(a_count_is_of_the_rules_own_vcpu, reset),
		cmocka_unit_test_setup(a_tdcall_has_the_rules_status, reset),
		cmocka_unit_test_setup(several_rules, reset),
		cmocka_unit_test_setup(entropy_fails, reset),
		cmocka_unit_test_setup(bytes_of_the_hob_are_replaced, reset),
		cmocka_unit_test_setup(the_end_of_a_td, reset),
		cmocka_unit_test_setup(pages_are_the_calling_tds, reset),
		cmocka_unit_test_setup(phases_hold, reset),
		cmocka_unit_test_setup(interrupts_are_sent, reset),
		cmocka_unit_test_setup(temp_mem_is_filled, reset),
		cmocka_unit_test_setup(what_is_read_of_fw_cfg_is_changed, reset),
		cmocka_unit_test_setup(the_users_script_is_loaded_and_told_of, reset),
		cmocka_unit_test_setup(one_life_after_the_other, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
