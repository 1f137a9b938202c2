// The only bridge from C to nasm: offsets and widths of fields, and constants.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Compiled to assembly, never linked; the Makefile turns each "nasm_def NAME VALUE" line into a
// %define of build/asm_offsets.inc. A field gives NAME_OFF and NAME_BITS, so that the width-checked
// macros of macros.inc can refuse a store of the wrong size.
#include <stddef.h>
#include <stdint.h>

#include "arch/lintel/exit_status.h"
#include "arch/lintel/image_config.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/mailbox.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "arch/x86/desc.h"
#include "arch/x86/frame.h"
#include "arch/x86/paging.h"
#include "linker/memmap.h"

#define DEFINE(name, value) \
	__asm__ volatile(".ascii \"nasm_def " #name " %0\"" : : "i"((int64_t)(value)))
#define FIELD(name, type, field)                   \
	DEFINE(name##_OFF, offsetof(type, field)); \
	DEFINE(name##_BITS, 8 * sizeof(((type *)0)->field))

void offsets(void);
void offsets(void)
{
	DEFINE(CR0_PE, CR0_PE);
	DEFINE(CR0_NE, CR0_NE);
	DEFINE(CR0_WP, CR0_WP);
	DEFINE(CR0_PG, CR0_PG);
	DEFINE(CR0_NW, CR0_NW);
	DEFINE(CR0_CD, CR0_CD);
	DEFINE(CR4_PAE, CR4_PAE);
	DEFINE(CR4_MCE, CR4_MCE);
	DEFINE(CR4_OSFXSR, CR4_OSFXSR);
	DEFINE(CR4_LA57, CR4_LA57);
	DEFINE(EFER_SCE, EFER_SCE);
	DEFINE(EFER_LME, EFER_LME);
	DEFINE(EFER_NXE, EFER_NXE);
	DEFINE(EFER_SVME, EFER_SVME);
	DEFINE(RFLAGS_TF, RFLAGS_TF);
	DEFINE(MSR_EFER, MSR_EFER);
	DEFINE(MSR_FS_BASE, MSR_FS_BASE);
	DEFINE(MSR_GS_BASE, MSR_GS_BASE);
	DEFINE(GDT_CODE64, GDT_CODE64);
	DEFINE(GDT_CODE32, GDT_CODE32);
	DEFINE(GDT_DATA, GDT_DATA);
	DEFINE(SELECTOR_CODE32, SELECTOR_CODE32);
	DEFINE(SELECTOR_CODE64, SELECTOR_CODE64);
	DEFINE(SELECTOR_DATA, SELECTOR_DATA);
	DEFINE(VECTOR_VE, VECTOR_VE);

	DEFINE(TDG_VP_VMCALL, TDG_VP_VMCALL);
	DEFINE(TDG_VP_INFO, TDG_VP_INFO);
	DEFINE(TDVMCALL_GET_TD_VM_CALL_INFO, TDVMCALL_GET_TD_VM_CALL_INFO);
	DEFINE(TDVMCALL_CPUID, TDVMCALL_CPUID);
	DEFINE(TDVMCALL_HLT, TDVMCALL_HLT);
	DEFINE(TDVMCALL_REPORT_FATAL_ERROR, TDVMCALL_REPORT_FATAL_ERROR);
	DEFINE(TDVMCALL_EXPOSE_ALL, TDVMCALL_EXPOSE_ALL);

	DEFINE(MAILBOX_NOOP, MAILBOX_NOOP);
	DEFINE(MAILBOX_WAKEUP, MAILBOX_WAKEUP);
	DEFINE(MAILBOX_TEST, MAILBOX_TEST);
	DEFINE(MAILBOX_MAX_VCPUS, MAILBOX_MAX_VCPUS);
	DEFINE(MAILBOX_NO_ID, MAILBOX_NO_ID);
	FIELD(MAILBOX_COMMAND, struct mailbox, command);
	FIELD(MAILBOX_APIC_ID, struct mailbox, apic_id);
	FIELD(MAILBOX_VECTOR, struct mailbox, wakeup_vector);
	DEFINE(MAILBOX_BOOT_OVER, MAILBOX_BOOT_OVER);
	FIELD(MAILBOX_BOOT_ROUND, struct mailbox, boot_round);
	DEFINE(MAILBOX_ARRIVED_OFF, offsetof(struct mailbox, arrived));

	FIELD(TDCALL_RAX, struct tdcall_regs, rax);
	FIELD(TDCALL_RCX, struct tdcall_regs, rcx);
	FIELD(TDCALL_RDX, struct tdcall_regs, rdx);
	FIELD(TDCALL_RBX, struct tdcall_regs, rbx);
	FIELD(TDCALL_RSI, struct tdcall_regs, rsi);
	FIELD(TDCALL_RDI, struct tdcall_regs, rdi);
	FIELD(TDCALL_R8, struct tdcall_regs, r8);
	FIELD(TDCALL_R9, struct tdcall_regs, r9);
	FIELD(TDCALL_R10, struct tdcall_regs, r10);
	FIELD(TDCALL_R11, struct tdcall_regs, r11);
	FIELD(TDCALL_R12, struct tdcall_regs, r12);
	FIELD(TDCALL_R13, struct tdcall_regs, r13);
	FIELD(TDCALL_R14, struct tdcall_regs, r14);
	FIELD(TDCALL_R15, struct tdcall_regs, r15);

	FIELD(CONFIG_MAGIC, struct image_config, magic);
	FIELD(CONFIG_FLAGS, struct image_config, flags);
	DEFINE(IMAGE_CONFIG_AP_STRICT, IMAGE_CONFIG_AP_STRICT);
	DEFINE(CONFIG_SIZE, sizeof(struct image_config));

	DEFINE(FRAME_SIZE, sizeof(struct trap_frame));
	FIELD(FRAME_RAX, struct trap_frame, rax);
	FIELD(FRAME_VECTOR, struct trap_frame, vector);

	DEFINE(AP_TABLE, AP_TABLE);
	DEFINE(RESET_PAGE, RESET_PAGE);
	DEFINE(SHIM_RAM, SHIM_RAM);
	DEFINE(TEMPMEM_END, TEMPMEM_END);
	DEFINE(BSP_STACK, BSP_STACK);
	DEFINE(BSP_STACK_SIZE, BSP_STACK_SIZE);
	DEFINE(BOOT_TABLES, BOOT_TABLES);
	DEFINE(AP_WORKERS, AP_WORKERS);
	DEFINE(AP_STACKS, AP_STACKS);
	DEFINE(AP_STACK_SHIFT, AP_STACK_SHIFT);
	DEFINE(KERNEL_BASE, KERNEL_BASE);

	DEFINE(CR0_PG_BIT, __builtin_ctzll(CR0_PG));
	DEFINE(PTE_P, PTE_P);
	DEFINE(PTE_W, PTE_W);
	DEFINE(PTE_A, PTE_A);
	DEFINE(PTE_D, PTE_D);
	DEFINE(PTE_PS, PTE_PS);
	DEFINE(PT_ENTRIES, PT_ENTRIES);
	DEFINE(MACHINE_TRAMPOLINE, MACHINE_TRAMPOLINE);
	DEFINE(MACHINE_STUB, MACHINE_STUB);
	DEFINE(MACHINE_ROM, MACHINE_ROM);
	DEFINE(MACHINE_STACK_SIZE, MACHINE_STACK_SIZE);
	DEFINE(MACHINE_LOG_PORT, MACHINE_LOG_PORT);
	DEFINE(MACHINE_EXIT_PORT, MACHINE_EXIT_PORT);
	DEFINE(EXIT_SETUP, EXIT_SETUP);
	DEFINE(EXCEPTION_COUNT, EXCEPTION_COUNT);
	DEFINE(EXCEPTION_STUB_SIZE, EXCEPTION_STUB_SIZE);
	DEFINE(MACHINE_CODE64, MACHINE_CODE64);
	DEFINE(MACHINE_DATA, MACHINE_DATA);
	DEFINE(MACHINE_CODE32, MACHINE_CODE32);
	DEFINE(MACHINE_GDT_FLAT_SIZE, MACHINE_GDT_FLAT_COUNT * 8);
}
