// The host script as rules: "on EVENT [#N] [vcpu V]: ACTION", a line each.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/hooks.h"

#define SCRIPT_MAX_RULES 32
#define SCRIPT_MAX_CPUS 64
/* The longest that a rule holds a vCPU, so that each wait has an end. */
#define SCRIPT_MAX_HOLD_US 60000000

enum script_event {
	SCRIPT_SEAMCALL, /* number: the leaf */
	SCRIPT_TDVMCALL, /* number: the sub-function */
	SCRIPT_RDRAND,   /* the module wants random words */
	SCRIPT_PHASE,    /* number: enum script_phase */
	SCRIPT_HOB,      /* the host has written a TD HOB list */
};

enum script_phase {
#define PHASE(identifier, word) PHASE_##identifier,
#include "boot-tests/vmm/script/script_words.def"
};

struct script_rule {
	unsigned line;
	enum script_event event;
	bool any; /* each number */
	uint64_t number;
	bool any_cpu;
	uint64_t cpu;
	uint64_t first, last; /* which of those events, from 1 on */
	/* What it does: those actions that its event can have. */
	uint64_t hold_us;
	struct hook_answer answer; /* of a call */
	uint64_t offset, value;    /* bytes of a HOB list, little endian */
	unsigned size;
};

struct script {
	unsigned count;
	struct script_rule rules[SCRIPT_MAX_RULES];
};

/*
 * A blank line and one that begins with '#' say nothing. ST_BAD_FORMAT: a line that is no rule;
 * ST_NO_SPACE: more than SCRIPT_MAX_RULES. *out is then untouched, and error names the line and the
 * word.
 */
enum status script_parse(const char *text, size_t size, struct script *out, char *error,
			 size_t error_size) MUST_CHECK;
