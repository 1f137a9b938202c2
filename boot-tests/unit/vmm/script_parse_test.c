// Tests of the parser of host scripts: each form of a rule, and each fault by its text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"

static struct script script;

/* The first life of a text. */
static enum status parse_first(const char *text, size_t size, char *error, size_t error_size)
{
	struct script_place place = { 0 };
	return script_parse(text, size, &place, &script, error, error_size);
}

static struct script_rule parse(const char *text)
{
	char error[160] = "";
	if (parse_first(text, strlen(text), error, sizeof(error)) != ST_OK) {
		fail_msg("%s: %s", text, error);
	}
	assert_int_equal(script.count, 1);
	return script.rules[0];
}

static void calls(void **state)
{
	(void)state;
	struct script_rule rule = parse("on SEAMCALL: status interrupted");
	assert_int_equal(rule.event, SCRIPT_SEAMCALL);
	assert_true(rule.any);
	assert_true(rule.any_cpu);
	assert_int_equal(rule.first, 1);
	assert_int_equal(rule.last, UINT64_MAX);
	assert_true(rule.answer.instead);
	assert_int_equal(rule.answer.set, BIT32(HOOK_REG(rax)));
	assert_int_equal(rule.answer.regs.rax, TDX_INTERRUPTED_RESUMABLE);

	rule = parse("on SEAMCALL.MEM.PAGE.AUG #7: status 0x8000020000000000\n");
	assert_false(rule.any);
	assert_int_equal(rule.number, TDH_MEM_PAGE_AUG);
	assert_int_equal(rule.first, 7);
	assert_int_equal(rule.last, 7);
	assert_int_equal(rule.answer.regs.rax, TDX_OPERAND_BUSY);

	rule = parse("on TDVMCALL.MapGPA #3 vcpu 1: r11=0x1000");
	assert_int_equal(rule.event, SCRIPT_TDVMCALL);
	assert_int_equal(rule.number, TDVMCALL_MAP_GPA);
	assert_false(rule.any_cpu);
	assert_int_equal(rule.cpu, 1);
	assert_false(rule.answer.instead);
	assert_int_equal(rule.answer.set, BIT32(HOOK_REG(r11)));
	assert_int_equal(rule.answer.regs.r11, 0x1000);

	rule = parse(
		"on TDVMCALL.IO vcpu 254 #2..: r15=1 status retry hold 3ms rdx=0xffffffffffffffff");
	assert_int_equal(rule.number, TDVMCALL_IO);
	assert_int_equal(rule.cpu, 254);
	assert_int_equal(rule.first, 2);
	assert_int_equal(rule.last, UINT64_MAX);
	assert_int_equal(rule.hold_us, 3000);
	assert_true(rule.answer.instead);
	assert_int_equal(rule.answer.set,
			 BIT32(HOOK_REG(r15)) | BIT32(HOOK_REG(r10)) | BIT32(HOOK_REG(rdx)));
	assert_int_equal(rule.answer.regs.r10, TDVMCALL_RETRY);
	assert_int_equal(rule.answer.regs.r15, 1);
	assert_int_equal(rule.answer.regs.rdx, UINT64_MAX);
	/* A number where we know no name. */
	assert_int_equal(parse("on TDVMCALL.0x10007: hold 1us").number, 0x10007);
	assert_int_equal(parse("on SEAMCALL.63: hold 60s").hold_us, SCRIPT_MAX_HOLD_US);
}

static void tdcalls(void **state)
{
	(void)state;
	struct script_rule rule =
		parse("on TDCALL.MEM.PAGE.ACCEPT #9 vcpu 1: status 0xC000020000000001");
	assert_int_equal(rule.event, SCRIPT_TDCALL);
	assert_int_equal(rule.number, TDG_MEM_PAGE_ACCEPT);
	assert_int_equal(rule.actions, ACT_STATUS);
	assert_int_equal(rule.answer.set, BIT32(HOOK_REG(rax)));
	assert_int_equal(rule.answer.regs.rax, UINT64_C(0xC000020000000001));
	assert_true(parse("on TDCALL: status 1").any);
}

