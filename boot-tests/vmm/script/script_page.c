// What a host script does with pages of TDs: copies that it keeps and compares, and writes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/script/script_page.h"

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/init/host_memory.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/td/host_td.h"
#include "linker/memmap.h"

#define AWAIT_STEP_US 1000
#define WORDS (MEM_PAGE_SIZE / sizeof(uint64_t))

static struct copy {
	bool kept; /* set last */
	hpa_t frame;
	uint64_t words[WORDS];
} copies[SCRIPT_MAX_COPIES];
static struct spinlock lock; /* over making one */

void script_page_reset(void)
{
	memset(copies, 0, sizeof(copies));
}

static bool copy_is_kept(unsigned number)
{
	return __atomic_load_n(&copies[number].kept, __ATOMIC_ACQUIRE);
}

static enum status no_copy(unsigned number, char *error, size_t error_size)
{
	fmt_print(error, error_size, "there is no copy %u", number + 1);
	return ST_BAD_FORMAT;
}

/* The frame that the TD has at this page of its shared memory, or of its private. */
static enum status page_frame(struct host_td *td, uint64_t page, bool shared, hpa_t *out,
			      char *error, size_t error_size)
{
	bool there = shared ? mmu_is_shared(&td->mmu, page, MEM_PAGE_SIZE) :
			      mmu_private_frame(&td->mmu, gpa(page), out);
	if (!there) {
		fmt_print(error, error_size, "there is no %s page 0x%llx",
			  shared ? "shared" : "private", (unsigned long long)page);
		return ST_BAD_FORMAT;
	}
	if (shared) {
		*out = ptr_hpa(mmu_shared(&td->mmu, page));
	}
	return ST_OK;
}

/* Have they 8 bytes in common, at multiples of 8? A copy with itself: has it 8 bytes twice? */
static bool share_words(const struct copy *one, const struct copy *other)
{
	for (unsigned i = 0; i < WORDS; i++) {
		for (unsigned j = 0; j < WORDS; j++) {
			if (one->words[i] == other->words[j] && (one != other || i != j)) {
				return true;
			}
		}
	}
	return false;
}

/* The frame that the rule reads. */
static enum status find_frame(const struct script_rule *rule, struct host_td *td, hpa_t *out,
			      char *error, size_t error_size)
{
	switch (rule->source) {
	case SOURCE_SHARED:
	case SOURCE_PRIVATE:
		return page_frame(td, rule->page, rule->source == SOURCE_SHARED, out, error,
				  error_size);
	case SOURCE_COPIED:
		if (!copy_is_kept(rule->source_copy)) {
			return no_copy(rule->source_copy, error, error_size);
		}
		*out = copies[rule->source_copy].frame;
		return ST_OK;
	}
	return ST_BAD_FORMAT;
}

static enum status compare_copy(const struct script_rule *rule, const struct copy *copy,
				char *error, size_t error_size)
{
	for (unsigned i = 0; i < SCRIPT_MAX_COPIES; i++) {
		bool like = (rule->actions & ACT_LIKE) != 0 && rule->like == i;
		bool unlike = (rule->unlike & BIT32(i)) != 0;
		if ((like || unlike) && i != rule->copy && !copy_is_kept(i)) {
			return no_copy(i, error, error_size);
		}
		if (like && memcmp(copy->words, copies[i].words, MEM_PAGE_SIZE) != 0) {
			fmt_print(error, error_size, "copy %u is not like copy %u", rule->copy + 1,
				  i + 1);
			return ST_BAD_FORMAT;
		}
		if (unlike && share_words(copy, &copies[i])) {
			fmt_print(error, error_size, "copy %u has 8 bytes of copy %u",
				  rule->copy + 1, i + 1);
			return ST_BAD_FORMAT;
		}
	}
	return ST_OK;
}

static enum status keep_copy(const struct script_rule *rule, struct host_td *td, char *error,
			     size_t error_size)
{
	struct copy *copy = &copies[rule->copy];
	if (copy_is_kept(rule->copy)) {
		fmt_print(error, error_size, "there is a copy %u already", rule->copy + 1);
		return ST_BAD_FORMAT;
	}
	TRY(find_frame(rule, td, &copy->frame, error, error_size));
	host_read(copy->frame, copy->words, MEM_PAGE_SIZE);
	TRY(compare_copy(rule, copy, error, error_size));
	__atomic_store_n(&copy->kept, true, __ATOMIC_RELEASE);
	return ST_OK;
}

