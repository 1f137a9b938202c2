// The cut, the addresses and the patches.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/kernel_file.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/linux/boot_params.h"

/* QEMU looks at this much of the file, and patches no more. */
#define HEADER_SIZE 8192
#define LOADER_QEMU 0xB0
#define LOADFLAG_CAN_USE_HEAP 0x80
#define XLOADFLAG_ABOVE_4G 0x0002
#define MULTIBOOT_MAGIC 0x1BADB002
#define ELF_MAGIC 0x464C457F
/* Of q35: what QEMU keeps free below the end of low RAM. */
#define ACPI_DATA_SIZE 0x28000
#define INITRD_MAX_OLD 0x37FFFFFF

#define FIELD(name) (LINUX_HEADER_OFFSET + offsetof(struct linux_setup_header, name))
#define CMDLINE_MAGIC_OFFSET 0x20 /* before version 2.02 */
#define CMDLINE_MAGIC 0xA33F
#define CMDLINE_OFFSET 0x22

/* The file as QEMU has it in its buffer: zeros after the end. */
static uint32_t get(const struct kernel_request *request, size_t offset, unsigned bytes)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < bytes; i++) {
		if (offset + i < request->kernel_size) {
			value |= (uint32_t)request->kernel[offset + i] << (8 * i);
		}
	}
	return value;
}

static void kernel_file_put(uint8_t *setup, uint32_t size, size_t offset, uint32_t value,
			    unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		if (offset + i < size) {
			setup[offset + i] = (uint8_t)(value >> (8 * i));
		}
	}
}