static void others(void **state)
{
	(void)state;
	struct script_rule rule = parse("  on\tRDRAND #1..9 : no entropy\r\n");
	assert_int_equal(rule.event, SCRIPT_RDRAND);
	assert_int_equal(rule.first, 1);
	assert_int_equal(rule.last, 9);
	rule = parse("on phase ap.parked: hold 1s");
	assert_int_equal(rule.event, SCRIPT_PHASE);
	assert_false(rule.any);
	assert_int_equal(rule.number, PHASE_AP_PARKED);
	assert_int_equal(rule.hold_us, 1000000);
	assert_int_equal(parse("on phase start: hold 1s").number, PHASE_START);
	assert_int_equal(parse("on phase turn: hold 1s").number, PHASE_TURN);
	rule = parse("on HOB: replace 0x38 u64 0xfedcba9876543210");
	assert_int_equal(rule.event, SCRIPT_HOB);
	assert_int_equal(rule.at, 0x38);
	assert_int_equal(rule.size, 8);
	assert_int_equal(rule.value, 0xfedcba9876543210);
	assert_int_equal(parse("on HOB: replace 0 u8 255").size, 1);
	assert_int_equal(parse("on HOB: replace 0 u16 65535").size, 2);
	assert_int_equal(parse("on HOB: replace 0 u32 0xffffffff").size, 4);
}

static void what_a_td_is_given(void **state)
{
	(void)state;
	struct script_rule rule = parse("on fw_cfg etc/boot/kernel #2: replace 0x202 u32 1");
	assert_int_equal(rule.event, SCRIPT_FW_CFG);
	assert_int_equal(rule.actions, ACT_REPLACE);
	assert_int_equal(rule.file.size, 15);
	assert_memory_equal(rule.file.at, "etc/boot/kernel", 15);
	assert_int_equal(rule.first, 2);
	rule = parse("on fw_cfg 0x19: replace 0 u32 0xffffffff");
	assert_int_equal(rule.file.size, 0);
	assert_int_equal(rule.number, 0x19);
	assert_int_equal(parse("on fw_cfg 65535: replace 0 u8 0").number, 65535);
	rule = parse("on fw_cfg a: size 4294967295");
	assert_int_equal(rule.actions, ACT_SIZE);
	assert_int_equal(rule.file_size, UINT32_MAX);
	/* As long as a name may be. */
	rule = parse("on fw_cfg 1234567890123456789012345678901234567890123456789012345: size 0");
	assert_int_equal(rule.file.size, 55);
	assert_int_equal(parse("on fw_cfg a: hide").actions, ACT_HIDE);
	rule = parse("on TempMem: fill 0xfedcba9876543210");
	assert_int_equal(rule.event, SCRIPT_TEMP_MEM);
	assert_int_equal(rule.fill, 0xfedcba9876543210);
}

static void interrupts(void **state)
{
	(void)state;
	struct script_rule rule = parse("on phase start: nmi interrupt 32 hold 1us");
	assert_int_equal(rule.actions, ACT_NMI | ACT_INTERRUPT | ACT_HOLD);
	assert_int_equal(rule.vector, 32);
	assert_int_equal(parse("on TDVMCALL: interrupt 0xff").vector, 255);
	rule = parse("on phase turn: nmi");
	assert_int_equal(rule.actions, ACT_NMI);
	assert_int_equal(rule.hold_us, 0);
}

