// Metadata fields by id: what host and guest may read and write of TD, vCPU and platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/metadata.h"

#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/module/module.h"
#include "boot-tests/module/td.h"
#include "boot-tests/module/td_cpuid.h"
#include "boot-tests/module/td_params.h"
#include "linker/memmap.h"

/* Elements follow each other; each has the size that its id says. */
struct md_field {
	uint64_t id;
	uint16_t offset;
	uint16_t count;
	uint32_t access;
	uint64_t writable;
};

/* What this module is: 1.5, with TDG.VP.RD/WR, local attestation, ARCH_CAPABILITIES configuration
 * and NO_RBP_MOD. */
static struct platform_fields {
	uint32_t vendor;
	uint32_t build_date;
	uint16_t build_num;
	uint16_t minor, major, update, internal;
	uint32_t attributes;
	uint8_t feature_words;
	uint64_t features;
	uint64_t attributes_fixed0, attributes_fixed1;
	uint64_t xfam_fixed0, xfam_fixed1;
	uint16_t cmr_count;
	uint64_t cmr_bases[TDX_MAX_CMRS];
	uint64_t cmr_sizes[TDX_MAX_CMRS];
	uint16_t max_tdmrs, max_reserved;
	uint16_t pamt_4k, pamt_2m, pamt_1g;
	uint16_t tdr_size, tdcs_size, tdvps_size;
	uint16_t cpuid_count;
	uint64_t config_flags_fixed0, config_flags_fixed1;
	uint64_t cpuid_leaves[CPUID_CONFIG_LEAVES];
	uint64_t cpuid_values[2 * CPUID_CONFIG_LEAVES];
} platform = {
	.vendor = 0x8086,
	.build_date = 0x20240129,
	.build_num = 1,
	.minor = 5,
	.major = 1,
	.update = 1,
	.feature_words = 1,
	.features = BIT64(3) | BIT64(8) | BIT64(11) | TDX_FEATURES0_NO_RBP_MOD,
	.attributes_fixed0 = ATTRIBUTES_ALLOWED,
	.xfam_fixed1 = XFAM_REQUIRED,
	.cmr_count = TDX_MAX_CMRS,
	.max_tdmrs = TDX_MAX_TDMRS,
	.max_reserved = TDX_MAX_RESERVED_PER_TDMR,
	.pamt_4k = PAMT_ENTRY_SIZE,
	.pamt_2m = PAMT_ENTRY_SIZE,
	.pamt_1g = PAMT_ENTRY_SIZE,
	.tdr_size = MEM_PAGE_SIZE,
	.tdcs_size = TDX_TDCS_PAGES * MEM_PAGE_SIZE,
	.tdvps_size = TDX_TDVPS_PAGES * MEM_PAGE_SIZE,
	.cpuid_count = CPUID_CONFIG_LEAVES,
	.config_flags_fixed0 = CONFIG_FLAGS_ALLOWED,
};

#define BOTH_READ (MD_GUEST_READ | MD_HOST_READ)
#define SYS_FIELD(id, member) { id, offsetof(struct platform_fields, member), 1, BOTH_READ, 0 }
#define HOST_FIELD(id, member, count) \
	{ id, offsetof(struct platform_fields, member), count, MD_HOST_READ, 0 }
#define TD_FIELD(id, member, count, access, writable) \
	{ id, offsetof(struct tdcs, member), count, access, writable }
#define VCPU_FIELD(id, member, access, writable) \
	{ id, offsetof(struct vcpu, member), 1, access, writable }

