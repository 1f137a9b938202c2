// The pin of a host's ACPI files, from an event log.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/acpi_pin.h"

#include <stdbool.h>

#include "arch/base/mem.h"
#include "arch/tdx/event_log.h"
#include "loader/image/sha384.h"

/* What is after the last event. */
#define NO_EVENT UINT32_MAX

/* Moves *at after the first event, which says what the log is. */
static enum status skip_first(const uint8_t *log, size_t size, size_t *at)
{
	struct tcg_pcr_event head;
	struct tcg_spec_id id;
	if (size < sizeof(head) + sizeof(id)) {
		return ST_BAD_FORMAT;
	}
	memcpy(&head, log, sizeof(head));
	memcpy(&id, log + sizeof(head), sizeof(id));
	if (head.event_type != EV_NO_ACTION || head.event_size != sizeof(id) ||
	    memcmp(id.signature, TCG_SPEC_ID_SIGNATURE, sizeof(id.signature)) != 0 ||
	    id.algorithm_count != 1 || id.algorithm != TPM_ALG_SHA384) {
		return ST_BAD_FORMAT;
	}
	*at = sizeof(head) + sizeof(id);
	return ST_OK;
}

static bool is_acpi(const struct cc_event *event, const uint8_t *data)
{
	return event->mr_index == CC_MR_RTMR0 && event->event_type == EV_PLATFORM_CONFIG_FLAGS &&
	       event->event_size == sizeof(TCG_ACPI_DATA) - 1 &&
	       memcmp(data, TCG_ACPI_DATA, sizeof(TCG_ACPI_DATA) - 1) == 0;
}

enum status acpi_pin_from_log(const uint8_t *log, size_t size, uint8_t pin[SHA384_SIZE])
{
	struct sha384 hash;
	bool any = false;
	size_t at;
	TRY(skip_first(log, size, &at));
	sha384_init(&hash);
	while (size - at >= sizeof(uint32_t)) {
		struct cc_event event;
		memcpy(&event.mr_index, log + at, sizeof(event.mr_index));
		if (event.mr_index == NO_EVENT) {
			break;
		}
		if (size - at < sizeof(event)) {
			return ST_TRUNCATED;
		}
		memcpy(&event, log + at, sizeof(event));
		at += sizeof(event);
		if (event.digest_count != 1 || event.algorithm != TPM_ALG_SHA384) {
			return ST_BAD_FORMAT;
		}
		if (size - at < event.event_size) {
			return ST_TRUNCATED;
		}
		if (is_acpi(&event, log + at)) {
			sha384_update(&hash, event.digest, sizeof(event.digest));
			any = true;
		}
		at += event.event_size;
	}
	if (!any) {
		return ST_NOT_FOUND;
	}
	sha384_final(&hash, pin);
	return ST_OK;
}
