// CPUID as the TD sees it: a table made at TDH.MNG.INIT, patched by the state of the vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_cpuid.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/insn.h"
#include "boot-tests/module/guest/td_topology.h"
#include "boot-tests/module/platform.h"

#define ANY_SUBLEAF UINT32_MAX
#define LEAF_LAST 0x23
#define LEAF_EXTENDED_LAST 0x80000008
#define LEAF_HYPERVISOR_LAST 0x4FFFFFFF
#define XSAVE_COMPONENT_LAST 18

#define FEATURE_ECX_XSAVE BIT32(26)
#define FEATURE_ECX_OSXSAVE BIT32(27)
#define FEATURE_ECX_AVX_ALL (BIT32(12) | BIT32(28) | BIT32(29))
#define FEATURE_EBX_APIC_ID MASK64(31, 24)
#define FEATURE7_EBX_FSGSBASE BIT32(0)
#define FEATURE7_EBX_SMEP BIT32(7)
#define FEATURE7_EBX_INVPCID BIT32(10)
#define FEATURE7_EBX_SMAP BIT32(20)
#define FEATURE7_ECX_UMIP BIT32(2)
#define FEATURE7_ECX_PKU BIT32(3)
#define FEATURE7_ECX_OSPKE BIT32(4)
#define FEATURE7_EDX_ARCH_CAPABILITIES BIT32(29)
#define FEATURE_EDX_SYSCALL BIT32(11)
#define FEATURE_EDX_INVARIANT_TSC BIT32(8)
#define ADDRESS_LINEAR_BITS ((uint32_t)MASK64(15, 8))

/* Family 6, model 0x8F, stepping 8: the first processor with TDX. */
/* TSC = crystal * EBX / EAX. EBX times the crystal in kHz stays below 2^32. */
#define TSC_RATIO_EAX 1000u

/*
 * One virtual leaf: value = native & ~hidden | fixed. Leaves that are not here are a #VE.
 * [TDX ABI 1.5, CPUID virtualization; the columns "fixed 1" and "fixed 0 or dynamic"]
 */
struct cpuid_row {
	uint32_t leaf, subleaf;
	struct cpuid_values fixed, hidden;
};

/* clang-format off */
#define NO_BITS { 0, 0, 0, 0 }
#define ALL 0xFFFFFFFF
#define ALL_BITS { ALL, ALL, ALL, ALL }
#define ZERO_ROW(leaf, subleaf) { leaf, subleaf, NO_BITS, ALL_BITS }
#define XSAVE_ROW(n) { 0xD, n, NO_BITS, { 0, 0, 0, ALL } }
#define TOPOLOGY_ROW(n) \
	{ CPUID_TOPOLOGY_V2, n, NO_BITS, { 0xFFFFFFE0, 0xFFFF0000, 0xFFFF0000, ALL } }