static enum status write_page(const struct script_rule *rule, struct host_td *td, char *error,
			      size_t error_size)
{
	uint64_t page = align_down(rule->at, MEM_PAGE_SIZE);
	hpa_t frame;
	TRY(page_frame(td, page, rule->writes_shared, &frame, error, error_size));
	hpa_t place = hpa(frame.v + (rule->at - page));
	if (rule->writes_shared) {
		memcpy(hpa_ptr(place), &rule->value, rule->size);
	} else {
		host_write(place, &rule->value, rule->size);
	}
	return ST_OK;
}

/* Nobody of the TD has asked for it. */
static enum status take_pages(const struct script_rule *rule, struct host_td *td, char *error,
			      size_t error_size)
{
	struct seam_failure failure;
	enum status status = ST_OK;
	if ((rule->actions & ACT_SHARE) != 0) {
		struct gpa_range page = { gpa(rule->shared), MEM_PAGE_SIZE };
		gpa_t stopped;
		status = conversion_make(&td->mmu, page, SHARE_SHARED, &stopped, &failure);
	}
	if (status == ST_OK && (rule->actions & ACT_DROP) != 0) {
		status = mmu_punch_hole(&td->mmu, gpa(rule->dropped),
					gpa(rule->dropped + MEM_PAGE_SIZE), &failure);
	}
	if (status == ST_TDX) {
		char text[SEAM_FAILURE_SIZE];
		seam_failure_text(&failure, text);
		fmt_print(error, error_size, "%s", text);
	} else if (status != ST_OK) {
		fmt_print(error, error_size, "share 0x%llx: it is no RAM",
			  (unsigned long long)rule->shared);
	}
	return status == ST_OK ? ST_OK : ST_BAD_FORMAT;
}

/* Has the host's memory management answered what was asked for a page as it must? */
static enum status judge_answer(const char *what, uint64_t page, enum status answer,
				enum status wanted, char *error, size_t error_size)
{
	if (answer != wanted) {
		fmt_print(error, error_size, "%s 0x%llx: the answer is %s", what,
			  (unsigned long long)page, status_text(answer));
		return ST_BAD_FORMAT;
	}
	return ST_OK;
}

static enum status await_copy(const struct script_rule *rule, const struct host_td *td, char *error,
			      size_t error_size)
{
	uint64_t start = time_us();
	while (!copy_is_kept(rule->awaits) && !td_ending(td) && !cpu_stop_asked()) {
		if (time_us() - start >= SCRIPT_MAX_HOLD_US) {
			fmt_print(error, error_size, "copy %u does not come", rule->awaits + 1);
			return ST_BAD_FORMAT;
		}
		time_delay_us(AWAIT_STEP_US);
	}
	return ST_OK;
}

enum status script_page_act(const struct script_rule *rule, struct host_td *td, char *error,
			    size_t error_size)
{
	enum status status = ST_OK;
	if ((rule->actions & ACT_AWAIT) != 0) {
		TRY(await_copy(rule, td, error, error_size));
	}
	spin_lock(&lock);
	if ((rule->actions & ACT_READ) != 0) {
		status = keep_copy(rule, td, error, error_size);
	}
	spin_unlock(&lock);
	if (status == ST_OK && (rule->actions & ACT_WRITE) != 0) {
		status = write_page(rule, td, error, error_size);
	}
	if (status == ST_OK && (rule->actions & ACT_MOVE) != 0) {
		status =
			judge_answer("move", rule->moved, mmu_move_page(&td->mmu, gpa(rule->moved)),
				     rule->moves ? ST_OK : ST_UNSUPPORTED, error, error_size);
	}
	if (status == ST_OK && (rule->actions & ACT_ADD) != 0) {
		status =
			judge_answer("add", rule->added, mmu_add_memory(&td->mmu, gpa(rule->added)),
				     ST_UNSUPPORTED, error, error_size);
	}
	return status == ST_OK ? take_pages(rule, td, error, error_size) : status;
}
