// Races in the TDP MMU, made deterministic: scripts of steps, and all interleavings of two and
// three.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An actor is a vCPU that faults or zaps. It has a stack of its own and stops before each step that
// others may see: a look at an entry, its freezing, the hook, the final store (tdp_step.h). The
// explorer runs every order of these steps: it goes back to the last choice, plays the run anew up
// to there, and chooses otherwise. Where memory and all that each actor has seen since its last
// start are as they were before, the rest has been seen, too, and the run is left.
//
// The module is a strict one of 2 blocks of 2 pages: what a real one would refuse is counted.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static bool freezing = true;
static void step(int what, const uint64_t *entry);
#define TDP_STEP(what, entry) step((int)(what), (entry))
#define TDP_WHILE_CHANGED(next) (freezing ? TDP_FROZEN : (next))
#include "boot-tests/vmm/mmu/tdp_mmu.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define BLOCKS 2u
#define PAGES 2u /* of each block, its first ones */
#define FRAME UINT64_C(0x123456000000)
#define TABLES 16
#define FRAMES 64
#define ACTORS_MAX 3
#define STACK_SIZE 65536
#define DEPTH_MAX 512
#define SEEN_SIZE (UINT64_C(1) << 20)

/* ---- the strict module ----------------------------------------------------------------------- */

enum sept_is { IS_FREE, IS_TABLE, IS_LEAF, IS_BLOCKED };

struct sept_entry {
	enum sept_is is;
	bool tracked; /* since it was blocked */
	uint64_t frame;
};

static struct {
	struct sept_entry large[BLOCKS], small[BLOCKS][PAGES];
	unsigned violations;
} module;

static struct sept_entry *sept_entry(const struct tdp_change *change)
{
	uint64_t block = change->address.v / BLOCK;
	uint64_t page = change->address.v % BLOCK / PAGE;
	CHECK(block < BLOCKS && page < PAGES);
	return change->level == PG_2M ? &module.large[block] : &module.small[block][page];
}

static enum tdp_answer refuse(bool wrong)
{
	module.violations += wrong;
	return wrong ? TDP_FAILED : TDP_OK;
}

/* 001-R29: a table above is missing. */
static bool no_way(const struct tdp_change *change)
{
	return change->level == PG_4K && module.large[change->address.v / BLOCK].is != IS_TABLE;
}

static enum tdp_answer link_table(void *owner, const struct tdp_change *change, void *call)
{
	(void)owner;
	(void)call;
	struct sept_entry *entry = sept_entry(change);
	if (refuse(entry->is != IS_FREE) != TDP_OK) {
		return TDP_FAILED;
	}
	*entry = (struct sept_entry){ .is = IS_TABLE };
	return TDP_OK;
}

static enum tdp_answer add_leaf(void *owner, const struct tdp_change *change, void *call)
{
	(void)owner;
	(void)call;
	struct sept_entry *entry = sept_entry(change);
	if (refuse(no_way(change) || entry->is != IS_FREE) != TDP_OK) {
		return TDP_FAILED;
	}
	*entry = (struct sept_entry){ .is = IS_LEAF, .frame = tdp_frame(change->after).v };
	return TDP_OK;
}

static enum tdp_answer block_leaf(void *owner, const struct tdp_change *change, void *call)
{
	(void)owner;
	(void)call;
	struct sept_entry *entry = sept_entry(change);
	if (refuse(no_way(change) || entry->is != IS_LEAF) != TDP_OK) {
		return TDP_FAILED;
	}
	entry->is = IS_BLOCKED;
	entry->tracked = false;
	return TDP_OK;
}

static enum tdp_answer flush(void *owner, void *call)
{
	static const uint64_t none;
	(void)owner;
	(void)call;
	step(TDP_STEP_HOOK, &none);
	for (unsigned i = 0; i < BLOCKS; i++) {
		module.large[i].tracked = true;
		for (unsigned j = 0; j < PAGES; j++) {
			module.small[i][j].tracked = true;
		}
	}
	return TDP_OK;
}

static enum tdp_answer remove_leaf(void *owner, const struct tdp_change *change, void *call)
{
	static const uint64_t none;
	(void)owner;
	(void)call;
	step(TDP_STEP_HOOK, &none);
	struct sept_entry *entry = sept_entry(change);
	if (refuse(no_way(change) || entry->is != IS_BLOCKED || !entry->tracked ||
		   entry->frame != tdp_frame(change->before).v) != TDP_OK) {
		return TDP_FAILED;
	}
	*entry = (struct sept_entry){ .is = IS_FREE };
	return TDP_OK;
}

