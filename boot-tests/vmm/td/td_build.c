// TDH.MNG.CREATE to TDH.MR.FINALIZE, in the order of KVM and QEMU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c; QEMU target/i386/kvm/tdx.c tdx_finalize_vm]
#include "boot-tests/vmm/td/td_build.h"

#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/call/cpuid.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/host_file.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/packages.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/td/td_hob.h"
#include "boot-tests/vmm/td/td_memory_map.h"
#include "linker/memmap.h"
#include "loader/image/launch_read.h"

#define TDCX_PAGES 6
#define TDVPX_PAGES 5
/* Write-back, 4 or 5 levels: one for each GPAW. */
#define EPTP_CONTROLS_48 0x1E
#define EPTP_CONTROLS_52 0x26
#define TSC_UNIT_KHZ 25000
/* x87, SSE, AVX, PKRU: what QEMU's TCG has of what a TD may have. */
#define XFAM_WANTED (BIT64(0) | BIT64(1) | BIT64(2) | BIT64(9))
#define CPUID_XSAVE_LEAF 0xD
/* TDH.VP.INIT version 1 takes the x2APIC id in R8. */
#define TDH_VP_INIT_V1 (TDH_VP_INIT | field_put(TDX_VERSION, 1))

/* What all pages of the TD are made of, and when they are measured. */
struct content {
	enum config_mrtd_order order;
	const struct launch_image *image;
	const struct td_layout *layout;
	const uint8_t *hob;
	const uint8_t *fill; /* one page: what the host has where nothing is measured */
	uint8_t *page;       /* one page, for bytes that are no whole page where they are */
};

/* A TD that is being built, and the SEAMCALL that failed, if any. */
struct building {
	struct host_td *td;
	const struct content *from;
	struct seam_failure failure;
};

/* What does not fit is more than any module takes. */
static uint16_t max_vcpus(const struct host_td *td)
{
	uint64_t set = td->config->max_vcpus;
	uint64_t wanted = set != 0 ? set : td->place.vcpu_count;
	return wanted < UINT16_MAX ? (uint16_t)wanted : UINT16_MAX;
}

static void fill_params(struct td_params *params, const struct host_td *td)
{
	const struct config *config = td->config;
	struct cpuid_result xsave = insn_cpuid(CPUID_XSAVE_LEAF, 0);
	*params = (struct td_params){
		.attributes = (config->sept_ve_disable == SEPT_VE_DISABLED ?
				       TD_ATTRIBUTES_SEPT_VE_DISABLE :
				       0) |
			      (config->debug_td ? TD_ATTRIBUTES_DEBUG : 0),
		.xfam = XFAM_WANTED & xsave.eax,
		.max_vcpus = max_vcpus(td),
		.eptp_controls = config->gpaw == GPAW_52 ? EPTP_CONTROLS_52 : EPTP_CONTROLS_48,
		.config_flags = (config->gpaw == GPAW_52 ? TD_CONFIG_FLAGS_GPAW : 0) |
				(config->sept_ve_disable == SEPT_VE_FLEXIBLE ?
					 TD_CONFIG_FLAGS_FLEXIBLE_PENDING_VE :
					 0) |
				(config->rbp_mod ? 0 : TD_CONFIG_FLAGS_NO_RBP_MOD),
		.tsc_frequency = (uint16_t)((time_tsc_khz() + TSC_UNIT_KHZ / 2) / TSC_UNIT_KHZ),
	};
	for (unsigned i = 0; i < CPUID_CONFIG_LEAVES; i++) {
		struct cpuid_result values =
			cpuid_configured(&cpuid_config_leaves[i], config->la57);
		memcpy(&params->cpuid_config[i * sizeof(values)], &values, sizeof(values));
	}
}

/* A frame that is about to become the TD's, noted before it does. */
static hpa_t control_page(struct host_td *td)
{
	hpa_t page = frames_take_page();
	frame_list_add(&td->control, page);
	return page;
}

static enum status init_td(struct building *b)
{
	hpa_t page = frames_take_page();
	fill_params(hpa_ptr(page), b->td);
	enum status status = SEAM_TRY(TDH_MNG_INIT, b->td->tdr.v, page.v, 0, 0, &b->failure);
	frames_give_page(page);
	return status;
}

static enum status td_build_key(void *arg)
{
	struct building *b = arg;
	return SEAM_TRY(TDH_MNG_KEY_CONFIG, b->td->tdr.v, 0, 0, 0, &b->failure);
}

