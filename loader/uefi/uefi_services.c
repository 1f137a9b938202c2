// The firmware as the application sees it: boot services by plain functions.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_services.h"

#include <efi.h>

#include <stdbool.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/module.h"
#include "arch/uefi/cc_measurement.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/insn.h"
#include "linker/memmap.h"

/* gnu-efi's crt0 relocates the application, then comes here. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

#define MAP_SIZE 0x8000
#define ALLOCATIONS_MAX 32
/* A firmware may return less than it was asked for; no real one returns so little. */
#define READS_MAX 0x10000

static EFI_SYSTEM_TABLE *system_table;
static EFI_HANDLE application;
static EFI_LOADED_IMAGE *loaded_image;
static struct {
	EFI_PHYSICAL_ADDRESS base;
	UINTN pages;
} allocations[ALLOCATIONS_MAX];
static unsigned allocation_count;

/* ---- console --------------------------------------------------------------------------------- */

static void print_character(CHAR16 character)
{
	CHAR16 text[] = { character, 0 };
	/* A console that fails costs text, never the boot. */
	system_table->ConOut->OutputString(system_table->ConOut, text);
}

void uefi_print(const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '\n') {
			print_character('\r');
		}
		print_character((CHAR16)(uint8_t)*text);
	}
}

static _Noreturn void halt(void)
{
	for (;;) {
		insn_cli();
		insn_hlt();
	}
}

/* The console may be gone: then nothing is seen of it. */
_Noreturn void bug(const char *file, int line, const char *what)
{
	char number[] = "00000";
	for (unsigned i = sizeof(number) - 1; i-- > 0; line /= 10) {
		number[i] = (char)('0' + line % 10);
	}
	if (system_table->ConOut != NULL) {
		uefi_print("lintel: bug: ");
		uefi_print(file);
		uefi_print(":");
		uefi_print(number);
		uefi_print(": ");
		uefi_print(what);
		uefi_print("\n");
	}
	halt();
}

/* ---- the application's own image ------------------------------------------------------------- */

void uefi_load_options(const void **text, size_t *size)
{
	*text = loaded_image->LoadOptions;
	*size = loaded_image->LoadOptions != NULL ? loaded_image->LoadOptionsSize : 0;
}

uefi_status_t uefi_file_open(const uint16_t *path, struct uefi_file *out)
{
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	void *interface = NULL;
	EFI_FILE_HANDLE root, file;
	if (loaded_image->DeviceHandle == NULL ||
	    system_table->BootServices->HandleProtocol(loaded_image->DeviceHandle, &guid,
						       &interface) != EFI_SUCCESS) {
		return EFI_NO_MEDIA;
	}
	EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *volume = interface;
	UEFI_TRY(volume->OpenVolume(volume, &root));
	uefi_status_t status =
		root->Open(root, &file, (CHAR16 *)(uintptr_t)path, EFI_FILE_MODE_READ, 0);
	root->Close(root);
	UEFI_TRY(status);
	/* The place after the end; of a directory there is none. */
	status = file->SetPosition(file, UINT64_MAX);
	if (status == EFI_SUCCESS) {
		status = file->GetPosition(file, &out->size);
	}
	if (status == EFI_SUCCESS) {
		status = file->SetPosition(file, 0);
	}
	if (status != EFI_SUCCESS) {
		file->Close(file);
	}
	out->handle = file;
	return status;
}

uefi_status_t uefi_file_read(const struct uefi_file *opened, void *to)
{
	EFI_FILE_HANDLE file = opened->handle;
	uint8_t *bytes = to;
	uint64_t done = 0;
	uefi_status_t status = EFI_SUCCESS;
	for (unsigned i = 0; i < READS_MAX && done < opened->size && status == EFI_SUCCESS; i++) {
		UINTN size = opened->size - done;
		status = file->Read(file, &size, bytes + done);
		if (status == EFI_SUCCESS && size == 0) {
			status = EFI_END_OF_FILE;
		}
		done += size;
	}
	file->Close(file);
	return status == EFI_SUCCESS && done < opened->size ? EFI_TIMEOUT : status;
}

