// The command line of the host tool: exit codes, messages, and images broken byte by byte.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Runs build/test/lintel, the tool with sanitizers: their findings end in exit code 99.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "arch/base/bits.h"
#include "arch/linux/boot_params.h"
#include "boot-tests/unit/loader/igvm_fixture.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "boot-tests/unit/ovmf.h"
#include "linker/memmap.h"

#define PAGE 0x1000u

static char out[1 << 20]; /* stdout of the last run */
static char err[1 << 16]; /* stderr of the last run */

static size_t load(const char *name, void *bytes, size_t size)
{
	FILE *file = fopen(name, "rb");
	assert_non_null(file);
	size_t got = fread(bytes, 1, size, file);
	fclose(file);
	return got;
}

static void save(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* Runs the tool, keeps what it prints, and wants this exit code and this text. */
static void run(int code, const char *text, const char *arguments)
{
	char command[8192];
	assert_true(snprintf(command, sizeof(command), ">out 2>err \"$LINTEL\" %s", arguments) <
		    (int)sizeof(command));
	int status = system(command);
	out[load("out", out, sizeof(out) - 1)] = 0;
	err[load("err", err, sizeof(err) - 1)] = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code ||
	    strstr(code == 0 ? out : err, text) == NULL) {
		fail_msg("lintel %.200s: status 0x%x, wanted %d with \"%s\"\n%s%s", arguments,
			 (unsigned)status, code, text, out, err);
	}
	if (code == 0) {
		assert_string_equal(err, "");
	}
}

static void make_kernel(const char *name, struct linux_setup_header header, size_t size)
{
	uint8_t *bytes = calloc(1, size + LINUX_HEADER_END_MAX);
	memcpy(bytes + LINUX_HEADER_OFFSET, &header, sizeof(header));
	save(name, bytes, size);
	free(bytes);
}

static const struct linux_setup_header good_header = {
	.setup_sects = 1,
	.boot_flag = LINUX_BOOT_FLAG,
	.jump_offset = LINUX_HEADER_END_MAX - LINUX_HEADER_JUMP_END,
	.header = LINUX_HEADER_MAGIC,
	.version = LINUX_VERSION_MIN,
	.loadflags = LINUX_LOADFLAG_LOADED_HIGH,
	.initrd_addr_max = 0x7FFFFFFF,
	.xloadflags = LINUX_XLOADFLAG_KERNEL_64,
	.cmdline_size = 255,
	.pref_address = 0x1000000,
	.init_size = 0x10000,
};

static void help(void **state)
{
	(void)state;
	run(0, "usage: lintel COMMAND", "--help");
	run(0, "usage: lintel image --output", "image --help");
	run(0, "usage: lintel dump FILE", "dump --help");
	run(0, "usage: lintel mrtd --order", "mrtd --help");
	run(0, "usage: lintel rtmr [OPTION]", "rtmr --help");
	run(0, "usage: lintel attest-values [OPTION]", "attest-values --help");
	run(1, "standard output: No space left", "dump --help >/dev/full");
}

/* What the shim finds in its config; all of it is measured. */
static void policies(void **state)
{
	/* The first event, and one of an ACPI file. */
	static uint8_t log[32 + 33 + 66 + 9];
	static const uint8_t id[] = { 1, 0, 0, 0, 0x0C, 0, 48, 0 };
	static uint8_t image[MIB];
	(void)state;
	log[4] = 3;
	log[28] = 33;
	memcpy(log + 32, "Spec ID Event03", 16);
	memcpy(log + 56, id, sizeof(id));
	log[65] = 1;
	log[65 + 4] = 0x0A;
	log[65 + 8] = 1;
	log[65 + 12] = 0x0C;
	log[65 + 62] = 9;
	memcpy(log + 65 + 66, "ACPI DATA", 9);
	save("log", log, sizeof(log));
	run(0, "", "image --output p.fd --allow-debug --acpi refuse-aml --acpi pin=log");
	size_t size = load("p.fd", image, sizeof(image));
	assert_int_equal(image[size - PAGE + 8], 2 + 4 + 8);
	/* openssl dgst -sha384, of 48 zeros */
	static const uint8_t begin[] = { 0x8f, 0x0d, 0x14, 0x5c };
	assert_memory_equal(image + size - PAGE + 64, begin, sizeof(begin));
	run(0, "boots with ATTRIBUTES.DEBUG, too", "dump p.fd");
	run(0, "no AML of the host", "dump p.fd");
	run(0, "ACPI tables of the host pinned", "dump p.fd");
	/* A pin without its flag. */
	image[size - PAGE + 8] = 0;
	save("p.fd", image, size);
	run(1, "lintel: p.fd: ", "dump p.fd");
}

