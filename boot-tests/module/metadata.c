// Metadata fields by id: what host and guest may read and write of TD, vCPU and platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/metadata.h"

#include "arch/base/mem.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/td.h"
#include "boot-tests/module/td_params.h"
#include "linker/memmap.h"

/* One or more fields of elements that follow each other; each element has the size that the id
 * says. */
struct md_field {
	uint64_t id;
	uint16_t offset;
	uint8_t fields, elements;
	uint32_t access;
	uint64_t writable;
	bool in_tdr;
};

/* Entries of a table that the id space has room for. */
#define CPUID_CONFIG_MAX 32
#define FMS_MAX 64

/* What this module is: 1.5, with TDG.VP.RD/WR, local attestation, ARCH_CAPABILITIES configuration
 * NO_RBP_MOD and TOPOLOGY_ENUM. Without TD preservation, migration, service TDs and partitioning:
 * their fields are there and 0. */
static struct platform_fields {
	uint32_t package_count;
	uint32_t package_fms[MODULE_MAX_PACKAGES];
	uint32_t vendor;
	uint32_t build_date;
	uint16_t build_num;
	uint16_t minor, major, update, internal;
	uint64_t none; /* of what the module has not */
	uint32_t attributes;
	uint8_t feature_words;
	uint64_t features;
	uint16_t cmr_count;
	uint64_t cmr_bases[TDX_MAX_CMRS];
	uint64_t cmr_sizes[TDX_MAX_CMRS];
	uint16_t max_tdmrs, max_reserved;
	uint16_t pamt_4k, pamt_2m, pamt_1g;
	uint16_t tdr_size, tdcs_size, tdvps_size;
	uint16_t tdcs_l2_size, tdvps_l2_size;
	uint64_t attributes_fixed0, attributes_fixed1;
	uint64_t xfam_fixed0, xfam_fixed1;
	uint16_t cpuid_count;
	uint64_t config_flags_fixed0, config_flags_fixed1;
	uint64_t cpuid_leaves[CPUID_CONFIG_MAX];
	uint64_t cpuid_values[CPUID_CONFIG_MAX][2];
	uint64_t arch_capabilities_mask;
	uint16_t allowed_fms_count;
	uint64_t allowed_fms[FMS_MAX];
	uint64_t disallowed_fms[FMS_MAX];
} platform = {
	.vendor = 0x8086,
	.build_date = 0x20240129,
	.build_num = 1,
	.minor = 5,
	.major = 1,
	.update = 1,
	.feature_words = 1,
	.features = BIT64(3) | BIT64(8) | BIT64(11) | TDX_FEATURES0_NO_RBP_MOD |
		    TDX_FEATURES0_TOPOLOGY_ENUM,
	.cmr_count = TDX_MAX_CMRS,
	.max_tdmrs = TDX_MAX_TDMRS,
	.max_reserved = TDX_MAX_RESERVED_PER_TDMR,
	.pamt_4k = PAMT_ENTRY_SIZE,
	.pamt_2m = PAMT_ENTRY_SIZE,
	.pamt_1g = PAMT_ENTRY_SIZE,
	.tdr_size = MEM_PAGE_SIZE,
	.tdcs_size = TDX_TDCS_PAGES * MEM_PAGE_SIZE,
	.tdvps_size = TDX_TDVPS_PAGES * MEM_PAGE_SIZE,
	.tdcs_l2_size = TDX_TDCS_PAGES_PER_L2_VM * MEM_PAGE_SIZE,
	.tdvps_l2_size = TDX_TDVPS_PAGES_PER_L2_VM * MEM_PAGE_SIZE,
	.attributes_fixed0 = ATTRIBUTES_ALLOWED,
	.xfam_fixed1 = XFAM_REQUIRED,
	.cpuid_count = CPUID_CONFIG_LEAVES,
	.config_flags_fixed0 = CONFIG_FLAGS_ALLOWED,
	.arch_capabilities_mask = ARCH_CAPABILITIES_CONFIG_MASK,
	.allowed_fms_count = 1,
};

