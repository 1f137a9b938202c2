// Reading of fw_cfg files into frames.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/blob.h"

#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/vmm/init/frames.h"

#define CONFIG_MAX 4096

struct config blob_load_config(void)
{
	char text[CONFIG_MAX];
	char error[160];
	uint16_t selector;
	uint32_t size;
	if (!fwcfg_find("opt/lintel/config", &selector, &size)) {
		machine_exit(EXIT_SETUP, "no fw_cfg file opt/lintel/config: use tools/tdrun");
	}
	if (size > sizeof(text)) {
		machine_exit(EXIT_SETUP, "opt/lintel/config has %u bytes, at most %u", size,
			     (unsigned)sizeof(text));
	}
	fwcfg_read(selector, text, size);
	struct config config;
	if (config_parse(text, size, &config, error, sizeof(error)) != ST_OK) {
		machine_exit(EXIT_SETUP, "opt/lintel/config: %s", error);
	}
	return config;
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