/* Digests of the three parts, and nothing of the parts. */
static void pinned(void **state)
{
	static uint8_t image[MIB];
	(void)state;
	make_kernel("k", good_header, 0x1000);
	save("abcdef", "abcdef", 6);
	run(0, "", "image --output n.fd --pin --kernel k --initrd abcdef --cmdline abcdeg");
	size_t size = load("n.fd", image, sizeof(image));
	assert_int_equal(image[size - PAGE + 8], 64);
	/* openssl dgst -sha384 */
	static const uint8_t initrd[] = { 0xc6, 0xa4, 0xc6, 0x5b };
	static const uint8_t cmdline[] = { 0xd7, 0x97, 0x1d, 0xd1 };
	assert_memory_equal(image + size - PAGE + 112 + 48, initrd, sizeof(initrd));
	assert_memory_equal(image + size - PAGE + 112 + 96, cmdline, sizeof(cmdline));
	run(0,
	    "pinned: SHA-384 c6a4c65b227e7387b9c3e839d44869c4cfca3ef583dea64117859b808c1e3d8ae6"
	    "89e1e314eeef52a6ffe22681aa11f5  initrd of the host",
	    "dump n.fd");
	/* What is absent is pinned as empty. */
	run(0, "", "image --output n.fd --pin --kernel k");
	run(0, "pinned: SHA-384 38b060a751ac9638", "dump n.fd");
	/* By the shim's rules; no image need hold it. */
	char command[400];
	snprintf(command, sizeof(command), "image --output x.fd --pin --kernel k --cmdline %0256d",
		 0);
	run(1, "command line: length 256:", command);
	save("big", "", 0);
	assert_int_equal(truncate("big", 17 * MIB), 0);
	run(0, "", "image --output x.fd --pin --kernel k --initrd big");
	run(2, "--pin: --kernel is needed", "image --output x.fd --pin --initrd big");
	image[size - PAGE + 8] = 0;
	save("n.fd", image, size);
	run(1, "lintel: n.fd: ", "dump n.fd");
}

/* A flat binary becomes an ELF file, which dump checks as the shim does. */
static void flat(void **state)
{
	static uint8_t image[MIB];
	static uint8_t code[0x1234];
	(void)state;
	memset(code, 0xC3, sizeof(code));
	save("flat", code, sizeof(code));
	run(0, "", "image --output f.fd --kernel flat --flat 0x2000000");
	run(0, "R--  kernel, 0x12ac bytes", "dump f.fd");
	size_t size = load("f.fd", image, sizeof(image));
	uint64_t base = 0, entry = 0;
	memcpy(&base, image + size - PAGE + 16, sizeof(base));
	const uint8_t *elf = image + size - (FOUR_GIB - base);
	assert_memory_equal(elf, "\177ELF\2\1\1", 8);
	assert_memory_equal(elf + 120, code, sizeof(code));
	run(0, "", "image --output f.fd --kernel flat --flat 0x2000000 --flat-entry 0x2001233");
	size = load("f.fd", image, sizeof(image));
	memcpy(&entry, image + size - (FOUR_GIB - base) + 0x18, sizeof(entry));
	assert_int_equal(entry, 0x2001233);
	run(1, "lintel: flat: kernel: e_entry 0x2001234 at 0x18: is in no executable segment",
	    "image --output x.fd --kernel flat --flat 0x2000000 --flat-entry 0x2001234");
	run(1, "lintel: flat: kernel: load address 0xfff000 at 0x0: must be in [16 MiB, 4 GiB)",
	    "image --output x.fd --kernel flat --flat 0xfff000");
	run(2, "address \"0x2000000x\": must be a number",
	    "image --output x.fd --kernel flat --flat 0x2000000x");
	run(2, "address \"0\": must be a number", "image --output x.fd --kernel flat --flat 0");
	run(2, "--flat, --flat-entry: of a --kernel", "image --output x.fd --flat 0x2000000");
	run(2, "--flat, --flat-entry: of a --kernel",
	    "image --output x.fd --kernel flat --flat-entry 0x2000000");
	run(2, "--flat, --flat-entry: of a --kernel",
	    "image --output x.fd --pin --kernel flat --flat 0x2000000");
}

/* ---- lintel rtmr ----------------------------------------------------------------------------- */

/* A host's files: a HOB list with garbage after it, a loader that names one file twice. */
static void save_host(void)
{
	static uint8_t hob[0x1000], loader[384];
	memset(hob, 0xA5, sizeof(hob));
	const uint8_t blocks[] = { 1, 0, 16, 0, 0,    0,    0, 0, 1, 2, 3, 4,
				   5, 6, 7,  8, 0xFF, 0xFF, 8, 0, 0, 0, 0, 0 };
	memcpy(hob, blocks, sizeof(blocks));
	loader[0] = loader[128] = loader[256] = 1;
	loader[128] = 2;
	strcpy((char *)loader + 4, "etc/acpi/a");
	strcpy((char *)loader + 260, "etc/acpi/b");
	assert_int_equal(system("mkdir -p host/etc/acpi host/etc/acpi/b host/etc/table-loader"), 0);
	save("host/td-hob", hob, sizeof(hob));
	save("host/etc/table-loader/raw", loader, sizeof(loader));
	save("host/etc/acpi/a", "aaa", 3);
	save("host/etc/acpi/b/raw", "bb", 2);
}

/* The registers by OpenSSL, of digests that it makes, too. */
static void extend(uint8_t rtmr[SHA384_DIGEST_LENGTH], const void *bytes, size_t size)
{
	uint8_t both[2 * SHA384_DIGEST_LENGTH];
	memcpy(both, rtmr, SHA384_DIGEST_LENGTH);
	SHA384(bytes, size, both + SHA384_DIGEST_LENGTH);
	SHA384(both, sizeof(both), rtmr);
}

static void wants_line(const char *name, const uint8_t rtmr[SHA384_DIGEST_LENGTH],
		       const char *arguments)
{
	char line[128];
	size_t at = (size_t)snprintf(line, sizeof(line), "%s ", name);
	for (size_t i = 0; i < SHA384_DIGEST_LENGTH; i++, at += 2) {
		snprintf(line + at, sizeof(line) - at, "%02x", rtmr[i]);
	}
	run(0, line, arguments);
}