/* What the host may read it may read of a TD that is debugged. */
#define HOST_READ (MD_HOST_READ | MD_DEBUG_READ)
#define BOTH_READ (MD_GUEST_READ | HOST_READ)
#define GUEST_WRITES (MD_GUEST_READ | MD_GUEST_WRITE)
#define HOST_WRITES (HOST_READ | MD_HOST_WRITE | MD_DEBUG_WRITE)
#define BOTH_FIELD(id, member)                                                          \
	{                                                                               \
		id, offsetof(struct platform_fields, member), 1, 1, BOTH_READ, 0, false \
	}
#define HOST_FIELDS(id, member, fields, elements)                                             \
	{                                                                                     \
		id, offsetof(struct platform_fields, member), fields, elements, HOST_READ, 0, \
			false                                                                 \
	}
#define HOST_FIELD(id, member) HOST_FIELDS(id, member, 1, 1)
#define TDR_FIELD(id, member, elements, access)                                \
	{                                                                      \
		id, offsetof(struct tdr, member), 1, elements, access, 0, true \
	}
#define TD_FIELD(id, member, fields, elements, access, writable)                             \
	{                                                                                    \
		id, offsetof(struct tdcs, member), fields, elements, access, writable, false \
	}
#define TD_WORD(id, member, access) TD_FIELD(id, member, 1, 1, access, 0)
#define TD_DIGEST(id, member, access) TD_FIELD(id, member, 1, 6, access, 0)
#define VCPU_FIELD(id, member, access, writable)                                 \
	{                                                                        \
		id, offsetof(struct vcpu, member), 1, 1, access, writable, false \
	}

