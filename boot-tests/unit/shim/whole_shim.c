// The whole shim on the host: the model of the TDX module and of the host VMM.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#define _GNU_SOURCE
#include "boot-tests/unit/shim/whole_shim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/mailbox.h"
#include "arch/tdx/module.h"
#include "arch/x86/pc.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "boot-tests/unit/shim/acpi_fixture.h"
#include "boot-tests/unit/shim/whole_judge.h"
#include "linker/memmap.h"
#include "loader/image/sha384.h"
#include "shim/entry/bsp_tables.h"
#include "shim/fatal.h"

#define SHARED BIT64(47)
#define CALLS_MAX 400000
#define OUTPUT_MAX 8192
#define IMAGE_BASE (FOUR_GIB - WHOLE_IMAGE_SIZE)

#define PCI_PORT_ADDRESS 0xCF8
#define PCI_PORT_DATA 0xCFC
#define ID_Q35_HOST 0x29C08086
#define ID_ICH9_LPC 0x29188086
#define COM1 0x3F8
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

_Noreturn void shim_main(uint32_t td, uint32_t hob_claim);
void shim_ap(uint32_t vcpu);
_Noreturn void entry_leave(uint64_t entry, uint64_t argument, uint64_t cr3);
extern char __start_shim_bss[], __stop_shim_bss[];
const char ap_start[1], ap_reset_vector[1], exception_stubs[1];
const char efi_success[1], efi_unsupported[1];

static struct {
	struct whole_host host;
	uint8_t page[WHOLE_PAGES]; /* enum whole_page */
	uint8_t rtmr[WHOLE_RTMRS][SHA384_SIZE];
	uint32_t vmcalls, accepts;
	uint32_t pci_address;
	int selected; /* enum whole_item, or one of the below */
	bool size_selected;
	uint32_t read_at;
	/* Bytes that the host may change and the shim has read. */
	uint8_t bounce_read[BOUNCE_SIZE], hob_read[TD_HOB_SIZE];
	char output[OUTPUT_MAX];
	uint32_t output_size;
	struct whole_handover left;
	jmp_buf end;
	ucontext_t bsp, ap;
	bool ap_runs;
	enum whole_end how;
} run;

enum { ITEM_NONE = -1, ITEM_SIGNATURE = 100, ITEM_ID };

void whole_broken(const char *what)
{
	fprintf(stderr, "whole shim: %s\n%.*s", what, (int)run.output_size, run.output);
	abort();
}

_Noreturn static void end(enum whole_end how)
{
	run.how = how;
	longjmp(run.end, 1);
}

const char *whole_output(void)
{
	return run.output;
}

uint32_t whole_accepts(void)
{
	return run.accepts;
}

/* ---- loads ----------------------------------------------------------------------------------- */

static bool shared(uint64_t address)
{
	return run.page[address / MEM_PAGE_SIZE] == WHOLE_SHARED;
}

/* A control word is polled; everything else of the host's is looked at once. */
static void note_load(uint64_t address, size_t size)
{
	if (address >= BOUNCE + BOUNCE_SIZE || address + size <= TD_HOB) {
		return;
	}
	for (size_t i = 0; i < size; i++, address++) {
		if (address >= BOUNCE + sizeof(struct fw_cfg_dma) &&
		    address < BOUNCE + BOUNCE_SIZE && shared(address) &&
		    run.bounce_read[address - BOUNCE]++ != 0) {
			whole_broken("a byte of the bounce buffer is read twice");
		}
		if (address >= TD_HOB && address < TD_HOB + TD_HOB_SIZE &&
		    run.hob_read[address - TD_HOB]++ != 0) {
			whole_broken("a byte of the TD HOB is read twice");
		}
	}
}

#define LOAD(bytes, type)                                 \
	void __sanitizer_cov_load##bytes(const type *at); \
	void __sanitizer_cov_load##bytes(const type *at)  \
	{                                                 \
		note_load((uintptr_t)at, bytes);          \
	}
LOAD(1, uint8_t)
LOAD(2, uint16_t)
LOAD(4, uint32_t)
LOAD(8, uint64_t)
LOAD(16, unsigned __int128)

void *whole_memcpy(void *restrict to, const void *restrict from, size_t size);
void *whole_memmove(void *to, const void *from, size_t size);
void *whole_memset(void *to, int value, size_t size);
int whole_memcmp(const void *a, const void *b, size_t size);
size_t whole_strlen(const char *text);

