// A test of what the host can do to two TDs while they run (tdrun --host-test).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/vmm/td/host_td.h"

/* What the TD's payload says and asks. False: the port is none of the test's. */
bool host_test_write(struct host_td *td, uint16_t port, unsigned size, uint32_t value);
bool host_test_read(const struct host_td *td, uint16_t port, unsigned size, uint32_t *value);

/* The second TD ends for this reason: no vCPU of it runs, nothing of it is taken down. */
void host_test_second_ends(struct host_td *td, const char *reason);
/* It is gone, the first one runs. True: the second one is to be built anew with the same key id. */
bool host_test_second_again(void);
