// The script's rules against what happens.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script.h"

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/svm/vmcb.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/device/ports.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/script/script_fw_cfg.h"
#include "boot-tests/vmm/script/script_page.h"
#include "boot-tests/vmm/script/script_parse.h"
#include "boot-tests/vmm/text.h"
#include "boot-tests/vmm/verdict.h"
#include "linker/memmap.h"

#define ERROR_SIZE 160

/* The life that the TD has now. */
static struct script script;
/* The text, and where in it the next life begins; at its end there is none. */
static struct text source;
static struct script_place next_life;
/* By rule: how often its event was seen, and whether it has fired. */
static struct {
	uint64_t seen;
	bool fired;
} states[SCRIPT_MAX_RULES];
/* The user's: tools/tdrun hears which rules there are, and which have fired. */
static bool is_users;

/* Whether the rule fires at this event, which is one of its own. */
static bool fires(unsigned index)
{
	const struct script_rule *rule = &script.rules[index];
	uint64_t seen = __atomic_add_fetch(&states[index].seen, 1, __ATOMIC_RELAXED);
	if (seen < rule->first || seen > rule->last) {
		return false;
	}
	if (!__atomic_exchange_n(&states[index].fired, true, __ATOMIC_RELAXED) && is_users) {
		console_line('R', "%u fired", rule->line);
	}
	return true;
}

static bool is_of_cpu(const struct script_rule *rule, uint64_t cpu)
{
	return rule->any_cpu || rule->cpu == cpu;
}

/* The next rule from *index on that fires; NULL: there is none. */
static const struct script_rule *next_firing(unsigned *index, enum script_event event,
					     uint64_t number, uint64_t cpu)
{
	while (*index < script.count) {
		unsigned at = (*index)++;
		const struct script_rule *rule = &script.rules[at];
		if (rule->event == event && (rule->any || rule->number == number) &&
		    is_of_cpu(rule, cpu) && fires(at)) {
			return rule;
		}
	}
	return NULL;
}

/* What is not as the rule says ends the machine. */
static void act_on_pages(const struct script_rule *rule, struct host_td *td)
{
	char error[ERROR_SIZE];
	if (script_page_act(rule, td, error, sizeof(error)) != ST_OK) {
		machine_exit(EXIT_TD_STOPPED, "host script, line %u: %s", rule->line, error);
	}
}

/* What the rule sends to the vCPU of this CPU. */
static void interrupt(const struct script_rule *rule, unsigned cpu)
{
	if ((rule->actions & ACT_NMI) != 0) {
		wake_post_nmi(cpu);
	}
	if ((rule->actions & ACT_INTERRUPT) != 0) {
		CHECK(lapic_send_ipi(cpu, rule->vector));
	}
}

/* The first rule that fires has the answer; all of them are counted. */
static const struct hook_answer *script_call(enum hook_call call, uint64_t number,
					     struct host_td *td)
{
	const struct script_rule *first = NULL;
	const struct script_rule *rule;
	unsigned index = 0;
	while ((rule = next_firing(&index,
				   call == HOOK_SEAMCALL ? SCRIPT_SEAMCALL : SCRIPT_TDVMCALL,
				   number, cpu_index())) != NULL) {
		if (rule->hold_us != 0) {
			time_delay_us(rule->hold_us);
		}
		interrupt(rule, cpu_index());
		act_on_pages(rule, td);
		first = first == NULL ? rule : first;
	}
	return first == NULL ? NULL : &first->answer;
}

static const uint64_t *script_tdcall(uint64_t leaf)
{
	const struct script_rule *first = NULL;
	const struct script_rule *rule;
	unsigned index = 0;
	while ((rule = next_firing(&index, SCRIPT_TDCALL, leaf, cpu_index())) != NULL) {
		first = first == NULL ? rule : first;
	}
	return first == NULL ? NULL : &first->answer.regs.rax;
}

static bool starves(void)
{
	bool fired = false;
	unsigned index = 0;
	while (next_firing(&index, SCRIPT_RDRAND, 0, cpu_index()) != NULL) {
		fired = true;
	}
	return fired;
}

static bool change_hob(uint8_t *list, size_t size)
{
	const struct script_rule *rule;
	unsigned index = 0;
	while ((rule = next_firing(&index, SCRIPT_HOB, 0, cpu_index())) != NULL) {
		if (rule->at > size || rule->size > size - rule->at) {
			return false;
		}
		memcpy(list + rule->at, &rule->value, rule->size);
	}
	return true;
}

static void change_fw_cfg(const struct hook_fw_cfg *read)
{
	for (unsigned i = 0; i < script.count; i++) {
		const struct script_rule *rule = &script.rules[i];
		uint8_t *where;
		if (rule->event == SCRIPT_FW_CFG && is_of_cpu(rule, cpu_index()) &&
		    script_fw_cfg_has(rule, read, &where) && fires(i)) {
			script_fw_cfg_change(rule, where);
		}
	}
}

static void fill_temp_mem(uint8_t *page)
{
	const struct script_rule *rule;
	unsigned index = 0;
	while ((rule = next_firing(&index, SCRIPT_TEMP_MEM, 0, cpu_index())) != NULL) {
		for (unsigned at = 0; at < MEM_PAGE_SIZE; at += sizeof(rule->fill)) {
			memcpy(page + at, &rule->fill, sizeof(rule->fill));
		}
	}
}