void *whole_memcpy(void *restrict to, const void *restrict from, size_t size)
{
	note_load((uintptr_t)from, size);
	return memcpy(to, from, size);
}

void *whole_memmove(void *to, const void *from, size_t size)
{
	note_load((uintptr_t)from, size);
	return memmove(to, from, size);
}

void *whole_memset(void *to, int value, size_t size)
{
	return memset(to, value, size);
}

int whole_memcmp(const void *a, const void *b, size_t size)
{
	note_load((uintptr_t)a, size);
	note_load((uintptr_t)b, size);
	return memcmp(a, b, size);
}

size_t whole_strlen(const char *text)
{
	note_load((uintptr_t)text, strlen(text) + 1);
	return strlen(text);
}

/* ---- what only runs on the target ------------------------------------------------------------ */

enum status tables_enter_boot(bool td, unsigned gpaw, uint64_t image_size)
{
	const struct region_bounds bounds = { FOUR_GIB - image_size, IMAGE_BASE,
					      IMAGE_BASE + MEM_PAGE_SIZE };
	gpa_t root;
	return tables_build_boot(td, gpaw, &bounds, &root);
}

void tables_load_descriptors(uint32_t vcpu)
{
	(void)vcpu;
}

void entry_leave(uint64_t entry, uint64_t argument, uint64_t cr3)
{
	run.left.entry = entry;
	run.left.boot_params = argument;
	run.left.cr3 = cr3;
	end(WHOLE_LEFT);
}

/* ---- the module ------------------------------------------------------------------------------ */

/* The last AP with a stack. It halts, or runs for ever. */
static void ap_dies(void)
{
	fatal(ST_OK, WHOLE_AP_TEXT);
}

static void let_ap_die(void)
{
	getcontext(&run.ap);
	run.ap.uc_stack.ss_sp = gpa_pointer(gpa(AP_STACKS + AP_STACKS_SIZE - MEM_PAGE_SIZE));
	run.ap.uc_stack.ss_size = MEM_PAGE_SIZE;
	makecontext(&run.ap, ap_dies, 0);
	run.ap_runs = true;
	swapcontext(&run.bsp, &run.ap);
}

static uint64_t accept_page(uint64_t rcx)
{
	uint64_t base = rcx & MASK64(51, 12);
	uint64_t size = (rcx & MASK64(2, 0)) == 0 ? MEM_PAGE_SIZE : pg_size(PG_2M);
	uint32_t call = ++run.accepts;
	if (call == run.host.ap_comes_at) {
		shim_ap(1);
	}
	if (call == run.host.ap_dies_at) {
		let_ap_die();
	}
	for (unsigned i = 0; i < WHOLE_RULES; i++) {
		if (run.host.accepts[i].call == call) {
			return run.host.accepts[i].rax;
		}
	}
	if (base % size != 0) {
		whole_broken("an accept that is not aligned");
	}
	if (whole_page_of(base + size - 1) == WHOLE_PAGES) {
		end(WHOLE_STOPPED); /* a host without memory there */
	}
	if (base < PC_VGA_WINDOW_END && base + size > PC_VGA_WINDOW) {
		whole_broken("an accept of the VGA window");
	}
	for (uint64_t at = base; at < base + size; at += MEM_PAGE_SIZE) {
		uint8_t *page = &run.page[whole_page_of(at)];
		if (*page == WHOLE_ADDED || *page == WHOLE_ACCEPTED) {
			return TDX_PAGE_ALREADY_ACCEPTED;
		}
		if (*page == WHOLE_SHARED) {
			whole_broken("an accept of a page that is shared");
		}
		*page = WHOLE_ACCEPTED;
	}
	/* The rest is nobody's question here, and much to clear. */
	if (base >= SHIM_RAM && base < SHIM_RAM_END) {
		memset(gpa_pointer(gpa(base)), 0, size);
	}
	return TDX_SUCCESS;
}

static uint64_t extend_rtmr(uint64_t data, uint64_t index)
{
	struct sha384 hash;
	if (data % 64 != 0 || index >= WHOLE_RTMRS) {
		whole_broken("operands of TDG.MR.RTMR.EXTEND");
	}
	sha384_init(&hash);
	sha384_update(&hash, run.rtmr[index], SHA384_SIZE);
	sha384_update(&hash, gpa_pointer(gpa(data)), SHA384_SIZE);
	sha384_final(&hash, run.rtmr[index]);
	return TDX_SUCCESS;
}

