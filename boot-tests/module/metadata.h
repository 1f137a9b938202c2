// Metadata fields by id: what host and guest may read and write of TD, vCPU and platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, metadata access]
#pragma once

#include <stdint.h>

#include "arch/tdx/module.h"

#define MD_GUEST_READ 1u
#define MD_GUEST_WRITE 2u
#define MD_HOST_READ 4u
#define MD_HOST_WRITE 8u

/* What the fields of the platform say that depends on the machine. Before all others. */
void md_platform_init(const struct cmr_info cmrs[TDX_MAX_CMRS]);

enum md_context { MD_CONTEXT_SYS, MD_CONTEXT_TD, MD_CONTEXT_VCPU };

struct md_request {
	uint64_t id;
	uint32_t access; /* the one MD_* that the caller is and does */
	uint64_t mask;   /* write: bits to be written */
	uint64_t value;  /* write: in the data, out the old value; read: out. 0 on failure */
	uint64_t next;   /* read: id of the next field the caller may read, or MD_NONE */
};

/* object: the struct tdcs or struct vcpu; null for the platform. An id of MD_NONE, of any
 * context, asks md_read() for the first field: METADATA_FIRST_FIELD_ID_IN_CONTEXT. */
uint64_t md_read(enum md_context context, void *object, struct md_request *request);

/* All fields of the platform from first on, or from the first of all for MD_NONE, as a metadata list
 * of at most MD_LIST_SIZE bytes. *next: the first field that did not fit, or MD_NONE. */
#define MD_LIST_SIZE 4096
uint64_t md_read_sys_list(uint32_t access, uint64_t first, void *list, uint64_t *next);
uint64_t md_write(enum md_context context, void *object, struct md_request *request);
