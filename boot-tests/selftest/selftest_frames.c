// What the machine knows of its memory, by the page tables of the real CPU: who writes is noticed.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"
#include "linker/memmap.h"

static volatile uint8_t *target;

/* By the CPU that was started last. */
static void store(unsigned index)
{
	if (index == cpu_count() - 1) {
		*target = 1;
	}
}

/* Nothing but a store makes it touched, and each byte of it does. */
static void one_store(uint64_t offset)
{
	hpa_t frame = frames_take(PG_2M);
	hpa_t next = frames_take(PG_2M);
	EXPECT(page_untouched(frame, PG_2M));
	target = (volatile uint8_t *)hpa_ptr(frame) + offset;
	EXPECT_EQUAL(*target, 0);
	frames_give(frame, PG_2M);
	EXPECT_EQUAL(frames_take(PG_2M).v, frame.v);
	EXPECT(page_untouched(frame, PG_2M));
	smp_call_all(store);
	EXPECT(!page_untouched(frame, PG_2M));
	for (uint64_t at = 0; at < pg_size(PG_2M); at += MEM_PAGE_SIZE) {
		EXPECT(!page_untouched(hpa(frame.v + at), PG_4K));
	}
	EXPECT(page_untouched(next, PG_2M));
	frames_give(frame, PG_2M);
	EXPECT_EQUAL(frames_take(PG_2M).v, frame.v);
	EXPECT(!page_untouched(frame, PG_2M));
}

/* What is the host's own counts as written: devices and a TD's shared half reach it. */
static void own_memory(void)
{
	EXPECT(!page_untouched(frames_take_page(), PG_4K));
	hpa_t span = ptr_hpa(frames_take_span(3 * pg_size(PG_2M)));
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(!page_untouched(hpa(span.v + i * pg_size(PG_2M)), PG_2M));
	}
	EXPECT(page_untouched(frames_take(PG_2M), PG_2M));
}

void selftest_frames(const struct module_platform *platform)
{
	(void)platform;
	one_store(0);
	one_store(pg_size(PG_2M) / 2 + 5);
	one_store(pg_size(PG_2M) - 1);
	own_memory();
	EXPECT(!page_untouched(memory_top(), PG_4K));
}
