// Brings the TDX module up: what Linux does before the first TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/virt/vmx/tdx/tdx.c init_tdx_module()]
#include "boot-tests/vmm/init/tdx_init.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/packages.h"
#include "boot-tests/vmm/init/seam.h"

/* Of private key ids: one for the module, one for a TD. */
#define HKIDS_MIN 2
#define KIB 1024

/* The operand of SYS.CONFIG; both parts are aligned to TDMR_INFO_ALIGN. */
struct tdx_tdmrs {
	struct tdmr_list list;
	_Alignas(TDMR_INFO_ALIGN) uint64_t addresses[TDX_MAX_TDMRS];
};

#define say(host, ...)                                               \
	do {                                                         \
		if (!(host)->quiet) {                                \
			console_line('L', "virt/tdx: " __VA_ARGS__); \
		}                                                    \
	} while (0)

/* One SEAMCALL; an error is said and returned. */
static enum status tdx_init_call(const struct tdx_host *host, uint64_t leaf, uint64_t rcx,
				 uint64_t rdx, uint64_t r8, struct seam_result *result)
{
	*result = seam(leaf, rcx, rdx, r8, 0);
	if ((result->status & TDX_ERROR) == 0) {
		return ST_OK;
	}
	say(host, "SEAMCALL (0x%llx) failed: 0x%016llx", (unsigned long long)leaf,
	    (unsigned long long)result->status);
	say(host, "RCX 0x%016llx RDX 0x%016llx R08 0x%016llx", (unsigned long long)result->rcx,
	    (unsigned long long)result->rdx, (unsigned long long)result->r8);
	return ST_TDX;
}

/* --- metadata --------------------------------------------------------------------------------- */

enum status tdx_read_field(const struct tdx_host *host, uint64_t id, void *to, size_t size)
{
	if (BIT64(field_get(MD_ELEMENT_SIZE, id)) != size) {
		say(host, "field 0x%016llx has not %u bytes", (unsigned long long)id,
		    (unsigned)size);
		return ST_BAD_ARGUMENT;
	}
	struct seam_result result;
	TRY(tdx_init_call(host, TDH_SYS_RD, 0, id, 0, &result));
	memcpy(to, &result.r8, size);
	return ST_OK;
}

static enum status read_sysinfo(const struct tdx_host *host, struct tdmr_sysinfo *out)
{
	static const struct {
		uint64_t id;
		size_t offset;
	} fields[] = {
		{ MD_SYS_MAX_TDMRS, offsetof(struct tdmr_sysinfo, max_tdmrs) },
		{ MD_SYS_MAX_RESERVED_PER_TDMR, offsetof(struct tdmr_sysinfo, max_reserved) },
		{ MD_SYS_PAMT_4K_ENTRY_SIZE, offsetof(struct tdmr_sysinfo, pamt_4k_entry_size) },
		{ MD_SYS_PAMT_2M_ENTRY_SIZE, offsetof(struct tdmr_sysinfo, pamt_2m_entry_size) },
		{ MD_SYS_PAMT_1G_ENTRY_SIZE, offsetof(struct tdmr_sysinfo, pamt_1g_entry_size) },
	};
	struct tdmr_sysinfo sysinfo;
	for (unsigned i = 0; i < ARRAY_COUNT(fields); i++) {
		TRY(tdx_read_field(host, fields[i].id, (uint8_t *)&sysinfo + fields[i].offset,
				   sizeof(uint16_t)));
	}
	*out = sysinfo;
	return ST_OK;
}

/* Says what module it is; NO_RBP_MOD must be there, as the host's compiler keeps frames in RBP, and
 * TOPOLOGY_ENUM, as each vCPU is given its x2APIC id. [linux arch/x86/kvm/vmx/tdx.c] */
static enum status read_version(const struct tdx_host *host)
{
	uint16_t major, minor, update, build_num;
	uint32_t build_date;
	uint64_t features;
	TRY(tdx_read_field(host, MD_SYS_MAJOR_VERSION, &major, sizeof(major)));
	TRY(tdx_read_field(host, MD_SYS_MINOR_VERSION, &minor, sizeof(minor)));
	TRY(tdx_read_field(host, MD_SYS_UPDATE_VERSION, &update, sizeof(update)));
	TRY(tdx_read_field(host, MD_SYS_BUILD_NUM, &build_num, sizeof(build_num)));
	TRY(tdx_read_field(host, MD_SYS_BUILD_DATE, &build_date, sizeof(build_date)));
	TRY(tdx_read_field(host, MD_SYS_TDX_FEATURES0, &features, sizeof(features)));
	say(host, "module version: %u.%u.%02u, build %u, build date %x", major, minor, update,
	    build_num, (unsigned)build_date);
	if ((features & TDX_FEATURES0_NO_RBP_MOD) == 0) {
		say(host, "frame pointer (RBP) clobber bug present, upgrade TDX module");
		return ST_UNSUPPORTED;
	}
	if ((features & TDX_FEATURES0_TOPOLOGY_ENUM) == 0) {
		say(host, "TDX_FEATURES0.TOPOLOGY_ENUM is missing, upgrade TDX module");
		return ST_UNSUPPORTED;
	}
	return ST_OK;
}

