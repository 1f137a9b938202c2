// Interprets the fw_cfg table loader, makes the list of tables that a TD's kernel gets, gives the
// MADT its wake-up structure and makes the CCEL.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/acpi.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/acpi/fadt.h"
#include "arch/acpi/sdt.h"
#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "loader/image/sha384.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/refusal.h"

#define LOADER_FILE "etc/table-loader"
#define RSDP_FILE "etc/acpi/rsdp"

/* Bounds on what the host makes us do; QEMU needs 3 files, some 30 commands and 10 tables. */
#define FILES_MAX 16
#define COMMANDS_MAX 512
#define TABLES_MAX 64

/* A file that ALLOCATE placed in the arena. */
struct blob {
	char name[FW_CFG_NAME_SIZE];
	uint32_t offset; /* in the arena */
	uint32_t size;
};

struct loader {
	struct acpi_arena *arena;
	bool td; /* else the host is trusted */
	bool refuse_aml;
	const uint8_t *pin;    /* NULL: the image has none */
	struct sha384 digests; /* of the files that were measured: acpi_pin.h */
	unsigned count;
	struct blob blobs[FILES_MAX];
};

/* RSDT or XSDT. */
struct root_table {
	struct acpi_header *header; /* NULL: the RSDP names none */
	uint32_t entry_size;
	uint32_t count;
	uint64_t entries[TABLES_MAX]; /* in a TD: what the kernel gets */
	uint64_t madt;                /* 0: none */
	uint64_t fadt;                /* 0: none */
	uint64_t ccel;                /* 0: none */
};

struct tables {
	struct acpi_rsdp *rsdp;
	struct root_table rsdt;
	struct root_table xsdt;
};

/* align: a power of two, at most a page, as the arena is aligned to one. */
static enum status arena_allocate(struct acpi_arena *arena, uint32_t size, uint32_t align,
				  uint32_t *offset)
{
	uint64_t start = align_up(arena->used, align);
	if (!acpi_fits(start, size, arena->size)) {
		return refuse(ST_NO_MEMORY, "ACPI arena: 0x%x bytes at 0x%lx of 0x%x", size, start,
			      arena->size);
	}
	arena->used = (uint32_t)(start + size);
	*offset = (uint32_t)start;
	return ST_OK;
}

/* A file of the host's goes into RTMR[0] before anything looks at it. */
static enum status acpi_measure(struct loader *loader, const uint8_t *file, uint32_t size)
{
	struct sha384 hash;
	uint8_t digest[SHA384_SIZE];
	static const struct rtmr_event event = { CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS,
						 TCG_ACPI_DATA, sizeof(TCG_ACPI_DATA) - 1 };
	if (loader->pin != NULL) {
		sha384_init(&hash);
		sha384_update(&hash, file, size);
		sha384_final(&hash, digest);
		sha384_update(&loader->digests, digest, sizeof(digest));
	}
	return rtmr_measure(&event, file, size);
}

/* After the last file was measured. */
static enum status check_pin(struct loader *loader)
{
	uint8_t digest[SHA384_SIZE];
	uint64_t begin, pinned;
	if (loader->pin == NULL) {
		return ST_OK;
	}
	sha384_final(&loader->digests, digest);
	if (memcmp(digest, loader->pin, sizeof(digest)) != 0) {
		memcpy(&begin, digest, sizeof(begin));
		memcpy(&pinned, loader->pin, sizeof(pinned));
		return refuse(ST_HOST_LIED, "ACPI pin: %016lx..., the image has %016lx...",
			      __builtin_bswap64(begin), __builtin_bswap64(pinned));
	}
	return ST_OK;
}

/* ---- the table loader ------------------------------------------------------------------------ */

static enum status check_name(const char name[FW_CFG_NAME_SIZE])
{
	if (name[FW_CFG_NAME_SIZE - 1] != 0) {
		uint64_t begin;
		memcpy(&begin, name, sizeof(begin));
		return refuse(ST_BAD_FORMAT, LOADER_FILE ": file name %016lx... without NUL",
			      __builtin_bswap64(begin));
	}
	return ST_OK;
}

/* NULL: no ALLOCATE named it yet. */
static const struct blob *blob_named(const struct loader *loader, const char *name)
{
	for (unsigned i = 0; i < loader->count; i++) {
		if (memcmp(loader->blobs[i].name, name, strlen(name) + 1) == 0) {
			return &loader->blobs[i];
		}
	}
	return NULL;
}

