// Reading of fw_cfg files into frames.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/blob.h"

#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/vmm/init/frames.h"

#define CONFIG_MAX 4096

enum status blob_load_config(struct config *config, struct verdict *verdict)
{
	char text[CONFIG_MAX];
	char error[160];
	uint16_t selector;
	uint32_t size;
	if (!fwcfg_find("opt/lintel/config", &selector, &size)) {
		verdict_setup(verdict, "no fw_cfg file opt/lintel/config: use tools/tdrun");
		return ST_NOT_FOUND;
	}
	if (size > sizeof(text)) {
		verdict_setup(verdict, "opt/lintel/config has %u bytes, at most %u", size,
			      (unsigned)sizeof(text));
		return ST_NO_SPACE;
	}
	fwcfg_read(selector, text, size);
	if (config_parse(text, size, config, error, sizeof(error)) != ST_OK) {
		verdict_setup(verdict, "opt/lintel/config: %s", error);
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

struct blob blob_load(const char *name)
{
	uint16_t selector;
	uint32_t size;
	if (!fwcfg_find(name, &selector, &size)) {
		return (struct blob){ 0 };
	}
	struct blob blob = { frames_take_span(size), size };
	fwcfg_read(selector, blob.data, size);
	return blob;
}