/* In the order of the module, which is the order of "next field". */
static const struct md_field sys_fields[] = {
	HOST_FIELD(MD_SYS_NUM_PKGS, package_count),
	HOST_FIELDS(MD_SYS_PKG_FMS, package_fms, MODULE_MAX_PACKAGES, 1),
	BOTH_FIELD(MD_SYS_VENDOR_ID, vendor),
	HOST_FIELD(MD_SYS_BUILD_DATE, build_date),
	HOST_FIELD(MD_SYS_BUILD_NUM, build_num),
	BOTH_FIELD(MD_SYS_MINOR_VERSION, minor),
	BOTH_FIELD(MD_SYS_MAJOR_VERSION, major),
	HOST_FIELD(MD_SYS_UPDATE_VERSION, update),
	HOST_FIELD(MD_SYS_INTERNAL_VERSION, internal),
	HOST_FIELD(MD_SYS_MODULE_HV, none),
	HOST_FIELD(MD_SYS_MIN_UPDATE_HV, none),
	HOST_FIELD(MD_SYS_NO_DOWNGRADE, none),
	HOST_FIELD(MD_SYS_NUM_HANDOFF_PAGES, none),
	HOST_FIELD(MD_SYS_HANDOFF_DATA_VALID, none),
	HOST_FIELD(MD_SYS_HANDOFF_DATA_HV, none),
	HOST_FIELD(MD_SYS_HANDOFF_DATA_SIZE, none),
	BOTH_FIELD(MD_SYS_ATTRIBUTES, attributes),
	BOTH_FIELD(MD_SYS_NUM_TDX_FEATURES, feature_words),
	BOTH_FIELD(MD_SYS_TDX_FEATURES0, features),
	HOST_FIELD(MD_SYS_NUM_CMRS, cmr_count),
	HOST_FIELDS(MD_SYS_CMR_BASE, cmr_bases, TDX_MAX_CMRS, 1),
	HOST_FIELDS(MD_SYS_CMR_SIZE, cmr_sizes, TDX_MAX_CMRS, 1),
	HOST_FIELD(MD_SYS_MAX_TDMRS, max_tdmrs),
	HOST_FIELD(MD_SYS_MAX_RESERVED_PER_TDMR, max_reserved),
	HOST_FIELD(MD_SYS_PAMT_4K_ENTRY_SIZE, pamt_4k),
	HOST_FIELD(MD_SYS_PAMT_2M_ENTRY_SIZE, pamt_2m),
	HOST_FIELD(MD_SYS_PAMT_1G_ENTRY_SIZE, pamt_1g),
	HOST_FIELD(MD_SYS_TDR_BASE_SIZE, tdr_size),
	HOST_FIELD(MD_SYS_TDCS_BASE_SIZE, tdcs_size),
	HOST_FIELD(MD_SYS_TDCS_SIZE_PER_L2_VM, tdcs_l2_size),
	HOST_FIELD(MD_SYS_TDVPS_BASE_SIZE, tdvps_size),
	HOST_FIELD(MD_SYS_TDVPS_SIZE_PER_L2_VM, tdvps_l2_size),
	HOST_FIELD(MD_SYS_ATTRIBUTES_FIXED0, attributes_fixed0),
	HOST_FIELD(MD_SYS_ATTRIBUTES_FIXED1, attributes_fixed1),
	HOST_FIELD(MD_SYS_XFAM_FIXED0, xfam_fixed0),
	HOST_FIELD(MD_SYS_XFAM_FIXED1, xfam_fixed1),
	HOST_FIELD(MD_SYS_NUM_CPUID_CONFIG, cpuid_count),
	HOST_FIELD(MD_SYS_CONFIG_FLAGS_FIXED0, config_flags_fixed0),
	HOST_FIELD(MD_SYS_CONFIG_FLAGS_FIXED1, config_flags_fixed1),
	HOST_FIELDS(MD_SYS_CPUID_CONFIG_LEAVES, cpuid_leaves, CPUID_CONFIG_MAX, 1),
	HOST_FIELDS(MD_SYS_CPUID_CONFIG_VALUES, cpuid_values, CPUID_CONFIG_MAX, 2),
	HOST_FIELD(MD_SYS_ARCH_CAPABILITIES_CONFIG_MASK, arch_capabilities_mask),
	HOST_FIELD(MD_SYS_NUM_ALLOWED_FMS, allowed_fms_count),
	HOST_FIELD(MD_SYS_NUM_DISALLOWED_FMS, none),
	HOST_FIELDS(MD_SYS_ALLOWED_FMS, allowed_fms, FMS_MAX, 1),
	HOST_FIELDS(MD_SYS_DISALLOWED_FMS, disallowed_fms, FMS_MAX, 1),
	BOTH_FIELD(MD_SYS_MIG_ATTRIBUTES, none),
	BOTH_FIELD(MD_SYS_MIN_EXPORT_VERSION, none),
	BOTH_FIELD(MD_SYS_MAX_EXPORT_VERSION, none),
	BOTH_FIELD(MD_SYS_MIN_IMPORT_VERSION, none),
	BOTH_FIELD(MD_SYS_MAX_IMPORT_VERSION, none),
	HOST_FIELD(MD_SYS_MAX_MIGS, none),
	HOST_FIELD(MD_SYS_NUM_IMMUTABLE_STATE_PAGES, none),
	HOST_FIELD(MD_SYS_NUM_TD_STATE_PAGES, none),
	HOST_FIELD(MD_SYS_NUM_VP_STATE_PAGES, none),
	HOST_FIELD(MD_SYS_MAX_SERV_TDS, none),
	HOST_FIELD(MD_SYS_SERVTD_ATTR_FIXED0, none),
	HOST_FIELD(MD_SYS_SERVTD_ATTR_FIXED1, none),
	BOTH_FIELD(MD_SYS_GUEST_L2_GPA_ATTR_MASK, none),
	HOST_FIELD(MD_SYS_VM_CTLS_FIXED0, none),
	HOST_FIELD(MD_SYS_VM_CTLS_FIXED1, none),
	HOST_FIELD(MD_SYS_VCPU_L2_CTLS_FIXED0, none),
	HOST_FIELD(MD_SYS_VCPU_L2_CTLS_FIXED1, none),
	HOST_FIELD(MD_SYS_VCPU_L2_DEBUG_CTLS_FIXED0, none),
	HOST_FIELD(MD_SYS_VCPU_L2_DEBUG_CTLS_FIXED1, none),
};