static enum status find_blob(const struct loader *loader, const char name[FW_CFG_NAME_SIZE],
			     const struct blob **out)
{
	TRY(check_name(name));
	*out = blob_named(loader, name);
	/* Not ST_NOT_FOUND, which says that the host has no tables at all. */
	return *out != NULL ? ST_OK :
			      refuse(ST_BAD_FORMAT, LOADER_FILE ": no ALLOCATE of %s", name);
}

static enum status allocate(struct loader *loader, const struct table_loader_command *command)
{
	struct acpi_arena *arena = loader->arena;
	struct fw_cfg_item item;
	uint32_t align = command->allocate.align;
	const char *name = command->allocate.file;
	TRY(check_name(name));
	if (blob_named(loader, name) != NULL) {
		return refuse(ST_BAD_FORMAT, LOADER_FILE ": ALLOCATE of %s, twice", name);
	}
	if (align == 0 || (align & (align - 1)) != 0 || align > MEM_PAGE_SIZE) {
		return refuse(ST_BAD_FORMAT, LOADER_FILE ": ALLOCATE align 0x%x of %s", align,
			      name);
	}
	if (loader->count == FILES_MAX) {
		return refuse(ST_NO_SPACE, LOADER_FILE ": ALLOCATE of more than %u files",
			      FILES_MAX);
	}
	enum status status = fw_cfg_file_find(name, &item);
	if (status == ST_NOT_FOUND) {
		return refuse(ST_BAD_FORMAT, LOADER_FILE ": no file %s", name);
	}
	TRY(status);
	struct blob *blob = &loader->blobs[loader->count];
	TRY(arena_allocate(arena, item.size, align, &blob->offset));
	TRY(fw_cfg_read(item.selector, 0, arena->memory + blob->offset, item.size));
	TRY(acpi_measure(loader, arena->memory + blob->offset, item.size));
	memcpy(blob->name, name, FW_CFG_NAME_SIZE);
	blob->size = item.size;
	loader->count++;
	return ST_OK;
}

/* The pointer holds an offset into the pointee; it becomes an address. */
static enum status add_pointer(const struct loader *loader,
			       const struct table_loader_command *command)
{
	const struct blob *holder;
	const struct blob *pointee;
	uint32_t offset = command->pointer.offset;
	uint8_t size = command->pointer.size;
	uint64_t value = 0;
	TRY(find_blob(loader, command->pointer.pointer_file, &holder));
	TRY(find_blob(loader, command->pointer.pointee_file, &pointee));
	/* The arena lies above 64 KiB: its addresses do not fit into the smaller sizes. */
	if (size != 4 && size != 8) {
		return refuse(ST_UNSUPPORTED, LOADER_FILE ": pointer size %u", size);
	}
	if (!acpi_fits(offset, size, holder->size)) {
		return refuse(ST_BAD_RANGE, LOADER_FILE ": pointer at 0x%x of %s, 0x%x bytes",
			      offset, holder->name, holder->size);
	}
	uint8_t *at = loader->arena->memory + holder->offset + offset;
	memcpy(&value, at, size);
	if (value >= pointee->size) {
		return refuse(ST_BAD_RANGE, LOADER_FILE ": pointer to 0x%lx of %s, 0x%x bytes",
			      value, pointee->name, pointee->size);
	}
	value += loader->arena->base.v + pointee->offset;
	/* The arena lies below 4 GiB. */
	CHECK(value <= UINT32_MAX);
	memcpy(at, &value, size);
	return ST_OK;
}

static enum status add_checksum(const struct loader *loader,
				const struct table_loader_command *command)
{
	const struct blob *blob;
	uint32_t offset = command->checksum.offset;
	uint32_t start = command->checksum.start;
	uint32_t length = command->checksum.length;
	TRY(find_blob(loader, command->checksum.file, &blob));
	if (!acpi_fits(offset, 1, blob->size) || !acpi_fits(start, length, blob->size)) {
		return refuse(ST_BAD_RANGE, LOADER_FILE ": checksum at 0x%x of 0x%x+0x%x in %s",
			      offset, start, length, blob->name);
	}
	uint8_t *bytes = loader->arena->memory + blob->offset;
	bytes[offset] = (uint8_t)(bytes[offset] - acpi_byte_sum(bytes + start, length));
	return ST_OK;
}

