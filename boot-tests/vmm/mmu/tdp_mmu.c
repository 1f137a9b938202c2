// The TDP MMU: one iterator, one way to change an entry, for both halves.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/tdp_mmu.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/mmu/tdp_step.h"

/* ---- page-table pages ------------------------------------------------------------------------ */

static struct tdp_page *take_description(struct tdp_mmu *tdp)
{
	spin_lock(&tdp->pages_lock);
	struct tdp_page *page = tdp->free;
	if (page != NULL) {
		tdp->free = page->next;
	} else {
		CHECK(tdp->pool_used < tdp->pool_size);
		page = &tdp->pool[tdp->pool_used++];
	}
	spin_unlock(&tdp->pages_lock);
	memset(page, 0, sizeof(*page));
	return page;
}

static void *new_frame(void)
{
	void *frame = hpa_ptr(frames_take_page());
	memset(frame, 0, pg_size(PG_4K));
	return frame;
}

static uint64_t absent_value(const struct tdp_half *half, gpa_t address, enum pg_level level)
{
	bool mmio = half->is_mmio != NULL && half->is_mmio(half->owner, address, pg_size(level));
	return mmio ? TDP_MMIO : TDP_ABSENT;
}

static gpa_t entry_address(const struct tdp_page *page, unsigned index)
{
	return gpa(page->base.v + index * pg_size(page->role.level));
}

/* Not linked, and in no list. */
static struct tdp_page *page_take(struct tdp_mmu *tdp, const struct tdp_half *half,
				  enum pg_level level, gpa_t base)
{
	struct tdp_page *page = take_description(tdp);
	page->role = (struct tdp_role){ level, half->is_private };
	page->base = base;
	page->entries = new_frame();
	page->children = level == PG_4K ? NULL : new_frame();
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		page->entries[i] = absent_value(half, entry_address(page, i), level);
	}
	return page;
}

static void page_give(struct tdp_mmu *tdp, struct tdp_page *page)
{
	frames_give_page(ptr_hpa(page->entries));
	if (page->children != NULL) {
		frames_give_page(ptr_hpa(page->children));
	}
	if (page->external.v != 0) {
		frames_give_page(page->external);
	}
	spin_lock(&tdp->pages_lock);
	page->next = tdp->free;
	tdp->free = page;
	spin_unlock(&tdp->pages_lock);
}

static void page_list_add(struct tdp_mmu *tdp, struct tdp_half *half, struct tdp_page *page)
{
	CHECK(page->role.is_private == half->is_private);
	spin_lock(&tdp->pages_lock);
	page->next = half->pages;
	if (page->next != NULL) {
		page->next->before = page;
	}
	half->pages = page;
	half->page_count++;
	spin_unlock(&tdp->pages_lock);
}

static void page_list_drop(struct tdp_mmu *tdp, struct tdp_half *half, struct tdp_page *page)
{
	spin_lock(&tdp->pages_lock);
	if (page->next != NULL) {
		page->next->before = page->before;
	}
	*(page->before != NULL ? &page->before->next : &half->pages) = page->next;
	half->page_count--;
	spin_unlock(&tdp->pages_lock);
}

/* ---- the iterator ---------------------------------------------------------------------------- */

/* An entry on the way through all that map a byte of [start, end), each before those below it. */
struct tdp_iter {
	struct tdp_page *page; /* null: there is none left */
	unsigned index;
	uint64_t value; /* as it was read last */
	gpa_t start, end;
};

static enum pg_level iter_level(const struct tdp_iter *it)
{
	return it->page->role.level;
}

static gpa_t iter_address(const struct tdp_iter *it)
{
	return entry_address(it->page, it->index);
}

