// Loading the module: everything of before is gone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/tlb.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/sys.h"

void module_load(const struct module_platform *platform)
{
	platform_set(platform);
	keys_reset();
	md_platform_init(module_platform());
	sys_reset();
	pamt_reset();
	tlb_reset(platform->tlb_memory);
}
