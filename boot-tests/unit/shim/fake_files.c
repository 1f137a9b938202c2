// A host's fw_cfg items.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/shim/fake_files.h"

#include <string.h>

#include "arch/base/check.h"

#define FILES_MAX 32

static struct {
	unsigned count;
	struct {
		const char *name;
		const uint8_t *bytes;
		struct fw_cfg_item item;
	} files[FILES_MAX];
} host;

void fake_files_reset(void)
{
	host.count = 0;
}

void fake_files_add(const char *name, uint16_t selector, const void *bytes, uint32_t size)
{
	CHECK(host.count < FILES_MAX);
	host.files[host.count].name = name;
	host.files[host.count].bytes = bytes;
	host.files[host.count].item = (struct fw_cfg_item){ selector, size };
	host.count++;
}

enum status fake_files_find(const char *name, struct fw_cfg_item *out)
{
	for (unsigned i = 0; i < host.count; i++) {
		if (host.files[i].name != NULL && strcmp(host.files[i].name, name) == 0) {
			*out = host.files[i].item;
			return ST_OK;
		}
	}
	return ST_NOT_FOUND;
}

void fake_files_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	memset(to, 0, size);
	for (unsigned i = 0; i < host.count; i++) {
		if (host.files[i].item.selector != selector) {
			continue;
		}
		uint32_t total = host.files[i].item.size;
		uint32_t left = offset < total ? total - offset : 0;
		if (left != 0 && size != 0) {
			memcpy(to, host.files[i].bytes + offset, size < left ? size : left);
		}
	}
}