static enum status read_cmrs(struct tdx_host *host)
{
	uint16_t count;
	TRY(tdx_read_field(host, MD_SYS_NUM_CMRS, &count, sizeof(count)));
	host->cmr_count = 0;
	for (unsigned i = 0; i < count && i < TDX_MAX_CMRS; i++) {
		struct tdmr_range *cmr = &host->cmrs[i];
		TRY(tdx_read_field(host, MD_SYS_CMR_BASE + i, &cmr->base, sizeof(cmr->base)));
		TRY(tdx_read_field(host, MD_SYS_CMR_SIZE + i, &cmr->size, sizeof(cmr->size)));
		if (cmr->size == 0) {
			break; /* the number is that of entries, used or not */
		}
		host->cmr_count++;
		say(host, "CMR[%u]: [0x%llx, 0x%llx)", i, (unsigned long long)cmr->base,
		    (unsigned long long)(cmr->base + cmr->size));
	}
	return ST_OK;
}

/* --- TDMRs ------------------------------------------------------------------------------------ */

static enum status init_tdmrs(const struct tdx_host *host)
{
	const struct tdmr_list *list = &host->tdmrs->list;
	for (unsigned i = 0; i < list->count; i++) {
		const struct tdmr_info *tdmr = &list->tdmrs[i];
		struct seam_result result;
		/* Each call makes at least one page of PAMT. */
		uint64_t budget = tdmr_pamt_size(tdmr) / MEM_PAGE_SIZE;
		do {
			if (budget-- == 0) {
				say(host, "TDMR[%u]: initialization makes no progress", i);
				return ST_HOST_LIED;
			}
			TRY(tdx_init_call(host, TDH_SYS_TDMR_INIT, tdmr->base, 0, 0, &result));
		} while (result.rdx < tdmr->base + tdmr->size);
	}
	return ST_OK;
}

static enum status tdx_init_key(void *arg)
{
	const struct tdx_host *host = arg;
	struct seam_result result;
	return tdx_init_call(host, TDH_SYS_KEY_CONFIG, 0, 0, 0, &result);
}

/* PAMTs have their memory. */
static enum status tdx_init_configure(struct tdx_host *host, enum tdmr_mode mode)
{
	struct tdmr_list *list = &host->tdmrs->list;
	struct tdmr_range place = { ptr_hpa(host->pamt).v, host->pamt_size };
	char error[96];
	TRY(tdmr_place_pamts(list, &place, 1));
	enum status status = tdmr_reserve(list, &host->memory, &host->sysinfo, mode, &host->lost,
					  error, sizeof(error));
	if (status != ST_OK) {
		say(host, "initialization failed: %s.", error);
		return status;
	}
	for (unsigned i = 0; i < list->count; i++) {
		const struct tdmr_info *tdmr = &list->tdmrs[i];
		host->tdmrs->addresses[i] = ptr_hpa(tdmr).v;
		say(host, "TDMR[%u]: [0x%llx, 0x%llx)", i, (unsigned long long)tdmr->base,
		    (unsigned long long)(tdmr->base + tdmr->size));
	}
	struct seam_result result;
	TRY(tdx_init_call(host, TDH_SYS_CONFIG, ptr_hpa(host->tdmrs->addresses).v, list->count,
			  host->global_hkid, &result));
	TRY(packages_each(tdx_init_key, host));
	return init_tdmrs(host);
}

static void give_tdmrs(struct tdx_host *host)
{
	frames_give_span(host->tdmrs, sizeof(*host->tdmrs));
	host->tdmrs = NULL;
}

/* A span of frames that goes back to where it came from, without what the module left in it. */
static void give_pamt(struct tdx_host *host)
{
	memset(host->pamt, 0, host->pamt_size);
	frames_give_span(host->pamt, host->pamt_size);
	host->pamt = NULL;
}