static const struct cpuid_row rows[] = {
	{ 0, ANY_SUBLEAF, { LEAF_LAST, 0, 0, 0 }, { ALL, 0, 0, 0 } },
	{ 1, ANY_SUBLEAF, { 0, 0, 0x80000000, 0x200 },
	  { 0xF000C000, 0xFF0000FF, 0x08010060, 0x40120400 } },
	ZERO_ROW(3, ANY_SUBLEAF),
	{ 4, 0, NO_BITS, { 0x3C00, 0, 0, 4 } },
	{ 4, 1, NO_BITS, { 0x3C00, 0, 0, 4 } },
	{ 4, 2, NO_BITS, { 0x3C00, 0, 0, 4 } },
	{ 4, 3, NO_BITS, { 0x3C00, 0, 0, 0xFFFFFFF8 } },
	ZERO_ROW(4, 4),
	{ 5, ANY_SUBLEAF, NO_BITS, { 0xFFFF0000, 0xFFFF0000, 0xFFFFFFFC, 0 } },
	{ 7, 0, NO_BITS, { 0, 0x00404006, 0x643E8010, 0x002298C3 } },
	{ 7, 1, NO_BITS, { 0xFFFFE2CF, ALL, ALL, ALL } },
	{ 7, 2, NO_BITS, { ALL, ALL, ALL, 0xFFFFFFC0 } },
	ZERO_ROW(8, ANY_SUBLEAF),
	{ 0xA, ANY_SUBLEAF, NO_BITS, { 0, 0, 0, 0xFFFF6000 } },
	/* Made of leaf 1FH. */
	ZERO_ROW(CPUID_TOPOLOGY, 0), ZERO_ROW(CPUID_TOPOLOGY, 1), ZERO_ROW(CPUID_TOPOLOGY, 2),
	{ 0xD, 0, NO_BITS, { 0xFFF9FD18, ALL, 0, ALL } },
	{ 0xD, 1, NO_BITS, { 0xFFFFFFE0, ALL, 0xFFFF26FF, ALL } },
	XSAVE_ROW(2), XSAVE_ROW(3), XSAVE_ROW(4), XSAVE_ROW(5), XSAVE_ROW(6), XSAVE_ROW(7),
	XSAVE_ROW(8), XSAVE_ROW(9), XSAVE_ROW(10), XSAVE_ROW(11), XSAVE_ROW(12), XSAVE_ROW(13),
	XSAVE_ROW(14), XSAVE_ROW(15), XSAVE_ROW(16), XSAVE_ROW(17), XSAVE_ROW(18),
	ZERO_ROW(0xE, ANY_SUBLEAF),
	ZERO_ROW(0x11, ANY_SUBLEAF),
	ZERO_ROW(0x12, ANY_SUBLEAF),
	ZERO_ROW(0x13, ANY_SUBLEAF),
	{ 0x14, 0, NO_BITS, { 0, 0xFFFFFE00, 0x7FFFFFF0, ALL } },
	{ 0x14, 1, NO_BITS, { 0xFFF8, 0, ALL, ALL } },
	/* The real EAX is 1: there the TSC is scaled to a multiple of the crystal. SVM under TCG
	 * does not scale. */
	{ 0x15, ANY_SUBLEAF, NO_BITS, { 0, 0, 0, ALL } },
	{ 0x19, ANY_SUBLEAF, NO_BITS, { 0xFFFFFFF8, 0xFFFFFFEB, 0xFFFFFFFD, ALL } },
	{ 0x1C, ANY_SUBLEAF, NO_BITS, NO_BITS },
	{ 0x1D, 0, NO_BITS, NO_BITS },
	{ 0x1D, 1, NO_BITS, NO_BITS },
	{ 0x1E, ANY_SUBLEAF, NO_BITS, NO_BITS },
	TOPOLOGY_ROW(0), TOPOLOGY_ROW(1), TOPOLOGY_ROW(2),
	TOPOLOGY_ROW(3), TOPOLOGY_ROW(4), TOPOLOGY_ROW(5),
	ZERO_ROW(0x20, ANY_SUBLEAF),
	{ 0x21, 0, { 0, 0x65746E49, 0x20202020, 0x5844546C }, ALL_BITS }, /* "IntelTDX    " */
	ZERO_ROW(0x22, ANY_SUBLEAF),
	{ 0x23, 0, NO_BITS, { 0xFFFFFFF0, 0, ALL, ALL } },
	{ 0x23, 1, NO_BITS, { 0, 0, ALL, ALL } },
	ZERO_ROW(0x23, 2),
	{ 0x23, 3, NO_BITS, { 0, ALL, ALL, ALL } },
	{ CPUID_EXTENDED, ANY_SUBLEAF, { LEAF_EXTENDED_LAST, 0, 0, 0 }, ALL_BITS },
	{ 0x80000001, ANY_SUBLEAF, NO_BITS, { ALL, ALL, 0xFFFFFEDE, 0xD3EFFFFF } },
	{ 0x80000007, ANY_SUBLEAF, NO_BITS, { ALL, ALL, ALL, 0xFFFFFEFF } },
	{ LEAF_EXTENDED_LAST, ANY_SUBLEAF, NO_BITS, { 0xFFFF0000, 0xFFFFFDFF, ALL, ALL } },
};
_Static_assert(ARRAY_COUNT(rows) * sizeof(struct cpuid_values) <= 4096,
	       "The CPUID values have outgrown their page of the TDCS.");

