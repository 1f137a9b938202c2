// Which world this is; the answer is asked for once and kept for the whole boot.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/world.h"

#include "arch/tdx/module.h"
#include "shim/refusal.h"

/* There is one world per boot. */
static struct {
	bool td;
	struct td_info info;
} world;

enum status world_init(bool td)
{
	world.td = td;
	world.info = (struct td_info){ .gpaw = 48, .vcpu_count = 1 };
	return td ? td_info(&world.info) : ST_OK;
}

bool world_is_td(void)
{
	return world.td;
}

const struct td_info *world_info(void)
{
	return &world.info;
}

enum status world_check_debug(bool allowed)
{
	if ((world.info.attributes & TD_ATTRIBUTES_DEBUG) != 0 && !allowed) {
		return refuse(ST_UNSUPPORTED, "ATTRIBUTES 0x%lx: DEBUG, which the image refuses",
			      world.info.attributes);
	}
	return ST_OK;
}

enum status world_check_config(void)
{
	if ((world.info.attributes & TD_ATTRIBUTES_SEPT_VE_DISABLE) != 0) {
		return ST_OK;
	}
	uint64_t flags;
	uint64_t controls;
	TRY(td_vm_rd(MD_TD_CONFIG_FLAGS, &flags));
	if ((flags & TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE) == 0) {
		return refuse(ST_UNSUPPORTED,
			      "ATTRIBUTES 0x%lx without SEPT_VE_DISABLE, CONFIG_FLAGS 0x%lx",
			      world.info.attributes, flags);
	}
	TRY(td_vm_wr(MD_TD_CTLS, TD_CTLS_PENDING_VE_DISABLE, TD_CTLS_PENDING_VE_DISABLE));
	TRY(td_vm_rd(MD_TD_CTLS, &controls));
	if ((controls & TD_CTLS_PENDING_VE_DISABLE) == 0) {
		return refuse(ST_UNSUPPORTED, "TD_CTLS 0x%lx without PENDING_VE_DISABLE", controls);
	}
	return ST_OK;
}