static bool starts_with(const char *text, const char *prefix)
{
	while (*prefix != 0 && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == 0;
}

/* A number of C, up to a space or the end. */
static bool kernel_file_number(const char *text, uint32_t *out)
{
	uint64_t value = 0;
	unsigned base = text[0] != '0' ? 10 : text[1] == 'x' || text[1] == 'X' ? 16 : 8;
	const char *at = text + (base == 16 ? 2 : 0);
	const char *start = at;
	for (; *at != 0 && *at != ' '; at++) {
		char c = (char)(*at | 0x20);
		unsigned digit = *at >= '0' && *at <= '9' ? (unsigned)(*at - '0') :
				 c >= 'a' && c <= 'f'     ? (unsigned)(c - 'a' + 10) :
							    base;
		value = value * base + digit;
		if (digit >= base || value > UINT32_MAX) {
			return false;
		}
	}
	*out = (uint32_t)value;
	return at != start;
}

/* The first "vga=", wherever it is in the line. */
static bool read_video_mode(const char *line, struct kernel_file *file)
{
	static const struct {
		const char *name;
		uint16_t mode;
	} names[] = { { "normal", 0xFFFF }, { "ext", 0xFFFE }, { "ask", 0xFFFD } };
	while (*line != 0 && !starts_with(line, "vga=")) {
		line++;
	}
	file->has_video_mode = *line != 0;
	if (!file->has_video_mode) {
		return true;
	}
	line += strlen("vga=");
	for (unsigned i = 0; i < ARRAY_COUNT(names); i++) {
		if (starts_with(line, names[i].name)) {
			file->video_mode = names[i].mode;
			return true;
		}
	}
	uint32_t number;
	bool valid = kernel_file_number(line, &number);
	file->video_mode = valid ? (uint16_t)number : 0;
	return valid;
}

static bool is_multiboot(const struct kernel_request *request)
{
	for (size_t offset = 0; offset < HEADER_SIZE - 48; offset += 4) {
		if (get(request, offset, 4) == MULTIBOOT_MAGIC &&
		    MULTIBOOT_MAGIC + get(request, offset + 4, 4) + get(request, offset + 8, 4) ==
			    0) {
			return true;
		}
	}
	return false;
}

static void place_setup(const struct kernel_request *request, struct kernel_file *file)
{
	uint32_t line_size = (uint32_t)(strlen(request->command_line) + 16) & ~15u;
	bool high = file->protocol >= 0x200 &&
		    (get(request, FIELD(loadflags), 1) & LINUX_LOADFLAG_LOADED_HIGH) != 0;
	file->kernel_address = high ? 0x100000 : 0x10000;
	if (high && file->protocol >= 0x202) {
		file->setup_address = 0x10000;
		file->command_line_address = 0x20000;
	} else {
		file->setup_address = 0x90000;
		file->command_line_address = 0x9A000 - line_size;
	}
}

/* Places the initrd at the end of low RAM, or as high as the kernel allows. */
static bool place_initrd(const struct kernel_request *request, struct kernel_file *file,
			 uint32_t *max)
{
	*max = INITRD_MAX_OLD;
	if (file->protocol >= 0x20C &&
	    (get(request, FIELD(xloadflags), 2) & XLOADFLAG_ABOVE_4G) != 0) {
		*max = UINT32_MAX;
	} else if (file->protocol >= 0x203) {
		*max = get(request, FIELD(initrd_addr_max), 4);
	}
	uint64_t end = request->low_memory - ACPI_DATA_SIZE;
	if (*max >= end) {
		*max = (uint32_t)(end - 1);
	}
	if (request->initrd_size >= *max) {
		return false;
	}
	if (request->initrd_size != 0) {
		file->initrd_size = request->initrd_size;
		file->initrd_address = (*max - request->initrd_size) & ~4095u;
	}
	return true;
}

bool kernel_file_read(const struct kernel_request *request, struct kernel_file *out, char *error,
		      uint32_t error_size)
{
	struct kernel_file file = { 0 };
	uint32_t max;
	if (request->kernel_size == 0) {
		fmt_print(error, error_size, "could not load kernel: it is empty");
		return false;
	}
	if (get(request, FIELD(header), 4) == LINUX_HEADER_MAGIC) {
		file.protocol = (uint16_t)get(request, FIELD(version), 2);
	} else if (get(request, 0, 4) == ELF_MAGIC || is_multiboot(request)) {
		fmt_print(error, error_size,
			  "QEMU loads an ELF or multiboot kernel itself, which "
			  "is not possible in a TD");
		return false;
	}
	place_setup(request, &file);
	if (!read_video_mode(request->command_line, &file)) {
		fmt_print(error, error_size, "invalid 'vga=' kernel parameter");
		return false;
	}
	if (request->initrd_size != 0 && file.protocol < 0x200) {
		fmt_print(error, error_size, "linux kernel too old to load a ram disk");
		return false;
	}
	if (!place_initrd(request, &file, &max)) {
		fmt_print(error, error_size, "initrd is too large (max: %u, need %u)", max,
			  request->initrd_size);
		return false;
	}
	uint32_t sectors = get(request, FIELD(setup_sects), 1);
	sectors = sectors != 0 ? sectors : LINUX_SETUP_SECTS_DEFAULT;
	file.setup_size = (sectors + 1) * LINUX_SECTOR_SIZE;
	if (file.setup_size > request->kernel_size) {
		fmt_print(error, error_size,
			  "invalid kernel header: setup of 0x%x bytes in a file "
			  "of 0x%x",
			  file.setup_size, request->kernel_size);
		return false;
	}
	file.kernel_size = request->kernel_size - file.setup_size;
	*out = file;
	return true;
}

void kernel_file_patch(const struct kernel_file *file, uint8_t *setup)
{
	uint32_t size = file->setup_size < HEADER_SIZE ? file->setup_size : HEADER_SIZE;
	if (file->protocol == 0) {
		return;
	}
	if (file->protocol >= 0x202) {
		kernel_file_put(setup, size, FIELD(cmd_line_ptr), file->command_line_address, 4);
	} else {
		kernel_file_put(setup, size, CMDLINE_MAGIC_OFFSET, CMDLINE_MAGIC, 2);
		kernel_file_put(setup, size, CMDLINE_OFFSET,
				file->command_line_address - file->setup_address, 2);
	}
	if (file->has_video_mode) {
		kernel_file_put(setup, size, FIELD(vid_mode), file->video_mode, 2);
	}
	if (file->protocol >= 0x200) {
		kernel_file_put(setup, size, FIELD(type_of_loader), LOADER_QEMU, 1);
	}
	if (file->protocol >= 0x201) {
		kernel_file_put(setup, size, FIELD(loadflags),
				setup[FIELD(loadflags)] | LOADFLAG_CAN_USE_HEAP, 1);
		kernel_file_put(setup, size, FIELD(heap_end_ptr),
				file->command_line_address - file->setup_address - 0x200, 2);
	}
	if (file->initrd_size != 0) {
		kernel_file_put(setup, size, FIELD(ramdisk_image), file->initrd_address, 4);
		kernel_file_put(setup, size, FIELD(ramdisk_size), file->initrd_size, 4);
	}
}