static const struct md_field td_fields[] = {
	TDR_FIELD(MD_TD_FATAL, fatal, 1, HOST_READ),
	TDR_FIELD(MD_TD_NUM_TDCX, tdcx_count, 1, HOST_READ),
	TDR_FIELD(MD_TD_CHLDCNT, child_pages, 1, HOST_READ),
	TDR_FIELD(MD_TD_LIFECYCLE_STATE, lifecycle, 1, HOST_READ),
	TDR_FIELD(MD_TD_UUID, uuid, 4, BOTH_READ),
	TDR_FIELD(MD_TD_HKID, hkid, 1, HOST_READ),
	TDR_FIELD(MD_TD_PKG_CONFIG_BITMAP, packages, 1, HOST_READ),
	TD_WORD(MD_TD_NUM_VCPUS, num_vcpus, BOTH_READ),
	TDR_FIELD(MD_TD_NUM_ASSOC_VCPUS, associated, 1, HOST_READ),
	TD_WORD(MD_TD_OP_STATE, op_state, HOST_READ),
	TD_WORD(MD_TD_NUM_L2_VMS, num_l2_vms, BOTH_READ),
	TD_WORD(MD_TD_ATTRIBUTES, attributes, BOTH_READ),
	TD_WORD(MD_TD_XFAM, xfam, BOTH_READ),
	TD_WORD(MD_TD_MAX_VCPUS, max_vcpus, BOTH_READ),
	TD_WORD(MD_TD_GPAW, gpaw, BOTH_READ),
	TD_WORD(MD_TD_EPTP, eptp, HOST_READ),
	TD_WORD(MD_TD_TSC_OFFSET, tsc_offset, HOST_READ),
	TD_WORD(MD_TD_TSC_MULTIPLIER, tsc_multiplier, HOST_READ),
	TD_WORD(MD_TD_TSC_FREQUENCY, tsc_frequency, BOTH_READ),
	TD_FIELD(MD_TD_NOTIFY_ENABLES, notify_enables, 1, 1,
		 GUEST_WRITES | MD_DEBUG_READ | MD_DEBUG_WRITE, BIT64(0)),
	TD_FIELD(MD_TD_HP_LOCK_TIMEOUT, hp_lock_timeout, 1, 1, HOST_WRITES, UINT64_MAX),
	TD_WORD(MD_TD_CONFIG_FLAGS, config_flags, BOTH_READ),
	TD_FIELD(MD_TD_CTLS, td_ctls, 1, 1, GUEST_WRITES | MD_DEBUG_READ,
		 TD_CTLS_PENDING_VE_DISABLE | TD_CTLS_ENUM_TOPOLOGY),
	TD_WORD(MD_TD_TOPOLOGY_ENUM_CONFIGURED, topology_enum_configured, BOTH_READ),
	TD_DIGEST(MD_TD_MRTD, mrtd, BOTH_READ),
	TD_DIGEST(MD_TD_MRCONFIGID, mrconfigid, BOTH_READ),
	TD_DIGEST(MD_TD_MROWNER, mrowner, BOTH_READ),
	TD_DIGEST(MD_TD_MROWNERCONFIG, mrownerconfig, BOTH_READ),
	TD_FIELD(MD_TD_RTMR, rtmr, RTMR_COUNT, 6, MD_GUEST_READ | MD_DEBUG_READ, 0),
	TD_DIGEST(MD_TD_SERVTD_HASH, servtd_hash, BOTH_READ),
};