static void rtmr_of_the_host(void **state)
{
	static uint8_t bytes[0x1000];
	uint8_t rtmr[3][SHA384_DIGEST_LENGTH] = { { 0 } };
	static const char all[] = "rtmr --host-files host --kernel k --initrd abcdef --cmdline x=y";
	(void)state;
	save_host();
	save("abcdef", "abcdef", 6);
	make_kernel("k", good_header, 0x1000);
	load("host/td-hob", bytes, sizeof(bytes));
	extend(rtmr[0], bytes, 16);
	extend(rtmr[0], bytes, load("host/etc/table-loader/raw", bytes, sizeof(bytes)));
	extend(rtmr[0], "aaa", 3);
	extend(rtmr[0], "bb", 2);
	extend(rtmr[0], "\0\0\0", 4);
	wants_line("rtmr0", rtmr[0], all);
	extend(rtmr[1], "\0\0\0", 4);
	extend(rtmr[1], bytes, load("k", bytes, sizeof(bytes)));
	wants_line("rtmr1", rtmr[1], all);
	extend(rtmr[2], "x=y", 3);
	extend(rtmr[2], "abcdef", 6);
	wants_line("rtmr2", rtmr[2], all);
	run(0, " TD HOB, 0x10 bytes\n", all);
	run(0, " etc/acpi/b, 0x2 bytes\n", all);
	/* No command line is the empty one; without the host's files there is no RTMR[0]. */
	memset(rtmr, 0, sizeof(rtmr));
	extend(rtmr[2], "", 0);
	wants_line("rtmr2", rtmr[2], "rtmr --kernel k");
	assert_null(strstr(out, "rtmr0"));
}

static void rtmr_of_an_image(void **state)
{
	uint8_t zero[SHA384_DIGEST_LENGTH] = { 0 };
	(void)state;
	make_kernel("k", good_header, 0x1000);
	save("abcdef", "abcdef", 6);
	run(0, "", "image --output e.fd --kernel k --cmdline x");
	wants_line("rtmr2", zero, "rtmr e.fd");
	assert_null(strstr(out, "kernel"));
	run(2, "--kernel: the image has one", "rtmr --kernel k e.fd");
	run(2, "what the image has", "rtmr --cmdline y e.fd");
	/* Its command line, the host's kernel. */
	run(0, "", "image --output c.fd --cmdline x");
	wants_line("rtmr2", zero, "rtmr --kernel k c.fd");
	run(2, "what the image has", "rtmr --kernel k --cmdline y c.fd");
	run(2, "--kernel is needed", "rtmr c.fd");
	/* A pinned one has nothing in it. */
	run(0, "", "image --output n.fd --pin --kernel k");
	run(0, "command line, 0x0 bytes", "rtmr --kernel k n.fd");
	run(1, "lintel: k: ", "rtmr --kernel k k");
	run(2, "one IMAGE at most", "rtmr --kernel k n.fd n.fd");
}