/* ---- the host's devices ---------------------------------------------------------------------- */

static const struct {
	uint16_t data, size;
	const char *file;
} places[WHOLE_HOB] = {
	[WHOLE_SETUP] = { FW_CFG_SETUP_DATA, FW_CFG_SETUP_SIZE, NULL },
	[WHOLE_KERNEL] = { FW_CFG_KERNEL_DATA, FW_CFG_KERNEL_SIZE, NULL },
	[WHOLE_INITRD] = { FW_CFG_INITRD_DATA, FW_CFG_INITRD_SIZE, NULL },
	[WHOLE_CMDLINE] = { FW_CFG_CMDLINE_DATA, FW_CFG_CMDLINE_SIZE, NULL },
	[WHOLE_DIRECTORY] = { FW_CFG_FILE_DIR, 0, NULL },
	[WHOLE_LOADER] = { 0x20, 0, "etc/table-loader" },
	[WHOLE_RSDP] = { 0x21, 0, "etc/acpi/rsdp" },
	[WHOLE_TABLES] = { 0x22, 0, "etc/acpi/tables" },
};

static void select_item(uint16_t selector)
{
	run.read_at = 0;
	run.selected = selector == FW_CFG_SIGNATURE ? ITEM_SIGNATURE :
		       selector == FW_CFG_ID        ? ITEM_ID :
						      ITEM_NONE;
	for (int i = 0; i < WHOLE_HOB; i++) {
		if (selector == places[i].data ||
		    (places[i].size != 0 && selector == places[i].size)) {
			run.selected = i;
			run.size_selected = selector != places[i].data;
		}
	}
}

static uint8_t item_byte(void)
{
	uint32_t at = run.read_at++;
	if (run.selected == ITEM_SIGNATURE) {
		return at < 4 ? (uint8_t)(FW_CFG_SIGNATURE_VALUE >> (8 * at)) : 0;
	}
	if (run.selected == ITEM_ID) {
		return at == 0 ? FW_CFG_ID_TRADITIONAL | (run.host.no_dma ? 0 : FW_CFG_ID_DMA) : 0;
	}
	if (run.selected == ITEM_NONE) {
		return 0;
	}
	const struct whole_bytes *item = &run.host.items[run.selected];
	if (run.size_selected) {
		return at < 4 ? (uint8_t)(item->told >> (8 * at)) : 0;
	}
	return at < item->size ? item->bytes[at] : 0;
}

/* What the device writes there is new: it may be read again. */
static uint8_t *host_memory(uint64_t address, uint64_t size)
{
	for (uint64_t at = align_down(address, MEM_PAGE_SIZE); at < address + size;
	     at += MEM_PAGE_SIZE) {
		if (at >= WHOLE_RAM || !shared(at)) {
			whole_broken("DMA to memory that is not shared");
		}
	}
	if (address >= BOUNCE && address + size <= BOUNCE + BOUNCE_SIZE) {
		memset(run.bounce_read + (address - BOUNCE), 0, size);
	}
	return gpa_pointer(gpa(address));
}

static void dma(uint64_t descriptor)
{
	struct fw_cfg_dma *dma = (struct fw_cfg_dma *)host_memory(descriptor, sizeof(*dma));
	uint32_t control = __builtin_bswap32(dma->control);
	uint32_t length = __builtin_bswap32(dma->length);
	if ((control & FW_CFG_DMA_SELECT) != 0) {
		select_item((uint16_t)(control >> 16));
	}
	if ((control & FW_CFG_DMA_READ) != 0) {
		uint8_t *to = host_memory(__builtin_bswap64(dma->address), length);
		for (uint32_t i = 0; i < length; i++) {
			to[i] = item_byte();
		}
	} else if ((control & FW_CFG_DMA_SKIP) != 0) {
		run.read_at += length;
	}
	dma->control = 0;
}

static void port_write(uint16_t port, uint32_t value)
{
	switch (port) {
	case FW_CFG_PORT_SELECT:
		select_item((uint16_t)value);
		break;
	case FW_CFG_PORT_DMA_LOW:
		dma(__builtin_bswap32(value));
		break;
	case PCI_PORT_ADDRESS:
		run.pci_address = value;
		break;
	case COM1:
		if (run.output_size + 1 < OUTPUT_MAX) {
			run.output[run.output_size++] = (char)value;
		}
		break;
	default:
		break;
	}
}