/* First the VMCS. */
static const struct md_field vcpu_fields[] = {
	VCPU_FIELD(MD_VP_POSTED_VECTOR, posted_vector, HOST_WRITES, UINT16_MAX),
	VCPU_FIELD(MD_VP_POSTED_DESCRIPTOR, posted_descriptor, HOST_WRITES, MASK64(63, 6)),
	VCPU_FIELD(MD_VP_SHARED_EPTP, shared_eptp, HOST_WRITES, MASK64(51, 12)),
	VCPU_FIELD(MD_VP_PIN_BASED_CONTROLS, pin_based_controls, HOST_WRITES,
		   MD_VP_PIN_BASED_POSTED_INTERRUPTS),
	VCPU_FIELD(MD_VP_VCPU_STATE_DETAILS, state_details, HOST_READ, 0),
	VCPU_FIELD(MD_VP_VCPU_INDEX, index, BOTH_READ, 0),
	VCPU_FIELD(MD_VP_ASSOC_LPID, cpu, HOST_READ, 0),
	VCPU_FIELD(MD_VP_VCPU_EPOCH, epoch, HOST_READ, 0),
	VCPU_FIELD(MD_VP_CPUID_SUPERVISOR_VE, cpuid_supervisor_ve, GUEST_WRITES | HOST_READ,
		   UINT8_MAX),
	VCPU_FIELD(MD_VP_CPUID_USER_VE, cpuid_user_ve, GUEST_WRITES | HOST_READ, UINT8_MAX),
};

/* Entries that are not used: there is no such leaf, and nothing to configure. */
static void init_cpuid(void)
{
	memset(platform.cpuid_leaves, 0xFF, sizeof(platform.cpuid_leaves));
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		const struct cpuid_config_leaf *leaf = &cpuid_config_leaves[i];
		platform.cpuid_leaves[i] = leaf->leaf | (uint64_t)leaf->subleaf << 32;
		/* Not those that the host can hide: only TDH.SYS.INFO tells them. */
		memcpy(platform.cpuid_values[i], leaf->direct, sizeof(leaf->direct));
	}
}

