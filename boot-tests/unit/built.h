// What the build has made, for tests that read its code: an image, and the symbols of its ELF file.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Reads build/FD, an image that ends at 4 GiB, and build/ELF; those read before are dropped. A file
 * that is not there fails the test, as does what is asked for below and not found. */
void built_load(const char *fd, const char *elf);
void built_drop(void);

uint64_t built_symbol(const char *name);
/* Bytes of the image; the address is that of the firmware. */
const uint8_t *built_bytes(uint64_t address, size_t size);

/* A file of the build, with a NUL after it; the caller frees it. */
uint8_t *built_file(const char *name, size_t *size);
