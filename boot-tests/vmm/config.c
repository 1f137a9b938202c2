// The parser of the machine's settings.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/config.h"

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"

#define PAGE 4096

/* Decimal, no sign, no leading zero but "0" itself, no overflow. */
static bool parse_number(const char *text, size_t size, uint64_t *out)
{
	uint64_t value = 0;
	if (size == 0 || (size > 1 && text[0] == '0')) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value)) {
			return false;
		}
	}
	*out = value;
	return true;
}

static bool parse_flag(const char *text, size_t size, bool *out)
{
	uint64_t value;
	if (!parse_number(text, size, &value) || value > 1) {
		return false;
	}
	*out = value == 1;
	return true;
}

static bool text_is(const char *text, size_t size, const char *wanted)
{
	return size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

/* clang-format off */
enum key { KEY_MEMORY, KEY_TRACE, KEY_RBP_MOD, KEY_MODULE_VERSION, KEY_SELFTEST,
	   KEY_HOLD, KEY_MRTD_ORDER, KEY_GPAW, KEY_LA57, KEY_ICOUNT, KEY_SECOND_CPUS,
	   KEY_SECOND_MEMORY, KEY_HOST_TEST, KEY_MAPGPA_RETRY, KEY_MAPGPA_AGAIN,
	   KEY_MAPGPA_R11, KEY_PAGE_SIZE, KEY_SEPT_VE_DISABLE,
	   KEY_WBINVD, KEY_FW_CFG, KEY_PIC,
	   KEY_ZERO_TEMP_MEM, KEY_DEBUG,
	   KEY_COUNT };

/* clang-format on */
/* KEY_COUNT: no such key. */
static enum key find_key(const char *text, size_t size)
{
	static const char *const names[KEY_COUNT] = {
		[KEY_MEMORY] = "memory",
		[KEY_TRACE] = "trace",
		[KEY_RBP_MOD] = "rbp_mod",
		[KEY_MODULE_VERSION] = "module_version",
		[KEY_SELFTEST] = "selftest",
		[KEY_HOLD] = "hold",
		[KEY_MRTD_ORDER] = "mrtd_order",
		[KEY_GPAW] = "gpaw",
		[KEY_LA57] = "la57",
		[KEY_SEPT_VE_DISABLE] = "sept_ve_disable",
		[KEY_ZERO_TEMP_MEM] = "zero_temp_mem",
		[KEY_DEBUG] = "debug",
		[KEY_ICOUNT] = "icount",
		[KEY_SECOND_CPUS] = "second_cpus",
		[KEY_SECOND_MEMORY] = "second_memory",
		[KEY_HOST_TEST] = "host_test",
		[KEY_MAPGPA_RETRY] = "mapgpa_retry",
		[KEY_MAPGPA_AGAIN] = "mapgpa_again",
		[KEY_MAPGPA_R11] = "mapgpa_r11",
		[KEY_PAGE_SIZE] = "page_size",
		[KEY_WBINVD] = "wbinvd",
		[KEY_FW_CFG] = "fw_cfg",
		[KEY_PIC] = "pic",
	};
	unsigned key = 0;
	while (key < KEY_COUNT && !text_is(text, size, names[key])) {
		key++;
	}
	return (enum key)key;
}

static bool parse_fw_cfg(const char *text, size_t size, enum host_fw_cfg *out)
{
	static const char *const names[] = {
		[HOST_FW_CFG_10_2] = "10.2",
		[HOST_FW_CFG_10_1] = "10.1",
		[HOST_FW_CFG_9_2] = "9.2",
		[HOST_FW_CFG_FILES] = "files",
	};
	for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
		if (text_is(text, size, names[i])) {
			*out = (enum host_fw_cfg)i;
			return true;
		}
	}
	return false;
}