void md_platform_init(const struct module_platform *machine)
{
	uint32_t fms = td_cpuid_platform_signature();
	memset(platform.package_fms, 0, sizeof(platform.package_fms));
	platform.package_count = machine->package_count;
	for (unsigned i = 0; i < machine->package_count; i++) {
		platform.package_fms[i] = fms;
	}
	for (unsigned i = 0; i < TDX_MAX_CMRS; i++) {
		platform.cmr_bases[i] = machine->cmrs[i].base;
		platform.cmr_sizes[i] = machine->cmrs[i].size;
	}
	platform.xfam_fixed0 = XFAM_ALLOWED & td_cpuid_platform_xfam();
	platform.allowed_fms[0] = fms;
	init_cpuid();
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

static unsigned element_count(const struct md_field *field)
{
	return (unsigned)field->fields * field->elements;
}

/* Only class and field code select. */
static bool metadata_find(const struct md_table *table, uint64_t id, struct md_element *out)
{
	uint64_t code = field_get(MD_FIELD_CODE, id);
	for (unsigned i = 0; i < table->count; i++) {
		const struct md_field *field = &table->fields[i];
		uint64_t first = field_get(MD_FIELD_CODE, field->id);
		if (field_get(MD_FIELD_CLASS, field->id) == field_get(MD_FIELD_CLASS, id) &&
		    code >= first && code - first < element_count(field)) {
			*out = (struct md_element){ field, (unsigned)(code - first) };
			return true;
		}
	}
	return false;
}

/* The same for one element: what describes a list must be 0. */
static bool find_element(const struct md_table *table, uint64_t id, struct md_element *out)
{
	return (id & (MD_FIELD_RESERVED | MD_LAST_ELEMENT | MD_LAST_FIELD)) == 0 &&
	       metadata_find(table, id, out);
}

/* The first readable field from index on. */
static uint64_t readable_from(const struct md_table *table, unsigned index, uint32_t access)
{
	for (unsigned i = index; i < table->count; i++) {
		if ((table->fields[i].access & access) != 0) {
			return table->fields[i].id;
		}
	}
	return MD_NONE;
}

static uint64_t next_readable(const struct md_table *table, const struct md_element *element,
			      uint32_t access)
{
	if (element->index + 1 < element_count(element->field)) {
		return element->field->id + element->index + 1;
	}
	return readable_from(table, (unsigned)(element->field - table->fields) + 1, access);
}

static size_t element_size(const struct md_field *field)
{
	return (size_t)1 << field_get(MD_ELEMENT_SIZE, field->id);
}

static uint8_t *element_at(enum md_context context, void *object, const struct md_element *element)
{
	uint8_t *base = context == MD_CONTEXT_SYS ? (uint8_t *)&platform : object;
	if (element->field->in_tdr) {
		const struct tdcs *tdcs = object;
		base = (uint8_t *)tdcs->tdr;
	}
	return base + element->field->offset + element->index * element_size(element->field);
}

uint64_t md_read(enum md_context context, void *object, struct md_request *request)
{
	struct md_table table = table_of(context);
	request->value = 0;
	request->next = MD_NONE;
	if ((request->id | MD_CONTEXT) == MD_NONE) {
		request->next = readable_from(&table, 0, request->access);
		return TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT;
	}
	struct md_element element;
	if (!find_element(&table, request->id, &element)) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	if ((element.field->access & request->access) == 0) {
		return TDX_METADATA_FIELD_NOT_READABLE;
	}
	memcpy(&request->value, element_at(context, object, &element), element_size(element.field));
	request->next = next_readable(&table, &element, request->access);
	return TDX_SUCCESS;
}

/* A list that grows. */
struct writer {
	struct md_list *list;
	unsigned used;    /* words */
	uint64_t *header; /* of the sequence that may go on, or null */
	uint64_t follows; /* the id that would continue it */
};

/* Does the field continue the sequence? Class, place, and size and number of elements must fit. */
static bool continues(const struct writer *writer, const struct md_field *field, uint64_t id)
{
	return writer->header != NULL && ((writer->follows ^ id) & MD_FIELD_SELECT) == 0 &&
	       field_get(MD_ELEMENT_SIZE, *writer->header) == field_get(MD_ELEMENT_SIZE, id) &&
	       field_get(MD_LAST_ELEMENT, *writer->header) == field->elements - 1u;
}

/* One field, all of it; false when it has no room. */
static bool write_field(struct writer *writer, const struct md_element *first)
{
	const struct md_field *field = first->field;
	uint64_t id = field->id + first->index;
	bool same = continues(writer, field, id);
	if (writer->used + field->elements + !same > ARRAY_COUNT(writer->list->words)) {
		return false;
	}
	if (same) {
		*writer->header += field_put(MD_LAST_FIELD, 1);
	} else {
		writer->header = &writer->list->words[writer->used++];
		*writer->header = id | field_put(MD_LAST_ELEMENT, field->elements - 1u);
		writer->list->header.sequences++;
	}
	for (unsigned i = 0; i < field->elements; i++) {
		struct md_element element = { field, first->index + i };
		uint64_t *word = &writer->list->words[writer->used++];
		*word = 0;
		memcpy(word, element_at(MD_CONTEXT_SYS, NULL, &element), element_size(field));
	}
	writer->follows = id + field->elements;
	return true;
}

/* The rest of a table's entry, or all of it. */
static bool write_fields(struct writer *writer, const struct md_element *first, uint64_t *next)
{
	struct md_element at = *first;
	for (; at.index < element_count(at.field); at.index += at.field->elements) {
		if (!write_field(writer, &at)) {
			*next = at.field->id + at.index;
			return false;
		}
	}
	return true;
}

uint64_t md_read_sys_list(uint32_t access, uint64_t first, struct md_list *list, uint64_t *next)
{
	struct md_table table = table_of(MD_CONTEXT_SYS);
	struct md_element element = { table.fields, 0 };
	*next = MD_NONE;
	if ((first | MD_CONTEXT) != MD_NONE &&
	    (!metadata_find(&table, first, &element) ||
	     element.index % element.field->elements != 0 ||
	     field_get(MD_ELEMENT_SIZE, first) != field_get(MD_ELEMENT_SIZE, element.field->id))) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	list->header = (struct md_list_header){ 0 };
	struct writer writer = { .list = list };
	bool all = true;
	while (all && element.field < table.fields + table.count) {
		all = (element.field->access & access) == 0 ||
		      write_fields(&writer, &element, next);
		element = (struct md_element){ element.field + 1, 0 };
	}
	list->header.size = (uint16_t)(sizeof(list->header) + writer.used * sizeof(uint64_t));
	return all ? TDX_SUCCESS : TDX_METADATA_LIST_OVERFLOW;
}

/* Interrupts can be posted once it is known where and with which vector. */
static uint64_t check_posting(const struct vcpu *vcpu, uint64_t controls)
{
	if ((controls & MD_VP_PIN_BASED_POSTED_INTERRUPTS) == 0) {
		return TDX_SUCCESS;
	}
	if (vcpu->posted_vector == VCPU_NO_VECTOR) {
		return TDX_TD_VMCS_FIELD_NOT_INITIALIZED |
		       field_get(MD_FIELD_CODE, MD_VP_POSTED_VECTOR);
	}
	if (vcpu->posted_descriptor == VCPU_NO_DESCRIPTOR) {
		return TDX_TD_VMCS_FIELD_NOT_INITIALIZED |
		       field_get(MD_FIELD_CODE, MD_VP_POSTED_DESCRIPTOR);
	}
	return TDX_SUCCESS;
}

/* PENDING_VE_DISABLE may change if the host allows it, ENUM_TOPOLOGY needs x2APIC ids. */
static bool td_ctls_valid(const struct tdcs *tdcs, uint64_t old, uint64_t value)
{
	bool flexible = (tdcs->config_flags & TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE) != 0;
	return (flexible || ((old ^ value) & TD_CTLS_PENDING_VE_DISABLE) == 0) &&
	       (tdcs->topology_enum_configured != 0 || (value & TD_CTLS_ENUM_TOPOLOGY) == 0);
}

static uint64_t check_value(const struct md_field *field, const void *object, uint64_t old,
			    uint64_t value)
{
	const struct tdcs *tdcs = object;
	bool good = true;
	hpa_t unused;
	switch (field->id) {
	case MD_TD_CTLS:
		good = td_ctls_valid(tdcs, old, value);
		break;
	case MD_TD_HP_LOCK_TIMEOUT:
		good = value >= HP_LOCK_TIMEOUT_MIN && value <= HP_LOCK_TIMEOUT_MAX;
		break;
	case MD_VP_POSTED_VECTOR:
		good = value <= UINT8_MAX;
		break;
	case MD_VP_POSTED_DESCRIPTOR:
		good = module_shared(value, 64, &unused);
		break;
	case MD_VP_SHARED_EPTP: /* SVM walks it: without a key id */
		good = value < key_address_end();
		break;
	case MD_VP_PIN_BASED_CONTROLS:
		return check_posting(object, value);
	default:
		break;
	}
	return good ? TDX_SUCCESS : TDX_METADATA_FIELD_VALUE_NOT_VALID;
}

uint64_t md_write(enum md_context context, void *object, struct md_request *request)
{
	struct md_table table = table_of(context);
	uint64_t data = request->value;
	request->value = 0;
	struct md_element element;
	if (!find_element(&table, request->id, &element)) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	const struct md_field *field = element.field;
	uint64_t mask = request->mask & field->writable;
	if ((field->access & request->access) == 0 || mask == 0) {
		return TDX_METADATA_FIELD_NOT_WRITABLE;
	}
	uint64_t old = 0;
	memcpy(&old, element_at(context, object, &element), element_size(field));
	/* An address that nobody has set yet is -1. */
	bool unset = field->id == MD_VP_POSTED_DESCRIPTOR && old == VCPU_NO_DESCRIPTOR;
	uint64_t from = unset ? 0 : old;
	uint64_t value = (from & ~mask) | (data & mask);
	/* Bits that may not be written may be named, and must be as they are. */
	uint64_t fixed = request->mask & ~field->writable;
	if ((from & fixed) != (data & fixed)) {
		return TDX_METADATA_FIELD_VALUE_NOT_VALID;
	}
	/* As a whole or not at all. */
	if (field->id == MD_TD_HP_LOCK_TIMEOUT && mask != UINT64_MAX) {
		return TDX_METADATA_WR_MASK_NOT_VALID;
	}
	uint64_t status = check_value(field, object, old, value);
	if (status != TDX_SUCCESS) {
		return status;
	}
	memcpy(element_at(context, object, &element), &value, element_size(field));
	request->value = old;
	return TDX_SUCCESS;
}