void uefi_file_close(const struct uefi_file *opened)
{
	EFI_FILE_HANDLE file = opened->handle;
	file->Close(file);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uefi_status_t allocate(EFI_ALLOCATE_TYPE how, uint64_t size, uint32_t type,
			      EFI_PHYSICAL_ADDRESS *base)
{
	UINTN pages = size / MEM_PAGE_SIZE + (size % MEM_PAGE_SIZE != 0);
	CHECK(allocation_count < ALLOCATIONS_MAX);
	UEFI_TRY(
		system_table->BootServices->AllocatePages(how, (EFI_MEMORY_TYPE)type, pages, base));
	allocations[allocation_count].base = *base;
	allocations[allocation_count++].pages = pages;
	return EFI_SUCCESS;
}

uefi_status_t uefi_allocate_at(gpa_t base, uint64_t size, uint32_t type)
{
	EFI_PHYSICAL_ADDRESS address = base.v;
	return allocate(AllocateAddress, size, type, &address);
}

uefi_status_t uefi_allocate_below(uint64_t limit, uint64_t size, uint32_t type, gpa_t *out)
{
	EFI_PHYSICAL_ADDRESS address = limit - 1;
	UEFI_TRY(allocate(AllocateMaxAddress, size, type, &address));
	*out = gpa(address);
	return EFI_SUCCESS;
}

static void free_all(void)
{
	while (allocation_count > 0) {
		allocation_count--;
		system_table->BootServices->FreePages(allocations[allocation_count].base,
						      allocations[allocation_count].pages);
	}
}

uefi_status_t uefi_memory_map(struct uefi_map *out, uint64_t *key)
{
	static uint64_t buffer[MAP_SIZE / sizeof(uint64_t)];
	UINTN size = sizeof(buffer), map_key = 0, descriptor_size = 0;
	UINT32 version = 0;
	UEFI_TRY(system_table->BootServices->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)buffer,
							  &map_key, &descriptor_size, &version));
	*out = (struct uefi_map){ buffer, size, descriptor_size };
	*key = map_key;
	return EFI_SUCCESS;
}

/* ---- tables ---------------------------------------------------------------------------------- */

gpa_t uefi_find_table(const uint8_t guid[16])
{
	for (UINTN i = 0; i < system_table->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *table = &system_table->ConfigurationTable[i];
		if (memcmp(&table->VendorGuid, guid, sizeof(EFI_GUID)) == 0) {
			return gpa((uintptr_t)table->VendorTable);
		}
	}
	return gpa(0);
}

/* ---- measurement ----------------------------------------------------------------------------- */

/* [UEFI 2.10 38.2.1]; gnu-efi does not have it. */
struct cc_measurement {
	void *get_capability;
	void *get_event_log;
	EFI_STATUS(EFIAPI *hash_log_extend_event)
	(struct cc_measurement *protocol, UINT64 flags, EFI_PHYSICAL_ADDRESS bytes, UINT64 size,
	 const void *event);
	void *map_pcr_to_mr_index;
};

static struct cc_measurement *find_measurement(void)
{
	static const uint8_t bytes[] = UEFI_CC_MEASUREMENT_GUID;
	EFI_GUID guid;
	void *interface = NULL;
	memcpy(&guid, bytes, sizeof(guid));
	EFI_STATUS status = system_table->BootServices->LocateProtocol(&guid, NULL, &interface);
	return status == EFI_SUCCESS ? interface : NULL;
}

bool uefi_five_levels(void)
{
	return (insn_read_cr4() & CR4_LA57) != 0;
}

bool uefi_in_td(void)
{
	struct cpuid_result leaf = { 0 };
	if (insn_cpuid(0, 0).eax >= CPUID_TDX) {
		leaf = insn_cpuid(CPUID_TDX, 0);
	}
	return leaf.ebx == CPUID_TDX_EBX && leaf.edx == CPUID_TDX_EDX && leaf.ecx == CPUID_TDX_ECX;
}

struct uefi_td_info uefi_td_info(void)
{
	struct tdcall_regs regs = { .rax = TDG_VP_INFO };
	if (tdcall(&regs) != TDX_SUCCESS) {
		return (struct uefi_td_info){ 0 };
	}
	return (struct uefi_td_info){
		.vcpu_count = (uint32_t)field_get(TDG_VP_INFO_NUM_VCPUS, regs.r8),
		.vcpu_index = (uint32_t)field_get(TDG_VP_INFO_VCPU_INDEX, regs.r9),
		.apic_id = insn_cpuid(CPUID_TOPOLOGY, 0).edx,
	};
}

bool uefi_measures(void)
{
	return find_measurement() != NULL;
}

uefi_status_t uefi_measure(const void *bytes, uint64_t size, const void *event)
{
	struct cc_measurement *protocol = find_measurement();
	if (protocol == NULL) {
		return UEFI_SUCCESS;
	}
	return protocol->hash_log_extend_event(protocol, 0, (uintptr_t)bytes, size, event);
}

/* ---- entry and exit -------------------------------------------------------------------------- */

void uefi_stall(unsigned microseconds)
{
	system_table->BootServices->Stall(microseconds);
}

_Noreturn void uefi_reset(uefi_status_t status)
{
	system_table->RuntimeServices->ResetSystem(EfiResetCold, status, 0, NULL);
	halt();
}

uefi_status_t uefi_exit(uint64_t key)
{
	return system_table->BootServices->ExitBootServices(application, key);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	void *interface = NULL;
	system_table = table;
	application = image;
	UEFI_TRY(table->BootServices->HandleProtocol(image, &guid, &interface));
	loaded_image = interface;
	uefi_status_t status = uefi_main();
	free_all();
	return status;
}
