// From the first C instruction of the BSP to machine_main().
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/machine_main.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/ram.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/time.h"

/* From boot.nasm: 64-bit mode, the stub's page tables, the stack of CPU slot 0. */
_Noreturn void machine_boot(void);

_Noreturn void machine_boot(void)
{
	const char *unfit = memory_init(ram_end());
	if (unfit != NULL) {
		machine_exit(EXIT_SETUP, "%s", unfit);
	}
	cpu_init();
	lapic_reset(true);
	if (!time_init()) {
		machine_exit(EXIT_SETUP, "no ACPI timer at port 0x%x", CHIPSET_PM_TIMER);
	}
	svm_init();
	machine_main();
}
