// The host script: lives of a TD, each with its rules: "on EVENT [#N] [vcpu V]: ACTION", a line
// each.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/text.h"

/* Of one life. */
#define SCRIPT_MAX_RULES 32
#define SCRIPT_LIFE_NAME_MAX 31
/* Copies of pages that a script can keep. */
#define SCRIPT_MAX_COPIES 8
/* The longest that a rule holds a vCPU, so that each wait has an end. */
#define SCRIPT_MAX_HOLD_US 60000000

enum script_event {
	SCRIPT_SEAMCALL, /* number: the leaf */
	SCRIPT_TDVMCALL, /* number: the sub-function */
	SCRIPT_TDCALL,   /* the TD calls the module; number: the leaf */
	SCRIPT_RDRAND,   /* the module wants random words */
	SCRIPT_PHASE,    /* number: enum script_phase */
	SCRIPT_HOB,      /* the host has written a TD HOB list */
	SCRIPT_FW_CFG,   /* a TD reads an item: file, or number: its selector */
	SCRIPT_TEMP_MEM, /* the host has made what it adds where nothing is measured */
	SCRIPT_END,      /* a TD is taken down */
};

/* What a rule does, a bit each; an event has some of them. */
enum script_action {
	ACT_STATUS = 0x1,
	ACT_SET = 0x2,
	ACT_HOLD = 0x4,
	ACT_STARVE = 0x8,
	ACT_REPLACE = 0x10,
	ACT_AWAIT = 0x20,
	ACT_READ = 0x40,
	ACT_LIKE = 0x80,
	ACT_UNLIKE = 0x100,
	ACT_WRITE = 0x200,
	ACT_BUILD = 0x400,
	ACT_MOVE = 0x800,
	ACT_ADD = 0x1000,
	ACT_NMI = 0x2000,
	ACT_INTERRUPT = 0x4000,
	ACT_SHARE = 0x8000,
	ACT_DROP = 0x10000,
	ACT_SIZE = 0x20000,
	ACT_HIDE = 0x40000,
	ACT_FILL = 0x80000,
};

/* What ACT_READ copies. */
enum script_source {
	SOURCE_SHARED,  /* the shared page at a GPA */
	SOURCE_PRIVATE, /* the frame of the private page at a GPA */
	SOURCE_COPIED,  /* the frame that another copy is of */
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
	unsigned actions;     /* enum script_action; what follows are their operands: */
	uint64_t hold_us;
	struct hook_answer answer;   /* ACT_STATUS, ACT_SET */
	struct text file;            /* of SCRIPT_FW_CFG; empty: number is it */
	uint64_t at, value;          /* ACT_REPLACE: offset; ACT_WRITE: GPA */
	unsigned size;               /* of value, which is stored little endian there */
	bool writes_shared;          /* ACT_WRITE: into a shared page, not a private one */
	enum script_source source;   /* ACT_READ */
	uint64_t page;               /* its GPA */
	unsigned source_copy;        /* SOURCE_COPIED; copies are numbered from 0 on here */
	unsigned copy, awaits, like; /* ACT_READ, ACT_AWAIT, ACT_LIKE */
	uint32_t unlike;             /* ACT_UNLIKE: a bit for each copy */
	uint64_t moved, added;       /* ACT_MOVE, ACT_ADD: a page */
	bool moves;                  /* ACT_MOVE: the page is shared */
	uint64_t shared, dropped;    /* ACT_SHARE, ACT_DROP: a private page */
	uint32_t file_size;          /* ACT_SIZE */
	uint64_t fill;               /* ACT_FILL: again and again */
	uint8_t vector;              /* ACT_INTERRUPT */
};

/* One life: that of "life NAME" up to the next such line, or without a name what stands before the
 * first. */
struct script {
	char life[SCRIPT_LIFE_NAME_MAX + 1];
	unsigned count;
	struct script_rule rules[SCRIPT_MAX_RULES];
};

/* Where a life begins in the text; all zero: the first. */
struct script_place {
	size_t at;
	unsigned line; /* so many lines are before it */
};

/*
 * The life at *place, which is then where the next one begins: at size, there is none. The rules
 * refer to the text. A blank line and one that begins with '#' say nothing. ST_BAD_FORMAT: a line
 * that is neither a rule nor "life NAME"; ST_NO_SPACE: more than SCRIPT_MAX_RULES. *out and *place
 * are then untouched, and error names the line and the word.
 */
enum status script_parse(const char *text, size_t size, struct script_place *place,
			 struct script *out, char *error, size_t error_size) MUST_CHECK;
