// Virtualization exceptions: does with TDVMCALLs what the instruction would have done.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Handlers change the frame's data registers and flags; RIP moves in ve_handle() only. The TDX
// module reports what the processor saw, but it is the host that chooses when an access to shared
// memory faults: what is reported for one must agree with the instruction.
#include "shim/tdx/ve.h"

#include "arch/base/mem.h"
#include "arch/x86/cpu.h"
#include "arch/x86/decode.h"
#include "linker/memmap.h"
#include "shim/refusal.h"
#include "shim/tdx/vmcall.h"

/* Elements of a string I/O instruction that one #VE moves at most. */
#define IO_BURST 4096

#define STATUS_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* Where the interrupted code goes on. */
enum ve_outcome {
	VE_NEXT,  /* after the instruction */
	VE_AGAIN, /* at the instruction, which has more elements to move */
};

struct ve_end {
	enum ve_outcome outcome;
	unsigned length; /* of the instruction: as reported, or as decoded where it was decoded */
};

/* ---- registers and memory of the interrupted code ---------------------------------------- */

static uint64_t *register_slot(struct trap_frame *frame, enum insn_register reg)
{
	/* The frame has 15 registers in hardware order, RSP elsewhere. */
	if (reg == INSN_RSP) {
		return &frame->rsp;
	}
	return (uint64_t *)frame + (reg < INSN_RSP ? reg : reg - 1);
}

static uint64_t size_mask(unsigned size)
{
	return MASK64(8 * size - 1, 0);
}

/* A write of 4 bytes clears the upper half, one of 1 or 2 bytes keeps what is above. */
static void register_write(uint64_t *slot, unsigned size, uint64_t value)
{
	uint64_t written = size == 4 ? UINT64_MAX : size_mask(size);

	*slot = (*slot & ~written) | (value & size_mask(size));
}

/* The instruction's register operand; AH to BH are the second byte. */
static uint64_t operand_read(struct trap_frame *frame, const struct insn *insn)
{
	uint64_t value = *register_slot(frame, insn->reg);

	return insn->reg_high ? field_get(MASK64(15, 8), value) :
				value & size_mask(insn->register_size);
}

static void operand_write(struct trap_frame *frame, const struct insn *insn, uint64_t value)
{
	uint64_t *slot = register_slot(frame, insn->reg);

	if (insn->reg_high) {
		*slot = (*slot & ~MASK64(15, 8)) | field_put(MASK64(15, 8), value);
	} else {
		register_write(slot, insn->register_size, value);
	}
}

/* The two linear addresses an instruction can have: its memory operand and [RDI]. */
struct addresses {
	uint64_t operand;
	uint64_t destination;
};

/* Decodes the instruction at RIP. Only its own bytes are read, which the processor has read too. */
static enum status fetch(struct trap_frame *frame, struct insn *insn, struct addresses *addresses)
{
	const uint8_t *bytes = (const uint8_t *)frame->rip;
	uint64_t gpr[INSN_REGISTER_COUNT];
	enum status status = decode_insn(bytes, INSN_MAX_LENGTH, DECODE_64, insn);

	/* The shim leaves FS and GS alone and does not know their bases. */
	if (status == ST_OK &&
	    (!insn->has_memory || insn->segment == INSN_FS || insn->segment == INSN_GS)) {
		status = ST_UNSUPPORTED;
	}
	if (status != ST_OK) {
		return refuse(status, "instruction %02x %02x %02x %02x", bytes[0], bytes[1],
			      bytes[2], bytes[3]);
	}
	for (unsigned i = 0; i < INSN_REGISTER_COUNT; i++) {
		gpr[i] = *register_slot(frame, (enum insn_register)i);
	}
	addresses->operand = decode_effective_address(insn, gpr, frame->rip + insn->length, 0, 0);
	addresses->destination = decode_destination_address(insn, gpr);
	return ST_OK;
}

/* Elements that a string instruction has still to move. */
static uint64_t string_count(const struct trap_frame *frame, const struct insn *insn)
{
	return insn->repeat == INSN_NO_REPEAT ? 1 : frame->rcx & size_mask(insn->address_size);
}