static void pages(void **state)
{
	(void)state;
	struct script_rule rule = parse("on TDVMCALL: read shared 0x2001000 as 8");
	assert_int_equal(rule.actions, ACT_READ);
	assert_int_equal(rule.source, SOURCE_SHARED);
	assert_int_equal(rule.page, 0x2001000);
	assert_int_equal(rule.copy, 7);
	rule = parse("on TDVMCALL.IO #1: await 2 hold 1ms read private 0 as 1 like 3 unlike 1,2,8 "
		     "write private 0x1ff8 u64 0x5a r11=1");
	assert_int_equal(rule.actions, ACT_AWAIT | ACT_HOLD | ACT_READ | ACT_LIKE | ACT_UNLIKE |
					       ACT_WRITE | ACT_SET);
	assert_int_equal(rule.source, SOURCE_PRIVATE);
	assert_int_equal(rule.page, 0);
	assert_int_equal(rule.awaits, 1);
	assert_int_equal(rule.copy, 0);
	assert_int_equal(rule.like, 2);
	assert_int_equal(rule.unlike, BIT32(0) | BIT32(1) | BIT32(7));
	assert_int_equal(rule.at, 0x1FF8);
	assert_int_equal(rule.size, 8);
	assert_int_equal(rule.value, 0x5A);
	assert_int_equal(parse("on TDVMCALL: write private 1 u8 1").at, 1);
	rule = parse("on TDVMCALL: move shared 0x2001000 add 0x4000000");
	assert_int_equal(rule.actions, ACT_MOVE | ACT_ADD);
	assert_true(rule.moves);
	assert_int_equal(rule.moved, 0x2001000);
	assert_int_equal(rule.added, 0x4000000);
	rule = parse("on TDVMCALL: move private 0x2000000");
	assert_int_equal(rule.actions, ACT_MOVE);
	assert_false(rule.moves);
	assert_int_equal(rule.moved, 0x2000000);
	rule = parse("on TDVMCALL: write shared 0x2001ffe u16 0xffff share private 0x2000000 "
		     "drop private 0x2002000");
	assert_int_equal(rule.actions, ACT_WRITE | ACT_SHARE | ACT_DROP);
	assert_true(rule.writes_shared);
	assert_int_equal(rule.at, 0x2001ffe);
	assert_int_equal(rule.shared, 0x2000000);
	assert_int_equal(rule.dropped, 0x2002000);
	assert_false(parse("on TDVMCALL: write private 0 u8 0").writes_shared);
	rule = parse("on end vcpu 2 #1: read again 4 as 5 unlike 1 build again");
	assert_int_equal(rule.event, SCRIPT_END);
	assert_int_equal(rule.actions, ACT_READ | ACT_UNLIKE | ACT_BUILD);
	assert_int_equal(rule.source, SOURCE_COPIED);
	assert_int_equal(rule.source_copy, 3);
	assert_int_equal(rule.copy, 4);
	assert_int_equal(rule.cpu, 2);
}

static void lines_are_counted(void **state)
{
	(void)state;
	char error[160];
	static const char text[] = "\n# a comment: on HOB\n \t\non HOB: replace 0 u8 1\n\n"
				   "on RDRAND: no entropy";
	assert_int_equal(parse_first(text, sizeof(text) - 1, error, sizeof(error)), ST_OK);
	assert_int_equal(script.count, 2);
	assert_int_equal(script.rules[0].line, 4);
	assert_int_equal(script.rules[1].line, 6);
	assert_int_equal(parse_first("", 0, error, sizeof(error)), ST_OK);
	assert_int_equal(script.count, 0);
}