static enum status run_command(struct loader *loader, const struct table_loader_command *command)
{
	switch (command->command) {
	case TABLE_LOADER_ALLOCATE:
		return allocate(loader, command);
	case TABLE_LOADER_ADD_POINTER:
		return add_pointer(loader, command);
	case TABLE_LOADER_ADD_CHECKSUM:
		return add_checksum(loader, command);
	case TABLE_LOADER_WRITE_POINTER:
		/* Tells the host where a file went, so that it can write there later (VM generation
		 * id, hardware errors): into private memory it cannot, and elsewhere nobody
		 * asked. */
		log_note("acpi: the host is not told where its files are");
		return ST_OK;
	default:
		/* By the specification; QEMU pads its list with zeros. */
		return ST_OK;
	}
}

static enum status load_tables(struct loader *loader)
{
	struct acpi_arena *arena = loader->arena;
	struct fw_cfg_item item;
	TRY(fw_cfg_file_find(LOADER_FILE, &item));
	if (item.size % sizeof(struct table_loader_command) != 0) {
		return refuse(ST_BAD_FORMAT, LOADER_FILE ": %u bytes", item.size);
	}
	if (item.size / sizeof(struct table_loader_command) > COMMANDS_MAX) {
		return refuse(ST_NO_SPACE, LOADER_FILE ": %u bytes, at most %u commands", item.size,
			      COMMANDS_MAX);
	}
	/* The end of the arena is the commands' place, and no table's. */
	if (item.size > arena->size) {
		return refuse(ST_NO_MEMORY, LOADER_FILE ": %u bytes, arena of 0x%x", item.size,
			      arena->size);
	}
	arena->size -= item.size;
	const uint8_t *script = arena->memory + arena->size;
	TRY(fw_cfg_read(item.selector, 0, arena->memory + arena->size, item.size));
	TRY(acpi_measure(loader, script, item.size));
	for (uint32_t at = 0; at < item.size; at += (uint32_t)sizeof(struct table_loader_command)) {
		struct table_loader_command command;
		memcpy(&command, script + at, sizeof(command));
		enum status status = run_command(loader, &command);
		if (status != ST_OK) {
			log_error(LOADER_FILE ": refused is the command at 0x%x", at);
			return status;
		}
	}
	return ST_OK;
}

/* ---- the tables ------------------------------------------------------------------------------ */

/* Notes where the one table of a signature is. */
static enum status note_only(uint32_t signature, uint64_t address, uint64_t *only)
{
	if (*only != 0) {
		return refuse(ST_BAD_FORMAT, "ACPI %c%c%c%c: twice, at 0x%lx and 0x%lx",
			      ACPI_CHARACTERS(signature), *only, address);
	}
	*only = address;
	return ST_OK;
}

static enum status add_entry(const struct loader *loader, struct root_table *root, uint64_t address)
{
	struct acpi_header *table;
	TRY(acpi_table_at(loader->arena, address, &table));
	uint32_t signature = table->signature;
	enum acpi_verdict verdict = acpi_verdict_on(signature);
	if (loader->td &&
	    (verdict == ACPI_DROPPED || (verdict == ACPI_CODE && loader->refuse_aml))) {
		log_note("acpi: table %c%c%c%c of the host is left out",
			 ACPI_CHARACTERS(signature));
		return ST_OK;
	}
	if (signature == ACPI_MADT) {
		TRY(note_only(signature, address, &root->madt));
	}
	if (signature == ACPI_FADT) {
		TRY(note_only(signature, address, &root->fadt));
	}
	if (signature == ACPI_CCEL) {
		root->ccel = address;
	}
	if (loader->td) {
		TRY(acpi_table_check(loader->arena, table));
	}
	root->entries[root->count++] = address;
	return ST_OK;
}

/* Checks the table and all that it lists. */
static enum status read_root(const struct loader *loader, uint64_t address, uint32_t signature,
			     uint32_t entry_size, struct root_table *root)
{
	root->entry_size = entry_size;
	TRY(acpi_table_at(loader->arena, address, &root->header));
	uint32_t length = root->header->length;
	uint32_t bytes = length - (uint32_t)sizeof(*root->header);
	if (root->header->signature != signature || bytes % entry_size != 0) {
		return refuse(ST_BAD_FORMAT, "ACPI root table: %c%c%c%c length %u entries of %u",
			      ACPI_CHARACTERS(root->header->signature), length, entry_size);
	}
	if (bytes / entry_size > TABLES_MAX) {
		return refuse(ST_NO_SPACE, "ACPI root table: %u tables, at most %u",
			      bytes / entry_size, TABLES_MAX);
	}
	for (uint32_t at = 0; at < bytes; at += entry_size) {
		uint64_t entry = 0;
		memcpy(&entry, (const uint8_t *)(root->header + 1) + at, entry_size);
		TRY(add_entry(loader, root, entry));
	}
	return ST_OK;
}