/* Moves an index register over one element. */
static void string_step(const struct trap_frame *frame, const struct insn *insn, uint64_t *index)
{
	uint64_t step = insn->memory_size;

	register_write(index, insn->address_size,
		       (frame->rflags & RFLAGS_DF) != 0 ? *index - step : *index + step);
}

/* One element is done. False: the instruction has more. */
static bool string_done(struct trap_frame *frame, const struct insn *insn)
{
	if (insn->repeat == INSN_NO_REPEAT) {
		return true;
	}
	register_write(&frame->rcx, insn->address_size, frame->rcx - 1);
	return string_count(frame, insn) == 0;
}

/* ---- port I/O ---------------------------------------------------------------------------- */

static enum status io_string(struct trap_frame *frame, uint16_t port, unsigned size, bool in,
			     bool repeat, struct ve_end *end)
{
	struct insn insn;
	struct addresses at;

	TRY(fetch(frame, &insn, &at));
	if (insn.kind != (in ? INSN_INS : INSN_OUTS) || insn.memory_size != size ||
	    (insn.repeat != INSN_NO_REPEAT) != repeat || insn.length != end->length) {
		return refuse(ST_HOST_LIED, "port 0x%x: INS or OUTS of length %u is length %u",
			      port, end->length, insn.length);
	}
	if (string_count(frame, &insn) == 0) {
		return ST_OK;
	}
	/* A long transfer comes back here by another #VE, so that interrupts are taken. */
	for (unsigned i = 0; i < IO_BURST; i++) {
		uint64_t *index = in ? &frame->rdi : &frame->rsi;
		void *memory = (void *)(*index & size_mask(insn.address_size));
		uint32_t value = 0;

		if (in) {
			TRY(vmcall_io_read(port, size, &value));
			memcpy(memory, &value, size);
		} else {
			memcpy(&value, memory, size);
			TRY(vmcall_io_write(port, size, value));
		}
		string_step(frame, &insn, index);
		if (string_done(frame, &insn)) {
			return ST_OK;
		}
	}
	end->outcome = VE_AGAIN;
	return ST_OK;
}

static enum status handle_io(struct trap_frame *frame, const struct ve_info *info,
			     struct ve_end *end)
{
	uint64_t qualification = info->exit_qualification;
	unsigned size = 1 + (unsigned)field_get(IO_QUAL_SIZE, qualification);
	uint16_t port = (uint16_t)field_get(IO_QUAL_PORT, qualification);
	bool in = (qualification & IO_QUAL_IN) != 0;
	uint32_t value;

	if (size != 1 && size != 2 && size != 4) {
		return refuse(ST_HOST_LIED, "port 0x%x: I/O size %u", port, size);
	}
	if ((qualification & IO_QUAL_STRING) != 0) {
		return io_string(frame, port, size, in, (qualification & IO_QUAL_REP) != 0, end);
	}
	if (!in) {
		return vmcall_io_write(port, size, (uint32_t)(frame->rax & size_mask(size)));
	}
	TRY(vmcall_io_read(port, size, &value));
	register_write(&frame->rax, size, value);
	return ST_OK;
}

/* ---- CPUID and MSRs ---------------------------------------------------------------------- */

static enum status handle_cpuid(struct trap_frame *frame)
{
	struct cpuid_result result;

	TRY(vmcall_cpuid((uint32_t)frame->rax, (uint32_t)frame->rcx, &result));
	frame->rax = result.eax;
	frame->rbx = result.ebx;
	frame->rcx = result.ecx;
	frame->rdx = result.edx;
	return ST_OK;
}

static enum status handle_rdmsr(struct trap_frame *frame)
{
	uint64_t value;

	TRY(vmcall_rdmsr((uint32_t)frame->rcx, &value));
	frame->rax = field_get(MASK64(31, 0), value);
	frame->rdx = field_get(MASK64(63, 32), value);
	return ST_OK;
}

static enum status handle_wrmsr(const struct trap_frame *frame)
{
	return vmcall_wrmsr((uint32_t)frame->rcx, field_put(MASK64(63, 32), frame->rdx) |
							  field_put(MASK64(31, 0), frame->rax));
}

