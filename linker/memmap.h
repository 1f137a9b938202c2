// Every address that Lintel chooses, once: numbers only, read by C, nasm and the linker scripts.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What lies in each of these regions, how it comes into a TD, and who may do what with it, says
// linker/regions.def.
//
// The image. It ends at 4 GiB; every page of it is used, and measured. The linker puts the shim's
// text and constants right below the AP table: their size says where they start (shim_base). An
// embedded kernel, initrd and command line stand right below that. The file is padded in front, to
// a multiple of IMAGE_ALIGN.
//
//   0x1_0000_0000 +--------------------------------------------------------------+
//                 | reset page: entry code of both worlds, GDT, image config,    |  4 KiB
//   RESET_PAGE    |   TDVF metadata, GUID table, reset vector at 0xFFFF_FFF0      |
//                 +--------------------------------------------------------------+
//   MAILBOX       | MP wake-up mailbox: OS half, then all x2APIC ids             |  8 KiB
//                 +--------------------------------------------------------------+
//   AP_TABLE      | AP table: PML4, PDPT, 4 PDs; identity [0, 4 GiB), R+X only   |  24 KiB
//                 +--------------------------------------------------------------+
//                 | shim constants                                               |
//   shim_rodata   +--------------------------------------------------------------+
//                 | shim text                                                    |
//   shim_base     +--------------------------------------------------------------+
//                 | embedded payload (optional): command line, initrd, kernel    |
//                 +--------------------------------------------------------------+
//                 | padding of the file, not loaded into a TD                    |
//                 +--------------------------------------------------------------+
//
// The mailbox stands in the measured image and not in RAM: its initial bytes are zero by
// measurement, so that a host cannot seed a wake-up command before the shim has run.
//
// Low memory while the shim runs. What a TD is born with is in the 2 MiB of the VGA window, which
// are no page of 2 MiB anyway; the bounce buffer is one.
//
//   SHIM_RAM_END      0x0100_0000 +----------------------------------------------+
//                                 | ACPI arena: tables from the host, MADT with  |
//   ACPI_ARENA        0x00A0_0000 |   the wake-up structure                      |
//                                 +----------------------------------------------+
//   BOUNCE            0x0080_0000 | bounce buffer for fw_cfg DMA, 2 MiB          |
//                                 +----------------------------------------------+
//   HANDOVER_TABLES   0x002B_0000 | hand-over table                              |
//   HANDOVER_SETUP    0x0029_0000 | first bytes of the host's kernel; then, for  |
//                                 |   a paravisor, hand-over structure, ranges   |
//   HANDOVER_CMDLINE  0x0028_1000 | command line                                 |
//   HANDOVER_BOOT_..  0x0028_0000 | boot_params (HANDOVER_BOOT_PARAMS)           |
//                                 +----------------------------------------------+
//   EFI_ARENA         0x0020_0000 | EFI tables, then table of unaccepted memory  |
//                                 +----------------------------------------------+
//   TD_HOB            0x0016_9000 | TD HOB, written by the host                  |
//                                 +----------------------------------------------+
//   AP_STACKS         0x0012_C000 | 15 x { guard page, #DF and #MC stack of an   |
//                                 |   AP, guard page, its stack }, a guard page  |
//   IST_STACK         0x0012_A000 | stack of #DF and #MC, a guard page below     |
//   BSP_STACK         0x0012_1000 | stack, a guard page each side                |
//                                 +----------------------------------------------+
//   EVENT_LOG         0x0011_8000 | measurement event log                        |
//                                 +----------------------------------------------+
//   SHIM_DATA         0x0011_0000 | .bss of the shim                             |
//                                 +----------------------------------------------+
//   BOOT_TABLES       0x0010_0000 | boot table                                   |
//                                 +----------------------------------------------+
#pragma once

#define FOUR_GIB                  0x100000000
#define MEM_PAGE_SIZE             0x1000

/* The shim's budget: 96 KiB of measured pages at most. */
#define SHIM_BASE_MIN             0xFFFE8000
#define AP_TABLE                  0xFFFF7000
#define AP_TABLE_SIZE             0x6000
#define AP_TABLE_PAGES            (AP_TABLE_SIZE / MEM_PAGE_SIZE)
#define MAILBOX                   0xFFFFD000
#define MAILBOX_SIZE              0x2000
#define RESET_PAGE                0xFFFFF000
#define RESET_PAGE_SIZE           0x1000
/* Of the UEFI application: AP table, mailbox and a page of code, in this order, wherever the
 * firmware has memory below 4 GiB. */
#define UEFI_AP_SIZE              0x9000
/* struct image_config, written by the loader. */
#define IMAGE_CONFIG              0xFFFFF000
#define RESET_CODE                0xFFFFF100
/* TDX metadata descriptor, then the GUIDed table and the reset vector, written by the loader's
 * TDVF sink (all but the vector itself). */
#define TDVF_METADATA             0xFFFFFC00
#define TDVF_METADATA_END         0xFFFFFE00
#define RESET_VECTOR              0xFFFFFFF0

/* QEMU maps -bios so that it ends at 4 GiB, and wants a file that is a multiple of this. */
#define IMAGE_ALIGN               0x10000
/* 0xFEE00000 is the xAPIC page of a plain VM: an image must end above it. */
#define IMAGE_MAX_SIZE            0x1000000

/* A null pointer leads here. */
#define NULL_PAGE                 0
#define NULL_PAGE_SIZE            0x1000

