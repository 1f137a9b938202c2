// Runs one vCPU until its TD ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/host_td.h"

/* On the vCPU's own CPU, after svm_cpu_init(). */
void vcpu_run(struct host_td *td, unsigned index);
