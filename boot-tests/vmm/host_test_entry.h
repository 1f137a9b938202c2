// A test of what the host can do to two TDs while they run (tdrun --host-test).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/td_observer.h"

extern const struct td_observer host_test_observer;
