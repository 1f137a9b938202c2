// The parser of the machine's settings.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/config.h"

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "boot-tests/vmm/text.h"

enum setting_kind { KIND_FLAG, KIND_SWITCH, KIND_CHOICE, KIND_COUNT, KIND_BYTES, KIND_NAME };

struct setting {
	const char *name;
	enum setting_kind kind;
	const char *form; /* its values, apart by '|' where there are but a few */
	size_t offset;    /* in struct config */
};

static const struct setting settings[] = {
#define ROW(name, kind, form) { #name, kind, form, offsetof(struct config, name) },
#define FLAG(name, help) ROW(name, KIND_FLAG, "0|1")
#define SWITCH(name, help) ROW(name, KIND_SWITCH, "off|on")
#define CHOICE(name, values, help, ...) ROW(name, KIND_CHOICE, values)
#define COUNT(name, help) ROW(name, KIND_COUNT, "a number from 1 on")
#define BYTES(name, help) ROW(name, KIND_BYTES, "a multiple of 4096")
#define NAME(name, help) ROW(name, KIND_NAME, "1 to 31 characters")
#include "boot-tests/vmm/settings.def"
#include "linker/memmap.h"
};
_Static_assert(CONFIG_NAME_MAX == 31, "the form of a name says how long it may be.");
_Static_assert(sizeof(enum config_gpaw) == sizeof(unsigned), "a choice is stored as a number.");

/* Decimal, no sign, no leading zero but "0" itself. */
static bool config_number(struct text text, uint64_t *out)
{
	return (text.size <= 1 || text.at[0] != '0') && text_number(text, 10, out);
}

/* Which of "a|b|c" it is. */
static bool parse_choice(struct text text, const char *values, unsigned *out)
{
	unsigned number = 0;
	for (const char *at = values;; at++) {
		const char *begin = at;
		while (*at != 0 && *at != '|') {
			at++;
		}
		if (text.size == (size_t)(at - begin) && memcmp(text.at, begin, text.size) == 0) {
			*out = number;
			return true;
		}
		if (*at == 0) {
			return false;
		}
		number++;
	}
}

static bool set(const struct setting *setting, struct text value, struct config *config)
{
	uint8_t *field = (uint8_t *)config + setting->offset;
	unsigned choice;
	uint64_t number;
	switch (setting->kind) {
	case KIND_FLAG:
	case KIND_SWITCH:
		if (!parse_choice(value, setting->form, &choice)) {
			return false;
		}
		*(bool *)field = choice != 0;
		return true;
	case KIND_CHOICE:
		if (!parse_choice(value, setting->form, &choice)) {
			return false;
		}
		memcpy(field, &choice, sizeof(choice));
		return true;
	case KIND_COUNT:
	case KIND_BYTES:
		if (!config_number(value, &number) || number == 0 ||
		    (setting->kind == KIND_BYTES && !is_aligned(number, MEM_PAGE_SIZE))) {
			return false;
		}
		memcpy(field, &number, sizeof(number));
		return true;
	case KIND_NAME:
		if (value.size == 0 || value.size > CONFIG_NAME_MAX) {
			return false;
		}
		memcpy(field, value.at, value.size);
		field[value.size] = 0;
		return true;
	}
	return false;
}

/* NULL: there is no such setting. */
static const struct setting *config_find(struct text name)
{
	for (size_t i = 0; i < ARRAY_COUNT(settings); i++) {
		if (text_is(name, settings[i].name)) {
			return &settings[i];
		}
	}
	return NULL;
}

struct parser {
	struct config config;
	bool seen[ARRAY_COUNT(settings)];
	char *error;
	size_t error_size;
};

static enum status config_line(struct parser *parser, unsigned number, struct text line)
{
	struct text name = line;
	name.size = 0;
	while (name.size < line.size && line.at[name.size] != '=') {
		name.size++;
	}
	const struct setting *setting = config_find(name);
	char shown[CONFIG_NAME_MAX + 1];
	if (name.size == line.size || setting == NULL) {
		text_show(name, shown, sizeof(shown));
		fmt_print(parser->error, parser->error_size, "line %u: no setting '%s'", number,
			  shown);
		return ST_BAD_FORMAT;
	}
	if (parser->seen[setting - settings]) {
		fmt_print(parser->error, parser->error_size, "line %u: %s again", number,
			  setting->name);
		return ST_BAD_FORMAT;
	}
	parser->seen[setting - settings] = true;
	struct text value = { line.at + name.size + 1, line.size - name.size - 1 };
	if (!set(setting, value, &parser->config)) {
		text_show(value, shown, sizeof(shown));
		fmt_print(parser->error, parser->error_size, "line %u: %s is '%s', not %s", number,
			  setting->name, shown, setting->form);
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

enum status config_parse(const char *text, size_t size, struct config *out, char *error,
			 size_t error_size)
{
	struct parser parser = { .error = error, .error_size = error_size };
	unsigned number = 1;
	for (size_t at = 0; at < size; number++) {
		size_t end = at;
		while (end < size && text[end] != '\n') {
			end++;
		}
		if (end == size) {
			fmt_print(error, error_size, "line %u has no end", number);
			return ST_BAD_FORMAT;
		}
		TRY(config_line(&parser, number, (struct text){ text + at, end - at }));
		at = end + 1;
	}
	if (parser.config.memory == 0) {
		fmt_print(error, error_size, "memory is missing");
		return ST_BAD_FORMAT;
	}
	if ((parser.config.second_smp != 0) != (parser.config.second_memory != 0)) {
		fmt_print(error, error_size, "one of second_smp and second_memory is missing");
		return ST_BAD_FORMAT;
	}
	*out = parser.config;
	return ST_OK;
}
