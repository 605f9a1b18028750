#include "pool/loop.h"

#include <assert.h>

/* A claim takes this part of what is left of a share, so that the rest can be stolen while the claim is worked on. */
enum { SHARE_PER_CLAIM = 16 };

/* A share of a thief between two steps: what it takes is not there yet. No other share has its end before its start. */
#define IN_TRANSIT pack(1, 0)

static uint64_t pack(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }
static uint32_t low_of(uint64_t share) { return (uint32_t)share; }
static uint32_t high_of(uint64_t share) { return (uint32_t)(share >> 32); }
static uint32_t size_of(uint64_t share) { return high_of(share) - low_of(share); }

tp_loop *tp_loop_new(size_t count, size_t unit, uint32_t burst, unsigned width, tp_kernel kernel, void *context) {
    tp_loop *loop = tp_allocate(sizeof *loop + width * sizeof(tp_seat));
    if (!loop) return NULL;
    /* A share counts units in 32 bits. */
    size_t least = count / UINT32_MAX + 1;
    if (unit < least) unit = least;
    loop->count = count;
    loop->unit = unit;
    loop->burst = burst;
    loop->width = width;
    loop->attached = !kernel;
    loop->serial = false;
    loop->foreign = true;
    loop->kernel = kernel;
    loop->context = context;
    loop->deadline = TP_NEVER;
    loop->outer = NULL;
    atomic_init(&loop->limit, TP_NO_INDEX);
    atomic_init(&loop->alone_until, 0);
    atomic_init(&loop->thefts, 0);
    atomic_init(&loop->aborted, false);
    loop->next = NULL;
    loop->link = NULL;
    atomic_init(&loop->guests, 0);
    tp_condition_init(&loop->left);
    for (unsigned seat = 0; seat < width; seat++) {
        atomic_init(&loop->seats[seat].share, 0);
        loop->seats[seat].failed = TP_NO_INDEX;
        loop->seats[seat].failure = NULL;
        loop->seats[seat].code = 0;
        loop->seats[seat].failures = 0;
        atomic_init(&loop->seats[seat].done, 0);
        loop->seats[seat].taken = seat == 0;
    }
    atomic_init(&loop->seats[0].share, pack(0, (uint32_t)(count / unit + (count % unit != 0))));
    return loop;
}

void tp_loop_free(tp_loop *loop) {
    tp_condition_destroy(&loop->left);
    tp_free(loop);
}

void tp_loop_make_serial(tp_loop *loop) {
    assert(loop->width == 2);
    loop->serial = true;
    atomic_store(&loop->seats[1].share, atomic_exchange(&loop->seats[0].share, 0));
}

/* Whether something in the share may still be started. */
static bool is_open(tp_loop *loop, uint64_t share) {
    return low_of(share) < high_of(share) && (size_t)low_of(share) * loop->unit < tp_loop_limit(loop);
}

static void to_items(tp_loop *loop, uint32_t low, uint32_t high, size_t *begin, size_t *end) {
    *begin = (size_t)low * loop->unit;
    *end = high > loop->count / loop->unit ? loop->count : (size_t)high * loop->unit;
}

static bool claim_own(tp_loop *loop, tp_seat *seat, uint32_t most, size_t *begin, size_t *end) {
    uint64_t share = atomic_load_explicit(&seat->share, memory_order_relaxed);
    while (is_open(loop, share)) {
        uint32_t take = size_of(share) / SHARE_PER_CLAIM;
        if (take > most) take = most;
        if (take == 0) take = 1;
        tp_race_point();
        if (atomic_compare_exchange_weak(&seat->share, &share, pack(low_of(share) + take, high_of(share)))) {
            to_items(loop, low_of(share), low_of(share) + take, begin, end);
            return true;
        }
    }
    return false;
}

/* The seat with the most to steal, or NULL; *unsure then tells whether items were on their way between two shares.
 *
 * The seats are read one after the other, so a theft meanwhile could hide items from both looks. But a thief marks its
 * share, counts the theft and takes, in this order: with the same count before and after, either the mark was seen,
 * or the items where they still were. */
static tp_seat *largest_share(tp_loop *loop, uint64_t *share, bool *unsure) {
    unsigned thefts = atomic_load(&loop->thefts);
    tp_seat *largest = NULL;
    *share = 0;
    *unsure = false;
    for (unsigned i = 0; i < loop->width; i++) {
        uint64_t other = atomic_load(&loop->seats[i].share);
        if (other == IN_TRANSIT) {
            *unsure = true;
        } else if (is_open(loop, other) && size_of(other) > size_of(*share)) {
            largest = &loop->seats[i];
            *share = other;
        }
        tp_race_point();
    }
    if (atomic_load(&loop->thefts) != thefts) *unsure = true;
    return largest;
}