static enum status find_rsdp(const struct loader *loader, struct acpi_rsdp **out)
{
	static const char name[FW_CFG_NAME_SIZE] = RSDP_FILE;
	const struct blob *blob;
	TRY(find_blob(loader, name, &blob));
	if (blob->size < ACPI_RSDP_V1_SIZE) {
		return refuse(ST_TRUNCATED, RSDP_FILE ": %u bytes", blob->size);
	}
	uint8_t *bytes = loader->arena->memory + blob->offset;
	struct acpi_rsdp *rsdp = (struct acpi_rsdp *)bytes;
	uint8_t sum = acpi_byte_sum(bytes, ACPI_RSDP_V1_SIZE);
	if (rsdp->signature != ACPI_RSDP_SIGNATURE || sum != 0) {
		return refuse(ST_BAD_FORMAT, "ACPI RSDP: signature 0x%lx, checksum off by 0x%x",
			      rsdp->signature, sum);
	}
	if (rsdp->revision >= 2) {
		if (blob->size < sizeof(*rsdp) || rsdp->length != sizeof(*rsdp)) {
			return refuse(ST_TRUNCATED, "ACPI RSDP: length %u of %u bytes",
				      rsdp->length, blob->size);
		}
		sum = acpi_byte_sum(bytes, sizeof(*rsdp));
		if (sum != 0) {
			return refuse(ST_BAD_FORMAT, "ACPI RSDP: extended checksum off by 0x%x",
				      sum);
		}
	}
	*out = rsdp;
	return ST_OK;
}

/* Every structure must be whole, and none may name a mailbox that is not ours. */
static enum status check_madt(const struct acpi_header *table)
{
	const uint8_t *bytes = (const uint8_t *)table;
	uint32_t at = sizeof(struct acpi_madt);
	if (table->length < at) {
		return refuse(ST_TRUNCATED, "ACPI MADT: length %u", table->length);
	}
	while (at < table->length) {
		const struct acpi_madt_entry *entry = (const struct acpi_madt_entry *)(bytes + at);
		if (!acpi_fits(at, sizeof(*entry), table->length) ||
		    entry->length < sizeof(*entry) ||
		    !acpi_fits(at, entry->length, table->length)) {
			return refuse(ST_BAD_FORMAT, "ACPI MADT: structure at %u of %u", at,
				      table->length);
		}
		if (entry->type == ACPI_MADT_WAKEUP) {
			return refuse(ST_HOST_LIED,
				      "ACPI MADT: wake-up structure of the host at %u", at);
		}
		at += entry->length;
	}
	return ST_OK;
}

/* Puts a copy of the MADT, longer by the wake-up structure, after all other tables. */
static enum status extend_madt(struct acpi_arena *arena, uint64_t address,
			       const struct mailbox_info *mp, uint64_t *copy)
{
	struct acpi_header *old;
	uint32_t offset;
	struct acpi_madt_wakeup wakeup = {
		.entry = { ACPI_MADT_WAKEUP, sizeof(wakeup) },
		.version = ACPI_MADT_WAKEUP_VERSION,
		.mailbox = mp->mailbox.v,
		.reset_vector = mp->reset_vector.v,
	};
	TRY(acpi_table_at(arena, address, &old));
	TRY(check_madt(old));
	TRY(arena_allocate(arena, old->length + (uint32_t)sizeof(wakeup), 8, &offset));
	struct acpi_header *madt = (struct acpi_header *)(arena->memory + offset);
	memcpy(madt, old, old->length);
	memcpy((uint8_t *)madt + old->length, &wakeup, sizeof(wakeup));
	madt->length += (uint32_t)sizeof(wakeup);
	acpi_fix_checksum(madt);
	*copy = arena->base.v + offset;
	return ST_OK;
}

/* Puts a table of ours after all other tables. */
static enum status acpi_add_table(struct acpi_arena *arena, const struct acpi_header *table,
				  uint64_t *address)
{
	uint32_t offset;
	TRY(arena_allocate(arena, table->length, 8, &offset));
	struct acpi_header *copy = (struct acpi_header *)(arena->memory + offset);
	memcpy(copy, table, table->length);
	acpi_fix_checksum(copy);
	*address = arena->base.v + offset;
	return ST_OK;
}