static void rtmr_of_files_that_are_none(void **state)
{
	static uint8_t uki[0x202];
	(void)state;
	make_kernel("k", good_header, 0x1000);
	save_host();
	save("host/td-hob", "\1\0\20\0\0\0\0\0", 8);
	run(1, "lintel: host/td-hob: block of 0x10 bytes at 0x0 of 0x8: no list",
	    "rtmr --host-files host --kernel k");
	save("host/td-hob", "\1\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	run(1, "block of 0x7 bytes at 0x0 of 0x10", "rtmr --host-files host --kernel k");
	save_host();
	assert_int_equal(unlink("host/etc/acpi/b/raw"), 0);
	run(1, "lintel: host/etc/acpi/b/raw: No such file", "rtmr --host-files host --kernel k");
	memcpy(uki, "MZ", 2);
	save("uki", uki, sizeof(uki));
	run(0, "kernel, 0x202 bytes", "rtmr --kernel uki");
	assert_null(strstr(out, "command line"));
	run(1, "lintel: uki: a UKI: no boot gets past", "rtmr --kernel uki --cmdline x");
}

/* The TD of an IGVM file has a memory map in the place of the HOB. */
static void rtmr_of_an_igvm_file(void **state)
{
	/* Two entries, the one that ends them, garbage. */
	static uint8_t map[0x60];
	uint8_t rtmr0[SHA384_DIGEST_LENGTH] = { 0 }, bytes[0x200];
	(void)state;
	make_kernel("k", good_header, 0x1000);
	save_host();
	memset(map, 0xA5, sizeof(map));
	memset(map + 56, 0, 8);
	save("host/igvm-memory-map", map, sizeof(map));
	run(0, "", "image --format igvm --output r.igvm");
	extend(rtmr0, map, 48);
	extend(rtmr0, bytes, load("host/etc/table-loader/raw", bytes, sizeof(bytes)));
	extend(rtmr0, "aaa", 3);
	extend(rtmr0, "bb", 2);
	extend(rtmr0, "\0\0\0", 4);
	wants_line("rtmr0", rtmr0, "rtmr --host-files host --kernel k r.igvm");
	save("host/igvm-memory-map", map, 56);
	run(1, "lintel: host/igvm-memory-map: 0x38 bytes, and no entry that ends it",
	    "rtmr --host-files host --kernel k r.igvm");
}

/* What edk2 extends before and after, and what the application does, of its files. */
static void rtmr_by_uefi(void **state)
{
	static uint8_t image[FIXTURE_IMAGE_SIZE], measured[FIXTURE_IMAGE_SIZE], kernel[0x1000];
	uint8_t rtmr[3][SHA384_DIGEST_LENGTH] = { { 0 } };
	(void)state;
	fixture_image(image);
	save("app", image, sizeof(image));
	save("initrd", "initrd", 6);
	make_kernel("k", good_header, sizeof(kernel));
	/* Without its checksum and its entry of the certificates. */
	memcpy(measured, image, 0xD8);
	memcpy(measured + 0xD8, image + 0xDC, 0x128 - 0xDC);
	memcpy(measured + 0x124, image + 0x130, sizeof(image) - 0x130);
	extend(rtmr[1], "Calling EFI Application from Boot Option", 40);
	extend(rtmr[1], "\0\0\0", 4);
	extend(rtmr[1], measured, sizeof(image) - 12);
	extend(rtmr[1], kernel, load("k", kernel, sizeof(kernel)));
	extend(rtmr[1], "Exit Boot Services Invocation", 29);
	extend(rtmr[1], "Exit Boot Services Returned with Success", 40);
	extend(rtmr[2], "x=y", 3);
	extend(rtmr[2], "initrd", 6);
	static const char all[] = "rtmr --uefi app --kernel k --initrd initrd --cmdline x=y";
	wants_line("rtmr1", rtmr[1], all);
	wants_line("rtmr2", rtmr[2], all);
	assert_null(strstr(out, "rtmr0"));
	run(2, "with --uefi there is no IMAGE", "rtmr --uefi app --kernel k k");
	run(2, "RTMR[0] is the firmware's own", "rtmr --uefi app --kernel k --host-files host");
	run(2, "--kernel is needed", "rtmr --uefi app");
	run(1, "lintel: k: PE signature 0x0 at 0x0: not a PE file", "rtmr --uefi k --kernel k");
	run(1, "lintel: app: an ELF file or a UKI: must be a bzImage",
	    "rtmr --uefi app --kernel app");
	run(1, "lintel: nothing: No such file", "rtmr --uefi nothing --kernel k");
}

/* Its values are those of the two other commands. */
static void attest_values(void **state)
{
	char mrtd[100], line[128];
	(void)state;
	make_kernel("k", good_header, 0x1000);
	save_host();
	run(0, "", "image --output e.fd --kernel k");
	run(0, "", "image --output d.fd --allow-debug");
	for (unsigned i = 0; i < 2; i++) {
		const char *order = i == 0 ? "page" : "section";
		snprintf(line, sizeof(line), "mrtd --order %s e.fd", order);
		run(0, "", line);
		memcpy(mrtd, out, 96);
		mrtd[96] = 0;
		snprintf(line, sizeof(line), "attest-values --order %s e.fd", order);
		run(0, mrtd, line);
	}
	run(0, "\"mask\": \"0x0000000000000001\", \"value\": \"0x0000000000000000\"",
	    "attest-values e.fd");
	assert_non_null(strstr(out, "\"rtmr\": [\n  null,\n"));
	assert_non_null(strstr(out, "\"rtmr0\": \"it is of what --host-files names\""));
	run(0, "\"attributes\": null", "attest-values --kernel k d.fd");
	assert_null(strstr(out, "RTMR["));
	run(0, "\"xfam\": null", "attest-values --kernel k --host-files host d.fd");
	assert_null(strstr(out, "\n  null,\n"));
	run(1, "lintel: k: ", "attest-values k");
	run(2, "one IMAGE is needed", "attest-values --kernel k");
	run(2, "--order \"both\": page or section", "attest-values --order both e.fd");
	run(2, "--what: unknown option", "attest-values --what e.fd");
}

/* The last option counts, as elsewhere. */
static void accept_policies(void **state)
{
	static const struct {
		const char *arguments;
		uint8_t flags;
		const char *dump;
	} rows[] = {
		{ "image --output m.fd", 0, "4 GiB: accept auto" },
		{ "image --output m.fd --accept eager", 16, "4 GiB: accept eager" },
		{ "image --output m.fd --accept lazy", 32, "4 GiB: accept lazy" },
		{ "image --output m.fd --accept lazy --accept eager", 16, "4 GiB: accept eager" },
		{ "image --output m.fd --accept lazy --accept auto", 0, "4 GiB: accept auto" },
	};
	static uint8_t image[MIB];
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		run(0, "", rows[i].arguments);
		size_t size = load("m.fd", image, sizeof(image));
		assert_int_equal(image[size - PAGE + 8], rows[i].flags);
		run(0, rows[i].dump, "dump m.fd");
	}
	run(2, "--accept \"never\": auto, eager or lazy", "image --output m.fd --accept never");
}

static void wrong_usage(void **state)
{
	(void)state;
	run(2, "usage: lintel COMMAND", "");
	run(2, "unknown command \"frob\"", "frob");
	run(2, "--output is needed", "image");
	run(2, "--output is needed", "image --output a.fd more");
	run(2, "unknown option, or no value", "image --output");
	run(2, "unknown option, or no value", "image --frob");
	run(2, "--ap-handover \"lax\"", "image --output a.fd --ap-handover lax");
	run(2, "--acpi \"lax\": refuse-aml or pin=LOG", "image --output a.fd --acpi lax");
	run(1, "lintel: none: No such file", "image --output a.fd --acpi pin=none");
	save("nolog", "no log", 6);
	run(1, "lintel: nolog: event log 0x0: ", "image --output a.fd --acpi pin=nolog");
	run(2, "one FILE is needed", "dump");
	run(2, "one FILE is needed", "dump a b");
	run(2, "--frob: unknown option", "dump --frob a");
	run(2, "--order and one FILE", "mrtd " OVMF);
	run(2, "--order and one FILE", "mrtd --order page");
	run(2, "--order and one FILE", "mrtd --order page a b");
	run(2, "--order \"pages\"", "mrtd --order pages " OVMF);
	run(2, "unknown option, or no value", "mrtd --order");
}