#define SHIM_RAM                  0x100000
#define BOOT_TABLES               0x100000
#define BOOT_TABLES_SIZE          0x10000
#define SHIM_DATA                 0x110000
#define SHIM_DATA_SIZE            0x8000
#define EVENT_LOG                 0x118000
#define EVENT_LOG_SIZE            0x8000
#define BSP_GUARD                 0x120000
#define BSP_GUARD_SIZE            0x1000
#define BSP_STACK                 0x121000
#define BSP_STACK_SIZE            0x8000
#define IST_GUARD                 0x129000
#define IST_GUARD_SIZE            0x1000
#define IST_STACK                 0x12A000
#define IST_STACK_SIZE            0x2000
/* APs with vCPU index 1 to AP_WORKERS help the boot processor. The stack of one ends at AP_STACKS +
 * index * AP_STACK_AREA, those of its #DF and #MC in the middle of the area. */
#define AP_WORKERS                15
#define AP_STACK_SHIFT            14
#define AP_STACK_AREA             0x4000
#define AP_STACKS                 0x12C000
#define AP_STACKS_SIZE            0x3C000
#define TOP_GUARD                 0x168000
#define TOP_GUARD_SIZE            0x1000
#define TEMPMEM_END               0x169000
#define TD_HOB                    0x169000
#define TD_HOB_SIZE               0x2000
#define EFI_ARENA                 0x200000
#define EFI_ARENA_SIZE            0x80000
#define EFI_TABLES_SIZE           0x4000
#define UNACCEPTED_TABLE          (EFI_ARENA + EFI_TABLES_SIZE)
#define UNACCEPTED_TABLE_SIZE     (EFI_ARENA_SIZE - EFI_TABLES_SIZE)
#define HANDOVER_BOOT_PARAMS      0x280000
#define HANDOVER_BOOT_PARAMS_SIZE 0x1000
#define HANDOVER_CMDLINE          0x281000
#define HANDOVER_CMDLINE_SIZE     0xF000
#define HANDOVER_SETUP            0x290000
#define HANDOVER_SETUP_SIZE       0x20000
#define HANDOVER_TABLES           0x2B0000
#define HANDOVER_TABLES_SIZE      0x8000
#define BOUNCE                    0x800000
#define BOUNCE_SIZE               0x200000
#define ACPI_ARENA                0xA00000
#define ACPI_ARENA_SIZE           0x600000
#define SHIM_RAM_END              0x1000000

/* A bzImage is loaded here, its preferred address; RAM below 4 GiB must hold it. */
#define KERNEL_BASE               0x1000000

/*
 * The TDX machine, a program of its own under QEMU (boot-tests/). The TD owns all low RAM, so the
 * machine lives above it. It is identity mapped, and linked twice: at MACHINE_BASE, and at
 * MACHINE_BASE_HIGH for TDs that would reach into that:
 *
 *   top of RAM                +-----------------------------------------------+
 *                             | map of the pool, and marks of its pages        |
 *   memory_top()              +-----------------------------------------------+
 *                             | frames the VMM gives to the module and the TD  |
 *   memory_pool()             +-----------------------------------------------+
 *     + MACHINE_WINDOW 64 MiB | machine: text, data, page tables; stacks of    |
 *                             |   MACHINE_STACK_SIZE for as many CPUs as run   |
 *   MACHINE_BASE 0x2_0000_0000, or MACHINE_BASE_HIGH 0x10_8000_0000 -----------+
 *                             | shared backing of the TD's RAM above 4 GiB     |
 *   4 GiB                     +-----------------------------------------------+
 *   MACHINE_ROM 64 KiB        | (what the CPU starts in, dead with the stub)   |
 *                             | devices                                        |
 *   2 GiB at most             +-----------------------------------------------+
 *                             | shared backing of the TD's RAM, GPA == HPA;    |
 *                             |   that of RAM in [2 GiB, 2.75 GiB) is in the   |
 *                             |   pool, as QEMU has its devices there          |
 *   MACHINE_STUB 1 MiB        |   (entry stub, AP trampoline: both dead        |
 *   MACHINE_TRAMPOLINE 32 KiB |   once the TD runs)                            |
 *   0                         +-----------------------------------------------+
 */
#define MACHINE_STUB              0x100000
#define MACHINE_ROM               0xFFFF0000
#define MACHINE_TRAMPOLINE        0x8000
#define MACHINE_STACK_SIZE        0x10000
/* As many as QEMU's xAPIC has ids for. */
#define MACHINE_MAX_CPUS          255
#define MACHINE_BASE              0x200000000
#define MACHINE_BASE_HIGH         0x1080000000
#define MACHINE_WINDOW            0x4000000
/* What of a TD's memory lies below 4 GiB, as in QEMU's q35: all of it if that is less than the
 * first, else so much as the second. */
#define TD_LOW_MEMORY_MAX         0xB0000000
#define TD_LOW_MEMORY_SPLIT       0x80000000
/* Shared GPA == HPA, so a TD's memory above 4 GiB ends below the machine. */
#define TD_HIGH_MEMORY_MAX        (MACHINE_BASE_HIGH - FOUR_GIB)

/* What the machine's host leaves in every byte that it adds without a measurement (TempMem, the TD
 * HOB's section after the list): nobody may rely on zeros there, nor hand it on. It writes it to
 * frames, too, where it is to have used them before a TD does. */
#define MACHINE_FILL              0xA5

/* The test payload: linked where the shim loads a bzImage. Its protected-mode part in the file, and
 * the memory it needs: the header states both. */
#define PAYLOAD_BASE              KERNEL_BASE
#define PAYLOAD_FILE_SIZE         0xB000
#define PAYLOAD_WINDOW            0x400000
