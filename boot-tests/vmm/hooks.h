// Where a host script (boot-tests/vmm/script) has a say in what the host does.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

struct fw_cfg_file;
struct host_td;
struct verdict;

/* What becomes of one call. */
struct hook_answer {
	bool instead;          /* the call is not made */
	uint32_t set;          /* registers that are set when it has been, by number: */
	struct seam_regs regs; /* the number of a register is its place in here */
};
#define HOOK_REG(name) (offsetof(struct seam_regs, name) / sizeof(uint64_t))

/* The calls of a host: to the module, and from its TDs. */
enum hook_call { HOOK_SEAMCALL, HOOK_TDVMCALL };

/* What a TD reads of a fw_cfg item. */
struct hook_fw_cfg {
	uint16_t selector;
	uint64_t offset; /* of the first byte */
	uint8_t *data;   /* what the TD gets */
	uint32_t size;
	const struct fw_cfg_file *files; /* of the directory, without what was done to it */
	uint32_t file_count;
};

/* What a script has a say in, a function each; null where it has none. */
struct hooks {
	/* Before a call of this leaf or sub-function by the calling CPU, which may wait in here.
	 * td: whose TDVMCALL it is, null for a SEAMCALL. Null: it is made as ever. */
	const struct hook_answer *(*call)(enum hook_call call, uint64_t number, struct host_td *td);
	/* Changes a TD HOB list before a TD is given it. False: it has no such byte. */
	bool (*hob)(uint8_t *list, size_t size);
	/* Changes what a TD reads of fw_cfg. */
	void (*fw_cfg)(const struct hook_fw_cfg *read);
	/* Changes the page that the host adds where nothing is measured. */
	void (*temp_mem)(uint8_t *page);
	/* A TD has ended by this verdict and is taken down, by the calling CPU, which was one of
	 * its own; others may run. True: it is built again. */
	bool (*end)(const struct verdict *verdict);
};
extern struct hooks hooks;

const struct hook_answer *hook_call(enum hook_call call, uint64_t number, struct host_td *td);
bool hook_end(const struct verdict *verdict);
bool hook_instead(const struct hook_answer *answer);
/* Sets the registers that the answer sets; null: there is none. */
void hook_apply(const struct hook_answer *answer, struct seam_regs *regs);

/* seamcall() with the say that a script has in it. */
static inline uint64_t hook_seamcall(struct seam_regs *regs)
{
	const struct hook_answer *answer = hook_call(HOOK_SEAMCALL, regs->rax & TDX_LEAF, NULL);
	if (!hook_instead(answer)) {
		seamcall(regs);
	}
	hook_apply(answer, regs);
	return regs->rax;
}

/* Takes the host's script for so many TDs from fw_cfg, where there is one, and hooks it in. A fault
 * in it ends the machine with the line. */
void hooks_load_script(unsigned tds);
