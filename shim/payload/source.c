// Where the parts of a payload come from: a part is opened, then copied and measured in one step.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/source.h"

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/refusal.h"

/*
 * What the host calls a part. Where there is the file (QEMU since 10.0, the kernel's at least), its
 * bytes are those that the user named. Else the items: the kernel is cut in two then, and QEMU
 * 10.1.0 to 10.1.5 change the first for a TD, too. Each part is looked for by itself, and measured
 * as it was found; but a kernel's two pieces are always of one origin.
 */
struct item {
	uint16_t size; /* selectors */
	uint16_t data;
};
static const struct {
	char name[16];
	char file[20];
	struct item items[2]; /* the second is 0, 0 where there is but one */
} parts[] = {
	[SOURCE_KERNEL] = { "kernel",
			    "etc/boot/kernel",
			    { { FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA },
			      { FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA } } },
	[SOURCE_INITRD] = { "initrd",
			    "etc/boot/initrd",
			    { { FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA } } },
	[SOURCE_CMDLINE] = { "command line",
			     "etc/boot/cmdline",
			     { { FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA } } },
};

/* Where source_peek() puts what it copies. */
static uint8_t *peek_place(void)
{
	return gpa_pointer(gpa(HANDOVER_SETUP));
}

/* ---- opening --------------------------------------------------------------------------------- */

/* *size stays 0: the host does not have it. */
static enum status open_item(struct source *source, unsigned number, uint32_t *size)
{
	const struct item *item = &parts[source->part].items[number];
	enum status status = fw_cfg_read_u32(item->size, size);
	source->selectors[number] = item->data;
	return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status open_host(struct source *source)
{
	struct fw_cfg_item file;
	enum status status = fw_cfg_file_find(parts[source->part].file, &file);
	source->host = true;
	if (status == ST_OK) {
		source->selectors[0] = file.selector;
		source->size = file.size;
		return ST_OK;
	}
	if (status != ST_NOT_FOUND) {
		return status;
	}
	TRY(open_item(source, 0, &source->size));
	source->split = parts[source->part].items[1].size != 0;
	return source->split ? open_item(source, 1, &source->rest) : ST_OK;
}

enum status source_open(const struct image_config *config, enum source_part part,
			struct source *out)
{
	const struct image_span *const spans[] = {
		[SOURCE_KERNEL] = &config->kernel,
		[SOURCE_INITRD] = &config->initrd,
		[SOURCE_CMDLINE] = &config->cmdline,
	};
	const struct image_span *span = spans[part];
	struct source source = { .part = part };
	if (span->base != 0) {
		if (span->size > UINT32_MAX) {
			return refuse(ST_NO_SPACE, "%s: 0x%lx bytes in the image", parts[part].name,
				      span->size);
		}
		source.embedded = gpa_pointer(gpa(span->base));
		source.size = (uint32_t)span->size;
	} else if (config->kernel.base == 0) {
		TRY(open_host(&source));
		if ((config->flags & IMAGE_CONFIG_PIN_PAYLOAD) != 0) {
			source.pin = config->payload_pins[part];
		}
	}
	*out = source;
	return ST_OK;
}

enum status source_refuse(const struct image_config *config, enum source_part part)
{
	struct source source;
	uint8_t first = 1;
	TRY(source_open(config, part, &source));
	if (part == SOURCE_CMDLINE && source.host && source.size != 0) {
		TRY(fw_cfg_read(source.selectors[0], 0, &first, sizeof(first)));
	}
	if (source.size == 0 || first == 0) {
		return ST_OK;
	}
	return refuse(ST_UNSUPPORTED, "%s: 0x%x bytes beside a UKI", parts[part].name, source.size);
}

/* ---- copying and measuring ------------------------------------------------------------------- */

/* The host's bytes as they are: what is read here, source_load() measures. */
static enum status read_item(const struct source *source, unsigned number, uint32_t offset,
			     void *to, uint32_t size)
{
	/* An empty item may be of a host without fw_cfg. */
	return size == 0 ? ST_OK : fw_cfg_read(source->selectors[number], offset, to, size);
}

enum status source_peek(struct source *source, const uint8_t **bytes, uint32_t *size)
{
	uint32_t peeked = source->size;
	if (!source->host) {
		*bytes = source->embedded;
		*size = peeked;
		return ST_OK;
	}
	if (peeked > HANDOVER_SETUP_SIZE) {
		if (source->split) {
			return refuse(ST_NO_SPACE, "%s setup part: 0x%x bytes, at most 0x%x",
				      parts[source->part].name, peeked, HANDOVER_SETUP_SIZE);
		}
		peeked = HANDOVER_SETUP_SIZE;
	}
	TRY(read_item(source, 0, 0, peek_place(), peeked));
	source->peeked = peeked;
	*bytes = peek_place();
	*size = peeked;
	return ST_OK;
}

/* size: of the whole part, which hash is of; bytes: of its rest, in their place. */
static enum status measure(enum source_part part, const void *bytes, uint64_t size,
			   struct sha384 *hash)
{
	static const struct tcg_initrd_event tag = TCG_INITRD_EVENT;
	const struct tcg_kernel_event blob = TCG_KERNEL_EVENT((uintptr_t)bytes, size);
	struct rtmr_event event = { CC_MR_RTMR2, EV_IPL, bytes, (uint32_t)size };
	if (part == SOURCE_KERNEL) {
		event = (struct rtmr_event){ CC_MR_RTMR1, EV_EFI_PLATFORM_FIRMWARE_BLOB2, &blob,
					     sizeof(blob) };
	} else if (part == SOURCE_INITRD) {
		event = (struct rtmr_event){ CC_MR_RTMR2, EV_EVENT_TAG, &tag, sizeof(tag) };
	}
	return rtmr_extend(&event, hash);
}

static void say_digest(const char *name, const char *what, const uint8_t *digest)
{
	uint64_t words[SHA384_SIZE / 8];
	memcpy(words, digest, sizeof(words));
	for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
		words[i] = __builtin_bswap64(words[i]);
	}
	log_error("%s %s %016lx%016lx%016lx%016lx%016lx%016lx", name, what, words[0], words[1],
		  words[2], words[3], words[4], words[5]);
}

