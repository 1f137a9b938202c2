// The vCPU loop: runs one vCPU until its TD ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/host_td.h"
#include "boot-tests/vmm/verdict.h"

/* On the vCPU's own CPU, after svm_cpu_init(). Returns when the TD is ending, or with the verdict
 * by which it is to end. */
void vcpu_run(struct host_td *td, unsigned index, struct verdict *verdict);
