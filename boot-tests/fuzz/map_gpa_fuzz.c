// Any MapGPA requests: each page of RAM has the attribute that was last set, and no other.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The host's MapGPA and its memory manager, on a module that says yes to each SEAMCALL and knows
// which page was given where.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/unit/vmm/no_costs.h"
#include "boot-tests/vmm/call/map_gpa.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/td/td_flush.h"
#include "boot-tests/vmm/verdict.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
/* 3 blocks and a part of one; after 4 GiB one block. */
#define LOW_SIZE (3 * BLOCK + 6 * PAGE)
#define HIGH_SIZE BLOCK
#define FIRMWARE_SIZE UINT64_C(0x10000)
#define LOW_PAGES (LOW_SIZE / PAGE)
#define PAGES (LOW_PAGES + HIGH_SIZE / PAGE)
#define POOL_SIZE (24 * BLOCK)
#define GPAW 48
#define SHARED BIT64(GPAW - 1)
#define REQUESTS_MAX 40
#define RETRIES_MAX 8

static const struct config config; /* as KVM */
static struct mmu mmu;
static uint64_t tables[MMU_TABLES_SIZE(HIGH_SIZE) / sizeof(uint64_t)];
static struct td_kick kicked;
static bool is_shared[PAGES]; /* what the TD has asked for */
static uint64_t frames[PAGES];
static uint8_t turn;

uint64_t time_us(void)
{
	static uint64_t time;
	return time += 1000;
}

void td_kick_all(const struct td_kick *kick)
{
	CHECK(kick == &kicked);
}

void td_flush_all(const struct td_kick *kick)
{
	CHECK(kick == &kicked);
}

void td_kick_out(const struct td_kick *kick)
{
	CHECK(kick == &kicked);
}

void td_flush_wait(const struct td_kick *kick)
{
	CHECK(kick == &kicked);
}

void wake_take_kick(void)
{
}

bool lapic_pending(void)
{
	return turn++ % 4 == 3;
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	(void)code;
	bug(__FILE__, __LINE__, format);
}

/* Of a page of RAM; PAGES: it is none. */
static uint64_t index_of(uint64_t address)
{
	if (address < LOW_SIZE) {
		return address / PAGE;
	}
	return address >= FOUR_GIB && address - FOUR_GIB < HIGH_SIZE ?
		       LOW_PAGES + (address - FOUR_GIB) / PAGE :
		       PAGES;
}

/* A page is added where none is, and removed where one is. */
uint64_t seamcall(struct seam_regs *regs)
{
	uint64_t address = regs->rcx & TDX_GPA_PAGE;
	uint64_t pages = regs->rcx & MASK64(2, 0) ? BLOCK / PAGE : 1;
	uint64_t first = index_of(address);
	switch (regs->rax) {
	case TDH_MEM_PAGE_AUG:
		CHECK(first + pages <= PAGES);
		for (uint64_t i = 0; i < pages; i++) {
			CHECK(frames[first + i] == 0 && !is_shared[first + i]);
			frames[first + i] = regs->r8 + i * PAGE;
		}
		break;
	case TDH_MEM_PAGE_REMOVE:
		CHECK(first + pages <= PAGES && frames[first] != 0);
		regs->rcx = frames[first];
		memset(&frames[first], 0, pages * sizeof(frames[0]));
		break;
	default:
		break;
	}
	return regs->rax = TDX_SUCCESS;
}

struct reader {
	const uint8_t *data;
	size_t size;
};

static uint64_t next(struct reader *reader, unsigned bytes)
{
	uint64_t value = 0;
	unsigned count = reader->size < bytes ? (unsigned)reader->size : bytes;
	memcpy(&value, reader->data, count);
	reader->data += count;
	reader->size -= count;
	return value;
}

/* Any number, or some pages from where something begins or ends. */
static uint64_t address(struct reader *reader)
{
	static const uint64_t places[] = { 0,        BLOCK,
					   LOW_SIZE, FOUR_GIB - FIRMWARE_SIZE,
					   FOUR_GIB, FOUR_GIB + HIGH_SIZE,
					   SHARED,   2 * SHARED };
	uint8_t kind = (uint8_t)next(reader, 1);
	if (kind & 0x80) {
		return next(reader, 8);
	}
	uint64_t place = places[kind % ARRAY_COUNT(places)];
	return place + (uint64_t)(int64_t)(int16_t)next(reader, 2) * PAGE;
}

/* [from, to) has become shared or private; nothing else has changed. */
static void check_pages(uint64_t from, uint64_t to, bool share)
{
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t at = i < LOW_PAGES ? i * PAGE : FOUR_GIB + (i - LOW_PAGES) * PAGE;
		if (at >= from && at < to) {
			is_shared[i] = share;
			CHECK(!share || frames[i] == 0);
		}
		CHECK(mmu_is_shared(&mmu, at, PAGE) == is_shared[i]);
	}
}

/* One call for [*at, end); true when it is to go on at *at. */
static bool request(uint64_t *at, uint64_t end)
{
	uint64_t raw = *at;
	uint64_t size = end - raw;
	struct seam_regs regs = { .r11 = TDVMCALL_MAP_GPA, .r12 = raw, .r13 = size };
	uint64_t again = 0;
	struct verdict verdict = { 0 };
	uint64_t status = map_gpa(&mmu, &config, &again, &regs, &verdict);
	CHECK(!verdict.given);
	bool share = (raw & SHARED) != 0;
	uint64_t start = raw & ~SHARED;
	if (status == TDVMCALL_SUCCESS) {
		CHECK(size != 0 && (raw | size) % PAGE == 0);
		check_pages(start, start + size, share);
		return false;
	}
	CHECK(status == TDVMCALL_INVALID_OPERAND || status == TDVMCALL_ALIGN_ERROR ||
	      status == TDVMCALL_RETRY);
	uint64_t stopped = regs.r11 & ~SHARED;
	if (status == TDVMCALL_ALIGN_ERROR) {
		CHECK((raw | size) % PAGE != 0);
	} else {
		CHECK(regs.r11 == raw || (regs.r11 % PAGE == 0 && regs.r11 - raw < size));
	}
	check_pages(start, regs.r11 == raw ? start : stopped, share);
	*at = regs.r11;
	return status == TDVMCALL_RETRY;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *pool;
	if (pool == NULL) {
		pool = aligned_alloc(BLOCK, POOL_SIZE);
		CHECK(pool != NULL);
	}
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	memset(is_shared, 0, sizeof(is_shared));
	memset(frames, 0, sizeof(frames));
	mmu_init(&mmu, &kicked, hpa(0x7000), (struct shared_backing){ 0 },
		 &(struct td_memory){ LOW_SIZE, HIGH_SIZE, FIRMWARE_SIZE }, GPAW, tables);
	struct reader reader = { data, size };
	turn = (uint8_t)next(&reader, 1);
	for (unsigned i = 0; i < REQUESTS_MAX && reader.size != 0; i++) {
		uint64_t raw = address(&reader);
		uint64_t end = address(&reader);
		uint64_t page = index_of(raw);
		if (i % 2 != 0 && page < PAGES && !is_shared[page]) {
			/* The TD accepts it, so that there is something to take back. */
			struct seam_failure failure;
			CHECK(mmu_private_fault(&mmu, gpa(align_down(raw, PAGE)), EXT_QUAL_ACCEPT,
						&failure) <= MMU_SPURIOUS);
		}
		for (unsigned tries = 0; tries < RETRIES_MAX && request(&raw, end); tries++) {
		}
	}
	return 0;
}