static enum status check_part_pin(const struct source *source, struct sha384 hash)
{
	uint8_t digest[SHA384_SIZE];
	const char *name = parts[source->part].name;
	sha384_final(&hash, digest);
	if (memcmp(digest, source->pin, sizeof(digest)) == 0) {
		return ST_OK;
	}
	say_digest(name, "has SHA-384", digest);
	say_digest(name, "is pinned to", source->pin);
	return refuse(ST_HOST_LIED, "%s: SHA-384 is not what the image pins", name);
}

/* The part is the first bytes that were peeked at, from of them, and size bytes that follow. */
static enum status judge(const struct source *source, uint32_t from, const uint8_t *bytes,
			 uint64_t size)
{
	struct sha384 hash;
	if (!rtmr_active() && source->pin == NULL) {
		return ST_OK;
	}
	sha384_init(&hash);
	sha384_update(&hash, peek_place(), from);
	sha384_update(&hash, bytes, size);
	if (source->pin != NULL) {
		TRY(check_part_pin(source, hash));
	}
	bool present = source->size != 0 || source->part == SOURCE_CMDLINE;
	return present && rtmr_active() ? measure(source->part, bytes, from + size, &hash) : ST_OK;
}

/* Without what the host has after the first NUL. */
static uint64_t end_text(char *text, uint64_t size)
{
	text[size] = 0;
	uint64_t length = strlen(text);
	memset(text + length, 0, size - length);
	return length;
}

enum status source_load(const struct source *source, uint32_t from, void *to)
{
	uint8_t *bytes = to;
	CHECK(from <= (source->host ? source->peeked : source->size));
	uint64_t size = source->size - from;
	if (source->host) {
		uint32_t known = source->peeked - from;
		memcpy(bytes, peek_place() + from, known);
		TRY(read_item(source, 0, source->peeked, bytes + known,
			      source->size - source->peeked));
		TRY(read_item(source, 1, 0, bytes + size, source->rest));
		size += source->rest;
	} else if (size != 0) {
		memcpy(bytes, source->embedded + from, size);
	}
	if (source->part == SOURCE_CMDLINE) {
		size = end_text(to, size);
	}
	return source->host ? judge(source, from, bytes, size) : ST_OK;
}