static enum status add_ccel(struct acpi_arena *arena, uint64_t *address)
{
	static const struct acpi_ccel ccel = {
		.header = {
			.signature = ACPI_CCEL,
			.length = sizeof(ccel),
			.revision = ACPI_CCEL_REVISION,
			.oem_id = "LINTEL",
			.oem_table_id = "LINTELTD",
		},
		.type = ACPI_CCEL_TDX,
		.log_size = EVENT_LOG_SIZE,
		.log = EVENT_LOG,
	};
	return acpi_add_table(arena, &ccel.header, address);
}

/* A copy of the FADT that leads to a DSDT without any AML. */
static enum status replace_dsdt(struct acpi_arena *arena, uint64_t *fadt)
{
	/* A definition block that defines nothing. */
	static const struct acpi_header empty = {
		.signature = ACPI_DSDT,
		.length = sizeof(empty),
		.revision = ACPI_DSDT_REVISION,
		.oem_id = "LINTEL",
		.oem_table_id = "LINTELTD",
		.creator_id = ACPI_SIGNATURE('L', 'N', 'T', 'L'),
	};
	struct acpi_header *old;
	uint64_t dsdt;
	if (*fadt == 0) {
		return refuse(ST_BAD_FORMAT, "ACPI FADT: none");
	}
	TRY(acpi_add_table(arena, &empty, &dsdt));
	TRY(acpi_table_at(arena, *fadt, &old));
	if (old->length < offsetof(struct acpi_fadt, pm1a_control)) {
		return refuse(ST_TRUNCATED, "ACPI FADT: length %u", old->length);
	}
	TRY(acpi_add_table(arena, old, fadt));
	uint8_t *copy = arena->memory + (*fadt - arena->base.v);
	uint32_t low = (uint32_t)dsdt;
	memcpy(copy + offsetof(struct acpi_fadt, dsdt), &low, sizeof(low));
	/* As much of X_DSDT as there is: 0 says that the other one counts. */
	for (uint32_t i = offsetof(struct acpi_fadt, x_dsdt);
	     i < old->length && i < offsetof(struct acpi_fadt, x_pm1a_event); i++) {
		copy[i] = 0;
	}
	acpi_fix_checksum((struct acpi_header *)copy);
	return ST_OK;
}

/* What the kernel gets in place of the host's, or beside it. */
struct own_tables {
	uint64_t fadt;
	uint64_t madt;
	uint64_t ccel;
};

/* Puts a root table after all other tables: what the old one has, with our tables. */
static enum status make_root(struct acpi_arena *arena, const struct root_table *old,
			     const struct own_tables *own, uint64_t *address)
{
	uint32_t offset;
	if (old->header == NULL) {
		*address = 0;
		return ST_OK;
	}
	uint32_t length = (uint32_t)sizeof(*old->header) + (old->count + 1) * old->entry_size;
	TRY(arena_allocate(arena, length, 8, &offset));
	struct acpi_header *root = (struct acpi_header *)(arena->memory + offset);
	uint8_t *entry = (uint8_t *)(root + 1);
	memcpy(root, old->header, sizeof(*root));
	for (uint32_t i = 0; i < old->count; i++, entry += old->entry_size) {
		const uint64_t *table = &old->entries[i];
		table = *table == old->madt ? &own->madt : table;
		table = *table == old->fadt ? &own->fadt : table;
		memcpy(entry, table, old->entry_size);
	}
	memcpy(entry, &own->ccel, old->entry_size);
	root->length = length;
	acpi_fix_checksum(root);
	*address = arena->base.v + offset;
	return ST_OK;
}

static void repoint_rsdp(struct acpi_rsdp *rsdp, uint64_t rsdt, uint64_t xsdt)
{
	rsdp->rsdt = (uint32_t)rsdt;
	rsdp->checksum = (uint8_t)(rsdp->checksum - acpi_byte_sum(rsdp, ACPI_RSDP_V1_SIZE));
	if (rsdp->revision >= 2) {
		rsdp->xsdt = xsdt;
		rsdp->extended_checksum =
			(uint8_t)(rsdp->extended_checksum - acpi_byte_sum(rsdp, sizeof(*rsdp)));
	}
}

