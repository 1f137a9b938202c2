// The pin of a host's ACPI files, from an event log.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/acpi_pin.h"

#include <stdbool.h>

#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/tdx/event_log.h"
#include "loader/image/sha384.h"

/* What is after the last event. */
#define NO_EVENT UINT32_MAX

struct pin_log {
	const uint8_t *bytes;
	size_t size;
	size_t at; /* the event that is read */
	char *error;
	size_t error_size;
};

static enum status pin_refuse(const struct pin_log *log, enum status status, const char *field,
			      uint64_t value, const char *rule)
{
	fmt_print(log->error, log->error_size, "event log 0x%lx: %s 0x%lx: %s", log->at, field,
		  value, rule);
	return status;
}

/* Moves after the first event, which says what the log is. */
static enum status skip_first(struct pin_log *log)
{
	struct tcg_pcr_event head;
	struct tcg_spec_id id;
	if (log->size < sizeof(head) + sizeof(id)) {
		return pin_refuse(log, ST_BAD_FORMAT, "bytes left", log->size,
				  "too few for its first event");
	}
	memcpy(&head, log->bytes, sizeof(head));
	memcpy(&id, log->bytes + sizeof(head), sizeof(id));
	if (head.event_type != EV_NO_ACTION || head.event_size != sizeof(id) ||
	    memcmp(id.signature, TCG_SPEC_ID_SIGNATURE, sizeof(id.signature)) != 0) {
		return pin_refuse(log, ST_BAD_FORMAT, "event type", head.event_type,
				  "must be 3, with \"Spec ID Event03\"");
	}
	if (id.algorithm_count != 1 || id.algorithm != TPM_ALG_SHA384) {
		return pin_refuse(log, ST_BAD_FORMAT, "algorithm", id.algorithm,
				  "must be 0xc, SHA-384, and no other");
	}
	log->at = sizeof(head) + sizeof(id);
	return ST_OK;
}

static bool is_acpi(const struct cc_event *event, const uint8_t *data)
{
	return event->mr_index == CC_MR_RTMR0 && event->event_type == EV_PLATFORM_CONFIG_FLAGS &&
	       event->event_size == sizeof(TCG_ACPI_DATA) - 1 &&
	       memcmp(data, TCG_ACPI_DATA, sizeof(TCG_ACPI_DATA) - 1) == 0;
}

/* The event at log->at; *data: what follows its header, of the size that it says. */
static enum status read_event(const struct pin_log *log, struct cc_event *event,
			      const uint8_t **data)
{
	size_t left = log->size - log->at;
	if (left < sizeof(*event)) {
		return pin_refuse(log, ST_TRUNCATED, "bytes left", left, "too few for an event");
	}
	memcpy(event, log->bytes + log->at, sizeof(*event));
	if (event->digest_count != 1 || event->algorithm != TPM_ALG_SHA384) {
		return pin_refuse(log, ST_BAD_FORMAT, "algorithm", event->algorithm,
				  "must be 0xc, SHA-384, and no other");
	}
	if (left - sizeof(*event) < event->event_size) {
		return pin_refuse(log, ST_TRUNCATED, "event size", event->event_size,
				  "the log ends before it does");
	}
	*data = log->bytes + log->at + sizeof(*event);
	return ST_OK;
}

static bool ends(const struct pin_log *log)
{
	uint32_t index;
	if (log->size - log->at < sizeof(index)) {
		return true;
	}
	memcpy(&index, log->bytes + log->at, sizeof(index));
	return index == NO_EVENT;
}

enum status acpi_pin_from_log(const uint8_t *bytes, size_t size, uint8_t pin[SHA384_SIZE],
			      char *error, size_t error_size)
{
	struct pin_log log = {
		.bytes = bytes, .size = size, .error = error, .error_size = error_size
	};
	struct sha384 hash;
	unsigned files = 0;
	TRY(skip_first(&log));
	sha384_init(&hash);
	while (!ends(&log)) {
		struct cc_event event;
		const uint8_t *data;
		TRY(read_event(&log, &event, &data));
		if (is_acpi(&event, data)) {
			sha384_update(&hash, event.digest, sizeof(event.digest));
			files++;
		}
		log.at += sizeof(event) + event.event_size;
	}
	if (files == 0) {
		return pin_refuse(&log, ST_NOT_FOUND, "ACPI files", files,
				  "the boot of this log had none");
	}
	sha384_final(&hash, pin);
	return ST_OK;
}
