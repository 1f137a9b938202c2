// A scripted TDX module behind tdcall().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/shim/fake_tdcall.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	const struct fake_call *calls;
	unsigned count;
	unsigned next;
	unsigned repeated; /* of calls[next] */
	unsigned total;
	uint64_t (*handler)(struct tdcall_regs *regs);
} fake;

static const struct {
	uint32_t bit;
	size_t offset;
	const char *name;
} registers[] = {
#define REGISTER(bit, field)                                     \
	{                                                        \
		bit, offsetof(struct tdcall_regs, field), #field \
	}
	REGISTER(FAKE_RAX, rax), REGISTER(FAKE_RCX, rcx), REGISTER(FAKE_RDX, rdx),
	REGISTER(FAKE_RBX, rbx), REGISTER(FAKE_RSI, rsi), REGISTER(FAKE_RDI, rdi),
	REGISTER(FAKE_R8, r8),   REGISTER(FAKE_R9, r9),   REGISTER(FAKE_R10, r10),
	REGISTER(FAKE_R11, r11), REGISTER(FAKE_R12, r12), REGISTER(FAKE_R13, r13),
	REGISTER(FAKE_R14, r14), REGISTER(FAKE_R15, r15),
#undef REGISTER
};

static uint64_t *register_of(struct tdcall_regs *regs, unsigned i)
{
	return (uint64_t *)((char *)regs + registers[i].offset);
}

void fake_script(const struct fake_call *calls, unsigned count)
{
	fake.calls = calls;
	fake.count = count;
	fake.next = 0;
	fake.repeated = 0;
	fake.total = 0;
	fake.handler = NULL;
}

void fake_handler(uint64_t (*handler)(struct tdcall_regs *regs))
{
	fake_script(NULL, 0);
	fake.handler = handler;
}

void fake_done(void)
{
	if (fake.next != fake.count) {
		fprintf(stderr, "fake tdcall: %u of %u calls made\n", fake.next, fake.count);
		abort();
	}
}

unsigned fake_count(void)
{
	return fake.total;
}

uint64_t tdcall(struct tdcall_regs *regs)
{
	fake.total++;
	if (fake.handler != NULL) {
		regs->rax = fake.handler(regs);
		return regs->rax;
	}
	if (fake.next == fake.count) {
		fprintf(stderr, "fake tdcall: leaf %lu after the end of the script\n", regs->rax);
		abort();
	}
	struct fake_call call = fake.calls[fake.next];
	for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		uint64_t *value = register_of(regs, i);
		uint64_t expected = *register_of(&call.in, i);
		if ((call.check & registers[i].bit) != 0 && *value != expected) {
			fprintf(stderr, "fake tdcall: call %u: %s is 0x%lx, not 0x%lx\n", fake.next,
				registers[i].name, *value, expected);
			abort();
		}
		if ((call.answer & registers[i].bit) != 0 || registers[i].bit == FAKE_RAX) {
			*value = *register_of(&call.out, i);
		}
	}
	if (fake.repeated++ == call.repeat) {
		fake.repeated = 0;
		fake.next++;
	}
	return regs->rax;
}