/* In the order of class and code, which is the order of "next field". */
static const struct md_field sys_fields[] = {
	SYS_FIELD(MD_SYS_VENDOR_ID, vendor),
	HOST_FIELD(MD_SYS_BUILD_DATE, build_date, 1),
	HOST_FIELD(MD_SYS_BUILD_NUM, build_num, 1),
	SYS_FIELD(MD_SYS_MINOR_VERSION, minor),
	SYS_FIELD(MD_SYS_MAJOR_VERSION, major),
	HOST_FIELD(MD_SYS_UPDATE_VERSION, update, 1),
	HOST_FIELD(MD_SYS_INTERNAL_VERSION, internal, 1),
	SYS_FIELD(MD_SYS_ATTRIBUTES, attributes),
	SYS_FIELD(MD_SYS_NUM_TDX_FEATURES, feature_words),
	SYS_FIELD(MD_SYS_TDX_FEATURES0, features),
	HOST_FIELD(MD_SYS_NUM_CMRS, cmr_count, 1),
	HOST_FIELD(MD_SYS_CMR_BASE, cmr_bases, TDX_MAX_CMRS),
	HOST_FIELD(MD_SYS_CMR_SIZE, cmr_sizes, TDX_MAX_CMRS),
	HOST_FIELD(MD_SYS_MAX_TDMRS, max_tdmrs, 1),
	HOST_FIELD(MD_SYS_MAX_RESERVED_PER_TDMR, max_reserved, 1),
	HOST_FIELD(MD_SYS_PAMT_4K_ENTRY_SIZE, pamt_4k, 1),
	HOST_FIELD(MD_SYS_PAMT_2M_ENTRY_SIZE, pamt_2m, 1),
	HOST_FIELD(MD_SYS_PAMT_1G_ENTRY_SIZE, pamt_1g, 1),
	HOST_FIELD(MD_SYS_TDR_BASE_SIZE, tdr_size, 1),
	HOST_FIELD(MD_SYS_TDCS_BASE_SIZE, tdcs_size, 1),
	HOST_FIELD(MD_SYS_TDVPS_BASE_SIZE, tdvps_size, 1),
	HOST_FIELD(MD_SYS_ATTRIBUTES_FIXED0, attributes_fixed0, 1),
	HOST_FIELD(MD_SYS_ATTRIBUTES_FIXED1, attributes_fixed1, 1),
	HOST_FIELD(MD_SYS_XFAM_FIXED0, xfam_fixed0, 1),
	HOST_FIELD(MD_SYS_XFAM_FIXED1, xfam_fixed1, 1),
	HOST_FIELD(MD_SYS_NUM_CPUID_CONFIG, cpuid_count, 1),
	HOST_FIELD(MD_SYS_CONFIG_FLAGS_FIXED0, config_flags_fixed0, 1),
	HOST_FIELD(MD_SYS_CONFIG_FLAGS_FIXED1, config_flags_fixed1, 1),
	HOST_FIELD(MD_SYS_CPUID_CONFIG_LEAVES, cpuid_leaves, CPUID_CONFIG_LEAVES),
	HOST_FIELD(MD_SYS_CPUID_CONFIG_VALUES, cpuid_values, 2 * CPUID_CONFIG_LEAVES),
};

static const struct md_field td_fields[] = {
	TD_FIELD(MD_TD_UUID, uuid, 4, BOTH_READ, 0),
	TD_FIELD(MD_TD_NUM_VCPUS, num_vcpus, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_NUM_L2_VMS, num_l2_vms, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_ATTRIBUTES, attributes, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_XFAM, xfam, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_MAX_VCPUS, max_vcpus, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_GPAW, gpaw, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_EPTP, eptp, 1, MD_HOST_READ, 0),
	TD_FIELD(MD_TD_TSC_OFFSET, tsc_offset, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_TSC_MULTIPLIER, tsc_multiplier, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_TSC_FREQUENCY, tsc_frequency, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_NOTIFY_ENABLES, notify_enables, 1, MD_GUEST_READ | MD_GUEST_WRITE,
		 BIT64(0)),
	TD_FIELD(MD_TD_CONFIG_FLAGS, config_flags, 1, BOTH_READ, 0),
	TD_FIELD(MD_TD_CTLS, td_ctls, 1, MD_GUEST_READ | MD_GUEST_WRITE,
		 TD_CTLS_PENDING_VE_DISABLE),
	TD_FIELD(MD_TD_MRTD, mrtd, 6, MD_GUEST_READ, 0),
	TD_FIELD(MD_TD_MRCONFIGID, mrconfigid, 6, MD_GUEST_READ, 0),
	TD_FIELD(MD_TD_MROWNER, mrowner, 6, MD_GUEST_READ, 0),
	TD_FIELD(MD_TD_MROWNERCONFIG, mrownerconfig, 6, MD_GUEST_READ, 0),
	TD_FIELD(MD_TD_RTMR, rtmr, RTMR_COUNT * 6, MD_GUEST_READ, 0),
	TD_FIELD(MD_TD_SERVTD_HASH, servtd_hash, 6, MD_GUEST_READ, 0),
};