/* Checks all tables that the RSDP leads to. Both root tables name one FADT, MADT and CCEL. */
static enum status read_tables(const struct loader *loader, struct tables *tables)
{
	memset(tables, 0, sizeof(*tables));
	TRY(find_rsdp(loader, &tables->rsdp));
	if (tables->rsdp->rsdt != 0) {
		TRY(read_root(loader, tables->rsdp->rsdt, ACPI_RSDT, 4, &tables->rsdt));
	}
	if (tables->rsdp->revision >= 2 && tables->rsdp->xsdt != 0) {
		TRY(read_root(loader, tables->rsdp->xsdt, ACPI_XSDT, 8, &tables->xsdt));
	}
	if (tables->rsdt.header == NULL && tables->xsdt.header == NULL) {
		return refuse(ST_BAD_FORMAT, "ACPI RSDP: revision %u, RSDT 0, XSDT 0",
			      tables->rsdp->revision);
	}
	const struct root_table *rsdt = &tables->rsdt;
	const struct root_table *xsdt = &tables->xsdt;
	if (rsdt->header != NULL && xsdt->header != NULL &&
	    (rsdt->madt != xsdt->madt || rsdt->ccel != xsdt->ccel || rsdt->fadt != xsdt->fadt)) {
		return refuse(ST_BAD_FORMAT,
			      "ACPI RSDT and XSDT: MADT 0x%lx and 0x%lx, FADT 0x%lx and 0x%lx",
			      rsdt->madt, xsdt->madt, rsdt->fadt, xsdt->fadt);
	}
	return ST_OK;
}

static const struct root_table *root_of(const struct tables *tables)
{
	return tables->xsdt.header != NULL ? &tables->xsdt : &tables->rsdt;
}

/* What a TD gets beside the host's tables. */
static enum status extend_tables(struct loader *loader, const struct mailbox_info *mp,
				 struct tables *tables)
{
	struct acpi_arena *arena = loader->arena;
	struct own_tables own = { .fadt = root_of(tables)->fadt };
	uint64_t rsdt, xsdt;
	if (root_of(tables)->ccel != 0) {
		return refuse(ST_HOST_LIED, "ACPI CCEL: one of the host's, at 0x%lx",
			      root_of(tables)->ccel);
	}
	if (root_of(tables)->madt == 0) {
		return refuse(ST_BAD_FORMAT, "ACPI MADT: none");
	}
	TRY(extend_madt(arena, root_of(tables)->madt, mp, &own.madt));
	if (loader->refuse_aml) {
		TRY(replace_dsdt(arena, &own.fadt));
	}
	TRY(add_ccel(arena, &own.ccel));
	TRY(make_root(arena, &tables->rsdt, &own, &rsdt));
	TRY(make_root(arena, &tables->xsdt, &own, &xsdt));
	repoint_rsdp(tables->rsdp, rsdt, xsdt);
	/* Where the host lets tables overlap, our writes may have spoilt them. */
	TRY(read_tables(loader, tables));
	if (root_of(tables)->madt != own.madt || root_of(tables)->ccel != own.ccel ||
	    root_of(tables)->fadt != own.fadt) {
		return refuse(ST_BAD_FORMAT, "ACPI tables overlap: MADT 0x%lx, 0x%lx is ours",
			      root_of(tables)->madt, own.madt);
	}
	return ST_OK;
}

enum status acpi_install(struct acpi_arena *arena, const struct image_config *config,
			 const struct mailbox_info *mp, gpa_t *rsdp)
{
	bool td = mp != NULL;
	struct loader loader = {
		.arena = arena,
		.td = td,
		.refuse_aml = td && (config->flags & IMAGE_CONFIG_REFUSE_AML) != 0,
		.pin = td && (config->flags & IMAGE_CONFIG_PIN_ACPI) != 0 ? config->acpi_pin : NULL,
	};
	struct tables tables;
	CHECK(arena->used == 0 && is_aligned(arena->base.v, MEM_PAGE_SIZE));
	sha384_init(&loader.digests);
	enum status status = load_tables(&loader);
	if (status == ST_NOT_FOUND && loader.pin != NULL) {
		return refuse(ST_HOST_LIED, "ACPI pin: the host has no tables");
	}
	TRY(status);
	TRY(check_pin(&loader));
	TRY(read_tables(&loader, &tables));
	if (td) {
		TRY(extend_tables(&loader, mp, &tables));
	}
	*rsdp = gpa(arena->base.v + (uint64_t)((const uint8_t *)tables.rsdp - arena->memory));
	return ST_OK;
}