static enum tdp_answer split_leaf(void *owner, const struct tdp_change *change, void *call)
{
	enum tdp_answer answer = block_leaf(owner, change, call);
	answer = answer == TDP_OK ? flush(owner, call) : answer;
	struct sept_entry *entry = sept_entry(change);
	if (answer != TDP_OK || refuse(entry->is != IS_BLOCKED || !entry->tracked) != TDP_OK) {
		return TDP_FAILED;
	}
	for (unsigned i = 0; i < PAGES; i++) {
		module.small[change->address.v / BLOCK][i] =
			(struct sept_entry){ .is = IS_LEAF, .frame = entry->frame + i * PAGE };
	}
	*entry = (struct sept_entry){ .is = IS_TABLE };
	return TDP_OK;
}

static const struct tdp_hooks strict = {
	.link_table = link_table,
	.set_leaf = add_leaf,
	.block_leaf = block_leaf,
	.remove_leaf = remove_leaf,
	.split_leaf = split_leaf,
};

/* ---- frames: always the first that is free --------------------------------------------------- */

static _Alignas(4096) uint8_t memory[FRAMES][4096];
static uint64_t frames_used;

hpa_t frames_take_page(void)
{
	CHECK(~frames_used != 0);
	unsigned index = (unsigned)__builtin_ctzll(~frames_used);
	frames_used |= BIT64(index);
	return ptr_hpa(memory[index]);
}

void frames_give_page(hpa_t frame)
{
	uint64_t index = (frame.v - ptr_hpa(memory).v) / sizeof(memory[0]);
	CHECK(index < FRAMES && (frames_used & BIT64(index)) != 0);
	frames_used &= ~BIT64(index);
}

/* ---- actors ---------------------------------------------------------------------------------- */

enum deed { MAP_SMALL, MAP_LARGE, ZAP_SINGLE, ZAP_BATCHED, SPLIT };

struct work {
	enum deed deed;
	uint64_t start, end; /* end: of a zap */
};

struct actor {
	struct work work;
	bool done;
	int at;           /* the step before which it stands */
	uint64_t history; /* of what it has seen since its last start */
	enum tdp_answer answer;
	struct tdp_batch batch;
	ucontext_t context;
	uint8_t stack[STACK_SIZE];
};

static struct tdp_mmu tdp;
static struct tdp_page tables[TABLES];
static struct tdp_half *half;
static struct actor actors[ACTORS_MAX];
static unsigned actor_count;
static struct actor *now; /* null: nobody, all is done at once */
static ucontext_t scheduler;

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash * 31 + value + 1) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

static void step(int what, const uint64_t *entry)
{
	if (now == NULL) {
		return;
	}
	struct actor *actor = now;
	actor->at = what;
	swapcontext(&actor->context, &scheduler);
	/* The very next that it does is this step. */
	actor->history = mix(actor->history, (uint64_t)what + 1);
	if (what == TDP_STEP_READ || what == TDP_STEP_FREEZE) {
		actor->history = mix(actor->history, *entry);
	}
}

static enum tdp_answer act(struct actor *actor)
{
	uint64_t count = 0;
	const struct work *work = &actor->work;
	switch (work->deed) {
	case MAP_SMALL:
	case MAP_LARGE:
		return tdp_map(&tdp, half, gpa(work->start),
			       work->deed == MAP_LARGE ? PG_2M : PG_4K, hpa(FRAME + work->start),
			       NULL);
	case ZAP_SINGLE:
	case ZAP_BATCHED:
		actor->batch.limit = work->deed == ZAP_SINGLE ? 1 : TDP_BATCH_MAX;
		return tdp_zap(half, gpa(work->start), gpa(work->end), &actor->batch, &count, NULL);
	case SPLIT:
	default:
		return tdp_split(&tdp, half, gpa(work->start), NULL);
	}
}

static void live(void)
{
	struct actor *actor = now;
	do {
		actor->history = 0;
		actor->answer = act(actor);
	} while (actor->answer == TDP_RETRY);
	actor->done = true;
	actor->history = mix(UINT64_MAX, actor->answer);
	swapcontext(&actor->context, &scheduler);
}

static void go(struct actor *actor)
{
	now = actor;
	swapcontext(&scheduler, &actor->context);
	now = NULL;
}

