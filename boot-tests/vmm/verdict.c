// How a TD ends: each end that the host knows, its exit status and its words.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/verdict.h"

#include <stdarg.h>

#include "arch/base/fmt.h"
#include "arch/tdx/module.h"
#include "boot-tests/machine/exit.h"

static void vgive(struct verdict *verdict, enum machine_exit_code code, const char *format,
		  va_list args)
{
	verdict->given = true;
	verdict->code = code;
	fmt_vprint(verdict->text, sizeof(verdict->text), format, args);
}

static __attribute__((format(printf, 3, 4))) void
give(struct verdict *verdict, enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vgive(verdict, code, format, args);
	va_end(args);
}

void verdict_power_off(struct verdict *verdict)
{
	give(verdict, EXIT_POWER_OFF, "TD powered itself off");
}

void verdict_sleep(struct verdict *verdict, unsigned type)
{
	give(verdict, EXIT_TD_STOPPED, "TD asked for sleep type %u", type);
}

void verdict_reset(struct verdict *verdict, uint8_t byte, uint16_t port)
{
	give(verdict, EXIT_RESET, "TD asked for a reset: 0x%x to port 0x%x", byte, port);
}

void verdict_fatal_error(struct verdict *verdict, unsigned vcpu, uint64_t code, const char *text,
			 const char *more)
{
	give(verdict, EXIT_FATAL_ERROR, "TD reported fatal error 0x%llx by vCPU %u: %s%s%s",
	     (unsigned long long)code, vcpu, text, more[0] != 0 ? " | " : "", more);
}

void verdict_bad_fatal_code(struct verdict *verdict, unsigned vcpu, uint64_t code, const char *text)
{
	give(verdict, EXIT_TD_STOPPED,
	     "ReportFatalError of vCPU %u with code 0x%llx: QEMU refuses one whose low 16 bits are "
	     "not 0, and shows no text; it was: %s",
	     vcpu, (unsigned long long)code, text);
}

void verdict_all_halted(struct verdict *verdict)
{
	give(verdict, EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
}

void verdict_vcpu_died(struct verdict *verdict, unsigned vcpu, uint64_t status, bool triple_fault)
{
	give(verdict, EXIT_VCPU_DIED, "vCPU %u died: %s (status 0x%016llx)", vcpu,
	     triple_fault ? "triple fault" : "no way to go on", (unsigned long long)status);
}

void verdict_memory(struct verdict *verdict, enum mmu_answer answer, unsigned vcpu, gpa_t address,
		    const struct seam_failure *failure)
{
	unsigned long long at = address.v;
	switch (answer) {
	case MMU_FIXED:
	case MMU_SPURIOUS:
		break;
	case MMU_NOT_ACCEPTED:
		give(verdict, EXIT_TD_STOPPED, "access to unaccepted page at GPA 0x%llx by vCPU %u",
		     at, vcpu);
		break;
	case MMU_NO_MEMORY:
		give(verdict, EXIT_TD_STOPPED,
		     "private access to GPA 0x%llx outside of RAM by vCPU %u", at, vcpu);
		break;
	case MMU_IS_SHARED:
		give(verdict, EXIT_TD_STOPPED, "private access to shared GPA 0x%llx by vCPU %u", at,
		     vcpu);
		break;
	case MMU_IS_PRIVATE:
		give(verdict, EXIT_TD_STOPPED, "shared access to private GPA 0x%llx by vCPU %u", at,
		     vcpu);
		break;
	case MMU_IS_DEVICE:
		give(verdict, EXIT_TD_STOPPED,
		     "access to device GPA 0x%llx by vCPU %u that cannot take a #VE", at, vcpu);
		break;
	case MMU_FAILED:
		verdict_seam_failed(verdict, failure);
		break;
	}
}

void verdict_secret_in_register(struct verdict *verdict, unsigned vcpu, const char *name,
				uint64_t function)
{
	give(verdict, EXIT_TD_STOPPED, "vCPU %u shows the secret: %s of TDVMCALL 0x%llx", vcpu,
	     name, (unsigned long long)function);
}

void verdict_secret_in_memory(struct verdict *verdict, gpa_t address)
{
	give(verdict, EXIT_TD_STOPPED, "the TD shows the secret: shared memory at GPA 0x%llx",
	     (unsigned long long)address.v);
}

void verdict_endless_fault(struct verdict *verdict, unsigned vcpu, uint64_t raw)
{
	give(verdict, EXIT_TD_STOPPED, "host: vCPU %u faults on GPA 0x%llx again and again", vcpu,
	     (unsigned long long)raw);
}

void verdict_enter_failed(struct verdict *verdict, unsigned vcpu, uint64_t status)
{
	bool lost = (status & TDX_STATUS_CODE) == TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE;
	give(verdict, EXIT_TD_STOPPED, "host: TDH_VP_ENTER of vCPU %u failed: 0x%016llx%s", vcpu,
	     (unsigned long long)status, lost ? ": integrity error of the TD's memory" : "");
}

void verdict_unknown_exit(struct verdict *verdict, unsigned vcpu, unsigned reason, uint64_t raw)
{
	give(verdict, EXIT_TD_STOPPED,
	     "TD exit of vCPU %u, reason %u, GPA 0x%llx: the host knows no answer", vcpu, reason,
	     (unsigned long long)raw);
}

void verdict_seam_failed(struct verdict *verdict, const struct seam_failure *failure)
{
	char text[SEAM_FAILURE_SIZE];
	seam_failure_text(failure, text);
	give(verdict, EXIT_TD_STOPPED, "host: %s", text);
}

void verdict_not_built(struct verdict *verdict, const struct seam_failure *failure)
{
	char text[SEAM_FAILURE_SIZE];
	seam_failure_text(failure, text);
	give(verdict, EXIT_TD_STOPPED, "host: the TD cannot be built: %s", text);
}

void verdict_no_module(struct verdict *verdict)
{
	give(verdict, EXIT_TD_STOPPED,
	     "host: TDX module initialization failed: tdrun --machine-log says more");
}

void verdict_no_madt(struct verdict *verdict)
{
	give(verdict, EXIT_TD_STOPPED, "QEMU's ACPI tables have no MADT");
}

void verdict_setup(struct verdict *verdict, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vgive(verdict, EXIT_SETUP, format, args);
	va_end(args);
}

void verdict_timeout(struct verdict *verdict)
{
	give(verdict, EXIT_TIMEOUT, "the time is over");
}

void verdict_closing(struct verdict *verdict)
{
	give(verdict, EXIT_TD_STOPPED, "the first TD has ended");
}

bool verdict_shows_vcpu(const struct verdict *verdict)
{
	return verdict->code == EXIT_TD_STOPPED;
}

bool verdict_shows_all(const struct verdict *verdict)
{
	return verdict->code == EXIT_TIMEOUT;
}

_Noreturn void verdict_exit(const struct verdict *verdict)
{
	machine_exit(verdict->code, "%s", verdict->text);
}

_Noreturn void verdict_bug(const char *format, ...)
{
	struct verdict verdict;
	va_list args;
	va_start(args, format);
	vgive(&verdict, EXIT_BUG, format, args);
	va_end(args);
	machine_exit(verdict.code, "bug of the machine: %s", verdict.text);
}