static void default_image(void **state)
{
	(void)state;
	run(0, "", "image --output default.fd");
	assert_string_equal(out, "");
	struct stat info;
	assert_int_equal(stat("default.fd", &info), 0);
	assert_int_equal(info.st_size % IMAGE_ALIGN, 0);
	run(0, "AP hand-over linux", "dump default.fd");
	assert_non_null(strstr(out, " - 0x100000000  BFV"));
	assert_non_null(strstr(out, "0x000169000 - 0x00016b000  TD_HOB"));
	assert_non_null(strstr(out, "0x0000000000000000 + 0x100000000 -> 0x0  R-X  "
				    "2048 pages of 2048 KiB"));
	char page[128];
	run(0, "", "mrtd --order page default.fd");
	assert_int_equal(strlen(out), 97);
	assert_int_equal(strspn(out, "0123456789abcdef"), 96);
	strcpy(page, out);
	run(0, "", "mrtd --order section default.fd");
	assert_int_equal(strspn(out, "0123456789abcdef"), 96);
	assert_string_not_equal(out, page);
	/* Made again it is the same file. */
	run(0, "", "image --output again.fd --ap-handover linux");
	assert_int_equal(system("cmp default.fd again.fd"), 0);
	run(0, "", "mrtd --order page again.fd");
	assert_string_equal(out, page);
}

static void payload_image(void **state)
{
	(void)state;
	make_kernel("kernel", good_header, 4 * LINUX_SECTOR_SIZE);
	save("initrd", "initrd", 6);
	run(0, "",
	    "image --output p.fd --kernel kernel --initrd initrd --cmdline 'quiet x' "
	    "--ap-handover strict");
	run(0, "AP hand-over strict", "dump p.fd");
	assert_non_null(strstr(out, "R--  kernel, 0x800 bytes"));
	assert_non_null(strstr(out, "R--  initrd, 0x6 bytes"));
	assert_non_null(strstr(out, "R--  command line, 0x7 bytes"));
	/* A pipe is as good as a file. */
	run(0, "",
	    "image --output q.fd --kernel kernel --cmdline 'quiet x' --initrd /dev/stdin "
	    "--ap-handover strict <initrd");
	assert_int_equal(system("cmp p.fd q.fd"), 0);

	char arguments[4200];
	char text[2049];
	memset(text, 'x', 2048);
	text[2048] = 0;
	snprintf(arguments, sizeof(arguments), "image --output c.fd --cmdline %s", text + 1);
	run(0, "", arguments);
	run(0, "command line, 0x7ff bytes", "dump c.fd");
	snprintf(arguments, sizeof(arguments), "image --output c.fd --cmdline %s", text);
	run(1, "lintel: command line: length 2048: the kernel takes 2047", arguments);
	run(1, "--cmdline: length 0:", "image --output c.fd --cmdline ''");
	snprintf(arguments, sizeof(arguments), "image --output c.fd --kernel kernel --cmdline %s",
		 text + 2048 - 255);
	run(0, "", arguments);
	snprintf(arguments, sizeof(arguments), "image --output c.fd --kernel kernel --cmdline %s",
		 text + 2048 - 256);
	run(1, "lintel: kernel: command line: length 256: the kernel takes 255", arguments);
}

static void bad_payload(void **state)
{
	(void)state;
	struct linux_setup_header header = good_header;
	make_kernel("k", header, LINUX_HEADER_END_MAX - 1);
	run(1, "lintel: k: kernel: size 0x28f at 0x0: too small", "image --output x.fd --kernel k");
	make_kernel("k", header, 2 * LINUX_SECTOR_SIZE - 1);
	run(1, "lintel: k: kernel: setup_sects 0x1: the", "image --output x.fd --kernel k");
	make_kernel("k", header, 2 * LINUX_SECTOR_SIZE + LINUX_ENTRY_64);
	run(1, "lintel: k: kernel: protected-mode size 0x200,", "image --output x.fd --kernel k");
	make_kernel("k", header, 2 * LINUX_SECTOR_SIZE + LINUX_ENTRY_64 + 1);
	run(0, "", "image --output x.fd --kernel k");
	header.setup_sects = 0; /* means 4 */
	make_kernel("k", header, 5 * LINUX_SECTOR_SIZE - 1);
	run(1, "lintel: k: kernel: setup_sects 0x4:", "image --output x.fd --kernel k");
	header = good_header;
	header.version = 0x20B;
	make_kernel("k", header, 0x1000);
	run(1, "lintel: k: kernel: version 0x20b at 0x206:", "image --output x.fd --kernel k");
	header = good_header;
	header.initrd_addr_max = 0x1010FFF;
	make_kernel("k", header, 0x1000);
	make_kernel("k2", header, 0x1800);
	run(1, "lintel: k: initrd: 0x1800 bytes above 0x1010000, initrd_addr_max 0x1010fff:",
	    "image --output x.fd --kernel k --initrd k2");

	save("empty", "", 0);
	run(1, "lintel: empty: size 0:", "image --output x.fd --kernel empty");
	run(1, "lintel: empty: size 0:", "image --output x.fd --initrd empty");
	run(1, "lintel: none: No such file", "image --output x.fd --initrd none");
	run(1, "lintel: .: Is a directory", "image --output x.fd --initrd .");
}