static void faults(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "RDRAND: no entropy", "line 1: 'RDRAND': 'on' was expected" },
		{ ":", "line 1: ':': 'on' was expected" },
		{ "\non", "line 2: '': no such event" },
		{ "on rdrand: no entropy", "line 1: 'rdrand': no such event" },
		{ "on RDRAND.X: no entropy", "line 1: 'RDRAND.X': no such event" },
		{ "on HOB.1: replace 0 u8 1", "line 1: 'HOB.1': no such event" },
		{ "on TDVMCALL.MAPGPA: hold 1s", "line 1: 'TDVMCALL.MAPGPA': no such call" },
		{ "on TDCALL.MEM.PAGE.AUG: status 1",
		  "line 1: 'TDCALL.MEM.PAGE.AUG': no such call" },
		{ "on TDCALL: status retry", "line 1: 'retry': no such status" },
		{ "on TDCALL: hold 1s", "line 1: 'hold': this event has no such action" },
		{ "on SEAMCALL.: hold 1s", "line 1: 'SEAMCALL.': no such call" },
		{ "on SEAMCALL.MapGPA: hold 1s", "line 1: 'SEAMCALL.MapGPA': no such call" },
		{ "on phase: hold 1s", "line 1: ':': no such phase" },
		{ "on phase ap: hold 1s", "line 1: 'ap': no such phase" },
		{ "on phase.x start: hold 1s", "line 1: 'start': no such phase" },
		{ "on HOB", "line 1: '': a colon, #N or vcpu V was expected" },
		{ "on HOB 7: replace 0 u8 1", "line 1: '7': a colon, #N or vcpu V was expected" },
		{ "on HOB #1 #2: replace 0 u8 1",
		  "line 1: '#2': a colon, #N or vcpu V was expected" },
		{ "on HOB vcpu 1 vcpu 1: replace 0 u8 1",
		  "line 1: 'vcpu': a colon, #N or vcpu V was expected" },
		{ "on HOB #0: replace 0 u8 1",
		  "line 1: '#0': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB #: replace 0 u8 1",
		  "line 1: '#': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB #2.3: replace 0 u8 1",
		  "line 1: '#2.3': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB #2.: replace 0 u8 1",
		  "line 1: '#2.': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB #2..1: replace 0 u8 1",
		  "line 1: '#2..1': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB #2..x: replace 0 u8 1",
		  "line 1: '#2..x': not #N, #N.. or #N..M with numbers from 1 on" },
		{ "on HOB vcpu 255: replace 0 u8 1", "line 1: '255': no such vCPU" },
		{ "on HOB vcpu: replace 0 u8 1", "line 1: ':': no such vCPU" },
		{ "on HOB:", "line 1: '': an action was expected" },
		{ "on HOB: remove", "line 1: 'remove': no such action" },
		{ "on HOB: status 1", "line 1: 'status': this event has no such action" },
		{ "on TDVMCALL: status interrupted", "line 1: 'interrupted': no such status" },
		{ "on SEAMCALL: status retry", "line 1: 'retry': no such status" },
		{ "on SEAMCALL: status", "line 1: '': no such status" },
		{ "on SEAMCALL: status 1 status 1", "line 1: 'status': there already" },
		{ "on SEAMCALL: no entropy", "line 1: 'no': this event has no such action" },
		{ "on SEAMCALL: replace 0 u8 1",
		  "line 1: 'replace': this event has no such action" },
		{ "on RDRAND: hold 1s", "line 1: 'hold': this event has no such action" },
		{ "on HOB: r8=1", "line 1: 'r8=1': this event has no such action" },
		{ "on phase turn: r8=1", "line 1: 'r8=1': this event has no such action" },
		{ "on RDRAND: no", "line 1: '': no such action" },
		{ "on RDRAND: no luck", "line 1: 'luck': no such action" },
		{ "on TDVMCALL: rax=1", "line 1: 'rax=1': no such action" },
		{ "on TDVMCALL: rsp=1", "line 1: 'rsp=1': no such action" },
		{ "on TDVMCALL: r11=", "line 1: '': no number" },
		{ "on TDVMCALL: r11=0x", "line 1: '0x': no number" },
		{ "on TDVMCALL: r11=1f", "line 1: '1f': no number" },
		{ "on TDVMCALL: r11=-1", "line 1: '-1': no number" },
		{ "on TDVMCALL: r11=18446744073709551616",
		  "line 1: '18446744073709551616': no number" },
		{ "on TDVMCALL: r11=0x10000000000000000",
		  "line 1: '0x10000000000000000': no number" },
		{ "on TDVMCALL: hold 0s",
		  "line 1: '0s': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on TDVMCALL: hold 61s",
		  "line 1: '61s': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on TDVMCALL: hold 60000001us",
		  "line 1: '60000001us': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on TDVMCALL: hold 18446744073709551615s",
		  "line 1: '18446744073709551615s': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on TDVMCALL: hold s",
		  "line 1: 's': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on TDVMCALL: hold 1",
		  "line 1: '1': no time up to 60s, such as 1s, 20ms or 5us" },
		{ "on HOB: replace", "line 1: '': no offset" },
		{ "on HOB: replace x u8 1", "line 1: 'x': no offset" },
		{ "on HOB: replace 0 u24 1", "line 1: 'u24': not u8, u16, u32 or u64" },
		{ "on HOB: replace 0 u8 256", "line 1: '256': no number of this size" },
		{ "on HOB: replace 0 u32 0x100000000",
		  "line 1: '0x100000000': no number of this size" },
		{ "on HOB: replace 0 u8", "line 1: '': no number of this size" },
		{ "on end.x: build again", "line 1: 'end.x': no such event" },
		{ "on end: build", "line 1: '': no such action" },
		{ "on end: build it", "line 1: 'it': no such action" },
		{ "on end: await 1", "line 1: 'await': this event has no such action" },
		{ "on end: hold 1s", "line 1: 'hold': this event has no such action" },
		{ "on end: write private 0 u8 1",
		  "line 1: 'write': this event has no such action" },
		{ "on end: read shared 0 as 1",
		  "line 1: 'shared': there is no TD any more, only again" },
		{ "on end: read private 0 as 1",
		  "line 1: 'private': there is no TD any more, only again" },
		{ "on TDVMCALL: build again", "line 1: 'build': this event has no such action" },
		{ "on SEAMCALL: read again 1 as 2",
		  "line 1: 'read': this event has no such action" },
		{ "on SEAMCALL: await 1", "line 1: 'await': this event has no such action" },
		{ "on SEAMCALL: write private 0 u8 1",
		  "line 1: 'write': this event has no such action" },
		{ "on TDVMCALL: read", "line 1: '': not shared, private or again" },
		{ "on TDVMCALL: read secret 0 as 1",
		  "line 1: 'secret': not shared, private or again" },
		{ "on TDVMCALL: read shared x as 1", "line 1: 'x': no address of a page" },
		{ "on TDVMCALL: read shared 0x800 as 1", "line 1: '0x800': no address of a page" },
		{ "on TDVMCALL: read shared 0 1", "line 1: '1': 'as' was expected" },
		{ "on TDVMCALL: read shared 0 as", "line 1: '': no copy from 1 to 8" },
		{ "on TDVMCALL: read shared 0 as 0", "line 1: '0': no copy from 1 to 8" },
		{ "on TDVMCALL: read shared 0 as 9", "line 1: '9': no copy from 1 to 8" },
		{ "on TDVMCALL: read again 0 as 1", "line 1: '0': no copy from 1 to 8" },
		{ "on TDVMCALL: read again 9 as 1", "line 1: '9': no copy from 1 to 8" },
		{ "on TDVMCALL: read again 0x100000001 as 1",
		  "line 1: '0x100000001': no copy from 1 to 8" },
		{ "on TDVMCALL: read again 1 as 2 read again 1 as 3",
		  "line 1: 'read': there already" },
		{ "on TDVMCALL: await 9", "line 1: '9': no copy from 1 to 8" },
		{ "on TDVMCALL: await", "line 1: '': no copy from 1 to 8" },
		{ "on TDVMCALL: like 1", "line 1: 'like': there is no read before it" },
		{ "on TDVMCALL: unlike 1 read shared 0 as 1",
		  "line 1: 'unlike': there is no read before it" },
		{ "on TDVMCALL: read shared 0 as 1 like 9", "line 1: '9': no copy from 1 to 8" },
		{ "on TDVMCALL: read shared 0 as 1 unlike 1,9",
		  "line 1: '1,9': not copies from 1 to 8, such as 1 or 1,2" },
		{ "on TDVMCALL: read shared 0 as 1 unlike 1,",
		  "line 1: '1,': not copies from 1 to 8, such as 1 or 1,2" },
		{ "on TDVMCALL: read shared 0 as 1 unlike",
		  "line 1: '': not copies from 1 to 8, such as 1 or 1,2" },
		{ "on TDVMCALL: write again 0 u8 1", "line 1: 'again': not shared or private" },
		{ "on TDVMCALL: share shared 0", "line 1: 'shared': not private" },
		{ "on TDVMCALL: drop 0", "line 1: '0': not private" },
		{ "on TDVMCALL: drop private 8", "line 1: '8': no address of a page" },
		{ "on SEAMCALL: drop private 0", "line 1: 'drop': this event has no such action" },
		{ "on SEAMCALL: nmi", "line 1: 'nmi': this event has no such action" },
		{ "on phase start: nmi nmi", "line 1: 'nmi': there already" },
		{ "on TDVMCALL: interrupt 31", "line 1: '31': no vector from 32 to 255" },
		{ "on TDVMCALL: interrupt 256", "line 1: '256': no vector from 32 to 255" },
		{ "on TDVMCALL: interrupt", "line 1: '': no vector from 32 to 255" },
		{ "on fw_cfg: hide", "line 1: ':': no such item" },
		{ "on fw_cfg", "line 1: '': no such item" },
		{ "on fw_cfg.a b: hide", "line 1: 'b': no such item" },
		{ "on fw_cfg 65536: replace 0 u8 0", "line 1: '65536': no such item" },
		{ "on fw_cfg 12345678901234567890123456789012345678901234567890123456: hide",
		  "line 1: '1234567890123456789012345678901234567890': no such item" },
		{ "on fw_cfg 25: hide", "line 1: 'hide': the item is no file" },
		{ "on fw_cfg 25: size 1", "line 1: 'size': the item is no file" },
		{ "on fw_cfg a: size 0x100000000", "line 1: '0x100000000': no size of 32 bits" },
		{ "on fw_cfg a: hide size 1", "line 1: 'size': one action of this event" },
		{ "on fw_cfg a: hold 1s", "line 1: 'hold': this event has no such action" },
		{ "on HOB: hide", "line 1: 'hide': this event has no such action" },
		{ "on TempMem: fill", "line 1: '': no number" },
		{ "on TempMem.1: fill 1", "line 1: 'TempMem.1': no such event" },
		{ "on TempMem: replace 0 u8 1",
		  "line 1: 'replace': this event has no such action" },
		{ "on TDVMCALL: write private x u8 1", "line 1: 'x': no offset" },
		{ "on TDVMCALL: write private 0 u8 256", "line 1: '256': no number of this size" },
		{ "on TDVMCALL: write private 0xffc u64 1",
		  "line 1: '0xffc': the GPA is no multiple of the size" },
		{ "on TDVMCALL: move again 0", "line 1: 'again': not shared or private" },
		{ "on TDVMCALL: move shared 0x2001800",
		  "line 1: '0x2001800': no address of a page" },
		{ "on TDVMCALL: move private x", "line 1: 'x': no address of a page" },
		{ "on TDVMCALL: move shared 0 move private 0", "line 1: 'move': there already" },
		{ "on TDVMCALL: add 0x800", "line 1: '0x800': no address of a page" },
		{ "on TDVMCALL: add", "line 1: '': no address of a page" },
		{ "on SEAMCALL: move shared 0", "line 1: 'move': this event has no such action" },
		{ "on end: move shared 0", "line 1: 'move': this event has no such action" },
		{ "on end: add 0", "line 1: 'add': this event has no such action" },
		{ "life", "line 1: '': no name of 1 to 31 characters" },
		{ "\nlife 12345678901234567890123456789012",
		  "line 2: '12345678901234567890123456789012': no name of 1 to 31 characters" },
		{ "life two words", "line 1: 'words': the end of the line was expected" },
		{ "life a:", "line 1: ':': the end of the line was expected" },
		{ "Life a", "line 1: 'Life': 'on' was expected" },
		{ "on \x01\xFF"
		  "34567890123456789012345678901234567890+",
		  "line 1: '??34567890123456789012345678901234567890': no such event" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char error[160] = "";
		script.count = 77;
		assert_int_equal(
			parse_first(rows[i].text, strlen(rows[i].text), error, sizeof(error)),
			ST_BAD_FORMAT);
		assert_string_equal(error, rows[i].error);
		assert_int_equal(script.count, 77);
	}
}