/* What is there before the actors come: done at once. */
static void begin(const struct work *before, unsigned before_count, const struct work *works,
		  unsigned count)
{
	frames_used = 0;
	memset(&module, 0, sizeof(module));
	memset(&tdp, 0, sizeof(tdp));
	tdp.mirror.hooks = &strict;
	tdp.mirror.flush = tdp.shared.flush = flush;
	tdp_init(&tdp, PG_2M, tables, TABLES);
	for (unsigned i = 0; i < before_count; i++) {
		actors[0].work = before[i];
		CHECK(act(&actors[0]) == TDP_OK);
	}
	actor_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct actor *actor = &actors[i];
		actor->work = works[i];
		actor->done = false;
		actor->history = 0;
		actor->batch.count = 0;
		getcontext(&actor->context);
		actor->context.uc_stack.ss_sp = actor->stack;
		actor->context.uc_stack.ss_size = sizeof(actor->stack);
		makecontext(&actor->context, live, 0);
		go(actor); /* to its first step */
	}
}

/* ---- what must hold -------------------------------------------------------------------------- */

static enum sept_is mirrored(uint64_t value, enum pg_level level)
{
	return tdp_is_leaf(value, level) ? IS_LEAF : tdp_is_link(value, level) ? IS_TABLE : IS_FREE;
}

/* 001-R30, 001-R92, 001-R54: entry by entry, and of the same frames. */
static bool agree(uint64_t value, enum pg_level level, const struct sept_entry *entry)
{
	return value != TDP_FROZEN && mirrored(value, level) == entry->is &&
	       (entry->is != IS_LEAF || tdp_frame(value).v == entry->frame);
}

/* All actors are done: null, or what is wrong. */
static const char *judge(void)
{
	unsigned linked = 0;
	for (unsigned i = 0; i < BLOCKS; i++) {
		uint64_t value = half->root->entries[i];
		if (half == &tdp.mirror && !agree(value, PG_2M, &module.large[i])) {
			return "mirror and Secure EPT differ at 2 MiB";
		}
		bool is_link = tdp_is_link(value, PG_2M);
		linked += is_link;
		for (unsigned j = 0; is_link && j < PAGES; j++) {
			uint64_t small = half->root->children[i]->entries[j];
			if (small == TDP_FROZEN ||
			    (half == &tdp.mirror && !agree(small, PG_4K, &module.small[i][j]))) {
				return "mirror and Secure EPT differ at 4 KiB";
			}
		}
	}
	if (half->page_count != 1 + linked) {
		return "a table is in no entry";
	}
	/* Two frames of each root; one of a table of 4 KiB entries, one that the module has. */
	unsigned frames = 2 * 2 + linked * (half == &tdp.mirror ? 2 : 1);
	if ((unsigned)__builtin_popcountll(frames_used) != frames) {
		return "a frame is lost";
	}
	return module.violations != 0 ? "the module refused a call" : NULL;
}

/* ---- the explorer ---------------------------------------------------------------------------- */

static uint64_t *seen;
static struct {
	uint64_t states, runs, ends;
} explored;

/* False: it was there. */
static bool see(uint64_t key)
{
	key = key == 0 ? 1 : key;
	for (uint64_t at = key % SEEN_SIZE;; at = (at + 1) % SEEN_SIZE) {
		if (seen[at] == key) {
			return false;
		}
		if (seen[at] == 0) {
			seen[at] = key;
			explored.states++;
			CHECK(explored.states < SEEN_SIZE / 2);
			return true;
		}
	}
}

static uint64_t state_key(void)
{
	uint64_t key = frames_used;
	for (unsigned i = 0; i < BLOCKS; i++) {
		uint64_t value = half->root->entries[i];
		key = mix(key, value);
		for (unsigned j = 0; tdp_is_link(value, PG_2M) && j < PAGES; j++) {
			key = mix(key, half->root->children[i]->entries[j]);
		}
		key = mix(mix(key, module.large[i].is), module.large[i].tracked);
		for (unsigned j = 0; j < PAGES; j++) {
			key = mix(mix(key, module.small[i][j].is), module.small[i][j].tracked);
		}
	}
	for (unsigned i = 0; i < actor_count; i++) {
		key = mix(key, actors[i].history);
	}
	return key;
}

/* The next actor from index on that is not done; actor_count: there is none. */
static unsigned next_actor(unsigned index)
{
	while (index < actor_count && actors[index].done) {
		index++;
	}
	return index;
}

