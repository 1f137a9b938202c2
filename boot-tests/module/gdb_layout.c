// What gdb's stub for a TD knows of the machine's structures, out of the structures themselves.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// They are absolute symbols, which take no memory: tools/tdgdb.py reads them, with the machine's
// other symbols, from its ELF file. "gdb.STRUCT" has the size of the structure, "gdb.STRUCT.FIELD"
// offset and size of a field; of bits in a number it is the lowest, and how many there are. Others
// have a number.
#include <stddef.h>

#include "arch/svm/vmcb.h"
#include "arch/tdx/module.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"

#define SYMBOL(name, value, bytes)                                           \
	__asm__ volatile(".globl gdb." name "\n\t.set gdb." name ", %c0\n\t" \
			 ".size gdb." name ", %c1"                           \
			 :                                                   \
			 : "i"((uint64_t)(value)), "i"((uint64_t)(bytes)))
#define NUMBER(name, value) SYMBOL(name, value, 0)
#define BITS(name, mask) SYMBOL(name, __builtin_ctzll(mask), __builtin_popcountll(mask))
#define STRUCT(type) SYMBOL(#type, 0, sizeof(struct type))
#define FIELD(type, field) \
	SYMBOL(#type "." #field, offsetof(struct type, field), sizeof(((struct type *)0)->field))

/* Nobody calls it: the linker drops it, and keeps the symbols. */
void gdb_layout(void);
void gdb_layout(void)
{
	STRUCT(svm_seen);
	FIELD(svm_seen, vcpu);
	FIELD(svm_seen, inside);
	FIELD(svm_vcpu, vmcb);
	FIELD(vmcb, control.n_cr3);

	FIELD(vcpu, ve);
	FIELD(vcpu, svm);
	FIELD(ve_area, exit_reason);
	FIELD(ve_area, valid);
	FIELD(ve_area, exit_qualification);
	FIELD(ve_area, gla);
	FIELD(ve_area, gpa);

	BITS("sept_state", SEPT_STATE);
	NUMBER("sept_state.NL_MAPPED", SEPT_NL_MAPPED);
	NUMBER("sept_state.NL_BLOCKED", SEPT_NL_BLOCKED);
	NUMBER("sept_state.FREE", SEPT_FREE);
	NUMBER("sept_state.MAPPED", SEPT_MAPPED);
	NUMBER("sept_state.BLOCKED", SEPT_BLOCKED);
	NUMBER("sept_state.PENDING", SEPT_PENDING);
	NUMBER("sept_state.PENDING_BLOCKED", SEPT_PENDING_BLOCKED);

	STRUCT(tdmr);
	FIELD(tdmr, base);
	FIELD(tdmr, size);
	FIELD(tdmr, next);
	FIELD(tdmr, pamt_4k);
	STRUCT(pamt_entry);
	FIELD(pamt_entry, type);
	FIELD(pamt_entry, level);
	FIELD(pamt_entry, owner);
	FIELD(pamt_entry, bepoch);
	NUMBER("page_type.NDA", TDX_PAGE_NDA);
	NUMBER("page_type.RSVD", TDX_PAGE_RSVD);
	NUMBER("page_type.REG", TDX_PAGE_REG);
	NUMBER("page_type.TDR", TDX_PAGE_TDR);
	NUMBER("page_type.TDCX", TDX_PAGE_TDCX);
	NUMBER("page_type.TDVPR", TDX_PAGE_TDVPR);
	NUMBER("page_type.EPT", TDX_PAGE_EPT);
}