/*
 * WBINVD, and INVD done as WBINVD: a processor may write any line back before it gets to INVD.
 * The sub-function is optional and KVM does not have it, so a refusal is no error: private memory
 * is coherent whatever the host says, and the shim shares no memory with devices that do not snoop.
 */
static enum status handle_wbinvd(void)
{
	enum status status = vmcall_wbinvd();

	return status == ST_HOST_REFUSED ? ST_OK : status;
}

/* ---- MMIO -------------------------------------------------------------------------------- */

/* Does the report fit an access of size bytes at address? access: EPT_QUAL_READ, _WRITE or both,
 * of which the report may name one. */
static enum status mmio_check(const struct ve_info *info, uint64_t address, unsigned size,
			      uint64_t access)
{
	uint64_t qualification = info->exit_qualification;
	uint64_t seen = qualification & (EPT_QUAL_READ | EPT_QUAL_WRITE | EPT_QUAL_FETCH);

	if (address % MEM_PAGE_SIZE + size > MEM_PAGE_SIZE) {
		/* Two pages, of which we know one. */
		return refuse(ST_UNSUPPORTED, "operand 0x%lx of %u bytes in two pages", address,
			      size);
	}
	if (seen == 0 || (seen & ~access) != 0) {
		return refuse(ST_HOST_LIED, "access 0x%lx reported, 0x%lx decoded", seen, access);
	}
	if (address % MEM_PAGE_SIZE != info->gpa % MEM_PAGE_SIZE) {
		return refuse(ST_HOST_LIED, "operand 0x%lx, another offset in its page", address);
	}
	/* A page walk through shared memory has the linear address but not the final bit. */
	if ((qualification & EPT_QUAL_GLA_VALID) != 0 &&
	    ((qualification & EPT_QUAL_FINAL) == 0 || info->gla != address)) {
		return refuse(ST_HOST_LIED, "operand 0x%lx, GLA 0x%lx reported", address,
			      info->gla);
	}
	return ST_OK;
}

/* Result of an arithmetic or logic instruction; *rflags gets its flags. */
static uint64_t compute(enum insn_kind kind, unsigned size, uint64_t a, uint64_t b,
			uint64_t *rflags)
{
	bool step = kind == INSN_INC || kind == INSN_DEC;
	uint64_t carry_in = kind == INSN_ADC || kind == INSN_SBB ? *rflags & RFLAGS_CF : 0;
	uint64_t changed = step ? STATUS_FLAGS & ~RFLAGS_CF : STATUS_FLAGS;
	uint64_t sign = BIT64(8 * size - 1);
	uint64_t carries = 0;  /* bit i: carry or borrow out of bit i */
	uint64_t overflow = 0; /* in the sign bit */
	uint64_t flags = 0;
	uint64_t result;

	if (step) {
		b = 1;
	} else if (kind == INSN_NEG) {
		b = a;
		a = 0;
	}
	if (kind == INSN_AND || kind == INSN_TEST) {
		result = a & b;
	} else if (kind == INSN_OR) {
		result = a | b;
	} else if (kind == INSN_XOR) {
		result = a ^ b;
	} else if (kind == INSN_ADD || kind == INSN_ADC || kind == INSN_INC) {
		result = a + b + carry_in;
		carries = (a & b) | ((a | b) & ~result);
		overflow = (a ^ result) & (b ^ result);
	} else {
		result = a - b - carry_in;
		carries = (~a & b) | (~(a ^ b) & result);
		overflow = (a ^ b) & (a ^ result);
	}
	result &= size_mask(size);

	flags |= (carries & sign) != 0 ? RFLAGS_CF : 0;
	flags |= __builtin_parity((unsigned)(result & MASK64(7, 0))) == 0 ? RFLAGS_PF : 0;
	flags |= (carries & BIT64(3)) != 0 ? RFLAGS_AF : 0;
	flags |= result == 0 ? RFLAGS_ZF : 0;
	flags |= (result & sign) != 0 ? RFLAGS_SF : 0;
	flags |= (overflow & sign) != 0 ? RFLAGS_OF : 0;
	*rflags = (*rflags & ~changed) | (flags & changed);
	return result;
}