/* Bytes of an image without a payload, by its struct image_config. */
static size_t shim_size(const char *name)
{
	static uint8_t image[MIB];
	size_t size = load(name, image, sizeof(image));
	uint32_t loaded;
	memcpy(&loaded, image + size - (FOUR_GIB - (IMAGE_CONFIG + 0x0C)), sizeof(loaded));
	return loaded;
}

static void size_limits(void **state)
{
	(void)state;
	save("big", "", 0);
	run(0, "", "image --output default.fd");
	const size_t most = 16 * MIB - shim_size("default.fd");
	assert_int_equal(truncate("big", (off_t)most), 0);
	run(0, "", "image --output big.fd --initrd big");
	run(0, "0x1000000 bytes at 0xff000000", "dump big.fd");
	run(1, "command line 0x1 bytes: the image would be above 0x1000000",
	    "image --output x.fd --initrd big --cmdline x");
	char text[32];
	assert_int_equal(truncate("big", (off_t)most + 1), 0);
	snprintf(text, sizeof(text), "initrd 0x%zx", most + 1);
	run(1, text, "image --output x.fd --initrd big");
	assert_int_equal(truncate("big", (off_t)most), 0);
	run(1, "x.igvm: with the headers of 0x1000000 bytes of pages the file would be above",
	    "image --format igvm --output x.igvm --initrd big");
	assert_int_equal(truncate("big", 16 * MIB + 1), 0);
	run(1, "lintel: big: size above 0x1000000", "image --output x.fd --initrd big");
	run(1, "lintel: big: size above 0x1000000", "dump big");
	unlink("big");
	unlink("big.fd");
}

static void bad_output(void **state)
{
	(void)state;
	run(1, "lintel: none/x.fd: No such file", "image --output none/x.fd");
	run(1, "lintel: /dev/full: No space left", "image --output /dev/full");
	run(1, "standard output: No space left", "dump " OVMF " >/dev/full");
	run(1, "standard output: No space left", "mrtd --order page " OVMF " >/dev/full");
}

/* One value of a good image changed: what the dump must say. */
struct poke {
	uint64_t address;
	unsigned size;
	uint64_t value;
	const char *text;
};

static void run_pokes(const char *name, const struct poke *pokes, size_t count)
{
	static uint8_t image[MIB];
	size_t size = load(name, image, sizeof(image));
	for (size_t i = 0; i < count; i++) {
		uint8_t kept[8];
		uint8_t *at = image + size - (FOUR_GIB - pokes[i].address);
		memcpy(kept, at, pokes[i].size);
		memcpy(at, &pokes[i].value, pokes[i].size);
		save("poked.fd", image, size);
		run(1, pokes[i].text, "dump poked.fd");
		memcpy(at, kept, pokes[i].size);
	}
	save("poked.fd", image, size);
	run(0, "", "dump poked.fd");
}

static void broken_metadata(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		{ TDVF_METADATA + 0x10, 4, 0, "lintel: poked.fd: descriptor: signature 0x0:" },
		{ TDVF_METADATA + 0x20 + 24, 4, 7, "lintel: poked.fd: section 0: type 0x7:" },
		{ FOUR_GIB - 0x20, 4, 0x1234, "GUIDed table: descriptor_from_start 0x1234 at" },
		/* Not measured; temporary memory on the kernel's place; a seeded mailbox. */
		{ TDVF_METADATA + 0x20 + 28, 4, 0, "section 0: attributes 0x0 at 0xfffffc3c:" },
		{ TDVF_METADATA + 0x40 + 8, 8, KERNEL_BASE, "section 1: memory_address 0x1000000" },
		{ MAILBOX, 2, 1, "shim: byte 0x01 at 0xffffd000, where the wake-up mailbox goes" },
		{ IMAGE_CONFIG + 0x0C, 4, 0x20001, "image config: image_size 0x20001:" },
		{ IMAGE_CONFIG + 0x08, 4, 0x80, "image config: flags 0x80:" },
		{ IMAGE_CONFIG + 0x10, 8, 0xFFFEF000, "kernel base 0xfffef000 size 0x0:" },
		{ IMAGE_CONFIG + 0x18, 8, 0x1000, "kernel base 0x0 size 0x1000:" },
	};
	run(0, "", "image --output default.fd");
	run_pokes("default.fd", pokes, sizeof(pokes) / sizeof(pokes[0]));

	/* With a command line of 4 bytes, which the page below the shim has. */
	run(0, "", "image --output c.fd --cmdline abcd");
	static uint8_t image[MIB];
	size_t size = load("c.fd", image, sizeof(image));
	uint64_t base;
	memcpy(&base, image + size - (FOUR_GIB - (IMAGE_CONFIG + 0x30)), sizeof(base));
	const struct poke spans[] = {
		{ IMAGE_CONFIG + 0x30, 8, base + 1, ": must lie in the image below" },
		{ IMAGE_CONFIG + 0x30, 8, base - PAGE, ": must lie in the image below" },
		{ IMAGE_CONFIG + 0x30, 8, AP_TABLE, "command line base 0xffff7000 size 0x4:" },
		{ IMAGE_CONFIG + 0x38, 8, AP_TABLE - base + 1, ": must lie in the image below" },
		{ IMAGE_CONFIG + 0x38, 8, UINT64_MAX, "size 0xffffffffffffffff" },
		{ IMAGE_CONFIG + 0x38, 8, 3, "command line: byte 0x64 at 0x" },
	};
	run_pokes("c.fd", spans, sizeof(spans) / sizeof(spans[0]));
}