struct scene {
	const char *name;
	unsigned before_count, count;
	struct work before[2], works[ACTORS_MAX];
};

/* One run by the choices up to *depth, then by the first actor each time. Null, or what is
 * wrong. */
static const char *run(const struct scene *scene, unsigned *choices, unsigned *depth)
{
	unsigned prefix = *depth;
	begin(scene->before, scene->before_count, scene->works, scene->count);
	explored.runs++;
	for (unsigned at = 0;; at++) {
		CHECK(at < DEPTH_MAX);
		if (at >= prefix) {
			choices[at] = next_actor(0);
			*depth = at + 1;
		}
		if (choices[at] == actor_count) {
			explored.ends++;
			*depth = at;
			return judge();
		}
		go(&actors[choices[at]]);
		if (module.violations != 0) {
			return "the module refused a call";
		}
		/* The last of the prefix is a new choice. */
		if (at + 1 >= prefix && !see(state_key())) {
			return NULL;
		}
	}
}

/* Back to the last choice that has another one. False: there is none. */
static bool turn_back(const struct scene *scene, unsigned *choices, unsigned *depth)
{
	while (*depth > 0) {
		/* Who was done at that point is seen when the run is played up to it. */
		unsigned last = *depth - 1;
		begin(scene->before, scene->before_count, scene->works, scene->count);
		for (unsigned at = 0; at < last; at++) {
			go(&actors[choices[at]]);
		}
		choices[last] = next_actor(choices[last] + 1);
		if (choices[last] < actor_count) {
			return true;
		}
		*depth = last;
	}
	return false;
}

/* All interleavings. Null, or what is wrong in the first one that is. */
static const char *explore(const struct scene *scene)
{
	static unsigned choices[DEPTH_MAX];
	unsigned depth = 0;
	memset(seen, 0, SEEN_SIZE * sizeof(*seen));
	memset(&explored, 0, sizeof(explored));
	do {
		const char *wrong = run(scene, choices, &depth);
		if (wrong != NULL) {
			return wrong;
		}
	} while (turn_back(scene, choices, &depth));
	return NULL;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	if (seen == NULL) {
		seen = malloc(SEEN_SIZE * sizeof(*seen));
	}
	assert_non_null(seen);
	freezing = true;
	half = &tdp.mirror;
	return 0;
}

/* Until it stands before this step, and at least one further. */
static void until(struct actor *actor, enum tdp_step what)
{
	do {
		go(actor);
	} while (!actor->done && actor->at != (int)what);
}

static void finish_all(void)
{
	for (unsigned index; (index = next_actor(0)) < actor_count;) {
		until(&actors[index], TDP_STEP_STORE);
	}
}

/* 001-R89: vCPU 1 has linked the table in the mirror and not yet in the Secure EPT; vCPU 2 maps a
 * page through it. */
static void without_freezing_the_module_refuses_a_page(void **state)
{
	(void)state;
	static const struct work works[] = { { MAP_SMALL, 0, 0 }, { MAP_SMALL, PAGE, 0 } };
	freezing = false;
	begin(NULL, 0, works, 2);
	until(&actors[0], TDP_STEP_HOOK);
	until(&actors[1], TDP_STEP_STORE);
	assert_int_equal(module.violations, 1); /* EPT_WALK_FAILED */
	/* The same steps. */
	freezing = true;
	begin(NULL, 0, works, 2);
	until(&actors[0], TDP_STEP_HOOK);
	for (unsigned i = 0; i < 20; i++) {
		go(&actors[1]); /* starts again and again */
		assert_false(actors[1].done);
	}
	finish_all();
	assert_null(judge());
	assert_int_equal(actors[0].answer, TDP_OK);
	assert_int_equal(actors[1].answer, TDP_OK);
}

/* 001-R83: two link a table; one of them starts again, and gives its own back. */
static void the_loser_of_a_race_leaves_nothing(void **state)
{
	(void)state;
	static const struct work works[] = { { MAP_SMALL, 0, 0 }, { MAP_SMALL, 0, 0 } };
	begin(NULL, 0, works, 2);
	until(&actors[0], TDP_STEP_FREEZE);
	until(&actors[1], TDP_STEP_FREEZE);
	assert_int_equal(__builtin_popcountll(frames_used), 2 * 2 + 2 * 2);
	finish_all();
	assert_int_equal(__builtin_popcountll(frames_used), 2 * 2 + 2);
	assert_int_equal(actors[0].answer, TDP_OK);
	assert_int_equal(actors[1].answer, TDP_PRESENT);
	assert_null(judge());
}