/* Result of a bit test; the address has taken care of bit numbers beyond the operand. */
static uint64_t compute_bit(enum insn_kind kind, unsigned size, uint64_t value, uint64_t number,
			    uint64_t *rflags)
{
	uint64_t bit = BIT64(number % (8 * size));

	*rflags = (*rflags & ~RFLAGS_CF) | ((value & bit) != 0 ? RFLAGS_CF : 0);
	if (kind == INSN_BTS) {
		return value | bit;
	}
	return kind == INSN_BTR ? value & ~bit : value ^ bit;
}

/*
 * The instructions that compute. LOCK, and XCHG's own lock, cannot reach the device: between the
 * read and the write another vCPU may access it, as behind any bus that does not lock.
 */
static enum status mmio_compute(struct trap_frame *frame, const struct ve_info *info,
				const struct insn *insn, uint64_t address)
{
	bool bit = insn->kind >= INSN_BT && insn->kind <= INSN_BTC;
	bool keep = insn->kind == INSN_CMP || insn->kind == INSN_TEST || insn->kind == INSN_BT;
	uint64_t access = insn->to_memory && !keep ? EPT_QUAL_READ | EPT_QUAL_WRITE : EPT_QUAL_READ;
	unsigned size = insn->memory_size;
	uint64_t rflags = frame->rflags;
	uint64_t memory, other, result;

	TRY(mmio_check(info, address, size, access));
	TRY(vmcall_mmio_read(info->gpa, size, &memory));
	other = insn->has_immediate ? insn->immediate & size_mask(size) : operand_read(frame, insn);
	if (insn->kind == INSN_XCHG) {
		result = other;
	} else if (insn->kind == INSN_NOT) {
		result = ~memory & size_mask(size);
	} else if (bit) {
		result = compute_bit(insn->kind, size, memory, other, &rflags);
	} else {
		result = insn->to_memory ? compute(insn->kind, size, memory, other, &rflags) :
					   compute(insn->kind, size, other, memory, &rflags);
	}
	if (!keep && insn->to_memory) {
		TRY(vmcall_mmio_write(info->gpa, size, result));
	}
	if (insn->kind == INSN_XCHG) {
		operand_write(frame, insn, memory);
	} else if (!keep && !insn->to_memory) {
		operand_write(frame, insn, result);
	}
	frame->rflags = rflags;
	return ST_OK;
}

/* MOV, MOVZX, MOVSX. */
static enum status mmio_move(struct trap_frame *frame, const struct ve_info *info,
			     const struct insn *insn, uint64_t address)
{
	unsigned size = insn->memory_size;
	uint64_t value;

	if (insn->to_memory) {
		TRY(mmio_check(info, address, size, EPT_QUAL_WRITE));
		value = insn->has_immediate ? insn->immediate & size_mask(size) :
					      operand_read(frame, insn);
		return vmcall_mmio_write(info->gpa, size, value);
	}
	TRY(mmio_check(info, address, size, EPT_QUAL_READ));
	TRY(vmcall_mmio_read(info->gpa, size, &value));
	operand_write(frame, insn, insn->kind == INSN_MOVSX ? sign_extend(value, size) : value);
	return ST_OK;
}

/* One element of STOS, LODS or MOVS; a repeated one comes back for the next. */
static enum status mmio_string(struct trap_frame *frame, const struct ve_info *info,
			       const struct insn *insn, const struct addresses *at,
			       struct ve_end *end)
{
	unsigned size = insn->memory_size;
	bool write = insn->kind == INSN_STOS ||
		     (insn->kind == INSN_MOVS && (info->exit_qualification & EPT_QUAL_WRITE) != 0);
	uint64_t value = 0;