static void broken_ap_table(void **state)
{
	(void)state;
	static const struct poke pokes[] = {
		/* A leaf alone, writable: its path is not, so it is no hole, but not our table. */
		{ AP_TABLE + 0x2000, 8, 0xE3, "AP table 0x0: must be the identity" },
		{ AP_TABLE + 0x2008, 8, 0x2000C1, "AP table 0x200000: must be" }, /* A clear */
		{ AP_TABLE + 0x2008, 8, 0x2000A1, "AP table 0x200000: must be" }, /* D clear */
		{ AP_TABLE + 0x2008, 8, 0x4000E1, "AP table 0x200000: must be" }, /* not itself */
		{ AP_TABLE + 0x2008, 8, 0x80000000002000E1, "AP table 0x200000: must" }, /* NX */
		{ AP_TABLE + 0x2008, 8, 0x8000002000E1, "AP table 0x200000: must" }, /* shared */
		/* U, PWT, PCD: the walk takes them, the plan does not. */
		{ AP_TABLE + 0x2008, 8, 0x2000E5, "AP table: entry 0x2000e5 at 0xffff9008:" },
		{ AP_TABLE + 0x2008, 8, 0x2000E9, "AP table: entry 0x2000e9 at 0xffff9008:" },
		{ AP_TABLE + 0x2008, 8, 0x2000F1, "AP table: entry 0x2000f1 at 0xffff9008:" },
		{ AP_TABLE + 0x2008, 8, 0, "AP table maps 0xffe00000 bytes:" },
		{ AP_TABLE + 0x2008, 8, 0x80000021, "AP table after 0x200000: an entry leads out" },
		{ AP_TABLE + 0x0000, 8, AP_TABLE + 0x1001, "AP table 0x0: must be" }, /* A clear */
		{ AP_TABLE + 0x1020, 8, AP_TABLE + 0x2021, "AP table maps 0x100200000 bytes" },
		{ AP_TABLE + 0x0FF8, 8, 0x21, "AP table after 0x100000000: an entry leads out" },
	};
	run(0, "", "image --output default.fd");
	run_pokes("default.fd", pokes, sizeof(pokes) / sizeof(pokes[0]));

	/* W on every level: writable and executable. */
	static uint8_t image[MIB];
	size_t size = load("default.fd", image, sizeof(image));
	uint8_t *table = image + size - (FOUR_GIB - AP_TABLE);
	table[0] |= 2;
	table[0x1000] |= 2;
	table[0x2010] |= 2;
	save("poked.fd", image, size);
	run(1, "AP table 0x400000: the range is writable and executable", "dump poked.fd");
	assert_non_null(strstr(out, "0x0000000000400000 + 0x200000 -> 0x400000  RWX"));
	/* An empty table reached 2^27 times. */
	memset(table, 0, 0x3000);
	for (size_t i = 0; i < 0x2000; i += 8) {
		const uint64_t entry = AP_TABLE + 0x21 + (i / 0x1000 + 1) * 0x1000;
		memcpy(table + i, &entry, 8);
	}
	save("poked.fd", image, size);
	run(1, "AP table after 0x0: an entry leads out of the table, or the tables are no tree",
	    "dump poked.fd");
}

static void foreign_images(void **state)
{
	(void)state;
	run(0, "CFV", "dump " OVMF);
	assert_null(strstr(out, "AP table"));
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	char hex[OVMF_HEX_SIZE];
	ovmf_mrtd(&ovmf, 1, hex);
	run(0, hex, "mrtd --order page " OVMF);
	ovmf_mrtd(&ovmf, 0, hex);
	run(0, hex, "mrtd --order section " OVMF);

	/* Without its variables, as the half OVMF_CODE is. */
	const uint64_t cut = align_up(ovmf.sections[1].raw_size, IMAGE_ALIGN);
	char text[64];
	snprintf(text, sizeof(text),
		 "code.fd: section 0: data_offset 0x%x:", ovmf.sections[0].data_offset);
	save("code.fd", ovmf.image + cut, ovmf.size - cut);
	ovmf_free(&ovmf);
	run(1, text, "dump code.fd");
	run(1, text, "mrtd --order page code.fd");
	run(1, "lintel: none: No such file", "mrtd --order page none");
}

/* One byte of a good IGVM file changed, and what dump says of it. */
static void poke_igvm(const char *name, size_t at, const char *text)
{
	static uint8_t file[MIB];
	size_t size = load(name, file, sizeof(file));
	assert_true(at < size);
	file[at] ^= 0x20;
	save("poked.igvm", file, size);
	run(1, text, "dump poked.igvm");
}

