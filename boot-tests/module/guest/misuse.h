// Tells people what a TD's firmware has done wrong, when it happens.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

struct vcpu;

enum misuse {
#define MISUSE(identifier, ...) MISUSE_##identifier,
#include "boot-tests/module/guest/misuse.def"
	MISUSE_COUNT
};

/* Of one kind so many are told: more would say nothing new. */
#define MISUSE_TOLD_MAX 4

/* One line: vCPU, RIP, what, the value that goes with it, a hint, the place of the rule. */
void misuse(const struct vcpu *vcpu, enum misuse which, uint64_t value);
