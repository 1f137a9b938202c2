// Ports and DMA of the fw_cfg device that the TD sees.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU docs/specs/fw_cfg.txt]
#include "boot-tests/vmm/device/fw_cfg_remap.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/linux/boot_params.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/vmm/device/device_table.h"
#include "boot-tests/vmm/device/kernel_file.h"
#include "boot-tests/vmm/device/ports.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/host_file.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/td/host_acpi.h"
#include "boot-tests/vmm/text.h"

/* Items that are no files of QEMU's: of the kernel, the CPUs, the directory, signature and id. */
#define OWN_ITEMS (17 + FW_CFG_BOOT_FILES)
#define E820_FILE "etc/e820"
#define TABLES_FILE "etc/acpi/tables"
#define TABLE_LOADER_FILE "etc/table-loader"
#define ACPI_FILES "etc/acpi/"
/* Files of the machine: what tools/tdrun passes, and option ROMs, which no TD runs. */
#define MACHINE_FILES "opt/lintel/"
#define MACHINE_ROMS "genroms/"

/* Memory that is given back with the device. */
static uint8_t *keep(struct fw_cfg_remap *remap, struct blob span)
{
	if (span.data != NULL) {
		CHECK(remap->span_count < FW_CFG_SPANS);
		remap->spans[remap->span_count++] = span;
	}
	return span.data;
}

static uint8_t *keep_new(struct fw_cfg_remap *remap, uint32_t size)
{
	return keep(remap, (struct blob){ frames_take_span(size), size });
}

/* An address, a size and the data; the numbers are little endian. */
static void add_pair(struct fw_cfg_remap *remap, enum fw_cfg_pair pair, uint32_t address,
		     const void *data, uint32_t size)
{
	static const struct {
		uint16_t address, size, data;
	} selectors[FW_CFG_PAIRS] = {
		[PAIR_SETUP] = { FW_CFG_SETUP_ADDR, FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA },
		[PAIR_KERNEL] = { FW_CFG_KERNEL_ADDR, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA },
		[PAIR_INITRD] = { FW_CFG_INITRD_ADDR, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA },
		[PAIR_CMDLINE] = { FW_CFG_CMDLINE_ADDR, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA },
	};
	remap->addresses[pair] = address;
	remap->sizes[pair] = size;
	fw_cfg_items_add(&remap->items, selectors[pair].address, &remap->addresses[pair],
			 sizeof(uint32_t));
	fw_cfg_items_add(&remap->items, selectors[pair].size, &remap->sizes[pair],
			 sizeof(uint32_t));
	fw_cfg_items_add(&remap->items, selectors[pair].data, data, size);
}

