// What a host script changes of what a TD reads of fw_cfg.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script_fw_cfg.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"

/* In the directory a file's number follows this. */
#define DIRECTORY_HEADER sizeof(uint32_t)

/* False: there is no such file. */
static bool find_file(const struct hook_fw_cfg *read, struct text name, uint32_t *index)
{
	for (uint32_t i = 0; i < read->file_count; i++) {
		const char *other = read->files[i].name;
		if (memcmp(other, name.at, name.size) == 0 && other[name.size] == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* The item and the place in it that the rule is about. */
static bool find_bytes(const struct script_rule *rule, const struct hook_fw_cfg *read,
		       uint64_t *selector, uint64_t *at, uint64_t *size)
{
	uint32_t index = 0;
	if (rule->file.size != 0 && !find_file(read, rule->file, &index)) {
		return false;
	}
	uint64_t entry = DIRECTORY_HEADER + index * sizeof(struct fw_cfg_file);
	switch (rule->actions) {
	case ACT_SIZE:
		*selector = FW_CFG_FILE_DIR;
		*at = entry + offsetof(struct fw_cfg_file, size);
		*size = sizeof(uint32_t);
		return true;
	case ACT_HIDE:
		*selector = FW_CFG_FILE_DIR;
		*at = entry + offsetof(struct fw_cfg_file, name);
		*size = 1;
		return true;
	default:
		*selector = rule->file.size != 0 ? __builtin_bswap16(read->files[index].select) :
						   rule->number;
		*at = rule->at;
		*size = rule->size;
		return true;
	}
}

bool script_fw_cfg_has(const struct script_rule *rule, const struct hook_fw_cfg *read,
		       uint8_t **where)
{
	uint64_t selector;
	uint64_t at;
	uint64_t size;
	if (!find_bytes(rule, read, &selector, &at, &size) || selector != read->selector ||
	    at < read->offset || read->size < size || at - read->offset > read->size - size) {
		return false;
	}
	*where = read->data + (at - read->offset);
	return true;
}

void script_fw_cfg_change(const struct script_rule *rule, uint8_t *where)
{
	uint32_t file_size = __builtin_bswap32(rule->file_size);
	switch (rule->actions) {
	case ACT_SIZE:
		memcpy(where, &file_size, sizeof(file_size));
		break;
	case ACT_HIDE:
		*where = '?';
		break;
	default:
		memcpy(where, &rule->value, rule->size);
	}
}
