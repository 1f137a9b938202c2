// How a TD ends: each end that the host knows, its exit status and its words.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// MMU, devices and TDVMCALLs answer; what ends the TD they put into the verdict that they are
// given. The loop of the vCPU looks at it, and td/run.c ends the TD.
//
//   mmu/, device/, call/  --verdict-->  td/vcpu.c  --verdict-->  td/run.c  --exit status-->  tdrun
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/lintel/exit_status.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/mmu.h"

#define VERDICT_TEXT_SIZE 512

/* All zero: the TD goes on. */
struct verdict {
	bool given;
	enum machine_exit_code code;
	char text[VERDICT_TEXT_SIZE]; /* one line */
};

/* --- what the TD has done --------------------------------------------------------------------- */

void verdict_power_off(struct verdict *verdict);
/* The TD asks the chipset for this sleep type, which is not soft-off. */
void verdict_sleep(struct verdict *verdict, unsigned type);
void verdict_reset(struct verdict *verdict, uint8_t byte, uint16_t port);
/* TDVMCALL<ReportFatalError>: text from registers, more from shared memory, each perhaps empty. */
void verdict_fatal_error(struct verdict *verdict, unsigned vcpu, uint64_t code, const char *text,
			 const char *more);
/* TDVMCALL<ReportFatalError> with a code that QEMU refuses. */
void verdict_bad_fatal_code(struct verdict *verdict, unsigned vcpu, uint64_t code,
			    const char *text);
/* Every vCPU has halted with interrupts off. */
void verdict_all_halted(struct verdict *verdict);
/* status: of TDH.VP.ENTER; triple_fault: what the vCPU died of. */
void verdict_vcpu_died(struct verdict *verdict, unsigned vcpu, uint64_t status, bool triple_fault);
/* The MMU's answer to an access at address; failure goes with MMU_FAILED. The TD goes on with an
 * answer that mapped the page. */
void verdict_memory(struct verdict *verdict, enum mmu_answer answer, unsigned vcpu, gpa_t address,
		    const struct seam_failure *failure);

/* The host sees the text of --secret: in a register of a TDVMCALL, or in shared memory. */
void verdict_secret_in_register(struct verdict *verdict, unsigned vcpu, const char *name,
				uint64_t function);
void verdict_secret_in_memory(struct verdict *verdict, gpa_t address);

/* --- what the host cannot go on with ---------------------------------------------------------- */

/* Faults without end at a GPA, SHARED bit included. */
void verdict_endless_fault(struct verdict *verdict, unsigned vcpu, uint64_t raw);
/* TDH.VP.ENTER returned an error. */
void verdict_enter_failed(struct verdict *verdict, unsigned vcpu, uint64_t status);
/* A TD exit for a reason that the host does not handle. */
void verdict_unknown_exit(struct verdict *verdict, unsigned vcpu, unsigned reason, uint64_t raw);
void verdict_seam_failed(struct verdict *verdict, const struct seam_failure *failure);
/* A SEAMCALL failed before the TD ran. */
void verdict_not_built(struct verdict *verdict, const struct seam_failure *failure);
/* The host's module initialization failed; the log says where. */
void verdict_no_module(struct verdict *verdict);
/* QEMU's ACPI tables are none that the host can change for the TD. */
void verdict_no_madt(struct verdict *verdict);

/* --- what ends the run ------------------------------------------------------------------------ */

/* What the user gave cannot run; format names it. */
void verdict_setup(struct verdict *verdict, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* tdrun asked for the end. */
void verdict_timeout(struct verdict *verdict);
/* Another TD has ended, whose end is that of all. */
void verdict_closing(struct verdict *verdict);

/* Is the reason told with where the vCPU stands that found it, or with where all vCPUs stand? */
bool verdict_shows_vcpu(const struct verdict *verdict);
bool verdict_shows_all(const struct verdict *verdict);

/* Ends the machine by the verdict, with no TD left. */
_Noreturn void verdict_exit(const struct verdict *verdict);
/* Ends the machine at once: the host itself is wrong; format says how. */
_Noreturn void verdict_bug(const char *format, ...) __attribute__((format(printf, 1, 2)));
