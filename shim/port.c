// Port I/O in both worlds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/port.h"

#include "arch/x86/insn.h"
#include "shim/fatal.h"
#include "shim/refusal.h"
#include "shim/tdx/vmcall.h"
#include "shim/tdx/world.h"

enum status port_read(uint16_t port, unsigned size, uint32_t *value)
{
	if (world_is_td()) {
		return vmcall_io_read(port, size, value);
	}
	*value = size == 1 ? insn_in8(port) : size == 2 ? insn_in16(port) : insn_in32(port);
	return ST_OK;
}

enum status port_write(uint16_t port, unsigned size, uint32_t value)
{
	if (world_is_td()) {
		return vmcall_io_write(port, size, value);
	}
	switch (size) {
	case 1:
		insn_out8(port, (uint8_t)value);
		break;
	case 2:
		insn_out16(port, (uint16_t)value);
		break;
	default:
		insn_out32(port, value);
		break;
	}
	return ST_OK;
}

uint32_t port_in(uint16_t port, unsigned size)
{
	uint32_t value;
	enum status status = port_read(port, size, &value);
	if (status != ST_OK) {
		fatal(status, "%s", refusal_text(status));
	}
	return value;
}

void port_out(uint16_t port, unsigned size, uint32_t value)
{
	enum status status = port_write(port, size, value);
	if (status != ST_OK) {
		fatal(status, "%s", refusal_text(status));
	}
}
