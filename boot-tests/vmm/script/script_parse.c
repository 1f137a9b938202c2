// The parser of the host script.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script_parse.h"

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/tdx/names.h"
#include "arch/x86/cpu.h"
#include "boot-tests/vmm/text.h"
#include "linker/memmap.h"

#define SHOWN_MAX 40

struct parser {
	struct text rest; /* of the line */
	unsigned line;
	char *error;
	size_t error_size;
};

static struct text without(struct text word, size_t size)
{
	return (struct text){ word.at + size, word.size - size };
}

/* The part of the word before the character, and what follows it; false: it has none. */
static bool script_split(struct text word, char at, struct text *before, struct text *after)
{
	for (size_t i = 0; i < word.size; i++) {
		if (word.at[i] == at) {
			*before = (struct text){ word.at, i };
			*after = without(word, i + 1);
			return true;
		}
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word, of size 0 at the end of the line; a colon is one. */
static struct text script_next(struct parser *parser)
{
	struct text *rest = &parser->rest;
	while (rest->size != 0 && is_blank(rest->at[0])) {
		*rest = without(*rest, 1);
	}
	size_t size = rest->size != 0 && rest->at[0] == ':' ? 1 : 0;
	if (size == 0) {
		while (size < rest->size && !is_blank(rest->at[size]) && rest->at[size] != ':') {
			size++;
		}
	}
	struct text word = { rest->at, size };
	*rest = without(*rest, size);
	return word;
}

static enum status fault(const struct parser *parser, const char *what, struct text word)
{
	char shown[SHOWN_MAX + 1];
	text_show(word, shown, sizeof(shown));
	fmt_print(parser->error, parser->error_size, "line %u: '%s': %s", parser->line, shown,
		  what);
	return ST_BAD_FORMAT;
}

/* Decimal, or hexadecimal after 0x. */
static bool script_number(struct text word, uint64_t *out)
{
	return text_begins(word, "0x") ? text_number(without(word, 2), 16, out) :
					 text_number(word, 10, out);
}

/* --- what a rule is about --------------------------------------------------------------------- */

#define ACTS_CALL (ACT_STATUS | ACT_SET | ACT_HOLD)
#define ACTS_EVENT (ACT_NMI | ACT_INTERRUPT)
#define ACTS_COPY (ACT_READ | ACT_LIKE | ACT_UNLIKE)

static const struct event {
	const char *word;
	unsigned actions;
} events[] = {
	[SCRIPT_SEAMCALL] = { "SEAMCALL", ACTS_CALL },
	[SCRIPT_TDVMCALL] = { "TDVMCALL", ACTS_CALL | ACTS_EVENT | ACTS_COPY | ACT_AWAIT |
						  ACT_WRITE | ACT_MOVE | ACT_ADD | ACT_SHARE |
						  ACT_DROP },
	[SCRIPT_TDCALL] = { "TDCALL", ACT_STATUS },
	[SCRIPT_RDRAND] = { "RDRAND", ACT_STARVE },
	[SCRIPT_PHASE] = { "phase", ACT_HOLD | ACTS_EVENT },
	[SCRIPT_HOB] = { "HOB", ACT_REPLACE },
	[SCRIPT_FW_CFG] = { "fw_cfg", ACT_REPLACE | ACT_SIZE | ACT_HIDE },
	[SCRIPT_TEMP_MEM] = { "TempMem", ACT_FILL },
	[SCRIPT_END] = { "end", ACTS_COPY | ACT_BUILD },
};

/* A name of arch/tdx/names.h, or a number. */
static bool number_of_call(struct text name, enum script_event event, uint64_t *out)
{
	static const struct {
		const char *const *names;
		uint64_t count;
	} calls[] = {
		[SCRIPT_SEAMCALL] = { tdh_leaf_names, TDH_LEAF_COUNT },
		[SCRIPT_TDVMCALL] = { tdvmcall_names, TDVMCALL_KEY_COUNT },
		[SCRIPT_TDCALL] = { tdg_leaf_names, TDG_LEAF_COUNT },
	};
	for (uint64_t i = 0; i < calls[event].count; i++) {
		const char *known = calls[event].names[i];
		if (known != NULL && text_is(name, known)) {
			*out = event != SCRIPT_TDVMCALL || i < TDVMCALL_KEY_FIRST ?
				       i :
				       TDVMCALL_FIRST + i - TDVMCALL_KEY_FIRST;
			return true;
		}
	}
	return script_number(name, out);
}

static bool number_of_phase(struct text name, uint64_t *out)
{
	static const char *const words[] = {
#define PHASE(identifier, word) [PHASE_##identifier] = word,
#include "boot-tests/vmm/script/script_words.def"
	};
	for (uint64_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (text_is(name, words[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* A file's name, or a selector of 16 bits. */
static bool parse_item(struct text name, struct script_rule *rule)
{
	if (script_number(name, &rule->number)) {
		return rule->number <= UINT16_MAX;
	}
	rule->file = name;
	return name.size != 0 && name.size < FW_CFG_NAME_SIZE && !text_is(name, ":");
}

static enum status parse_event(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	struct text name = { 0 };
	struct text kind = word;
	bool named = script_split(word, '.', &kind, &name);
	unsigned event = 0;
	while (event < ARRAY_COUNT(events) && !text_is(kind, events[event].word)) {
		event++;
	}
	if (event == ARRAY_COUNT(events)) {
		return fault(parser, "no such event", word);
	}
	rule->event = (enum script_event)event;
	rule->any = !named;
	switch (rule->event) {
	case SCRIPT_SEAMCALL:
	case SCRIPT_TDVMCALL:
	case SCRIPT_TDCALL:
		if (named && !number_of_call(name, rule->event, &rule->number)) {
			return fault(parser, "no such call", word);
		}
		return ST_OK;
	case SCRIPT_PHASE:
		name = script_next(parser);
		rule->any = false;
		return !named && number_of_phase(name, &rule->number) ?
			       ST_OK :
			       fault(parser, "no such phase", name);
	case SCRIPT_FW_CFG:
		name = script_next(parser);
		return !named && parse_item(name, rule) ? ST_OK :
							  fault(parser, "no such item", name);
	case SCRIPT_RDRAND:
	case SCRIPT_HOB:
	case SCRIPT_TEMP_MEM:
	case SCRIPT_END:
		return named ? fault(parser, "no such event", word) : ST_OK;
	}
	return ST_BAD_FORMAT;
}

/* --- which of them ---------------------------------------------------------------------------- */

/* N, N.., N..M */
static bool parse_counts(struct text word, struct script_rule *rule)
{
	struct text first = word;
	struct text last;
	bool range = script_split(word, '.', &first, &last);
	if (range) {
		if (last.size == 0 || last.at[0] != '.') {
			return false;
		}
		last = without(last, 1);
	}
	if (!script_number(first, &rule->first) || rule->first == 0) {
		return false;
	}
	rule->last = range ? UINT64_MAX : rule->first;
	if (range && last.size != 0 && !script_number(last, &rule->last)) {
		return false;
	}
	return rule->last >= rule->first;
}

/* Up to the colon. */
static enum status parse_triggers(struct parser *parser, struct script_rule *rule)
{
	rule->first = 1;
	rule->last = UINT64_MAX;
	rule->any_cpu = true;
	bool counted = false;
	for (struct text word = script_next(parser); !text_is(word, ":");
	     word = script_next(parser)) {
		if (text_begins(word, "#") && !counted) {
			counted = true;
			if (!parse_counts(without(word, 1), rule)) {
				return fault(parser, "not #N, #N.. or #N..M with numbers from 1 on",
					     word);
			}
		} else if (text_is(word, "vcpu") && rule->any_cpu) {
			struct text number = script_next(parser);
			rule->any_cpu = false;
			if (!script_number(number, &rule->cpu) || rule->cpu >= MACHINE_MAX_CPUS) {
				return fault(parser, "no such vCPU", number);
			}
		} else {
			return fault(parser, "a colon, #N or vcpu V was expected", word);
		}
	}
	return ST_OK;
}

/* --- what happens ----------------------------------------------------------------------------- */

static bool number_of_status(struct text word, enum script_event event, uint64_t *out)
{
	static const struct {
		enum script_event event;
		const char *word;
		uint64_t value;
	} statuses[] = {
#define SEAM_STATUS(word, value) { SCRIPT_SEAMCALL, word, value },
#define VMCALL_STATUS(word, value) { SCRIPT_TDVMCALL, word, value },
#include "boot-tests/vmm/script/script_words.def"
	};
	for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
		if (statuses[i].event == event && text_is(word, statuses[i].word)) {
			*out = statuses[i].value;
			return true;
		}
	}
	return script_number(word, out);
}

static void set_register(struct hook_answer *answer, size_t number, uint64_t value)
{
	answer->set |= BIT32(number);
	((uint64_t *)&answer->regs)[number] = value;
}

static bool parse_register(struct text name, size_t *out)
{
	static const struct {
		const char *name;
		size_t number;
	} registers[] = {
#define REGISTER(name) { #name, HOOK_REG(name) },
#include "boot-tests/vmm/call_registers.def"
	};
	for (size_t i = 0; i < ARRAY_COUNT(registers); i++) {
		if (text_is(name, registers[i].name)) {
			*out = registers[i].number;
			return true;
		}
	}
	return false;
}

/* A number and its unit. */
static bool parse_time(struct text word, uint64_t *us)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 } };
	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		size_t size = strlen(units[i].unit);
		if (word.size > size &&
		    memcmp(word.at + word.size - size, units[i].unit, size) == 0) {
			struct text number = { word.at, word.size - size };
			return script_number(number, us) &&
			       !__builtin_mul_overflow(*us, units[i].us, us) && *us != 0 &&
			       *us <= SCRIPT_MAX_HOLD_US;
		}
	}
	return false;
}

/* OFFSET u8|u16|u32|u64 VALUE */
static enum status parse_bytes(struct parser *parser, struct script_rule *rule)
{
	static const char *const types[] = { "u8", "u16", "u32", "u64" };
	struct text word = script_next(parser);
	if (!script_number(word, &rule->at)) {
		return fault(parser, "no offset", word);
	}
	word = script_next(parser);
	unsigned type = 0;
	while (type < ARRAY_COUNT(types) && !text_is(word, types[type])) {
		type++;
	}
	if (type == ARRAY_COUNT(types)) {
		return fault(parser, "not u8, u16, u32 or u64", word);
	}
	rule->size = (unsigned)BIT32(type);
	word = script_next(parser);
	if (!script_number(word, &rule->value) ||
	    (rule->value & MASK64(8 * rule->size - 1, 0)) != rule->value) {
		return fault(parser, "no number of this size", word);
	}
	return ST_OK;
}

/* shared or private */
static enum status parse_half(struct parser *parser, bool *is_shared)
{
	struct text word = script_next(parser);
	*is_shared = text_is(word, "shared");
	return *is_shared || text_is(word, "private") ?
		       ST_OK :
		       fault(parser, "not shared or private", word);
}

/* private|shared GPA u8|u16|u32|u64 VALUE, of one page. */
static enum status parse_write(struct parser *parser, struct script_rule *rule)
{
	TRY(parse_half(parser, &rule->writes_shared));
	struct parser ahead = *parser;
	struct text word = script_next(&ahead);
	TRY(parse_bytes(parser, rule));
	return is_aligned(rule->at, rule->size) ?
		       ST_OK :
		       fault(parser, "the GPA is no multiple of the size", word);
}

/* --- copies of pages -------------------------------------------------------------------------- */

static bool is_copy(struct text word, unsigned *out)
{
	uint64_t number;
	if (!script_number(word, &number) || number == 0 || number > SCRIPT_MAX_COPIES) {
		return false;
	}
	*out = (unsigned)number - 1;
	return true;
}

static enum status parse_copy(struct parser *parser, unsigned *out)
{
	_Static_assert(SCRIPT_MAX_COPIES == 8, "The text says so.");
	struct text word = script_next(parser);
	return is_copy(word, out) ? ST_OK : fault(parser, "no copy from 1 to 8", word);
}

/* N, or N,M,... */
static enum status parse_copies(struct parser *parser, uint32_t *out)
{
	struct text word = script_next(parser);
	struct text first;
	struct text rest = word;
	unsigned copy;
	bool more;
	do {
		first = rest;
		more = script_split(first, ',', &first, &rest);
		if (!is_copy(first, &copy)) {
			return fault(parser, "not copies from 1 to 8, such as 1 or 1,2", word);
		}
		*out |= BIT32(copy);
	} while (more);
	return ST_OK;
}

static enum status parse_page(struct parser *parser, uint64_t *out)
{
	struct text word = script_next(parser);
	return script_number(word, out) && is_aligned(*out, MEM_PAGE_SIZE) ?
		       ST_OK :
		       fault(parser, "no address of a page", word);
}

/* shared GPA as N, private GPA as N, again M as N */
static enum status parse_read(struct parser *parser, struct script_rule *rule)
{
	static const char *const words[] = {
		[SOURCE_SHARED] = "shared", [SOURCE_PRIVATE] = "private", [SOURCE_COPIED] = "again"
	};
	struct text word = script_next(parser);
	unsigned source = 0;
	while (source < ARRAY_COUNT(words) && !text_is(word, words[source])) {
		source++;
	}
	if (source == ARRAY_COUNT(words)) {
		return fault(parser, "not shared, private or again", word);
	}
	if (rule->event == SCRIPT_END && source != SOURCE_COPIED) {
		return fault(parser, "there is no TD any more, only again", word);
	}
	rule->source = (enum script_source)source;
	if (rule->source == SOURCE_COPIED) {
		TRY(parse_copy(parser, &rule->source_copy));
	} else {
		TRY(parse_page(parser, &rule->page));
	}
	word = script_next(parser);
	return text_is(word, "as") ? parse_copy(parser, &rule->copy) :
				     fault(parser, "'as' was expected", word);
}

/* --- an action -------------------------------------------------------------------------------- */

static enum status parse_word(struct parser *parser, const char *wanted)
{
	struct text word = script_next(parser);
	return text_is(word, wanted) ? ST_OK : fault(parser, "no such action", word);
}

static enum status parse_status(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	uint64_t status;
	if (!number_of_status(word, rule->event, &status)) {
		return fault(parser, "no such status", word);
	}
	rule->answer.instead = true;
	set_register(&rule->answer, rule->event == SCRIPT_TDVMCALL ? HOOK_REG(r10) : HOOK_REG(rax),
		     status);
	return ST_OK;
}

static enum status parse_hold(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	return parse_time(word, &rule->hold_us) ?
		       ST_OK :
		       fault(parser, "no time up to 60s, such as 1s, 20ms or 5us", word);
}

static enum status parse_starve(struct parser *parser, struct script_rule *rule)
{
	(void)rule;
	return parse_word(parser, "entropy");
}

static enum status parse_build(struct parser *parser, struct script_rule *rule)
{
	(void)rule;
	return parse_word(parser, "again");
}

/* shared GPA, private GPA */
static enum status parse_move(struct parser *parser, struct script_rule *rule)
{
	TRY(parse_half(parser, &rule->moves));
	return parse_page(parser, &rule->moved);
}

static enum status parse_add(struct parser *parser, struct script_rule *rule)
{
	return parse_page(parser, &rule->added);
}

static enum status parse_await(struct parser *parser, struct script_rule *rule)
{
	return parse_copy(parser, &rule->awaits);
}

static enum status parse_like(struct parser *parser, struct script_rule *rule)
{
	return parse_copy(parser, &rule->like);
}

static enum status parse_unlike(struct parser *parser, struct script_rule *rule)
{
	return parse_copies(parser, &rule->unlike);
}

static enum status parse_private_page(struct parser *parser, uint64_t *out)
{
	struct text word = script_next(parser);
	return text_is(word, "private") ? parse_page(parser, out) :
					  fault(parser, "not private", word);
}

static enum status parse_share(struct parser *parser, struct script_rule *rule)
{
	return parse_private_page(parser, &rule->shared);
}

static enum status parse_drop(struct parser *parser, struct script_rule *rule)
{
	return parse_private_page(parser, &rule->dropped);
}

/* Nothing follows the word. */
static enum status parse_word_only(struct parser *parser, struct script_rule *rule)
{
	(void)parser;
	(void)rule;
	return ST_OK;
}

static enum status parse_interrupt(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	uint64_t vector;
	if (!script_number(word, &vector) || vector < VECTOR_EXTERNAL || vector > UINT8_MAX) {
		return fault(parser, "no vector from 32 to 255", word);
	}
	rule->vector = (uint8_t)vector;
	return ST_OK;
}

static enum status parse_size(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	uint64_t size;
	if (!script_number(word, &size) || size > UINT32_MAX) {
		return fault(parser, "no size of 32 bits", word);
	}
	rule->file_size = (uint32_t)size;
	return ST_OK;
}

static enum status parse_fill(struct parser *parser, struct script_rule *rule)
{
	struct text word = script_next(parser);
	return script_number(word, &rule->fill) ? ST_OK : fault(parser, "no number", word);
}

/* What begins with its word, but for ACT_SET. */
static const struct action {
	const char *word;
	enum script_action action;
	enum status (*parse)(struct parser *parser, struct script_rule *rule);
} actions[] = {
	{ "status", ACT_STATUS, parse_status }, { "hold", ACT_HOLD, parse_hold },
	{ "no", ACT_STARVE, parse_starve },     { "replace", ACT_REPLACE, parse_bytes },
	{ "await", ACT_AWAIT, parse_await },    { "read", ACT_READ, parse_read },
	{ "like", ACT_LIKE, parse_like },       { "unlike", ACT_UNLIKE, parse_unlike },
	{ "write", ACT_WRITE, parse_write },    { "build", ACT_BUILD, parse_build },
	{ "move", ACT_MOVE, parse_move },       { "add", ACT_ADD, parse_add },
	{ "nmi", ACT_NMI, parse_word_only },    { "interrupt", ACT_INTERRUPT, parse_interrupt },
	{ "share", ACT_SHARE, parse_share },    { "drop", ACT_DROP, parse_drop },
	{ "size", ACT_SIZE, parse_size },       { "hide", ACT_HIDE, parse_word_only },
	{ "fill", ACT_FILL, parse_fill },
};

/* One action that begins with word; done: its bit. */
static enum status parse_action(struct parser *parser, struct script_rule *rule, struct text word,
				enum script_action *done)
{
	for (size_t i = 0; i < ARRAY_COUNT(actions); i++) {
		if (text_is(word, actions[i].word)) {
			*done = actions[i].action;
			return actions[i].parse(parser, rule);
		}
	}
	struct text name;
	struct text value;
	size_t number;
	uint64_t to;
	if (!script_split(word, '=', &name, &value) || !parse_register(name, &number)) {
		return fault(parser, "no such action", word);
	}
	if (!script_number(value, &to)) {
		return fault(parser, "no number", value);
	}
	*done = ACT_SET;
	set_register(&rule->answer, number, to);
	return ST_OK;
}

static enum status parse_actions(struct parser *parser, struct script_rule *rule)
{
	for (struct text word = script_next(parser); word.size != 0; word = script_next(parser)) {
		enum script_action done = ACT_SET;
		TRY(parse_action(parser, rule, word, &done));
		if ((events[rule->event].actions & done) == 0) {
			return fault(parser, "this event has no such action", word);
		}
		if ((rule->actions & done) != 0 && done != ACT_SET) {
			return fault(parser, "there already", word);
		}
		if (rule->event == SCRIPT_FW_CFG && rule->actions != 0) {
			return fault(parser, "one action of this event", word);
		}
		if ((done & (ACT_SIZE | ACT_HIDE)) != 0 && rule->file.size == 0) {
			return fault(parser, "the item is no file", word);
		}
		if ((done & (ACT_LIKE | ACT_UNLIKE)) != 0 && (rule->actions & ACT_READ) == 0) {
			return fault(parser, "there is no read before it", word);
		}
		rule->actions |= done;
	}
	return rule->actions != 0 ? ST_OK :
				    fault(parser, "an action was expected", script_next(parser));
}

/* The rule that begins with word. */
static enum status parse_rule(struct parser *parser, struct text word, struct script *script)
{
	if (!text_is(word, "on")) {
		return fault(parser, "'on' was expected", word);
	}
	if (script->count == SCRIPT_MAX_RULES) {
		fmt_print(parser->error, parser->error_size, "line %u: more than %u rules",
			  parser->line, SCRIPT_MAX_RULES);
		return ST_NO_SPACE;
	}
	struct script_rule rule = { .line = parser->line };
	TRY(parse_event(parser, &rule));
	TRY(parse_triggers(parser, &rule));
	TRY(parse_actions(parser, &rule));
	script->rules[script->count++] = rule;
	return ST_OK;
}

/* What follows the word "life". */
static enum status parse_life(struct parser *parser, struct script *script)
{
	struct text name = script_next(parser);
	if (name.size == 0 || name.size > SCRIPT_LIFE_NAME_MAX) {
		return fault(parser, "no name of 1 to 31 characters", name);
	}
	struct text more = script_next(parser);
	if (more.size != 0) {
		return fault(parser, "the end of the line was expected", more);
	}
	memcpy(script->life, name.at, name.size);
	return ST_OK;
}

enum status script_parse(const char *text, size_t size, struct script_place *place,
			 struct script *out, char *error, size_t error_size)
{
	_Static_assert(SCRIPT_LIFE_NAME_MAX == 31, "The text says so.");
	struct script script = { 0 };
	struct parser parser = { .line = place->line, .error = error, .error_size = error_size };
	size_t at = place->at;
	while (at < size) {
		size_t end = at;
		while (end < size && text[end] != '\n') {
			end++;
		}
		parser.line++;
		parser.rest = (struct text){ text + at, end - at };
		struct text word = script_next(&parser);
		if (text_is(word, "life")) {
			if (script.life[0] != 0 || script.count != 0) {
				parser.line--;
				break;
			}
			TRY(parse_life(&parser, &script));
		} else if (word.size != 0 && !text_begins(word, "#")) {
			TRY(parse_rule(&parser, word, &script));
		}
		at = end < size ? end + 1 : end;
	}
	*place = (struct script_place){ at, parser.line };
	*out = script;
	return ST_OK;
}
