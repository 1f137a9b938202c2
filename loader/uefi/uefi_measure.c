// Measures what the application loads, by the firmware.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_measure.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/event_log.h"
#include "arch/uefi/cc_measurement.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_options.h"
#include "loader/uefi/uefi_services.h"

/* The command line's is the largest. */
#define EVENT_MAX UEFI_CMDLINE_MAX

uefi_status_t uefi_measure_start(void)
{
	if (uefi_in_td() && !uefi_measures()) {
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED),
				   "the firmware of this TD has no EFI_CC_MEASUREMENT_PROTOCOL");
	}
	return UEFI_SUCCESS;
}

static uefi_status_t measure(const char *what, enum cc_mr mr, uint32_t type, const void *bytes,
			     uint64_t size, const void *event, size_t event_size)
{
	static uint8_t memory[sizeof(struct uefi_cc_event) + EVENT_MAX];
	struct uefi_cc_event header = {
		.size = (uint32_t)(sizeof(header) + event_size),
		.header_size = UEFI_CC_HEADER_SIZE,
		.header_version = UEFI_CC_EVENT_VERSION,
		.mr_index = mr,
		.event_type = type,
	};
	CHECK(event_size <= EVENT_MAX);
	memcpy(memory, &header, sizeof(header));
	memcpy(memory + sizeof(header), event, event_size);
	uefi_status_t status = uefi_measure(bytes, size, memory);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "%s: measurement of %lu bytes into RTMR[%u]", what, size,
				   (unsigned)(mr - CC_MR_RTMR0));
	}
	return UEFI_SUCCESS;
}

uefi_status_t uefi_measure_kernel(const void *bytes, uint64_t size)
{
	const struct tcg_kernel_event event = TCG_KERNEL_EVENT((uintptr_t)bytes, size);
	return measure("kernel", CC_MR_RTMR1, EV_EFI_PLATFORM_FIRMWARE_BLOB2, bytes, size, &event,
		       sizeof(event));
}

uefi_status_t uefi_measure_initrd(const void *bytes, uint64_t size)
{
	const struct tcg_initrd_event event = TCG_INITRD_EVENT;
	return measure("initrd", CC_MR_RTMR2, EV_EVENT_TAG, bytes, size, &event, sizeof(event));
}

uefi_status_t uefi_measure_cmdline(const char *text)
{
	return measure("command line", CC_MR_RTMR2, EV_IPL, text, strlen(text), text, strlen(text));
}