static const struct md_field vcpu_fields[] = {
	VCPU_FIELD(MD_VP_SHARED_EPTP, shared_eptp, MD_HOST_READ | MD_HOST_WRITE, UINT64_MAX),
	VCPU_FIELD(MD_VP_VCPU_STATE_DETAILS, state_details, MD_HOST_READ, 0),
	VCPU_FIELD(MD_VP_VCPU_INDEX, index, BOTH_READ, 0),
	VCPU_FIELD(MD_VP_CPUID_SUPERVISOR_VE, cpuid_supervisor_ve, BOTH_READ | MD_GUEST_WRITE,
		   UINT8_MAX),
	VCPU_FIELD(MD_VP_CPUID_USER_VE, cpuid_user_ve, BOTH_READ | MD_GUEST_WRITE, UINT8_MAX),
};

void md_platform_init(const struct cmr_info cmrs[TDX_MAX_CMRS])
{
	for (unsigned i = 0; i < TDX_MAX_CMRS; i++) {
		platform.cmr_bases[i] = cmrs[i].base;
		platform.cmr_sizes[i] = cmrs[i].size;
	}
	platform.xfam_fixed0 = XFAM_ALLOWED & td_cpuid_platform_xfam();
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		const struct cpuid_config_leaf *leaf = &cpuid_config_leaves[i];
		struct cpuid_result native = insn_cpuid(leaf->leaf, leaf->subleaf);
		uint64_t name = leaf->leaf | (uint64_t)leaf->subleaf << 32;
		uint32_t values[4] = {
			leaf->direct[0] | (leaf->allow[0] & native.eax),
			leaf->direct[1] | (leaf->allow[1] & native.ebx),
			leaf->direct[2] | (leaf->allow[2] & native.ecx),
			leaf->direct[3] | (leaf->allow[3] & native.edx),
		};
		platform.cpuid_leaves[i] = name;
		memcpy(&platform.cpuid_values[2 * i], values, sizeof(values));
	}
}

struct md_table {
	const struct md_field *fields;
	unsigned count;
};

static struct md_table table_of(enum md_context context)
{
	switch (context) {
	case MD_CONTEXT_SYS:
		return (struct md_table){ sys_fields, ARRAY_COUNT(sys_fields) };
	case MD_CONTEXT_TD:
		return (struct md_table){ td_fields, ARRAY_COUNT(td_fields) };
	case MD_CONTEXT_VCPU:
		break;
	}
	return (struct md_table){ vcpu_fields, ARRAY_COUNT(vcpu_fields) };
}

/* A found element. */
struct md_element {
	const struct md_field *field;
	unsigned index;
};

/* Only class and field code select; what describes a list must be 0. */
static bool find(const struct md_table *table, uint64_t id, struct md_element *out)
{
	if ((id & (MD_FIELD_RESERVED | MD_LAST_ELEMENT | MD_LAST_FIELD)) != 0) {
		return false;
	}
	uint64_t code = field_get(MD_FIELD_CODE, id);
	for (unsigned i = 0; i < table->count; i++) {
		const struct md_field *field = &table->fields[i];
		uint64_t first = field_get(MD_FIELD_CODE, field->id);
		if (field_get(MD_FIELD_CLASS, field->id) == field_get(MD_FIELD_CLASS, id) &&
		    code >= first && code - first < field->count) {
			*out = (struct md_element){ field, (unsigned)(code - first) };
			return true;
		}
	}
	return false;
}

/* The first readable field from index on. */
static uint64_t readable_from(const struct md_table *table, unsigned index, uint32_t access)
{
	for (unsigned i = index; i < table->count; i++) {
		if (table->fields[i].access & access) {
			return table->fields[i].id;
		}
	}
	return MD_NONE;
}

static uint64_t next_readable(const struct md_table *table, const struct md_element *element,
			      uint32_t access)
{
	if (element->index + 1 < element->field->count) {
		return element->field->id + element->index + 1;
	}
	return readable_from(table, (unsigned)(element->field - table->fields) + 1, access);
}

