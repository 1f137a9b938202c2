// Metadata fields by id: what host and guest may read and write of TD, vCPU and platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, metadata access]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/tdx/module.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"

#define MD_GUEST_READ 1u
#define MD_GUEST_WRITE 2u
#define MD_HOST_READ 4u
#define MD_HOST_WRITE 8u
/* The host of a TD with ATTRIBUTES.DEBUG. */
#define MD_DEBUG_READ 16u
#define MD_DEBUG_WRITE 32u

/* What the fields of the platform say that depends on the machine. Before all others. */
void md_platform_init(const struct module_platform *machine);

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

/* [TDX ABI 1.5 MD_LIST_HEADER] */
struct md_list_header {
	uint16_t size;      /* 00: of the whole list */
	uint16_t sequences; /* 02 */
	uint32_t reserved_04;
};
ABI_SIZE(struct md_list_header, 8);

/* A metadata list: sequences of fields that follow each other, each headed by the id of the
 * first. */
#define MD_LIST_SIZE 4096
struct md_list {
	struct md_list_header header;
	uint64_t words[MD_LIST_SIZE / 8 - 1];
};
ABI_SIZE(struct md_list, MD_LIST_SIZE);

/* All fields of the platform from first on, or from the first of all for MD_NONE. *next: the first
 * field that did not fit, with METADATA_LIST_OVERFLOW, or MD_NONE. */
uint64_t md_read_sys_list(uint32_t access, uint64_t first, struct md_list *list, uint64_t *next);

uint64_t md_write(enum md_context context, void *object, struct md_request *request);

/* The access of the host to a TD. */
static inline uint32_t md_host_read(const struct tdcs *tdcs)
{
	return tdcs->attributes & TD_ATTRIBUTES_DEBUG ? MD_DEBUG_READ : MD_HOST_READ;
}
static inline uint32_t md_host_write(const struct tdcs *tdcs)
{
	return tdcs->attributes & TD_ATTRIBUTES_DEBUG ? MD_DEBUG_WRITE : MD_HOST_WRITE;
}
