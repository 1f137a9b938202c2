// Writes the event log that a TD hands to its operating system.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/measure/event_log_write.h"

#include "arch/base/mem.h"
#include "shim/refusal.h"

static enum status append(struct event_log *log, const void *head, uint32_t head_size,
			  const void *event, uint32_t event_size)
{
	uint32_t left = log->size - log->used;
	if (head_size > left || event_size > left - head_size) {
		return refuse(ST_LOG_FULL, "event log: 0x%x bytes, room for 0x%x",
			      head_size + event_size, left);
	}
	memcpy(log->memory + log->used, head, head_size);
	memcpy(log->memory + log->used + head_size, event, event_size);
	log->used += head_size + event_size;
	return ST_OK;
}

enum status event_log_start(struct event_log *log, void *memory, uint32_t size)
{
	static const struct tcg_pcr_event head = {
		.event_type = EV_NO_ACTION,
		.event_size = sizeof(struct tcg_spec_id),
	};
	static const struct tcg_spec_id id = {
		.signature = TCG_SPEC_ID_SIGNATURE,
		.version_major = 2,
		.errata = 105,
		.uintn_size = TCG_UINTN_64,
		.algorithm_count = 1,
		.algorithm = TPM_ALG_SHA384,
		.digest_size = SHA384_SIZE,
	};
	*log = (struct event_log){ memory, size, 0 };
	memset(memory, 0xFF, size);
	return append(log, &head, sizeof(head), &id, sizeof(id));
}

enum status event_log_add(struct event_log *log, enum cc_mr mr, uint32_t type,
			  const uint8_t digest[SHA384_SIZE], const void *event, uint32_t event_size)
{
	struct cc_event head = {
		.mr_index = mr,
		.event_type = type,
		.digest_count = 1,
		.algorithm = TPM_ALG_SHA384,
		.event_size = event_size,
	};
	memcpy(head.digest, digest, SHA384_SIZE);
	return append(log, &head, sizeof(head), event, event_size);
}