/* clang-format on */
/* [TDX ABI 1.5, CPUID_CONFIG_LEAVES; the order is the module's] */
const struct cpuid_config_leaf cpuid_config_leaves[CPUID_CONFIG_LEAVES] = {
	{ 1, ANY_SUBLEAF, { 0x0FFF3FFF, 0x00FF0000, 0, 0 }, { 0, 0, 0x31044D88, 0xB8440000 } },
	{ 4, 0, { 0xFFFFC3FF, 0xFFFFF000, 0xFFFFFFFF, 0xFFFFFFFB }, { 0 } },
	{ 4, 1, { 0xFFFFC3FF, 0xFFFFF000, 0xFFFFFFFF, 0xFFFFFFFB }, { 0 } },
	{ 4, 2, { 0xFFFFC3FF, 0xFFFFF000, 0xFFFFFFFF, 0xFFFFFFFB }, { 0 } },
	{ 4, 3, { 0xFFFFC3FF, 0xFFFFF000, 0xFFFFFFFF, 7 }, { 0 } },
	{ 7, 0, { 0 }, { 0, 0xDC2B9B18, 0x02417F65, 0x0005411C } },
	{ 7, 1, { 0 }, { 0x1D30, 0, 0, 0 } },
	{ 0xA, ANY_SUBLEAF, { 0 }, { 0 } },
	{ 0x1C, ANY_SUBLEAF, { 0 }, { 0xFF, 0, 0, 0 } },
	{ LEAF_EXTENDED_LAST, ANY_SUBLEAF, { 0 }, { 0, 0x200, 0, 0 } },
	{ 7, 2, { 0 }, { 0, 0, 0, 0x28 } },
	{ 0x23, 0, { 0 }, { 0xF, 0, 0, 0 } },
	{ CPUID_TOPOLOGY_V2, 0, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
	{ CPUID_TOPOLOGY_V2, 1, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
	{ CPUID_TOPOLOGY_V2, 2, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
	{ CPUID_TOPOLOGY_V2, 3, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
	{ CPUID_TOPOLOGY_V2, 4, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
	{ CPUID_TOPOLOGY_V2, 5, { 0x1F, 0xFFFF, 0xFFFF, 0 }, { 0 } },
};
/* Of these, the first of the topology. */
#define CONFIG_TOPOLOGY (CPUID_CONFIG_LEAVES - TOPOLOGY_LEVELS)

static struct cpuid_values raw_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r = insn_cpuid(leaf, subleaf);
	return (struct cpuid_values){ r.eax, r.ebx, r.ecx, r.edx };
}

/* Caches of that processor: L1 data and code, L2, L3. Who shares them is for the host to say.
 * [SDM 2A CPUID(04H)] */
static struct cpuid_values platform_cache(uint32_t subleaf)
{
	static const struct cpuid_values caches[] = {
		{ 0x121, 0x02C0003F, 0x3F, 0 },
		{ 0x122, 0x01C0003F, 0x3F, 0 },
		{ 0x143, 0x03C0003F, 0x7FF, 0 },
		{ 0x163, 0x0380003F, 0x1FFFF, 4 },
	};
	return subleaf < ARRAY_COUNT(caches) ? caches[subleaf] :
					       (struct cpuid_values){ 0, 0, 0, 0 };
}

/* The platform's CPUID: QEMU's CPU as the processor that it plays. */
static struct cpuid_values platform_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_values v = { 0, 0, 0, 0 };
	uint32_t last = insn_cpuid(leaf & CPUID_EXTENDED, 0).eax;
	if (leaf <= last) {
		v = raw_cpuid(leaf, subleaf);
	}
	switch (leaf) {
	case 0: /* "GenuineIntel" */
		return (struct cpuid_values){ 0, 0x756E6547, 0x6C65746E, 0x49656E69 };
	case 1:
		v.eax = CPUID_SAPPHIRE_RAPIDS;
		/* QEMU 7.2 miscompiles CMPXCHG16B. */
		v.ecx &= ~(CPUID_1_ECX_MONITOR | CPUID_1_ECX_CX16);
		v.ecx |= CPUID_1_ECX_X2APIC | CPUID_1_ECX_TSC_DEADLINE;
		return v;
	case 4:
		return platform_cache(subleaf);
	case 5:   /* no MONITOR */
	case 0xA: /* no PERFMON */
		return (struct cpuid_values){ 0, 0, 0, 0 };
	case 7:
		if (subleaf == 0) {
			v.ebx &= ~FEATURE7_EBX_INVPCID;
			v.edx |= FEATURE7_EDX_ARCH_CAPABILITIES;
		}
		return v;
	case CPUID_TOPOLOGY_V2: /* threads and cores only: as leaf 0BH */
		return raw_cpuid(CPUID_TOPOLOGY, subleaf);
	case 0x15:
		return (struct cpuid_values){ TSC_RATIO_EAX,
					      (uint32_t)(module_tsc_khz() * TSC_RATIO_EAX /
							 (CPUID_SAPPHIRE_RAPIDS_CRYSTAL_HZ / 1000)),
					      CPUID_SAPPHIRE_RAPIDS_CRYSTAL_HZ, 0 };
	case 0x80000007:
		v.edx |= FEATURE_EDX_INVARIANT_TSC;
		return v;
	default:
		return v;
	}
}

struct cpuid_result module_native_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_values v = platform_cpuid(leaf, subleaf);
	return (struct cpuid_result){ v.eax, v.ebx, v.ecx, v.edx };
}

uint64_t td_cpuid_platform_xfam(void)
{
	struct cpuid_values user = platform_cpuid(0xD, 0);
	struct cpuid_values supervisor = platform_cpuid(0xD, 1);
	return ((uint64_t)user.edx << 32 | user.eax) |
	       ((uint64_t)supervisor.edx << 32 | supervisor.ecx);
}

uint32_t td_cpuid_platform_signature(void)
{
	return platform_cpuid(1, 0).eax;
}

/* Which features of which register need which components of the extended state. */
static const struct {
	uint32_t leaf;
	uint32_t ebx, ecx, edx;
	uint64_t xfam;
} xfam_gates[] = {
	{ 1, 0, FEATURE_ECX_AVX_ALL, 0, BIT64(2) },
	{ 7, BIT32(5), BIT32(9) | BIT32(10), 0, BIT64(2) },
	{ 7, 0xDC230000, 0x00005842, 0x0080010C, MASK64(7, 5) },
	{ 7, BIT32(25), 0, 0, BIT64(8) },
	{ 7, 0, FEATURE7_ECX_PKU, 0, BIT64(9) },
	{ 7, 0, BIT32(7), 0, BIT64(11) },
	{ 7, 0, 0, BIT32(20), BIT64(12) },
	{ 7, 0, 0, BIT32(5), BIT64(14) },
	{ 7, 0, 0, BIT32(19), BIT64(15) },
	{ 7, 0, 0, BIT32(22) | BIT32(24) | BIT32(25), MASK64(18, 17) },
};

static void gate_by_xfam(const struct cpuid_row *row, uint64_t xfam, struct cpuid_values *v)
{
	if (row->leaf == 7 && row->subleaf != 0) {
		return;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(xfam_gates); i++) {
		if (xfam_gates[i].leaf == row->leaf && (xfam & xfam_gates[i].xfam) == 0) {
			v->ebx &= ~xfam_gates[i].ebx;
			v->ecx &= ~xfam_gates[i].ecx;
			v->edx &= ~xfam_gates[i].edx;
		}
	}
}

/* Bytes of a standard XSAVE area with all of XFAM's user components. */
static uint32_t xsave_size(uint64_t xfam)
{
	uint32_t size = 576;
	for (uint32_t n = 2; n <= XSAVE_COMPONENT_LAST; n++) {
		struct cpuid_values component = platform_cpuid(0xD, n);
		bool user = (component.ecx & 1) == 0;
		if ((xfam & BIT64(n)) != 0 && user && component.eax + component.ebx > size) {
			size = component.eax + component.ebx;
		}
	}
	return size;
}

static void gate_xsave(const struct cpuid_row *row, uint64_t xfam, struct cpuid_values *v)
{
	if (row->subleaf == 0) {
		v->eax &= (uint32_t)xfam;
		v->ecx = xsave_size(xfam);
	} else if (row->subleaf == 1) {
		v->ecx &= (uint32_t)xfam;
	} else if ((xfam & BIT64(row->subleaf)) == 0) {
		*v = (struct cpuid_values){ 0, 0, 0, 0 };
	}
}

/* allow and direct of one register. */
static uint32_t td_cpuid_configure(uint32_t value, uint32_t wanted, uint32_t direct, uint32_t allow)
{
	return (value & ~direct & (~allow | wanted)) | (wanted & direct);
}

static void wanted_values(const struct td_params *params, unsigned index, uint32_t wanted[4])
{
	size_t size = 4 * sizeof(wanted[0]);
	memcpy(wanted, &params->cpuid_config[index * size], size);
}

bool td_cpuid_check(const struct td_params *params, uint64_t *bad)
{
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		const struct cpuid_config_leaf *c = &cpuid_config_leaves[i];
		uint32_t wanted[4];
		wanted_values(params, i, wanted);
		/* Family, model and stepping are the platform's; 0 means so, too. */
		uint32_t fms = td_cpuid_platform_signature() & c->direct[0];
		bool good = c->leaf != 1 || wanted[0] == 0 || (wanted[0] & c->direct[0]) == fms;
		for (unsigned r = 0; r < ARRAY_COUNT(wanted); r++) {
			good = good && (wanted[r] & ~(c->direct[r] | c->allow[r])) == 0;
		}
		if (!good) {
			*bad = c->leaf | (uint64_t)c->subleaf << 32;
			return false;
		}
	}
	struct cpuid_values levels[TOPOLOGY_LEVELS];
	uint32_t subleaf;
	memcpy(levels, &params->cpuid_config[CONFIG_TOPOLOGY * sizeof(levels[0])], sizeof(levels));
	*bad = 0;
	if (!td_topology_check(levels, &subleaf)) {
		*bad = CPUID_TOPOLOGY_V2 | (uint64_t)subleaf << 32;
		return false;
	}
	return true;
}

static void apply_config(const struct cpuid_row *row, const struct td_params *params,
			 struct cpuid_values *v)
{
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		const struct cpuid_config_leaf *c = &cpuid_config_leaves[i];
		if (c->leaf != row->leaf || c->subleaf != row->subleaf) {
			continue;
		}
		uint32_t wanted[4];
		wanted_values(params, i, wanted);
		uint32_t signature = v->eax;
		v->eax = td_cpuid_configure(v->eax, wanted[0], c->direct[0], c->allow[0]);
		v->ebx = td_cpuid_configure(v->ebx, wanted[1], c->direct[1], c->allow[1]);
		v->ecx = td_cpuid_configure(v->ecx, wanted[2], c->direct[2], c->allow[2]);
		v->edx = td_cpuid_configure(v->edx, wanted[3], c->direct[3], c->allow[3]);
		if (row->leaf == 1 && wanted[0] == 0) {
			v->eax = signature;
		}
	}
}