static void one_life_after_the_other(void **state)
{
	(void)state;
	static const char text[] = "# none\non RDRAND: no entropy\n"
				   "life first\n\non HOB: replace 0 u8 1\non HOB: replace 1 u8 1\n"
				   "life 1234567890123456789012345678901\n"
				   "life last\non RDRAND: no entropy";
	static const struct {
		const char *life;
		unsigned count, rule_line, next_line;
	} rows[] = {
		{ "", 1, 2, 2 },
		{ "first", 2, 5, 6 },
		{ "1234567890123456789012345678901", 0, 0, 7 },
		{ "last", 1, 9, 9 },
	};
	struct script_place place = { 0 };
	char error[160];
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_true(place.at < sizeof(text) - 1);
		assert_int_equal(
			script_parse(text, sizeof(text) - 1, &place, &script, error, sizeof(error)),
			ST_OK);
		assert_string_equal(script.life, rows[i].life);
		assert_int_equal(script.count, rows[i].count);
		assert_int_equal(script.count == 0 ? 0 : script.rules[0].line, rows[i].rule_line);
		assert_int_equal(place.line, rows[i].next_line);
	}
	assert_int_equal(place.at, sizeof(text) - 1);
	/* A fault leaves the place where it was. */
	static const char wrong[] = "life a\nlife b\nno\n";
	place = (struct script_place){ 0 };
	assert_int_equal(
		script_parse(wrong, sizeof(wrong) - 1, &place, &script, error, sizeof(error)),
		ST_OK);
	assert_int_equal(place.at, 7);
	assert_int_equal(
		script_parse(wrong, sizeof(wrong) - 1, &place, &script, error, sizeof(error)),
		ST_BAD_FORMAT);
	assert_string_equal(error, "line 3: 'no': 'on' was expected");
	assert_int_equal(place.at, 7);
	assert_int_equal(place.line, 1);
	assert_string_equal(script.life, "a");
}

static void rules_are_bounded(void **state)
{
	(void)state;
	static const char rule[] = "on RDRAND: no entropy\n";
	char text[sizeof(rule) * (SCRIPT_MAX_RULES + 1)];
	char error[160];
	size_t size = 0;
	for (unsigned i = 0; i <= SCRIPT_MAX_RULES; i++) {
		memcpy(text + size, rule, sizeof(rule) - 1);
		size += sizeof(rule) - 1;
	}
	assert_int_equal(parse_first(text, size, error, sizeof(error)), ST_NO_SPACE);
	assert_string_equal(error, "line 33: more than 32 rules");
	size -= sizeof(rule) - 1;
	assert_int_equal(parse_first(text, size, error, sizeof(error)), ST_OK);
	assert_int_equal(script.count, SCRIPT_MAX_RULES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(tdcalls),
		cmocka_unit_test(others),
		cmocka_unit_test(what_a_td_is_given),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(pages),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(faults),
		cmocka_unit_test(one_life_after_the_other),
		cmocka_unit_test(rules_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