/* Reads the kernel that is asked for; *file is all zero when none is. */
static enum status read_kernel(const struct kernel_request *request, struct kernel_file *file,
			       struct verdict *verdict)
{
	char error[KERNEL_FILE_ERROR_SIZE];
	*file = (struct kernel_file){ 0 };
	if (request->kernel != NULL && !kernel_file_read(request, file, error, sizeof(error))) {
		verdict_setup(verdict, "kernel of 0x%x bytes: %s", request->kernel_size, error);
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

/* The file's own bytes, or a copy that QEMU has patched. */
static const uint8_t *setup_part(struct fw_cfg_remap *remap, const struct blob *kernel,
				 const struct kernel_file *file, enum config_fw_cfg kind)
{
	bool patched = kind == FW_CFG_9_2 || kind == FW_CFG_10_1;
	if (kernel->data == NULL || !patched) {
		return kernel->data;
	}
	uint8_t *setup = keep_new(remap, file->setup_size);
	memcpy(setup, kernel->data, file->setup_size);
	kernel_file_patch(file, setup);
	return setup;
}

/* A part of the boot as the user's file is, for the directory. */
static void note_boot_file(struct fw_cfg_remap *remap, const char *name, const void *data,
			   uint32_t size)
{
	CHECK(remap->boot_file_count < FW_CFG_BOOT_FILES);
	remap->boot_files[remap->boot_file_count++] = (struct fw_cfg_boot_file){ name, data, size };
}

/* What x86_load_linux() of the host's QEMU adds. */
static enum status add_kernel(struct fw_cfg_remap *remap, enum config_fw_cfg kind,
			      struct verdict *verdict)
{
	struct blob kernel = blob_load(MACHINE_FILES "kernel");
	struct blob initrd = blob_load(MACHINE_FILES "initrd");
	struct blob cmdline = blob_load(MACHINE_FILES "cmdline");
	keep(remap, kernel);
	keep(remap, initrd);
	/* The TD sees the command line as a C string: its NUL counts. */
	uint32_t size = kernel.data == NULL ? 0 : cmdline.size + 1;
	uint8_t *text = keep_new(remap, cmdline.size + 1);
	memcpy(text, cmdline.data, cmdline.size);
	text[cmdline.size] = 0;
	if (cmdline.data != NULL) {
		frames_give_span(cmdline.data, cmdline.size);
	}
	const struct kernel_request request = {
		.kernel = kernel.data,
		.kernel_size = kernel.size,
		.initrd_size = initrd.size,
		.command_line = (const char *)text,
		.low_memory = remap->mmu->memory.low_size,
	};
	struct kernel_file file;
	TRY(read_kernel(&request, &file, verdict));
	add_pair(remap, PAIR_SETUP, file.setup_address, setup_part(remap, &kernel, &file, kind),
		 file.setup_size);
	add_pair(remap, PAIR_KERNEL, file.kernel_address, kernel.data + file.setup_size,
		 file.kernel_size);
	add_pair(remap, PAIR_INITRD, file.initrd_address, initrd.data, initrd.size);
	add_pair(remap, PAIR_CMDLINE, file.command_line_address, text, size);
	fw_cfg_items_add(&remap->items, FW_CFG_KERNEL_ENTRY, NULL, 0);
	if (kernel.data != NULL && kind != FW_CFG_9_2) {
		note_boot_file(remap, "etc/boot/kernel", kernel.data, kernel.size);
	}
	if (kernel.data != NULL && kind == FW_CFG_FILES) {
		note_boot_file(remap, "etc/boot/cmdline", text, size);
		if (initrd.data != NULL) {
			note_boot_file(remap, "etc/boot/initrd", initrd.data, initrd.size);
		}
	}
	return ST_OK;
}

/* RAM as the TD has it, and what QEMU lists besides RAM. Returns the size of the table. */
static uint32_t make_e820(struct fw_cfg_e820 *out, const struct fw_cfg_e820 *host, uint32_t size,
			  const struct td_memory *memory)
{
	uint32_t count = 0;
	out[count++] = (struct fw_cfg_e820){ 0, memory->low_size, E820_RAM };
	if (memory->high_size != 0) {
		out[count++] = (struct fw_cfg_e820){ FOUR_GIB, memory->high_size, E820_RAM };
	}
	for (uint32_t i = 0; i < size / sizeof(*host); i++) {
		if (host[i].type != E820_RAM) {
			out[count++] = host[i];
		}
	}
	return count * (uint32_t)sizeof(*out);
}

static bool has_name(const struct fw_cfg_file *file, const char *name)
{
	return memcmp(file->name, name, strlen(name) + 1) == 0;
}

/* QEMU's tables become the TD's. */
static enum status change_tables(const struct fw_cfg_remap *remap, uint8_t *tables, uint32_t size,
				 struct verdict *verdict)
{
	const struct td_place *place = remap->place;
	uint32_t ids[MACHINE_MAX_CPUS];
	for (unsigned i = 0; i < place->vcpu_count; i++) {
		ids[i] = cpu_apic_id(place->cpu_base + i);
	}
	bool shares = place->vcpu_count < cpu_count(); /* the machine with another TD */
	if ((shares && host_acpi_keep_cpus(tables, size, ids, place->vcpu_count) != ST_OK) ||
	    (!remap->pic && host_acpi_no_pic(tables, size) != ST_OK)) {
		verdict_no_madt(verdict);
		return ST_BAD_FORMAT;
	}
	if (place->one_bus) {
		host_acpi_one_bus(tables, size);
	}
	return ST_OK;
}

/* A TD without the q35 gets a copy of every file. */
static bool is_copied(const struct td_place *place, const struct fw_cfg_file *file)
{
	return !has_name(file, E820_FILE) && !place->q35;
}

/* Files of QEMU's as they are now, but for the processors; all in one span. */
static enum status add_copies(struct fw_cfg_remap *remap, const struct fw_cfg_file *files,
			      uint32_t count, struct verdict *verdict)
{
	const struct td_place *place = remap->place;
	uint64_t total = 0;
	for (uint32_t i = 0; i < count; i++) {
		total += is_copied(place, &files[i]) ? __builtin_bswap32(files[i].size) : 0;
	}
	if (total == 0) {
		return ST_OK;
	}
	CHECK(total <= UINT32_MAX);
	uint8_t *data = keep_new(remap, (uint32_t)total);
	for (uint32_t i = 0; i < count; i++) {
		uint16_t selector = __builtin_bswap16(files[i].select);
		uint32_t size = __builtin_bswap32(files[i].size);
		if (!is_copied(place, &files[i])) {
			continue;
		}
		fwcfg_read(selector, data, size);
		if (has_name(&files[i], TABLES_FILE)) {
			TRY(change_tables(remap, data, size, verdict));
		}
		fw_cfg_items_add(&remap->items, selector, data, size);
		data += size;
	}
	return ST_OK;
}

/* The tables of the TD with the q35 are read when they are selected: QEMU makes them then, of what
 * the firmware has written into the chipset. */
static void add_tables(struct fw_cfg_remap *remap, const struct fw_cfg_file *file)
{
	uint32_t size = __builtin_bswap32(file->size);
	remap->tables = (struct fw_cfg_item){ __builtin_bswap16(file->select),
					      keep_new(remap, size), size };
	fw_cfg_items_add(&remap->items, remap->tables.selector, remap->tables.data, size);
}

static uint32_t file_count(void)
{
	uint32_t count;
	fwcfg_read(FW_CFG_FILE_DIR, &count, sizeof(count));
	return __builtin_bswap32(count);
}

/* Adds a boot file as an item; returns the entry that the directory is to have for it. */
static struct fw_cfg_file add_boot_file(struct fw_cfg_remap *remap,
					const struct fw_cfg_boot_file *boot, uint16_t selector)
{
	struct fw_cfg_file file = { .size = __builtin_bswap32(boot->size),
				    .select = __builtin_bswap16(selector) };
	memcpy(file.name, boot->name, strlen(boot->name));
	fw_cfg_items_add(&remap->items, selector, boot->data, boot->size);
	return file;
}

static enum status add_files(struct fw_cfg_remap *remap, struct verdict *verdict)
{
	struct blob host = blob_load(E820_FILE);
	CHECK(host.data != NULL);
	struct fw_cfg_e820 *e820 = (void *)keep_new(remap, host.size + 2 * (uint32_t)sizeof(*e820));
	uint32_t e820_size =
		make_e820(e820, (const void *)host.data, host.size, &remap->mmu->memory);
	frames_give_span(host.data, host.size);

	uint32_t count = file_count();
	uint32_t size = (uint32_t)sizeof(count) + count * (uint32_t)sizeof(struct fw_cfg_file);
	uint8_t *directory =
		keep_new(remap, size + FW_CFG_BOOT_FILES * (uint32_t)sizeof(struct fw_cfg_file));
	fwcfg_read(FW_CFG_FILE_DIR, directory, size);
	struct fw_cfg_file *files = (void *)(directory + sizeof(count));
	uint32_t kept = 0;
	uint16_t next_selector = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct fw_cfg_file file = files[i];
		uint16_t behind = (uint16_t)(__builtin_bswap16(file.select) + 1);
		next_selector = behind > next_selector ? behind : next_selector;
		struct text name = { file.name, sizeof(file.name) };
		if (text_begins(name, MACHINE_FILES) || text_begins(name, MACHINE_ROMS)) {
			continue;
		}
		if (has_name(&file, E820_FILE)) {
			file.size = __builtin_bswap32(e820_size);
			fw_cfg_items_add(&remap->items, __builtin_bswap16(file.select), e820,
					 e820_size);
		} else if (has_name(&file, TABLES_FILE) && remap->place->q35) {
			add_tables(remap, &file);
		}
		files[kept++] = file;
	}
	TRY(add_copies(remap, files, kept, verdict));
	for (unsigned i = 0; i < remap->boot_file_count; i++) {
		files[kept++] = add_boot_file(remap, &remap->boot_files[i], next_selector++);
	}
	remap->files = files;
	remap->file_count = kept;
	uint32_t kept_size = (uint32_t)sizeof(count) + kept * (uint32_t)sizeof(*files);
	kept = __builtin_bswap32(kept);
	memcpy(directory, &kept, sizeof(kept));
	fw_cfg_items_add(&remap->items, FW_CFG_FILE_DIR, directory, kept_size);
	return ST_OK;
}

/* What the TD with the q35 takes from the device. */
static void close_items(struct fw_cfg_remap *remap)
{
	fwcfg_read(FW_CFG_SIGNATURE, &remap->signature, sizeof(remap->signature));
	fwcfg_read(FW_CFG_ID, &remap->id, sizeof(remap->id));
	fw_cfg_items_add(&remap->items, FW_CFG_SIGNATURE, &remap->signature,
			 sizeof(remap->signature));
	fw_cfg_items_add(&remap->items, FW_CFG_ID, &remap->id, sizeof(remap->id));
	remap->items.closed = true;
	(void)fw_cfg_items_select(&remap->items, FW_CFG_SIGNATURE);
}

enum status fw_cfg_remap_init(struct fw_cfg_remap *remap, const struct td_place *place,
			      struct mmu *mmu, const struct config *config, struct verdict *verdict)
{
	remap->place = place;
	remap->mmu = mmu;
	remap->pic = config->pic;
	remap->prints = config->host_files && place->q35;
	remap->items.capacity = OWN_ITEMS + file_count();
	remap->items.items = (void *)keep_new(remap, remap->items.capacity *
							     (uint32_t)sizeof(struct fw_cfg_item));
	remap->cpus = (uint16_t)place->vcpu_count;
	fw_cfg_items_add(&remap->items, FW_CFG_NB_CPUS, &remap->cpus, sizeof(remap->cpus));
	if (place->q35) {
		TRY(add_kernel(remap, config->fw_cfg, verdict));
	}
	TRY(add_files(remap, verdict));
	if (!place->q35) {
		close_items(remap);
	}
	return ST_OK;
}

void fw_cfg_remap_destroy(struct fw_cfg_remap *remap)
{
	while (remap->span_count > 0) {
		struct blob span = remap->spans[--remap->span_count];
		frames_give_span(span.data, span.size);
	}
	memset(remap, 0, sizeof(*remap));
}

static void print_file(const struct fw_cfg_remap *remap, const struct fw_cfg_file *file)
{
	uint32_t size = __builtin_bswap32(file->size);
	uint8_t *data = frames_take_span(size);
	struct verdict verdict = { 0 };
	fwcfg_read(__builtin_bswap16(file->select), data, size);
	if (has_name(file, TABLES_FILE)) {
		status_ignore(change_tables(remap, data, size, &verdict), "the TD has had them");
	}
	host_file_print(file->name, data, size);
	frames_give_span(data, size);
}

void fw_cfg_remap_print(const struct fw_cfg_remap *remap)
{
	if (!remap->prints) {
		return;
	}
	uint32_t count = file_count();
	uint32_t size = (uint32_t)sizeof(count) + count * (uint32_t)sizeof(struct fw_cfg_file);
	uint8_t *directory = frames_take_span(size);
	fwcfg_read(FW_CFG_FILE_DIR, directory, size);
	const struct fw_cfg_file *files = (const void *)(directory + sizeof(count));
	for (uint32_t i = 0; i < count; i++) {
		struct text name = { files[i].name, sizeof(files[i].name) };
		if (text_begins(name, ACPI_FILES) || has_name(&files[i], TABLE_LOADER_FILE)) {
			print_file(remap, &files[i]);
		}
	}
	frames_give_span(directory, size);
}

/* The TD has been given this: a script may change it. */
static void fw_cfg_given(struct fw_cfg_remap *remap, void *data, uint32_t size)
{
	const struct hook_fw_cfg read = { .selector = remap->selector,
					  .offset = remap->offset,
					  .data = data,
					  .size = size,
					  .files = remap->files,
					  .file_count = remap->file_count };
	if (hooks.fw_cfg != NULL) {
		hooks.fw_cfg(&read);
	}
	remap->offset += size;
}

static uint8_t read_byte(struct fw_cfg_remap *remap)
{
	uint8_t value;
	spin_lock(&remap->lock);
	if (remap->items.selected != NULL) {
		fw_cfg_items_read(&remap->items, &value, sizeof(value));
	} else {
		value = insn_in8(FW_CFG_PORT_DATA);
	}
	fw_cfg_given(remap, &value, sizeof(value));
	spin_unlock(&remap->lock);
	return value;
}

uint64_t fw_cfg_port_read(void *device, uint64_t port, unsigned size)
{
	struct fw_cfg_remap *remap = device;
	bool data = (port == FW_CFG_PORT_DATA || port == FW_CFG_PORT_SELECT) && size == 1;
	if (data && (remap->place->q35 || remap->items.selected != NULL)) {
		return read_byte(remap);
	}
	return remap->place->q35 ? port_host_read(NULL, port, size) :
				   device_absent_read(NULL, port, size);
}

/* QEMU's device, with a descriptor that the TD cannot change under it. Returns the control word
 * that QEMU leaves; the transfer is over when the port write is. */
static uint32_t qemu_dma(const struct fw_cfg_dma *wanted)
{
	volatile struct fw_cfg_dma dma;
	dma.control = wanted->control;
	dma.length = wanted->length;
	dma.address = wanted->address;
	uint64_t address = ptr_hpa((const void *)&dma).v;
	insn_out32(FW_CFG_PORT_DMA_HIGH, __builtin_bswap32((uint32_t)(address >> 32)));
	insn_out32(FW_CFG_PORT_DMA_LOW, __builtin_bswap32((uint32_t)address));
	return __builtin_bswap32(dma.control);
}

static void read_tables(const struct fw_cfg_remap *remap, struct verdict *verdict)
{
	struct fw_cfg_dma wire = {
		.control = __builtin_bswap32((uint32_t)remap->tables.selector << 16 |
					     FW_CFG_DMA_SELECT | FW_CFG_DMA_READ),
		.length = __builtin_bswap32(remap->tables.size),
		.address = __builtin_bswap64(ptr_hpa(remap->tables.data).v),
	};
	CHECK(qemu_dma(&wire) == 0);
	status_ignore(
		change_tables(remap, (uint8_t *)remap->tables.data, remap->tables.size, verdict),
		"the verdict ends the TD");
}

/* Selects an item; false: QEMU's device is to serve it. */
static bool select_item(struct fw_cfg_remap *remap, uint16_t selector, struct verdict *verdict)
{
	remap->selector = selector;
	remap->offset = 0;
	if (!fw_cfg_items_select(&remap->items, selector)) {
		return false;
	}
	if (remap->tables.data != NULL &&
	    remap->items.selected->selector == remap->tables.selector) {
		read_tables(remap, verdict);
	}
	return true;
}

/* control, length and address are in host order. Returns the control word for the TD. */
static uint32_t fw_cfg_remap_transfer(struct fw_cfg_remap *remap, uint32_t control, uint32_t length,
				      uint64_t address, const struct fw_cfg_dma *wire,
				      struct verdict *verdict)
{
	bool moves = (control & (FW_CFG_DMA_READ | FW_CFG_DMA_WRITE)) != 0 && length != 0;
	if (moves && !mmu_is_shared(remap->mmu, address, length)) {
		return FW_CFG_DMA_ERROR;
	}
	if ((control & FW_CFG_DMA_SELECT) != 0) {
		(void)select_item(remap, (uint16_t)field_get(MASK64(31, 16), control), verdict);
	}
	bool reads = moves && (control & FW_CFG_DMA_READ) != 0;
	if (remap->items.selected == NULL) {
		uint32_t left = qemu_dma(wire);
		if (reads) {
			fw_cfg_given(remap, mmu_shared(remap->mmu, address), length);
		} else if ((control & FW_CFG_DMA_SKIP) != 0) {
			remap->offset += length;
		}
		return left;
	}
	if (reads) {
		fw_cfg_items_read(&remap->items, mmu_shared(remap->mmu, address), length);
		fw_cfg_given(remap, mmu_shared(remap->mmu, address), length);
	} else if ((control & FW_CFG_DMA_WRITE) != 0) {
		return FW_CFG_DMA_ERROR; /* all of ours are read-only */
	} else if ((control & FW_CFG_DMA_SKIP) != 0) {
		fw_cfg_items_skip(&remap->items, length);
		remap->offset += length;
	}
	return 0;
}

static void dma(struct fw_cfg_remap *remap, uint64_t descriptor, struct verdict *verdict)
{
	struct fw_cfg_dma wire;
	if (!mmu_is_shared(remap->mmu, descriptor, sizeof(wire))) {
		return; /* as QEMU, which cannot even report where there is no memory */
	}
	struct fw_cfg_dma *guest = mmu_shared(remap->mmu, descriptor);
	memcpy(&wire, guest, sizeof(wire));
	uint32_t left = fw_cfg_remap_transfer(remap, __builtin_bswap32(wire.control),
					      __builtin_bswap32(wire.length),
					      __builtin_bswap64(wire.address), &wire, verdict);
	left = __builtin_bswap32(left);
	memcpy(&guest->control, &left, sizeof(left));
}

void fw_cfg_port_write(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict)
{
	struct fw_cfg_remap *remap = device;
	bool select = port == FW_CFG_PORT_SELECT && size == 2;
	bool high = port == FW_CFG_PORT_DMA_HIGH && size == 4;
	bool low = port == FW_CFG_PORT_DMA_LOW && size == 4;
	if (!select && !high && !low) {
		if (remap->place->q35) {
			port_host_write(NULL, port, size, value, verdict);
		}
		return;
	}
	spin_lock(&remap->lock);
	if (select && !select_item(remap, (uint16_t)value, verdict)) {
		port_host_write(NULL, port, size, value, verdict);
	} else if (high) {
		remap->dma_high = __builtin_bswap32((uint32_t)value);
	} else if (low) {
		dma(remap, (uint64_t)remap->dma_high << 32 | __builtin_bswap32((uint32_t)value),
		    verdict);
		remap->dma_high = 0;
	}
	spin_unlock(&remap->lock);
}
