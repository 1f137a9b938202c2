// From the first C instruction of the boot CPU to machine_main().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/machine_main.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"

/* From boot.nasm: 64-bit mode, the stub's page tables, the stack of CPU slot 0. */
_Noreturn void machine_boot(void);

_Noreturn void machine_boot(void)
{
	memory_init();
	cpu_init();
	svm_init();
	machine_main();
}