static bool find_row(uint32_t leaf, uint32_t subleaf, unsigned *index)
{
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].leaf == leaf &&
		    (rows[i].subleaf == ANY_SUBLEAF || rows[i].subleaf == subleaf)) {
			*index = i;
			return true;
		}
	}
	return false;
}

static const struct cpuid_values *stored(const struct tdcs *tdcs, uint32_t leaf)
{
	unsigned index;
	bool found = find_row(leaf, 0, &index);
	CHECK(found);
	return &tdcs->cpuid[index];
}

static struct cpuid_values *topology_rows(struct tdcs *tdcs, uint32_t leaf)
{
	unsigned index;
	bool found = find_row(leaf, 0, &index);
	CHECK(found);
	return &tdcs->cpuid[index];
}

/* A host that says nothing of the topology gets the platform's. */
static void init_topology(struct tdcs *tdcs)
{
	struct cpuid_values *levels = topology_rows(tdcs, CPUID_TOPOLOGY_V2);
	if (td_topology_is_zero(levels)) {
		for (uint32_t i = 0; i < TOPOLOGY_LEVELS; i++) {
			levels[i] = platform_cpuid(CPUID_TOPOLOGY_V2, i);
			levels[i].edx = 0;
		}
	}
	td_topology_0b(levels, topology_rows(tdcs, CPUID_TOPOLOGY));
}