static uint32_t port_read(uint16_t port)
{
	switch (port) {
	case FW_CFG_PORT_DATA:
		return item_byte();
	case FW_CFG_PORT_DMA_HIGH:
		return run.host.no_dma ? UINT32_MAX : FW_CFG_SIGNATURE_VALUE;
	case COM1 + 5:
		return LINE_STATUS_TRANSMIT_EMPTY;
	case PCI_PORT_DATA:
		return run.pci_address == BIT32(31)               ? ID_Q35_HOST :
		       run.pci_address == (BIT32(31) | 31u << 11) ? ID_ICH9_LPC :
								    0;
	default:
		return UINT32_MAX;
	}
}

static void map_gpa(uint64_t start, uint64_t size)
{
	bool share = (start & SHARED) != 0;
	uint64_t base = start & ~SHARED;
	if (base % MEM_PAGE_SIZE != 0 || size % MEM_PAGE_SIZE != 0 || base + size > WHOLE_RAM) {
		whole_broken("operands of MapGPA");
	}
	for (uint64_t at = base; at < base + size; at += MEM_PAGE_SIZE) {
		uint8_t *page = &run.page[at / MEM_PAGE_SIZE];
		if (*page == WHOLE_ADDED) {
			whole_broken("MapGPA of a page that is the shim's own");
		}
		if (*page == WHOLE_ACCEPTED) {
			whole_broken("MapGPA of a page that is accepted, so for nothing");
		}
		*page = share ? WHOLE_SHARED : WHOLE_FREE;
	}
	memset(gpa_pointer(gpa(base)), WHOLE_HOST_BYTE, size);
}

/* ---- TDVMCALL -------------------------------------------------------------------------------- */

static uint64_t *answer_register(struct tdcall_regs *regs, unsigned n)
{
	uint64_t *const all[] = { &regs->r10, &regs->r11, &regs->r12, &regs->r13,
				  &regs->r14, &regs->r15, &regs->rbx, &regs->rdx,
				  &regs->rsi, &regs->rdi, &regs->r8,  &regs->r9 };
	return all[n % ARRAY_COUNT(all)];
}

static void answer(struct tdcall_regs *regs)
{
	uint64_t function = regs->r11;
	bool write = regs->r13 == TDVMCALL_WRITE;
	regs->r10 = TDVMCALL_SUCCESS;
	switch (function) {
	case TDVMCALL_MAP_GPA:
		map_gpa(regs->r12, regs->r13);
		break;
	case TDVMCALL_CPUID:
		regs->r12 = regs->r13 = regs->r14 = regs->r15 = 0;
		break;
	case TDVMCALL_IO:
		if (write) {
			port_write((uint16_t)regs->r14, (uint32_t)regs->r15);
		} else {
			regs->r11 = port_read((uint16_t)regs->r14);
		}
		break;
	case TDVMCALL_HLT:
		if (!run.ap_runs) {
			end(WHOLE_STOPPED);
		}
		run.ap_runs = false;
		swapcontext(&run.ap, &run.bsp);
		whole_broken("an AP that has ended goes on");
	case TDVMCALL_REPORT_FATAL_ERROR:
		end(WHOLE_FATAL);
	default:
		end(WHOLE_STOPPED);
	}
}

static uint64_t vmcall(struct tdcall_regs *regs)
{
	run.vmcalls++;
	if (run.vmcalls > CALLS_MAX) {
		end(WHOLE_STOPPED);
	}
	if (regs->r10 != 0 || (regs->rcx & ~(uint64_t)TDVMCALL_EXPOSE_ALL) != 0) {
		whole_broken("R10 or RCX of a TDVMCALL");
	}
	answer(regs);
	for (unsigned i = 0; i < WHOLE_RULES; i++) {
		if (run.host.rules[i].call == run.vmcalls) {
			*answer_register(regs, run.host.rules[i].reg) = run.host.rules[i].value;
		}
	}
	return TDX_SUCCESS;
}