/* The pages of the .fd, so its MRTD; read back and checked as that is. */
static void igvm_files(void **state)
{
	static const char *const arguments[] = {
		"--allow-debug",
		"--kernel kernel --initrd initrd --cmdline 'quiet x' --ap-handover strict",
	};
	static const char *const orders[] = { "page", "section" };
	char line[200];
	char digest[128];
	(void)state;
	make_kernel("kernel", good_header, 4 * LINUX_SECTOR_SIZE);
	save("initrd", "initrd", 6);
	for (size_t i = 0; i < ARRAY_COUNT(arguments); i++) {
		snprintf(line, sizeof(line), "image --format fd --output i.fd %s", arguments[i]);
		run(0, "", line);
		snprintf(line, sizeof(line), "image --format igvm --output i.igvm %s",
			 arguments[i]);
		run(0, "", line);
		for (size_t o = 0; o < ARRAY_COUNT(orders); o++) {
			snprintf(line, sizeof(line), "mrtd --order %s i.fd", orders[o]);
			run(0, "", line);
			strcpy(digest, out);
			snprintf(line, sizeof(line), "mrtd --order %s i.igvm", orders[o]);
			run(0, digest, line);
		}
	}
	run(0, "bytes, IGVM\n", "dump i.igvm");
	assert_non_null(strstr(out, "R--  kernel, 0x800 bytes"));
	assert_non_null(strstr(out, "AP hand-over strict"));
	assert_non_null(strstr(out, "0x000169000 - 0x00016b000  parameters"));
	assert_non_null(strstr(out, "0x0000000000000000 + 0x100000000 -> 0x0  R-X"));
	run(2, "--format \"elf\": fd or igvm", "image --output x --format elf");

	/* Fixed header; a platform's boundary, with a checksum that is wrong; the kernel's
	 * magic. */
	poke_igvm("i.igvm", 4, "lintel: poked.igvm: IGVM fixed header at 0x0: format_version");
	poke_igvm("i.igvm", 24 + 8 + 8, "IGVM fixed header at 0x0: checksum 0x");
	static uint8_t file[MIB];
	size_t size = load("i.igvm", file, sizeof(file));
	uint32_t headers;
	memcpy(&headers, file + 0x0C, sizeof(headers));
	poke_igvm("i.igvm", 24 + headers + LINUX_HEADER_OFFSET + 0x11, "poked.igvm: kernel: ");
	/* The last page's config: flags. */
	poke_igvm("i.igvm", size - PAGE + 9, "image config: flags 0x");
	/* Headers of another writer: the shared half starts at bit 47. */
	file[24 + 8 + 13] = 0x80;
	memset(file + 0x14, 0, 4);
	uint32_t checksum = crc32_update(0, file, 24 + headers);
	memcpy(file + 0x14, &checksum, sizeof(checksum));
	save("poked.igvm", file, size);
	run(1, "poked.igvm: IGVM file: byte 0x", "dump poked.igvm");
	run(0, "", "mrtd --order page poked.igvm");
}

/* A foreign one, whose pages are no image of ours, is shown; so is one that no .fd can hold. */
static void foreign_igvm(void **state)
{
	static struct igvm_fixture f;
	(void)state;
	igvm_fixture_good(&f);
	save("f.igvm", f.bytes, f.size);
	run(0, "bytes, IGVM\n", "dump f.igvm");
	assert_non_null(strstr(out, "0x000901000 - 0x000903000  parameters"));
	assert_null(strstr(out, "AP table"));
	run(0, "", "mrtd --order page f.igvm");
	igvm_fixture_put(&f, f.headers[FIXTURE_ZEROS] + 16, 4, 4);
	igvm_fixture_seal(&f);
	save("f.igvm", f.bytes, f.size);
	run(1, "lintel: f.igvm: IGVM PAGE_DATA at 0x", "dump f.igvm");
	run(1, "flags 0x4: a shared page", "mrtd --order page f.igvm");
}

/* This program is build/unit/lintel_cli_test. */
static bool name_tool(void)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 32);
	if (length < 0) {
		return false;
	}
	path[length] = 0;
	for (unsigned i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');
		if (slash == NULL) {
			return false;
		}
		*slash = 0;
	}
	strcat(path, "/test/lintel");
	return access(path, X_OK) == 0 && setenv("LINTEL", path, 1) == 0;
}

/* The tests run in a folder of their own. */
static int set_up(void **state)
{
	static char folder[] = "/tmp/lintel_cli_XXXXXX";
	if (!name_tool()) {
		fprintf(stderr, "../test/lintel is not there: make unit\n");
		return -1;
	}
	*state = mkdtemp(folder);
	return *state != NULL && setenv("ASAN_OPTIONS", "exitcode=99", 1) == 0 &&
			       setenv("UBSAN_OPTIONS", "exitcode=99", 1) == 0 &&
			       chdir(folder) == 0 ?
		       0 :
		       -1;
}

static int tear_down(void **state)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", (const char *)*state);
	return chdir("/") != 0 || system(command) != 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help),
		cmocka_unit_test(wrong_usage),
		cmocka_unit_test(policies),
		cmocka_unit_test(accept_policies),
		cmocka_unit_test(pinned),
		cmocka_unit_test(flat),
		cmocka_unit_test(rtmr_of_the_host),
		cmocka_unit_test(rtmr_of_an_image),
		cmocka_unit_test(rtmr_of_files_that_are_none),
		cmocka_unit_test(rtmr_of_an_igvm_file),
		cmocka_unit_test(rtmr_by_uefi),
		cmocka_unit_test(attest_values),
		cmocka_unit_test(default_image),
		cmocka_unit_test(payload_image),
		cmocka_unit_test(bad_payload),
		cmocka_unit_test(size_limits),
		cmocka_unit_test(bad_output),
		cmocka_unit_test(broken_metadata),
		cmocka_unit_test(broken_ap_table),
		cmocka_unit_test(foreign_images),
		cmocka_unit_test(igvm_files),
		cmocka_unit_test(foreign_igvm),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