void td_cpuid_init(struct tdcs *tdcs, const struct td_params *params)
{
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct cpuid_row *row = &rows[i];
		uint32_t subleaf = row->subleaf == ANY_SUBLEAF ? 0 : row->subleaf;
		struct cpuid_values v = platform_cpuid(row->leaf, subleaf);
		v.eax = (v.eax & ~row->hidden.eax) | row->fixed.eax;
		v.ebx = (v.ebx & ~row->hidden.ebx) | row->fixed.ebx;
		v.ecx = (v.ecx & ~row->hidden.ecx) | row->fixed.ecx;
		v.edx = (v.edx & ~row->hidden.edx) | row->fixed.edx;
		apply_config(row, params, &v);
		gate_by_xfam(row, tdcs->xfam, &v);
		if (row->leaf == 0xD) {
			gate_xsave(row, tdcs->xfam, &v);
		} else if (row->leaf == LEAF_EXTENDED_LAST) {
			/* The physical width is the platform's, whatever GPAW is. */
			bool la57 = (stored(tdcs, 7)->ecx & CPUID_7_ECX_LA57) != 0;
			v.eax = (v.eax & ~ADDRESS_LINEAR_BITS) |
				(uint32_t)field_put(ADDRESS_LINEAR_BITS, la57 ? 57u : 48u);
		}
		tdcs->cpuid[i] = v;
	}
	init_topology(tdcs);
}