static void hook_in(void);

/* The serial port has what the life has said before. */
static void tell_life(const struct verdict *verdict)
{
	char line[VERDICT_TEXT_SIZE + 80];
	fmt_print(line, sizeof(line), "\nlife %s ends by %u: %s\n", script.life, verdict->code,
		  verdict->text);
	port_serial_print(line);
}

/* False: there is none. */
static bool begin_next_life(void)
{
	char error[ERROR_SIZE];
	if (next_life.at == source.size) {
		return false;
	}
	CHECK(script_parse(source.at, source.size, &next_life, &script, error, sizeof(error)) ==
	      ST_OK);
	hook_in();
	return true;
}

static bool script_end(const struct verdict *verdict)
{
	const struct script_rule *rule;
	unsigned index = 0;
	bool again = false;
	while ((rule = next_firing(&index, SCRIPT_END, 0, cpu_index())) != NULL) {
		act_on_pages(rule, NULL);
		again = again || (rule->actions & ACT_BUILD) != 0;
	}
	if (script.life[0] != 0 && !again) {
		tell_life(verdict);
	}
	return again || begin_next_life();
}

static void pass(enum script_phase phase, unsigned cpu)
{
	const struct script_rule *rule;
	unsigned index = 0;
	while ((rule = next_firing(&index, SCRIPT_PHASE, phase, cpu)) != NULL) {
		time_delay_us(rule->hold_us);
		interrupt(rule, cpu);
	}
}

/* Of each CPU's vCPU, in this life. */
static struct {
	bool started;
	uint64_t exit;
} last[MACHINE_MAX_CPUS];

/* Before each entry of a vCPU on this CPU, with the exit before. */
static void enters(unsigned cpu, uint64_t exit)
{
	bool started = last[cpu].started;
	if (started && exit == last[cpu].exit) {
		return;
	}
	last[cpu].started = true;
	last[cpu].exit = exit;
	pass(PHASE_TURN, cpu);
	if (!started) {
		pass(PHASE_START, cpu);
	} else if (exit == VMEXIT_PAUSE && cpu != 0) {
		pass(PHASE_AP_PARKED, cpu);
	}
}

static bool is_about(enum script_event event)
{
	for (unsigned i = 0; i < script.count; i++) {
		if (script.rules[i].event == event) {
			return true;
		}
	}
	return false;
}

/* What no rule is about costs nothing. */
static void hook_in(void)
{
	memset(states, 0, sizeof(states));
	memset(last, 0, sizeof(last));
	script_page_reset();
	hooks.call = is_about(SCRIPT_SEAMCALL) || is_about(SCRIPT_TDVMCALL) ? script_call : NULL;
	hooks.hob = is_about(SCRIPT_HOB) ? change_hob : NULL;
	hooks.fw_cfg = is_about(SCRIPT_FW_CFG) ? change_fw_cfg : NULL;
	hooks.temp_mem = is_about(SCRIPT_TEMP_MEM) ? fill_temp_mem : NULL;
	hooks.end = is_about(SCRIPT_END) || script.life[0] != 0 || next_life.at != source.size ?
			    script_end :
			    NULL;
	module_tdcall_hook(is_about(SCRIPT_TDCALL) ? script_tdcall : NULL);
	module_entropy_hook(is_about(SCRIPT_RDRAND) ? starves : NULL);
	svm_entry_hook(is_about(SCRIPT_PHASE) ? enters : NULL);
}

static void script_begin(struct text text, bool users)
{
	source = text;
	next_life = (struct script_place){ 0 };
	memset(&script, 0, sizeof(script));
	is_users = users;
	if (!begin_next_life()) {
		hook_in();
	}
}

void script_set(const char *text)
{
	script_begin((struct text){ text, strlen(text) }, false);
}

unsigned script_waiting(void)
{
	unsigned waiting = 0;
	for (unsigned i = 0; i < script.count; i++) {
		waiting += __atomic_load_n(&states[i].fired, __ATOMIC_RELAXED) ? 0 : 1;
	}
	return waiting;
}

/* The life can be run, and tools/tdrun hears of its rules. */
static void check_life(unsigned tds)
{
	if (script.life[0] != 0 && tds != 1) {
		machine_exit(EXIT_SETUP, "host script, life %s: there are %u TDs", script.life,
			     tds);
	}
	for (unsigned i = 0; i < script.count; i++) {
		const struct script_rule *rule = &script.rules[i];
		if (!rule->any_cpu && rule->cpu >= cpu_count()) {
			machine_exit(EXIT_SETUP, "host script, line %u: vcpu %llu: there are %u",
				     rule->line, (unsigned long long)rule->cpu, cpu_count());
		}
		console_line('R', "%u waits", rule->line);
	}
}

void hooks_load_script(unsigned tds)
{
	char error[ERROR_SIZE];
	struct blob text = blob_load("opt/lintel/script");
	struct script_place place = { 0 };
	while (place.at != text.size) {
		if (script_parse((const char *)text.data, text.size, &place, &script, error,
				 sizeof(error)) != ST_OK) {
			machine_exit(EXIT_SETUP, "host script, %s", error);
		}
		check_life(tds);
	}
	script_begin((struct text){ (const char *)text.data, text.size }, true);
}