static enum status create_td(struct building *b)
{
	struct host_td *td = b->td;
	td->tdr = frames_take_page();
	TRY(SEAM_TRY(TDH_MNG_CREATE, td->tdr.v, td->place.hkid, 0, 0, &b->failure));
	td->stage = TD_HAS_KEY;
	TRY(packages_each(td_build_key, b));
	for (unsigned i = 0; i < TDCX_PAGES; i++) {
		TRY(SEAM_TRY(TDH_MNG_ADDCX, control_page(td).v, td->tdr.v, 0, 0, &b->failure));
	}
	TRY(init_td(b));
	struct seam_result offset = seam(TDH_MNG_RD, td->tdr.v, MD_TD_TSC_OFFSET, 0, 0);
	TRY(seam_status("TDH_MNG_RD", td->tdr.v, offset, &b->failure));
	td->tsc_offset = offset.r8;
	return ST_OK;
}

static enum status create_vcpu(struct building *b, unsigned index)
{
	struct host_td *td = b->td;
	hpa_t tdvpr = control_page(td);
	td->vcpus[index].tdvpr = tdvpr;
	msr_file_init(&td->vcpus[index].msrs, index == 0, td->tsc_offset);
	TRY(SEAM_TRY(TDH_VP_CREATE, tdvpr.v, td->tdr.v, 0, 0, &b->failure));
	for (unsigned i = 0; i < TDVPX_PAGES; i++) {
		TRY(SEAM_TRY(TDH_VP_ADDCX, control_page(td).v, tdvpr.v, 0, 0, &b->failure));
	}
	/* Without a TD HOB a vCPU starts in its reset state. */
	const struct td_layout *layout = b->from->layout;
	TRY(SEAM_TRY(TDH_VP_INIT_V1, tdvpr.v, layout->memory_map ? 0 : layout->hob_base,
		     cpu_apic_id(td->place.cpu_base + index), 0, &b->failure));
	TRY(SEAM_TRY(TDH_VP_WR, tdvpr.v, MD_VP_SHARED_EPTP, mmu_shared_root(&td->mmu).v, UINT64_MAX,
		     &b->failure));
	/* The vCPU will run on another CPU. */
	return SEAM_TRY(TDH_VP_FLUSH, tdvpr.v, 0, 0, 0, &b->failure);
}

/* The page to add at an offset of a section. */
static const uint8_t *page_of(struct building *b, const struct launch_section *section, uint64_t at)
{
	const struct content *from = b->from;
	if (section->base == from->layout->hob_base) {
		return from->hob + at;
	}
	if (section->kind == LAUNCH_TEMP_MEM || section->kind == LAUNCH_TD_HOB) {
		return from->fill;
	}
	if (from->image->mapped) {
		/* All of its size is in the file, and loaded: td_layout_make() has checked that. */
		return section->bytes + at;
	}
	uint64_t left = at < section->bytes_size ? section->bytes_size - at : 0;
	if (left >= MEM_PAGE_SIZE && is_aligned((uintptr_t)(section->bytes + at), MEM_PAGE_SIZE)) {
		return section->bytes + at;
	}
	memset(from->page, 0, MEM_PAGE_SIZE);
	if (left != 0) {
		memcpy(from->page, section->bytes + at,
		       left < MEM_PAGE_SIZE ? left : MEM_PAGE_SIZE);
	}
	return from->page;
}

static enum status add_section(struct building *b, const struct launch_section *section)
{
	struct mmu *mmu = &b->td->mmu;
	bool measured = section->measured;
	bool per_page = b->from->order == MRTD_ORDER_PAGE;
	uint64_t base = section->base;
	uint64_t size = section->size;
	for (uint64_t at = 0; at < size; at += MEM_PAGE_SIZE) {
		TRY(mmu_add_page(mmu, gpa(base + at), page_of(b, section, at), &b->failure));
		if (measured && per_page) {
			TRY(mmu_extend_page(mmu, gpa(base + at), &b->failure));
		}
	}
	for (uint64_t at = 0; measured && !per_page && at < size; at += MEM_PAGE_SIZE) {
		TRY(mmu_extend_page(mmu, gpa(base + at), &b->failure));
	}
	return ST_OK;
}

static enum status add_sections(struct building *b)
{
	const struct launch_image *image = b->from->image;
	for (unsigned i = 0; i < image->count; i++) {
		TRY(add_section(b, &image->sections[i]));
	}
	return ST_OK;
}