static bool in_64bit_mode(const struct vmcb_save *save)
{
	return (save->efer & EFER_LMA) != 0 && (save->cs.attrib & VMCB_SEG_L) != 0;
}

static bool enumerates_topology(const struct vcpu *vcpu)
{
	return (vcpu->td.tdcs->td_ctls & TD_CTLS_ENUM_TOPOLOGY) != 0;
}

/* What depends on the vCPU and its registers. */
static void patch(const struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, struct cpuid_values *v)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	switch (leaf) {
	case 1:
		v->ebx |= (uint32_t)field_put(FEATURE_EBX_APIC_ID, enumerates_topology(vcpu) ?
									   vcpu->x2apic_id :
									   vcpu->index);
		v->ecx |= save->cr4 & CR4_OSXSAVE ? FEATURE_ECX_OSXSAVE : 0;
		break;
	case 7:
		if (subleaf == 0 && (save->cr4 & CR4_PKE) != 0) {
			v->ecx |= FEATURE7_ECX_OSPKE;
		}
		break;
	case CPUID_TOPOLOGY:
	case CPUID_TOPOLOGY_V2:
		v->edx = vcpu->x2apic_id;
		break;
	case 0xD:
		if (subleaf <= 1) {
			v->ebx = insn_cpuid(0xD, subleaf).ebx;
		}
		break;
	case 0x80000001:
		v->edx |= in_64bit_mode(save) ? FEATURE_EDX_SYSCALL : 0;
		break;
	default:
		break;
	}
}

bool td_cpuid_read(const struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf,
		   struct cpuid_values *out)
{
	bool hypervisor = leaf >= CPUID_HYPERVISOR && leaf <= LEAF_HYPERVISOR_LAST;
	uint32_t last = leaf >= CPUID_EXTENDED ? LEAF_EXTENDED_LAST : LEAF_LAST;
	if (leaf > last && !hypervisor) {
		leaf = LEAF_LAST;
	}
	if ((leaf == CPUID_TOPOLOGY || leaf == CPUID_TOPOLOGY_V2) && !enumerates_topology(vcpu)) {
		return false;
	}
	bool user = vcpu->svm.vmcb->save.cpl != 0;
	unsigned index;
	if ((user ? vcpu->cpuid_user_ve : vcpu->cpuid_supervisor_ve) ||
	    !find_row(leaf, subleaf, &index)) {
		return false;
	}
	*out = vcpu->td.tdcs->cpuid[index];
	patch(vcpu, leaf, subleaf, out);
	return true;
}

bool td_cpuid_has_tsc_deadline(const struct tdcs *tdcs)
{
	return (stored(tdcs, 1)->ecx & CPUID_1_ECX_TSC_DEADLINE) != 0;
}

uint64_t td_cpuid_cr4_allowed(const struct tdcs *tdcs)
{
	const struct cpuid_values *features = stored(tdcs, 1);
	const struct cpuid_values *features7 = stored(tdcs, 7);
	/* VME to OSXMMEXCPT: every 64-bit CPU has them. */
	uint64_t allowed = MASK64(10, 0);
	allowed |= features->ecx & FEATURE_ECX_XSAVE ? CR4_OSXSAVE : 0;
	allowed |= features7->ecx & FEATURE7_ECX_UMIP ? CR4_UMIP : 0;
	allowed |= features7->ecx & CPUID_7_ECX_LA57 ? CR4_LA57 : 0;
	allowed |= features7->ecx & FEATURE7_ECX_PKU ? CR4_PKE : 0;
	allowed |= features7->ebx & FEATURE7_EBX_FSGSBASE ? CR4_FSGSBASE : 0;
	allowed |= features7->ebx & FEATURE7_EBX_SMEP ? CR4_SMEP : 0;
	allowed |= features7->ebx & FEATURE7_EBX_SMAP ? CR4_SMAP : 0;
	return allowed;
}
