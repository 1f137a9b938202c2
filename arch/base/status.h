// The one status type. A raw TDX completion code is kept beside it, never folded into it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))

/* X(name, text): the text is a clause that fits after "lintel: <step>: ". */
#define STATUS_LIST(X)                                                              \
	X(ST_OK, "ok")                                                              \
	X(ST_BAD_ARGUMENT, "argument out of its range")                             \
	X(ST_BAD_RANGE, "address range is empty, unaligned, unordered or overlaps") \
	X(ST_NO_SPACE, "does not fit into the space given")                         \
	X(ST_TRUNCATED, "input ends before the structure does")                     \
	X(ST_BAD_FORMAT, "input is not of the format expected")                     \
	X(ST_UNSUPPORTED, "valid, but not supported here")                          \
	X(ST_NOT_FOUND, "not found")                                                \
	X(ST_LOG_FULL, "the event log is full")                                     \
	X(ST_NO_MEMORY, "no memory of that size where it is needed")                \
	X(ST_TIMEOUT, "no answer within the bound")                                 \
	X(ST_HOST_REFUSED, "the host refused the call")                             \
	X(ST_HOST_LIED, "the host's answer breaks its contract")                    \
	X(ST_TDX, "the TDX module refused the call")                                \
	X(ST_ALREADY_ACCEPTED, "page had been accepted before: two owners")         \
	X(ST_SIZE_MISMATCH, "page is mapped at another size")

enum status {
#define STATUS_ENUM(name, text) name,
	STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

/* The enumerator's name, for logs. */
const char *status_name(enum status status);
/* One clause for people. */
const char *status_text(enum status status);

/* Returns early with any status but ST_OK. */
#define TRY(expression)                             \
	do {                                        \
		enum status try_st_ = (expression); \
		if (try_st_ != ST_OK) {             \
			return try_st_;             \
		}                                   \
	} while (0)

/* Drops a status on purpose and says why. */
static inline void status_ignore(enum status status, const char *why)
{
	(void)status;
	(void)why;
}
