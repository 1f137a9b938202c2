// The payload's test cases: "case=NAME[,NAME...]" on the command line runs them in that order.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/payload/info.h"

/* The map, the CPUs and the entry state are what the boot protocol promises. */
void case_hello(const struct info *info);
/* No page of the hand-off table is both writable and executable but the kernel's window and [4 KiB,
 * 640 KiB). */
void case_wx(const struct info *info);
/* A TDCALL leaf that the module does not have is refused, and the TD goes on. */
void case_unknown_leaf(const struct info *info);
/* Every AP wakes on the AP table, goes back by ResetVector and wakes again: "rounds=N", 3. */
void case_aps(const struct info *info);
/* One AP after the other goes back and wakes again, "rounds=N" times, 1000: no drift of its state,
 * and no other byte of image and mailbox than at the start. */
void case_ap_rounds(const struct info *info);
/* APs that spin without PAUSE do not keep the first CPU, which waits with it. */
void case_ap_spin(const struct info *info);
/* One AP does "access=store", load or fetch through the AP table, "at=" ram, mailbox, table, image
 * or a number; it survives, or the run ends with its death. */
void case_ap_access(const struct info *info);
/* An AP wakes at each of a list of odd vectors. */
void case_ap_vectors(const struct info *info);
/* An AP is sent to "vector=N", from where none comes back. */
void case_ap_vector(const struct info *info);
/* Commands that are none, ids that are nobody's: all APs stay parked. */
void case_mailbox_commands(const struct info *info);
/* The AP answers to whatever 32-bit id it has. */
void case_mailbox_ids(const struct info *info);
/* A command written field by field, slowly, in all orders that the specification allows. */
void case_mailbox_torn(const struct info *info);
/* A command is written again and again while it is acknowledged; the vector right after it was. */
void case_mailbox_rewritten(const struct info *info);
/* A command for one AP replaces that for another: each AP is at a vector given, or parked. */
void case_mailbox_overrun(const struct info *info);
/* Every page of RAM is there once, and zero where the firmware had no business. */
void case_memory(const struct info *info);
/* Nothing is left in memory of what the host put there unmeasured before the TD ran. First of all,
 * as all that follows writes memory. */
void case_left_behind(const struct info *info);
/* A page goes shared and back: never shows one world's bytes to the other. */
void case_share(const struct info *info);
/* An interrupt that ended a halt, and a higher one that came then, are each taken once: when the TD
 * enables interrupts, the higher one first. Before it has, there is no halt. */
void case_interrupts(const struct info *info);
/* An NMI ends the halt of an AP, however far the AP is on its way into it. */
void case_nmi(const struct info *info);
/* Each instruction that no TD may execute is a #VE that says which, or a #GP. */
void case_ve_instructions(const struct info *info);
/* With RFLAGS.TF a trap follows each instruction, those included that the module or the machine
 * emulates. */
void case_single_step(const struct info *info);
/* An NMI that is sent in a #VE handler comes behind TDG.VP.VEINFO.GET, and at once. */
void case_nmi_ve(const struct info *info);
/* The event log replays to the RTMRs; it is printed, too. A plain VM has none. */
void case_measured(const struct info *info);
/* A secret in private memory, beside another TD that has the same: see host_test.h. */
void case_secret(const struct info *info);
/* What TDCALLs cost; of use with tdrun --icount. */
void case_bench(const struct info *info);

/* Port I/O, strings, CPUID, MSRs, WBINVD and MMIO as plain instructions, handled by the shim. */
void case_shim_ve(const struct info *info);
/* Called first of all, while the firmware's IDT is loaded; and where it is wanted back. */
void ve_keep_firmware_idt(void);
void ve_load_firmware_idt(void);

/* These end the TD in the way their names say. */
void case_unaccepted(const struct info *info);
void case_no_memory(const struct info *info);
void case_fatal_error(const struct info *info);
void case_triple_fault(const struct info *info);
void case_exception(const struct info *info);
/* On the shim's IDT, "stack=none" with a stack pointer that points nowhere. */
void case_shim_exception(const struct info *info);
void case_hang(const struct info *info);
/* Asks for a reset by port 0xCF9. */
void case_reset(const struct info *info);