/* Takes the upper half of the victim's share as it was seen, unless somebody else was faster. */
static void steal(tp_loop *loop, tp_seat *own, tp_seat *victim, uint64_t share) {
    uint32_t middle = low_of(share) + size_of(share) / 2;
    /* Nobody steals from an empty share, so only its owner fills it, and a plain store will do. What may be left in it
     * lies above the limit. */
    atomic_store(&own->share, IN_TRANSIT);
    atomic_fetch_add(&loop->thefts, 1);
    tp_race_point();
    bool stolen = atomic_compare_exchange_strong(&victim->share, &share, pack(low_of(share), middle));
    tp_race_point();
    atomic_store(&own->share, stolen ? pack(middle, high_of(share)) : 0);
}

bool tp_loop_claim(tp_loop *loop, unsigned seat, uint32_t most, size_t *begin, size_t *end) {
    tp_seat *own = &loop->seats[seat];
    if (loop->deadline != TP_NEVER && tp_now() >= loop->deadline) tp_loop_lower_limit(loop, 0);
    for (unsigned attempt = 1;; attempt++) {
        if (claim_own(loop, own, most, begin, end)) return true;
        uint64_t share;
        bool unsure;
        tp_seat *victim = largest_share(loop, &share, &unsure);
        if (victim)
            steal(loop, own, victim, share);
        else if (!unsure || tp_loop_limit(loop) == 0)
            return false; /* a thief may not even be there: in a child that was forked meanwhile */
        else if (attempt % 64)
            tp_pause();
        else
            tp_yield(); /* the thief is not running */
    }
}

bool tp_loop_has_work(tp_loop *loop) {
    uint64_t share;
    bool unsure;
    return largest_share(loop, &share, &unsure) || unsure;
}

void tp_loop_lower_limit(tp_loop *loop, size_t limit) {
    size_t now = tp_loop_limit(loop);
    while (limit < now && !atomic_compare_exchange_weak(&loop->limit, &now, limit)) {
    }
}

bool tp_frame_is_cancelled(const tp_frame *frame) {
    for (; frame; frame = frame->loop->outer) {
        tp_loop *loop = frame->loop;
        if (frame->index >= tp_loop_limit(loop) || (loop->deadline != TP_NEVER && tp_now() >= loop->deadline))
            return true;
    }
    return false;
}

size_t tp_loop_done(tp_loop *loop) {
    size_t done = 0;
    for (unsigned i = 0; i < loop->width; i++)
        done += atomic_load_explicit(&loop->seats[i].done, memory_order_relaxed);
    return done;
}

size_t tp_loop_failures(tp_loop *loop) {
    size_t failures = 0;
    for (unsigned i = 0; i < loop->width; i++)
        failures += loop->seats[i].failures;
    return failures;
}

tp_seat *tp_loop_lowest_failure(tp_loop *loop) {
    tp_seat *lowest = NULL;
    for (unsigned i = 0; i < loop->width; i++) {
        tp_seat *seat = &loop->seats[i];
        if (seat->failed != TP_NO_INDEX && (!lowest || seat->failed < lowest->failed)) lowest = seat;
    }
    return lowest;
}

static void note_failure(tp_loop *loop, tp_seat *seat, size_t failed, int code) {
    tp_loop_lower_limit(loop, failed);
    seat->failures++;
    if (failed >= seat->failed) return;
    seat->failed = failed;
    seat->code = code;
}

bool tp_loop_work(tp_loop *loop, unsigned seat, uint64_t nanoseconds) {
    assert(loop->kernel);
    uint64_t started = tp_now(), before = started;
    size_t begin, end, failed;
    uint32_t most = 1;
    while (tp_loop_claim(loop, seat, most, &begin, &end)) {
        int code = loop->kernel(loop->context, begin, end, &failed);
        if (code) note_failure(loop, &loop->seats[seat], failed, code);
        tp_loop_count_done(&loop->seats[seat], code ? failed + 1 - begin : end - begin);
        uint64_t now = tp_now();
        if (now - started >= nanoseconds) return false;
        most = now - before < TP_QUICK_NANOSECONDS ? loop->burst : 1;
        before = now;
    }
    return true;
}