static enum status construct(struct tdx_host *host, enum tdmr_mode mode)
{
	struct tdmr_list *list = &host->tdmrs->list;
	enum status status = tdmr_cover(&host->memory, &host->sysinfo, list);
	if (status != ST_OK) {
		say(host, "initialization failed: TDMRs exhausted.");
		return status;
	}
	host->pamt_size = tdmr_list_pamt_size(list);
	host->pamt = frames_try_span(host->pamt_size);
	if (host->pamt == NULL) {
		say(host, "initialization failed: no memory for PAMT.");
		return ST_NO_MEMORY;
	}
	status = tdx_init_configure(host, mode);
	if (status != ST_OK) {
		give_pamt(host);
		return status;
	}
	say(host, "%llu KB allocated for PAMT", (unsigned long long)(host->pamt_size / KIB));
	return ST_OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

static uint64_t lp_status[MACHINE_MAX_CPUS];

static void tdx_init_lp(unsigned index)
{
	lp_status[index] = seam(TDH_SYS_LP_INIT, 0, 0, 0, 0).status;
}

static enum status init_lps(const struct tdx_host *host)
{
	smp_call_all(tdx_init_lp);
	for (unsigned i = 0; i < cpu_count(); i++) {
		if (lp_status[i] != TDX_SUCCESS) {
			say(host, "SEAMCALL (0x%x) failed on CPU %u: 0x%016llx", TDH_SYS_LP_INIT, i,
			    (unsigned long long)lp_status[i]);
			return ST_TDX;
		}
	}
	return ST_OK;
}

static enum status find_hkids(struct tdx_host *host)
{
	uint64_t partitioning = module_keyid_partitioning();
	uint32_t count = (uint32_t)field_get(TDX_KEYIDS, partitioning);
	host->global_hkid = (uint32_t)field_get(MKTME_KEYIDS, partitioning) + 1;
	say(host, "BIOS enabled: private KeyID range [%u, %u)", host->global_hkid,
	    host->global_hkid + count);
	if (count < HKIDS_MIN) {
		say(host, "initialization failed: too few private KeyIDs available.");
		return ST_UNSUPPORTED;
	}
	host->td_hkids = count - 1;
	return ST_OK;
}

static enum status init_module(struct tdx_host *host, const struct tdmr_range *ram,
			       unsigned ram_count, enum tdmr_mode mode)
{
	struct seam_result result;
	TRY(find_hkids(host));
	TRY(tdx_init_call(host, TDH_SYS_INIT, 0, 0, 0, &result));
	TRY(init_lps(host));
	TRY(read_sysinfo(host, &host->sysinfo));
	TRY(read_version(host));
	TRY(read_cmrs(host));
	TRY(tdmr_memory_make(ram, ram_count, host->cmrs, host->cmr_count, &host->memory));
	if (host->memory.count == 0) {
		say(host, "initialization failed: no memory is convertible.");
		return ST_NOT_FOUND;
	}
	host->tdmrs = frames_take_span(sizeof(*host->tdmrs));
	memset(host->tdmrs, 0, sizeof(*host->tdmrs));
	enum status status = construct(host, mode);
	if (status != ST_OK) {
		give_tdmrs(host);
	}
	return status;
}

void tdx_release(struct tdx_host *host)
{
	CHECK(host->state == TDX_INITIALIZED);
	give_pamt(host);
	give_tdmrs(host);
	host->state = TDX_UNINITIALIZED;
}

const struct tdmr_info *tdx_tdmr(const struct tdx_host *host, unsigned index)
{
	CHECK(host->state == TDX_INITIALIZED && index < host->tdmrs->list.count);
	return &host->tdmrs->list.tdmrs[index];
}

/* Linux's error number, which its users search for. */
static unsigned error_number(enum status status)
{
	switch (status) {
	case ST_NO_SPACE:
		return 28;
	case ST_NO_MEMORY:
		return 12;
	case ST_UNSUPPORTED:
		return 19;
	case ST_BAD_ARGUMENT:
	case ST_BAD_RANGE:
		return 22;
	case ST_OK:
	case ST_TRUNCATED:
	case ST_BAD_FORMAT:
	case ST_LOG_FULL:
	case ST_NOT_FOUND:
	case ST_TIMEOUT:
	case ST_HOST_REFUSED:
	case ST_HOST_LIED:
	case ST_TDX:
	case ST_ALREADY_ACCEPTED:
	case ST_SIZE_MISMATCH:
		break;
	}
	return 5;
}

enum status tdx_enable(struct tdx_host *host, const struct tdmr_range *ram, unsigned ram_count,
		       enum tdmr_mode mode)
{
	switch (host->state) {
	case TDX_INITIALIZED:
		return ST_OK;
	case TDX_FAILED:
		return ST_BAD_ARGUMENT;
	case TDX_UNINITIALIZED:
		break;
	}
	enum status status = init_module(host, ram, ram_count, mode);
	if (status != ST_OK) {
		say(host, "module initialization failed (-%u)", error_number(status));
		host->state = TDX_FAILED;
		return status;
	}
	say(host, "module initialized");
	host->state = TDX_INITIALIZED;
	return ST_OK;
}