static void iter_read(struct tdp_iter *it)
{
	uint64_t *entry = &it->page->entries[it->index];
	TDP_STEP(TDP_STEP_READ, entry);
	it->value = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

static void iter_first(struct tdp_iter *it, const struct tdp_half *half, gpa_t start, gpa_t end)
{
	*it = (struct tdp_iter){ .page = half->root, .start = start, .end = end };
	it->index = pt_index(start.v, iter_level(it));
	iter_read(it);
}

static void iter_down(struct tdp_iter *it)
{
	struct tdp_page *child = it->page->children[it->index];
	CHECK(child->role.is_private == it->page->role.is_private &&
	      child->role.level + 1 == iter_level(it));
	it->page = child;
	it->index = it->start.v > child->base.v ? pt_index(it->start.v, iter_level(it)) : 0;
}

static void iter_next(struct tdp_iter *it)
{
	if (tdp_is_link(it->value, iter_level(it))) {
		iter_down(it);
	} else {
		it->index++;
		while (it->page != NULL && it->index == PT_ENTRIES) {
			it->index = it->page->index + 1;
			it->page = it->page->parent;
		}
	}
	if (it->page != NULL && iter_address(it).v >= it->end.v) {
		it->page = NULL;
	}
	if (it->page != NULL) {
		iter_read(it);
	}
}

/* ---- one entry ------------------------------------------------------------------------------- */

static struct tdp_change change_of(const struct tdp_page *page, unsigned index, uint64_t before,
				   uint64_t after)
{
	return (struct tdp_change){
		.address = entry_address(page, index),
		.level = page->role.level,
		.before = before,
		.after = after,
	};
}

/* False: it is not what it was when it was read. */
static bool freeze(const struct tdp_iter *it, uint64_t after)
{
	uint64_t *entry = &it->page->entries[it->index];
	uint64_t expected = it->value;
	(void)after;
	TDP_STEP(TDP_STEP_FREEZE, entry);
	return __atomic_compare_exchange_n(entry, &expected, TDP_WHILE_CHANGED(after), false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void store(struct tdp_page *page, unsigned index, uint64_t value)
{
	uint64_t *entry = &page->entries[index];
	TDP_STEP(TDP_STEP_STORE, entry);
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

typedef enum tdp_answer (*tdp_hook)(void *owner, const struct tdp_change *change, void *call);

/* Makes an absent or large entry lead to the page, which is the entry's own unless this fails. */
static enum tdp_answer link_page(struct tdp_mmu *tdp, struct tdp_half *half, struct tdp_iter *it,
				 struct tdp_page *page, tdp_hook hook, void *call)
{
	uint64_t after = tdp_link(ptr_hpa(page->entries));
	struct tdp_change change = change_of(it->page, it->index, it->value, after);
	change.external = page->external;
	page->parent = it->page;
	page->index = it->index;
	if (!freeze(it, after)) {
		return TDP_RETRY;
	}
	it->page->children[it->index] = page;
	TDP_STEP(TDP_STEP_HOOK, &it->page->entries[it->index]);
	enum tdp_answer answer = hook != NULL ? hook(half->owner, &change, call) : TDP_OK;
	if (answer == TDP_OK) {
		page_list_add(tdp, half, page);
	}
	it->value = answer == TDP_OK ? after : it->value;
	store(it->page, it->index, it->value);
	return answer;
}

static enum tdp_answer link_new(struct tdp_mmu *tdp, struct tdp_half *half, struct tdp_iter *it,
				void *call)
{
	struct tdp_page *page = page_take(tdp, half, iter_level(it) - 1, iter_address(it));
	page->external = half->hooks != NULL ? frames_take_page() : hpa(0);
	enum tdp_answer answer = link_page(
		tdp, half, it, page, half->hooks != NULL ? half->hooks->link_table : NULL, call);
	if (answer != TDP_OK) {
		page_give(tdp, page);
	}
	return answer;
}

static enum tdp_answer set_leaf(const struct tdp_half *half, const struct tdp_iter *it, hpa_t frame,
				void *call)
{
	enum pg_level level = iter_level(it);
	uint64_t after = tdp_leaf(hpa(align_down(frame.v, pg_size(level))), level);
	struct tdp_change change = change_of(it->page, it->index, it->value, after);
	if (!freeze(it, after)) {
		return TDP_RETRY;
	}
	TDP_STEP(TDP_STEP_HOOK, &it->page->entries[it->index]);
	enum tdp_answer answer =
		half->hooks != NULL ? half->hooks->set_leaf(half->owner, &change, call) : TDP_OK;
	store(it->page, it->index, answer == TDP_OK ? after : it->value);
	return answer;
}

/* ---- both halves ----------------------------------------------------------------------------- */

static void init_half(struct tdp_mmu *tdp, struct tdp_half *half, bool is_private,
		      enum pg_level top)
{
	half->is_private = is_private;
	half->root = page_take(tdp, half, top, gpa(0));
	page_list_add(tdp, half, half->root);
}

void tdp_init(struct tdp_mmu *tdp, enum pg_level top, struct tdp_page *pool, unsigned pool_size)
{
	tdp->pool = pool;
	tdp->pool_size = pool_size;
	init_half(tdp, &tdp->shared, false, top);
	init_half(tdp, &tdp->mirror, true, top);
}

enum tdp_answer tdp_map(struct tdp_mmu *tdp, struct tdp_half *half, gpa_t address,
			enum pg_level level, hpa_t frame, void *call)
{
	struct tdp_iter it;
	bool linked = false;
	for (iter_first(&it, half, address, gpa(address.v + 1));; iter_next(&it)) {
		if (it.value == TDP_FROZEN) {
			return TDP_RETRY;
		}
		if (tdp_is_link(it.value, iter_level(&it))) {
			continue;
		}
		if (it.value == TDP_MMIO) {
			return linked ? TDP_OK : TDP_PRESENT;
		}
		if (tdp_present(it.value)) {
			return TDP_PRESENT;
		}
		if (iter_level(&it) <= level) {
			return set_leaf(half, &it, frame, call);
		}
		enum tdp_answer answer = link_new(tdp, half, &it, call);
		if (answer != TDP_OK) {
			return answer;
		}
		linked = true;
	}
}

/* Takes away what is frozen and blocked. What cannot be comes back as it was. */
static enum tdp_answer zap_finish(const struct tdp_half *half, struct tdp_batch *batch,
				  uint64_t *count, void *call)
{
	enum tdp_answer answer = TDP_OK;
	if (batch->count != 0) {
		answer = half->flush(half->owner, call);
	}
	for (unsigned i = 0; i < batch->count; i++) {
		struct tdp_page *page = batch->leaves[i].page;
		unsigned index = batch->leaves[i].index;
		uint64_t before = batch->leaves[i].before;
		uint64_t absent = absent_value(half, entry_address(page, index), page->role.level);
		struct tdp_change change = change_of(page, index, before, absent);
		if (answer == TDP_OK && half->hooks != NULL) {
			answer = half->hooks->remove_leaf(half->owner, &change, call);
		}
		store(page, index, answer == TDP_OK ? absent : before);
		*count += answer == TDP_OK;
	}
	batch->count = 0;
	return answer;
}

/* Freezes and blocks one leaf. */
static enum tdp_answer zap_begin(const struct tdp_half *half, const struct tdp_iter *it,
				 struct tdp_batch *batch, void *call)
{
	struct tdp_change change = change_of(it->page, it->index, it->value, TDP_FROZEN);
	if (!freeze(it, TDP_ABSENT)) {
		return TDP_RETRY;
	}
	TDP_STEP(TDP_STEP_HOOK, &it->page->entries[it->index]);
	enum tdp_answer answer =
		half->hooks != NULL ? half->hooks->block_leaf(half->owner, &change, call) : TDP_OK;
	if (answer != TDP_OK) {
		store(it->page, it->index, it->value);
		return answer;
	}
	batch->leaves[batch->count].page = it->page;
	batch->leaves[batch->count].index = it->index;
	batch->leaves[batch->count].before = it->value;
	batch->count++;
	return TDP_OK;
}

enum tdp_answer tdp_zap(const struct tdp_half *half, gpa_t start, gpa_t end,
			struct tdp_batch *batch, uint64_t *count, void *call)
{
	enum tdp_answer answer = TDP_OK;
	bool again = false;
	struct tdp_iter it;
	CHECK(batch->count == 0 && batch->limit != 0 && batch->limit <= TDP_BATCH_MAX);
	for (iter_first(&it, half, start, end); it.page != NULL && answer == TDP_OK;
	     iter_next(&it)) {
		enum tdp_answer one = TDP_OK;
		if (it.value == TDP_FROZEN) {
			one = TDP_RETRY;
		} else if (tdp_is_leaf(it.value, iter_level(&it))) {
			one = zap_begin(half, &it, batch, call);
		}
		again = again || one == TDP_RETRY;
		answer = one == TDP_FAILED ? TDP_FAILED : TDP_OK;
		if (answer == TDP_OK && batch->count == batch->limit) {
			answer = zap_finish(half, batch, count, call);
		}
	}
	enum tdp_answer rest = zap_finish(half, batch, count, call);
	answer = answer != TDP_OK ? answer : rest;
	return answer == TDP_OK && again ? TDP_RETRY : answer;
}

enum tdp_answer tdp_split(struct tdp_mmu *tdp, struct tdp_half *half, gpa_t address, void *call)
{
	struct tdp_iter it;
	iter_first(&it, half, address, gpa(address.v + 1));
	while (tdp_is_link(it.value, iter_level(&it))) {
		iter_next(&it);
	}
	if (it.value == TDP_FROZEN) {
		return TDP_RETRY;
	}
	if (iter_level(&it) != PG_2M || !tdp_present(it.value)) {
		return TDP_PRESENT;
	}
	struct tdp_page *page = page_take(tdp, half, PG_4K, iter_address(&it));
	page->external = half->hooks != NULL ? frames_take_page() : hpa(0);
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		hpa_t frame = hpa(tdp_frame(it.value).v + i * pg_size(PG_4K));
		page->entries[i] = tdp_leaf(frame, PG_4K);
	}
	enum tdp_answer answer = link_page(
		tdp, half, &it, page, half->hooks != NULL ? half->hooks->split_leaf : NULL, call);
	if (answer != TDP_OK) {
		page_give(tdp, page);
	}
	return answer;
}

uint64_t tdp_look(const struct tdp_half *half, gpa_t address, enum pg_level *level)
{
	struct tdp_iter it;
	iter_first(&it, half, address, gpa(address.v + 1));
	while (tdp_is_link(it.value, iter_level(&it))) {
		iter_next(&it);
	}
	*level = iter_level(&it);
	return it.value;
}

unsigned tdp_shrink(struct tdp_mmu *tdp, struct tdp_half *half, void *call)
{
	struct tdp_page *gone = NULL;
	struct tdp_page *next;
	unsigned count = 0;
	CHECK(half->hooks == NULL);
	for (struct tdp_page *page = half->pages; page != NULL; page = next) {
		next = page->next;
		if (page->role.level == PG_4K) {
			store(page->parent, page->index,
			      absent_value(half, page->base, page->parent->role.level));
			page_list_drop(tdp, half, page);
			page->next = gone;
			gone = page;
			count++;
		}
	}
	if (count != 0) {
		CHECK(half->flush(half->owner, call) == TDP_OK);
		half->settle(half->owner); /* no CPU walks them any more */
	}
	for (; gone != NULL; gone = next) {
		next = gone->next;
		page_give(tdp, gone);
	}
	return count;
}

void tdp_visit(const struct tdp_half *half,
	       bool (*visit)(void *arg, gpa_t address, enum pg_level level, uint64_t value),
	       void *arg)
{
	struct tdp_iter it;
	gpa_t end = gpa(PT_ENTRIES * pg_size(half->root->role.level));
	iter_first(&it, half, gpa(0), end);
	while (it.page != NULL && visit(arg, iter_address(&it), iter_level(&it), it.value)) {
		iter_next(&it);
	}
}

static enum tdp_answer destroy_half(struct tdp_mmu *tdp, struct tdp_half *half, void *call)
{
	struct tdp_page *page;
	while ((page = half->pages) != NULL) {
		struct tdp_change change = { .address = page->base,
					     .level = page->role.level + 1,
					     .external = page->external };
		enum tdp_answer answer =
			half->hooks != NULL && page->external.v != 0 ?
				half->hooks->free_table(half->owner, &change, call) :
				TDP_OK;
		if (answer != TDP_OK) {
			return answer;
		}
		page_list_drop(tdp, half, page);
		page_give(tdp, page);
	}
	half->root = NULL;
	return TDP_OK;
}

enum tdp_answer tdp_destroy(struct tdp_mmu *tdp, void *call)
{
	rw_write_lock(&tdp->lock);
	enum tdp_answer answer = destroy_half(tdp, &tdp->mirror, call);
	if (answer == TDP_OK) {
		answer = destroy_half(tdp, &tdp->shared, call);
	}
	rw_write_unlock(&tdp->lock);
	return answer;
}
