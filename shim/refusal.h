// What a refusal is about: part, field and value, recorded where it is found, printed by fatal().
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One record: a boot ends at its first refusal. A status that the caller answers by going on
// (ST_NOT_FOUND of a look-up, the outcome of a page) is returned bare, without a record.
#pragma once

#include "arch/base/status.h"

/* Longer texts are cut. The host sees the first 64 bytes: the part and the field come first. */
#define REFUSAL_MAX 128

/* Records the text and returns status. Boot processor only. */
enum status refuse(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3))) MUST_CHECK;

/* The text of the last refusal if that was with this status, else "unnamed". */
const char *refusal_text(enum status status);