static size_t element_size(const struct md_field *field)
{
	return (size_t)1 << field_get(MD_ELEMENT_SIZE, field->id);
}

static uint8_t *element_at(void *object, const struct md_element *element)
{
	return (uint8_t *)object + element->field->offset +
	       element->index * element_size(element->field);
}

uint64_t md_read(enum md_context context, void *object, struct md_request *request)
{
	struct md_table table = table_of(context);
	object = context == MD_CONTEXT_SYS ? &platform : object;
	request->value = 0;
	request->next = MD_NONE;
	if ((request->id | MD_CONTEXT) == MD_NONE) {
		request->next = readable_from(&table, 0, request->access);
		return TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT;
	}
	struct md_element element;
	if (!find(&table, request->id, &element)) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	if (!(element.field->access & request->access)) {
		return TDX_METADATA_FIELD_NOT_READABLE;
	}
	memcpy(&request->value, element_at(object, &element), element_size(element.field));
	request->next = next_readable(&table, &element, request->access);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 MD_LIST_HEADER] */
struct md_list_header {
	uint16_t size;      /* 00: of the whole list */
	uint16_t sequences; /* 02 */
	uint32_t reserved_04;
};
ABI_SIZE(struct md_list_header, 8);

/* Each field is a sequence: its id, with the number of its elements, and the elements, 8 bytes each. */
uint64_t md_read_sys_list(uint32_t access, uint64_t first, void *list, uint64_t *next)
{
	struct md_table table = table_of(MD_CONTEXT_SYS);
	struct md_element element = { table.fields, 0 };
	*next = MD_NONE;
	if (first != MD_NONE && (!find(&table, first, &element) || element.index != 0)) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	struct md_list_header header = { .size = sizeof(header) };
	for (const struct md_field *field = element.field; field < table.fields + table.count;
	     field++) {
		if (!(field->access & access)) {
			continue;
		}
		uint64_t id = field->id | field_put(MD_LAST_FIELD, field->count - 1u);
		if (header.size + sizeof(id) * (1u + field->count) > MD_LIST_SIZE) {
			*next = field->id;
			break;
		}
		memcpy((uint8_t *)list + header.size, &id, sizeof(id));
		header.size = (uint16_t)(header.size + sizeof(id));
		for (unsigned i = 0; i < field->count; i++) {
			struct md_element at = { field, i };
			uint64_t value = 0;
			memcpy(&value, element_at(&platform, &at), element_size(field));
			memcpy((uint8_t *)list + header.size, &value, sizeof(value));
			header.size = (uint16_t)(header.size + sizeof(value));
		}
		header.sequences++;
	}
	memcpy(list, &header, sizeof(header));
	return TDX_SUCCESS;
}

static bool value_allowed(const struct md_field *field, const void *object, uint64_t old,
			  uint64_t value)
{
	if (field->id == MD_TD_CTLS) {
		const struct tdcs *tdcs = object;
		return old == value ||
		       (tdcs->config_flags & TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE) != 0;
	}
	if (field->id == MD_VP_SHARED_EPTP) {
		return value < BIT64(HPA_WIDTH);
	}
	return true;
}

uint64_t md_write(enum md_context context, void *object, struct md_request *request)
{
	struct md_table table = table_of(context);
	uint64_t data = request->value;
	request->value = 0;
	struct md_element element;
	if (!find(&table, request->id, &element)) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	const struct md_field *field = element.field;
	uint64_t mask = request->mask & field->writable;
	if (!(field->access & request->access) || mask == 0) {
		return TDX_METADATA_FIELD_NOT_WRITABLE;
	}
	uint64_t old = 0;
	memcpy(&old, element_at(object, &element), element_size(field));
	uint64_t value = (old & ~mask) | (data & mask);
	/* Bits that may not be written may be named, and must be as they are. */
	uint64_t fixed = request->mask & ~field->writable;
	if ((old & fixed) != (data & fixed) || !value_allowed(field, object, old, value)) {
		return TDX_METADATA_FIELD_VALUE_NOT_VALID;
	}
	memcpy(element_at(object, &element), &value, element_size(field));
	request->value = old;
	return TDX_SUCCESS;
}
