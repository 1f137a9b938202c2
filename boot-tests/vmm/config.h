// The settings that tools/tdrun hands to the machine, as text in fw_cfg: settings.def says which.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"

#define CONFIG_NAME_MAX 31

#define CHOICE(name, values, help, ...) enum config_##name{ __VA_ARGS__ };
#include "boot-tests/vmm/settings.def"

struct config {
#define FLAG(name, help) bool name;
#define SWITCH(name, help) bool name;
#define CHOICE(name, values, help, ...) enum config_##name name;
#define COUNT(name, help) uint64_t name;
#define BYTES(name, help) uint64_t name;
#define NAME(name, help) char name[CONFIG_NAME_MAX + 1];
#include "boot-tests/vmm/settings.def"
};

/*
 * Parses lines of "name=value". ST_BAD_FORMAT: a line that is none, an unknown or repeated name, a
 * value out of its form, no memory, or one of second_smp and second_memory without the other; *out
 * is then untouched, and error names the line, the setting and the value.
 */
enum status config_parse(const char *text, size_t size, struct config *out, char *error,
			 size_t error_size) MUST_CHECK;