#define SMALL(page)                       \
	{                                 \
		MAP_SMALL, (page)*PAGE, 0 \
	}
#define LARGE                   \
	{                       \
		MAP_LARGE, 0, 0 \
	}
#define ZAP(how, pages)                    \
	{                                  \
		ZAP_##how, 0, (pages)*PAGE \
	}

static const struct scene scenes[] = {
	/* two actors, one entry */
	{ "map, map", 0, 2, { { 0 } }, { SMALL(0), SMALL(0) } },
	{ "map, zap", 0, 2, { { 0 } }, { SMALL(0), ZAP(SINGLE, 1) } },
	{ "zap, zap", 1, 2, { SMALL(0) }, { ZAP(SINGLE, 1), ZAP(SINGLE, 1) } },
	{ "map of two sizes", 0, 2, { { 0 } }, { SMALL(0), LARGE } },
	{ "split, zap", 1, 2, { LARGE }, { { SPLIT, 0, 0 }, ZAP(BATCHED, 1) } },
	{ "split, split", 1, 2, { LARGE }, { { SPLIT, 0, 0 }, { SPLIT, PAGE, 0 } } },
	/* two actors, two entries */
	{ "map both", 0, 2, { { 0 } }, { SMALL(0), SMALL(1) } },
	{ "map, zap both", 1, 2, { SMALL(1) }, { SMALL(0), ZAP(BATCHED, 2) } },
	{ "zap both, zap both", 2, 2, { SMALL(0), SMALL(1) }, { ZAP(BATCHED, 2), ZAP(SINGLE, 2) } },
	/* three actors, one entry */
	{ "map, map, zap", 0, 3, { { 0 } }, { SMALL(0), SMALL(0), ZAP(SINGLE, 1) } },
	{ "map, zap, zap", 1, 3, { SMALL(0) }, { SMALL(0), ZAP(SINGLE, 1), ZAP(SINGLE, 1) } },
	{ "split, map, zap", 1, 3, { LARGE }, { { SPLIT, 0, 0 }, SMALL(0), ZAP(BATCHED, 1) } },
	/* three actors, two entries */
	{ "map both, zap both", 0, 3, { { 0 } }, { SMALL(0), SMALL(1), ZAP(BATCHED, 2) } },
	{ "map, zap both, zap both",
	  2,
	  3,
	  { SMALL(0), SMALL(1) },
	  { SMALL(0), ZAP(BATCHED, 2), ZAP(BATCHED, 2) } },
};

/* 001-R79, 001-R80, 001-R92: in both halves, whatever the order. */
static void every_interleaving_ends_well(void **state)
{
	(void)state;
	uint64_t states = 0;
	uint64_t ends = 0;
	for (unsigned i = 0; i < 2 * ARRAY_COUNT(scenes); i++) {
		const struct scene *scene = &scenes[i / 2];
		half = i % 2 == 0 ? &tdp.mirror : &tdp.shared;
		const char *wrong = explore(scene);
		if (wrong != NULL) {
			fail_msg("%s: %s", scene->name, wrong);
		}
		print_message("%s half, %s: %llu states, %llu ends, %llu runs\n",
			      i % 2 == 0 ? "private" : "shared", scene->name,
			      (unsigned long long)explored.states,
			      (unsigned long long)explored.ends, (unsigned long long)explored.runs);
		assert_int_not_equal(explored.ends, 0);
		states += explored.states;
		ends += explored.ends;
	}
	print_message("all: %llu states, %llu ends\n", (unsigned long long)states,
		      (unsigned long long)ends);
}

/* 001-R89: and the explorer finds it. */
static void without_freezing_some_interleaving_fails(void **state)
{
	(void)state;
	freezing = false;
	assert_non_null(explore(&scenes[0]));
	assert_non_null(explore(&scenes[6]));
	assert_non_null(explore(&scenes[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_freezing_the_module_refuses_a_page, set_up),
		cmocka_unit_test_setup(the_loser_of_a_race_leaves_nothing, set_up),
		cmocka_unit_test_setup(every_interleaving_ends_well, set_up),
		cmocka_unit_test_setup(without_freezing_some_interleaving_fails, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(seen);
	return failed;
}
