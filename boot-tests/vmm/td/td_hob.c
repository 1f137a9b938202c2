// Writer of the TD HOB: hand-off block, one resource block for each range, end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_hob.h"

#include "arch/base/mem.h"
#include "arch/tdx/hob.h"

static void append(uint8_t **at, const void *block, size_t size)
{
	memcpy(*at, block, size);
	*at += size;
}

enum status td_hob_build(const struct td_layout *layout, void *out, size_t size)
{
	size_t used = sizeof(struct hob_handoff) +
		      layout->range_count * sizeof(struct hob_resource) + sizeof(struct hob_header);
	if (used > size) {
		return ST_NO_SPACE;
	}
	uint8_t *at = out;
	struct hob_handoff handoff = {
		.header = { HOB_TYPE_HANDOFF, sizeof(handoff), 0 },
		.version = HOB_HANDOFF_VERSION,
		.end_of_hob_list = layout->hob_base + used,
	};
	append(&at, &handoff, sizeof(handoff));
	for (unsigned i = 0; i < layout->range_count; i++) {
		struct hob_resource resource = {
			.header = { HOB_TYPE_RESOURCE_DESCRIPTOR, sizeof(resource), 0 },
			.resource_type = layout->ranges[i].added ? HOB_RESOURCE_SYSTEM_MEMORY :
								   HOB_RESOURCE_MEMORY_UNACCEPTED,
			.attributes = HOB_ATTRIBUTES_MEMORY,
			.physical_start = layout->ranges[i].base,
			.resource_length = layout->ranges[i].size,
		};
		append(&at, &resource, sizeof(resource));
	}
	struct hob_header end = { HOB_TYPE_END_OF_HOB_LIST, sizeof(end), 0 };
	append(&at, &end, sizeof(end));
	return ST_OK;
}
