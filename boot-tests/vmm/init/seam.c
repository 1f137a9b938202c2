// SEAMCALL wrapper: bounded retries, failures by name.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/seam.h"

#include "arch/x86/insn.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/stats.h"

/* A lock of the module is held for as long as a leaf runs on another CPU; QEMU may not give that
 * CPU a time slice for a while. */
#define BUSY_BOUND_US 10000000
/* As many as Linux makes. [linux arch/x86/include/asm/tdx.h sc_retry()] */
#define ENTROPY_TRIES 10

struct seam_result seam_once(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	struct seam_regs regs = { .rax = leaf, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9 };
	uint64_t begin = insn_rdtsc();
	uint64_t status = hook_seamcall(&regs);
	uint64_t end = insn_rdtsc();
	if ((status & TDX_ERROR) == 0) {
		stats_add_cost(leaf, rcx, begin, end);
	}
	return (struct seam_result){ status, regs.rcx, regs.rdx, regs.r8 };
}

/* Makes a SEAMCALL until the module is not busy any more, for BUSY_BOUND_US at most. */
static struct seam_result seam_call(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8,
				    uint64_t r9)
{
	uint64_t deadline = 0;
	for (;;) {
		struct seam_result result = seam_once(leaf, rcx, rdx, r8, r9);
		if (!seam_is_busy(result.status)) {
			return result;
		}
		uint64_t now = time_us();
		deadline = deadline == 0 ? now + BUSY_BOUND_US : deadline;
		if (now >= deadline) {
			return result;
		}
		insn_pause();
	}
}

struct seam_result seam(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	struct seam_result result = seam_call(leaf, rcx, rdx, r8, r9);
	for (unsigned i = 1; i < ENTROPY_TRIES; i++) {
		if ((result.status & TDX_STATUS_CODE) != TDX_RND_NO_ENTROPY) {
			break;
		}
		result = seam_call(leaf, rcx, rdx, r8, r9);
	}
	return result;
}

enum status seam_status(const char *leaf, uint64_t rcx, struct seam_result result,
			struct seam_failure *failure)
{
	if ((result.status & TDX_ERROR) == 0) {
		return ST_OK;
	}
	char text[SEAM_FAILURE_SIZE];
	*failure = (struct seam_failure){ leaf, rcx, result };
	seam_failure_text(failure, text);
	console_line('L', "host: %s", text);
	return ST_TDX;
}