static enum status td_build_all(struct building *b)
{
	struct host_td *td = b->td;
	TRY(create_td(b));
	mmu_init(&td->mmu, &td->kick, td->tdr, td->place.shared, &b->from->layout->memory,
		 td->config->gpaw == GPAW_52 ? 52 : 48, td->place.tables);
	td->mmu.large_pages = td->config->page_size == PAGE_SIZE_2M;
	td->mmu.shrink_every = td->config->shrink;
	td->mmu.zap_one_by_one = td->config->private_zap == PRIVATE_ZAP_SINGLE;
	td->mmu.frames.dirty = td->config->dirty_frames;
	td->mmu.sept.hkid = td->place.hkid;
	for (unsigned i = 0; i < td->place.vcpu_count; i++) {
		TRY(create_vcpu(b, i));
	}
	TRY(add_sections(b));
	return SEAM_TRY(TDH_MR_FINALIZE, td->tdr.v, 0, 0, 0, &b->failure);
}

/* What tells the TD of its memory: one of the two. */
static enum status describe_memory(const struct launch_image *image, const struct td_layout *layout,
				   uint8_t unmeasured, uint8_t *out)
{
	if (!layout->memory_map) {
		memset(out, unmeasured, layout->hob_size);
		return td_hob_build(layout, out, layout->hob_size);
	}
	memset(out, 0, layout->hob_size);
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *section = &image->sections[i];
		if (section->base == layout->hob_base && section->bytes != NULL) {
			memcpy(out, section->bytes, section->bytes_size);
		}
	}
	return td_memory_map_build(layout, out + layout->map_offset,
				   layout->hob_size - layout->map_offset);
}

/* The image as it was read and laid out. */
static enum status build_image(struct host_td *td, const struct launch_image *image,
			       const struct td_layout *layout, struct verdict *verdict)
{
	uint8_t unmeasured = td->config->temp_mem == TEMP_MEM_ZERO ? 0 : MACHINE_FILL;
	uint8_t *hob = frames_take_span(layout->hob_size);
	enum status status = describe_memory(image, layout, unmeasured, hob);
	if (status != ST_OK) {
		verdict_setup(verdict, "%s section of 0x%llx bytes is too small",
			      layout->memory_map ? "memory map's" : "TD_HOB",
			      (unsigned long long)layout->hob_size);
	} else if (hooks.hob != NULL && !hooks.hob(hob, layout->hob_size)) {
		status = ST_BAD_RANGE;
		verdict_setup(verdict,
			      "host script: what it replaces is not in the 0x%llx bytes of the HOB",
			      (unsigned long long)layout->hob_size);
	} else {
		if (td->config->host_files && td->place.q35) {
			uint32_t start = (uint32_t)layout->map_offset;
			host_file_print(layout->memory_map ? "igvm-memory-map" : "td-hob",
					hob + start, (uint32_t)layout->hob_size - start);
		}
		hpa_t fill = frames_take_page();
		hpa_t page = frames_take_page();
		memset(hpa_ptr(fill), unmeasured, MEM_PAGE_SIZE);
		if (hooks.temp_mem != NULL) {
			hooks.temp_mem(hpa_ptr(fill));
		}
		const struct content content = {
			td->config->mrtd_order, image, layout, hob, hpa_ptr(fill), hpa_ptr(page),
		};
		struct building building = { .td = td, .from = &content };
		status = td_build_all(&building);
		frames_give_page(page);
		frames_give_page(fill);
		if (status != ST_OK) {
			verdict_not_built(verdict, &building.failure);
		}
	}
	frames_give_span(hob, layout->hob_size);
	return status;
}

enum status td_build(struct host_td *td, const struct td_place *place, const struct config *config,
		     struct blob firmware, struct verdict *verdict)
{
	char error[160];
	struct launch_image image;
	if (launch_read(firmware.data, firmware.size, &image, error, sizeof(error)) != ST_OK) {
		verdict_setup(verdict, "firmware: %s", error);
		return ST_BAD_FORMAT;
	}
	struct td_layout layout;
	if (td_layout_make(place->memory, &image, &layout, error, sizeof(error)) != ST_OK) {
		verdict_setup(verdict, "cannot lay out the TD: %s", error);
		return ST_BAD_RANGE;
	}
	td->place = *place;
	td->config = config;
	td->kick = (struct td_kick){ place->cpu_base, place->vcpu_count, { false } };
	TRY(build_image(td, &image, &layout, verdict));
	console_line('L', "TD: %u vCPUs, 0x%llx bytes of RAM, %u sections, %s at 0x%llx",
		     place->vcpu_count, (unsigned long long)place->memory, image.count,
		     layout.memory_map ? "memory map" : "HOB",
		     (unsigned long long)(layout.hob_base + layout.map_offset));
	return ST_OK;
}