uint64_t tdcall(struct tdcall_regs *regs)
{
	switch (regs->rax) {
	case TDG_VP_INFO:
		regs->rcx = 48;
		regs->rdx = run.host.attributes;
		regs->r8 = run.host.vcpus;
		regs->r9 = 0;
		regs->rax = TDX_SUCCESS;
		break;
	case TDG_VM_RD:
		regs->r8 = regs->rdx == MD_TD_CONFIG_FLAGS ? run.host.config_flags : 0;
		regs->rax = TDX_SUCCESS;
		break;
	case TDG_MEM_PAGE_ACCEPT:
		regs->rax = accept_page(regs->rcx);
		break;
	case TDG_MR_RTMR_EXTEND:
		regs->rax = extend_rtmr(regs->rcx, regs->rdx);
		break;
	case TDG_VP_VMCALL:
		regs->rax = vmcall(regs);
		break;
	case TDG_VM_WR:
		end(WHOLE_STOPPED);
	default:
		whole_broken("a leaf that the shim does not use");
	}
	return regs->rax;
}

/* ---- a good host ----------------------------------------------------------------------------- */

static void add_file(struct whole_host *host, enum whole_item item)
{
	struct whole_bytes *directory = &host->items[WHOLE_DIRECTORY];
	struct fw_cfg_file file = { .size = __builtin_bswap32(host->items[item].size),
				    .select = __builtin_bswap16(places[item].data) };
	uint32_t count = (directory->size - 4) / (uint32_t)sizeof(file) + 1;
	memcpy(file.name, places[item].file, strlen(places[item].file) + 1);
	memcpy(directory->bytes + directory->size, &file, sizeof(file));
	directory->size += (uint32_t)sizeof(file);
	count = __builtin_bswap32(count);
	memcpy(directory->bytes, &count, 4);
}

static void fill(struct whole_bytes *item, const void *bytes, uint32_t size)
{
	memcpy(item->bytes + item->size, bytes, size);
	item->size += size;
}

static void good_kernel(struct whole_host *host)
{
	struct linux_setup_header header = bzimage_debian_header;
	struct whole_bytes *kernel = &host->items[WHOLE_KERNEL];
	header.setup_sects = 4;
	header.init_size = 0x800000;
	memcpy(host->items[WHOLE_SETUP].bytes + LINUX_HEADER_OFFSET, &header, sizeof(header));
	host->items[WHOLE_SETUP].size = 5 * LINUX_SECTOR_SIZE;
	kernel->size = 0x3000;
	for (uint32_t i = 0; i < kernel->size; i++) {
		kernel->bytes[i] = (uint8_t)(i * 31);
	}
	memset(host->items[WHOLE_INITRD].bytes, 0x77, 0x1234);
	host->items[WHOLE_INITRD].size = 0x1234;
	fill(&host->items[WHOLE_CMDLINE], "console=ttyS0", 14);
}

static void add_range(struct whole_bytes *hob, uint32_t type, uint64_t base, uint64_t range_end)
{
	const struct hob_resource range = {
		.header = { HOB_TYPE_RESOURCE_DESCRIPTOR, sizeof(range), 0 },
		.resource_type = type,
		.attributes = HOB_ATTRIBUTES_MEMORY,
		.physical_start = base,
		.resource_length = range_end - base,
	};
	fill(hob, &range, sizeof(range));
}

static void end_hob(struct whole_bytes *hob)
{
	const struct hob_header last = { HOB_TYPE_END_OF_HOB_LIST, sizeof(last), 0 };
	struct hob_handoff *handover = (struct hob_handoff *)hob->bytes;
	handover->end_of_hob_list = TD_HOB + hob->size;
	fill(hob, &last, sizeof(last));
}

void whole_add_high(struct whole_host *host, uint64_t base, uint64_t range_end)
{
	struct whole_bytes *hob = &host->items[WHOLE_HOB];
	hob->size -= (uint32_t)sizeof(struct hob_header);
	add_range(hob, HOB_RESOURCE_MEMORY_UNACCEPTED, base, range_end);
	end_hob(hob);
}

static void good_hob(struct whole_bytes *hob)
{
	struct hob_handoff handover = { .header = { HOB_TYPE_HANDOFF, sizeof(handover), 0 },
					.version = HOB_HANDOFF_VERSION };
	fill(hob, &handover, sizeof(handover));
	add_range(hob, HOB_RESOURCE_MEMORY_UNACCEPTED, 0, SHIM_RAM);
	add_range(hob, HOB_RESOURCE_SYSTEM_MEMORY, SHIM_RAM, TD_HOB + TD_HOB_SIZE);
	add_range(hob, HOB_RESOURCE_MEMORY_UNACCEPTED, TD_HOB + TD_HOB_SIZE, WHOLE_RAM);
	end_hob(hob);
}