	if (string_count(frame, insn) == 0) {
		return refuse(ST_HOST_LIED, "string instruction with RCX 0x%lx", frame->rcx);
	}
	TRY(mmio_check(info, write ? at->destination : at->operand, size,
		       write ? EPT_QUAL_WRITE : EPT_QUAL_READ));
	if (write) {
		if (insn->kind == INSN_MOVS) {
			memcpy(&value, (const void *)at->operand, size);
		} else {
			value = operand_read(frame, insn);
		}
		TRY(vmcall_mmio_write(info->gpa, size, value));
	} else {
		TRY(vmcall_mmio_read(info->gpa, size, &value));
		if (insn->kind == INSN_MOVS) {
			memcpy((void *)at->destination, &value, size);
		} else {
			operand_write(frame, insn, value);
		}
	}
	if (insn->kind != INSN_STOS) {
		string_step(frame, insn, &frame->rsi);
	}
	if (insn->kind != INSN_LODS) {
		string_step(frame, insn, &frame->rdi);
	}
	if (!string_done(frame, insn)) {
		end->outcome = VE_AGAIN;
	}
	return ST_OK;
}

static enum status handle_mmio(struct trap_frame *frame, const struct ve_info *info, unsigned gpaw,
			       struct ve_end *end)
{
	struct insn insn;
	struct addresses at;

	/* Private memory is accepted before it is used, and may not disappear. */
	if ((info->gpa & BIT64(gpaw - 1)) == 0 || (info->gpa & ~MASK64(gpaw - 1, 0)) != 0) {
		return refuse(ST_HOST_LIED, "GPA is not shared, GPAW %u", gpaw);
	}
	TRY(fetch(frame, &insn, &at));
	end->length = insn.length;
	switch (insn.kind) {
	case INSN_MOV:
	case INSN_MOVZX:
	case INSN_MOVSX:
		return mmio_move(frame, info, &insn, at.operand);
	case INSN_STOS:
	case INSN_LODS:
	case INSN_MOVS:
		return mmio_string(frame, info, &insn, &at, end);
	case INSN_ADD:
	case INSN_OR:
	case INSN_ADC:
	case INSN_SBB:
	case INSN_AND:
	case INSN_SUB:
	case INSN_XOR:
	case INSN_CMP:
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
	case INSN_TEST:
	case INSN_NOT:
	case INSN_NEG:
	case INSN_INC:
	case INSN_DEC:
	case INSN_XCHG:
		return mmio_compute(frame, info, &insn, at.operand);
	case INSN_CMPS:
	case INSN_SCAS:
	case INSN_INS: /* the port comes first, and then this is not the cause */
	case INSN_OUTS:
	case INSN_OTHER:
		break;
	}
	return refuse(ST_UNSUPPORTED, "instruction kind %u of length %u", insn.kind, insn.length);
}

/* ---- all causes -------------------------------------------------------------------------- */

static enum status handle(struct trap_frame *frame, const struct ve_info *info, unsigned gpaw,
			  struct ve_end *end)
{
	if (info->exit_reason == EXIT_REASON_EPT_VIOLATION) {
		return handle_mmio(frame, info, gpaw, end);
	}
	/* The length is that of an instruction exit: reported, and not to be believed blindly. */
	if (end->length == 0 || end->length > INSN_MAX_LENGTH) {
		return refuse(ST_HOST_LIED, "instruction length %u", end->length);
	}
	switch (info->exit_reason) {
	case EXIT_REASON_CPUID:
		return handle_cpuid(frame);
	case EXIT_REASON_HLT:
		return vmcall_hlt((frame->rflags & RFLAGS_IF) == 0);
	case EXIT_REASON_IO:
		return handle_io(frame, info, end);
	case EXIT_REASON_RDMSR:
		return handle_rdmsr(frame);
	case EXIT_REASON_WRMSR:
		return handle_wrmsr(frame);
	case EXIT_REASON_INVD:
	case EXIT_REASON_WBINVD:
		return handle_wbinvd();
	default:
		/* MONITOR, MWAIT, RDPMC, VMCALL, control registers, and what is not known yet: the
		 * shim executes none of them. */
		return refuse(ST_UNSUPPORTED, "no handler");
	}
}

enum status ve_handle(struct trap_frame *frame, const struct ve_info *info, unsigned gpaw)
{
	struct ve_end end = { VE_NEXT, info->instruction_length };

	TRY(handle(frame, info, gpaw, &end));
	if (end.outcome == VE_NEXT) {
		frame->rip += end.length;
		/* What an instruction does that completes. */
		frame->rflags &= ~RFLAGS_RF;
	}
	return ST_OK;
}
