// What a host does once on each package: keys and caches are those of a package.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"

/* Runs call(arg) on one CPU of each package, one after the other, until one fails. With more
 * packages than one: on the BSP, before smp_run_all(). */
enum status packages_each(enum status (*call)(void *arg), void *arg) MUST_CHECK;