static bool set_key(enum key key, const char *value, size_t size, struct config *config)
{
	switch (key) {
	case KEY_MEMORY:
		return parse_number(value, size, &config->memory) && config->memory != 0 &&
		       is_aligned(config->memory, PAGE);
	case KEY_TRACE:
		return parse_flag(value, size, &config->trace);
	case KEY_RBP_MOD:
		return parse_flag(value, size, &config->rbp_mod);
	case KEY_MODULE_VERSION:
		config->module_1_0 = text_is(value, size, "1.0");
		return config->module_1_0 || text_is(value, size, "1.5");
	case KEY_SELFTEST:
		if (size == 0 || size > CONFIG_NAME_MAX) {
			return false;
		}
		memcpy(config->selftest, value, size);
		config->selftest[size] = 0;
		return true;
	case KEY_HOLD: /* not the boot processor: all would wait */
		return parse_number(value, size, &config->hold) && config->hold != 0;
	case KEY_MRTD_ORDER:
		config->mrtd_order =
			text_is(value, size, "section") ? MEASURE_PER_SECTION : MEASURE_PER_PAGE;
		return config->mrtd_order == MEASURE_PER_SECTION || text_is(value, size, "page");
	case KEY_GPAW:
		config->gpaw_52 = text_is(value, size, "52");
		return config->gpaw_52 || text_is(value, size, "48");
	case KEY_LA57:
		return parse_flag(value, size, &config->la57);
	case KEY_SEPT_VE_DISABLE:
		config->sept_ve = text_is(value, size, "off")      ? SEPT_VE_ENABLED :
				  text_is(value, size, "flexible") ? SEPT_VE_FLEXIBLE :
								     SEPT_VE_DISABLED;
		return config->sept_ve != SEPT_VE_DISABLED || text_is(value, size, "on");
	case KEY_ZERO_TEMP_MEM:
		return parse_flag(value, size, &config->zero_temp_mem);
	case KEY_DEBUG:
		return parse_flag(value, size, &config->debug);
	case KEY_ICOUNT:
		return parse_flag(value, size, &config->icount);
	case KEY_SECOND_CPUS:
		return parse_number(value, size, &config->second_cpus) && config->second_cpus != 0;
	case KEY_SECOND_MEMORY:
		return parse_number(value, size, &config->second_memory) &&
		       config->second_memory != 0 && is_aligned(config->second_memory, PAGE);
	case KEY_HOST_TEST:
		return parse_flag(value, size, &config->host_test);
	case KEY_MAPGPA_RETRY:
		return parse_number(value, size, &config->map_gpa.retry) &&
		       config->map_gpa.retry != 0 && is_aligned(config->map_gpa.retry, PAGE);
	case KEY_MAPGPA_AGAIN:
		return parse_number(value, size, &config->map_gpa.again);
	case KEY_MAPGPA_R11:
		config->map_gpa.bare_address = text_is(value, size, "gpa");
		return config->map_gpa.bare_address || text_is(value, size, "request");
	case KEY_PAGE_SIZE:
		config->large_pages = text_is(value, size, "2M");
		return config->large_pages || text_is(value, size, "4K");
	case KEY_WBINVD:
		return parse_flag(value, size, &config->wbinvd);
	case KEY_FW_CFG:
		return parse_fw_cfg(value, size, &config->fw_cfg);
	case KEY_PIC:
		return parse_flag(value, size, &config->pic);
	case KEY_COUNT:
		break;
	}
	return false;
}

static bool parse_line(const char *line, size_t size, struct config *config, bool seen[KEY_COUNT])
{
	size_t key_size = 0;
	while (key_size < size && line[key_size] != '=') {
		key_size++;
	}
	if (key_size == size) {
		return false;
	}
	enum key key = find_key(line, key_size);
	if (key == KEY_COUNT || seen[key]) {
		return false;
	}
	seen[key] = true;
	return set_key(key, line + key_size + 1, size - key_size - 1, config);
}

enum status config_parse(const char *text, size_t size, struct config *out, char *error,
			 size_t error_size)
{
	struct config config = { 0 };
	bool seen[KEY_COUNT] = { false };
	unsigned number = 1;
	for (size_t at = 0; at < size; number++) {
		size_t end = at;
		while (end < size && text[end] != '\n') {
			end++;
		}
		if (end == size || !parse_line(text + at, end - at, &config, seen)) {
			fmt_print(error, error_size,
				  "line %u is not one of memory=BYTES, trace=0|1, rbp_mod=0|1, "
				  "module_version=1.0|1.5, selftest=NAME, hold=VCPU, "
				  "mrtd_order=page|section, gpaw=48|52, la57=0|1, "
				  "sept_ve_disable=on|off|flexible, zero_temp_mem=0|1, "
				  "debug=0|1, icount=0|1, "
				  "second_cpus=N, second_memory=BYTES, "
				  "host_test=0|1, mapgpa_retry=BYTES, mapgpa_again=N, "
				  "mapgpa_r11=request|gpa, page_size=4K|2M, wbinvd=0|1, "
				  "fw_cfg=10.2|10.1|9.2|files, pic=0|1",
				  number);
			return ST_BAD_FORMAT;
		}
		at = end + 1;
	}
	if (!seen[KEY_MEMORY]) {
		fmt_print(error, error_size, "memory=BYTES is missing");
		return ST_BAD_FORMAT;
	}
	if (seen[KEY_SECOND_CPUS] != seen[KEY_SECOND_MEMORY]) {
		fmt_print(error, error_size, "one of second_cpus and second_memory is missing");
		return ST_BAD_FORMAT;
	}
	*out = config;
	return ST_OK;
}