struct hob_resource *whole_hob_range(struct whole_host *host, unsigned number)
{
	return (struct hob_resource *)(host->items[WHOLE_HOB].bytes + sizeof(struct hob_handoff)) +
	       number;
}

void whole_good_host(struct whole_host *host)
{
	static struct acpi_fixture acpi;
	memset(host, 0, sizeof(*host));
	good_kernel(host);
	good_hob(&host->items[WHOLE_HOB]);
	acpi_fixture_build(&acpi, true);
	fill(&host->items[WHOLE_LOADER], acpi.commands,
	     acpi.command_count * (uint32_t)sizeof(acpi.commands[0]));
	fill(&host->items[WHOLE_RSDP], acpi.rsdp, acpi.rsdp_size);
	fill(&host->items[WHOLE_TABLES], acpi.tables, sizeof(acpi.tables));
	host->items[WHOLE_DIRECTORY].size = 4;
	add_file(host, WHOLE_LOADER);
	add_file(host, WHOLE_RSDP);
	add_file(host, WHOLE_TABLES);
	for (unsigned i = 0; i < WHOLE_ITEM_COUNT; i++) {
		host->items[i].told = host->items[i].size;
	}
	host->config = (struct image_config){ .magic = IMAGE_CONFIG_MAGIC,
					      .image_size = WHOLE_IMAGE_SIZE };
	host->attributes = TD_ATTRIBUTES_SEPT_VE_DISABLE;
	host->vcpus = 2;
}

/* ---- one boot -------------------------------------------------------------------------------- */

static void map_memory(void)
{
	static bool mapped;
	static const struct {
		uint64_t base, size;
	} ranges[] = { { 0x10000, WHOLE_RAM - 0x10000 }, { IMAGE_BASE, WHOLE_IMAGE_SIZE } };
	for (size_t i = 0; i < ARRAY_COUNT(ranges) && !mapped; i++) {
		void *at = gpa_pointer(gpa(ranges[i].base));
		if (mmap(at, ranges[i].size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			 0) != at) {
			perror("whole shim: mmap");
			exit(1);
		}
	}
	mapped = true;
}

static void power_on(const struct whole_host *host)
{
	struct mailbox *mailbox = gpa_pointer(gpa(MAILBOX));
	const struct whole_bytes *hob = &host->items[WHOLE_HOB];
	map_memory();
	memset(&run, 0, sizeof(run));
	run.host = *host;
	run.selected = ITEM_NONE;
	memset(__start_shim_bss, 0, (size_t)(__stop_shim_bss - __start_shim_bss));
	/* As the reset code leaves it. */
	memset(gpa_pointer(gpa(SHIM_RAM)), 0, TEMPMEM_END - SHIM_RAM);
	memset(gpa_pointer(gpa(TD_HOB)), WHOLE_HOST_BYTE, TD_HOB_SIZE);
	memset(gpa_pointer(gpa(IMAGE_BASE)), 0, WHOLE_IMAGE_SIZE);
	memcpy(gpa_pointer(gpa(TD_HOB)), hob->bytes,
	       hob->size < TD_HOB_SIZE ? hob->size : TD_HOB_SIZE);
	memcpy(gpa_pointer(gpa(IMAGE_CONFIG)), &host->config, sizeof(host->config));
	for (uint32_t i = 1; i < host->vcpus && i < MAILBOX_MAX_VCPUS; i++) {
		mailbox->arrived[i] = i + 1;
	}
	for (uint64_t at = SHIM_RAM; at < TD_HOB + TD_HOB_SIZE; at += MEM_PAGE_SIZE) {
		run.page[at / MEM_PAGE_SIZE] = WHOLE_ADDED;
	}
}

enum whole_end whole_boot(const struct whole_host *host)
{
	power_on(host);
	if (setjmp(run.end) == 0) {
		shim_main(1, TD_HOB);
	}
	if (run.how == WHOLE_LEFT) {
		run.left.page = run.page;
		run.left.rtmr = run.rtmr;
		run.left.host = &run.host;
		whole_judge(&run.left);
	}
	return run.how;
}
