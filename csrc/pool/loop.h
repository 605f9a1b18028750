/* A parallel loop: the items 0 … count-1, split into shares that the threads taking part empty and steal from.
 *
 * Every thread has a seat, and every seat a share: a range of items that nobody has started. A thread takes items
 * from the front of its own share; when that is empty it steals the upper half of the largest other one. So there
 * is no cursor for all to contend on, neighbours in the data meet the same thread, and however wrong the guess of
 * what an item costs, what is not started can always be had by a thread that is free.
 *
 * A share is one 64-bit word, low and high end, and items leave it by compare-and-swap only: the word says all there is
 * to know, so a stale comparison that succeeds is no mistake (no ABA), and each item is claimed exactly once.
 *
 * Stolen items are in no share for a moment. The thief marks its own share before it takes them, and counts the theft
 * in between, so that nobody who looks around meanwhile goes home while there are items to be had.
 */
#ifndef TP_LOOP_H
#define TP_LOOP_H

#include "os.h"

#include <stdatomic.h>

typedef struct tp_loop tp_loop;

#define TP_NEVER UINT64_MAX

/* A claim that took less was of quick items: more of them may be claimed together. */
#define TP_QUICK_NANOSECONDS 20000

/* No item; also: no failure. */
#define TP_NO_INDEX SIZE_MAX

/* What a kernel is: works on the items [begin, end), without the interpreter, in any thread.
 * Returns 0, or a code of its own above 0 for the item *failed; those below it in the range are done then. */
typedef int (*tp_kernel)(void *arguments, size_t begin, size_t end, size_t *failed);

/* One thread's place at a loop. Only its owner writes to it, but for `share`, from which others steal. */
typedef struct tp_seat {
    _Alignas(TP_CACHE_LINE) _Atomic uint64_t share; /* low 32 bits: first unit; high 32: end */
    size_t failed;                                  /* the lowest item of this seat that failed, or TP_NO_INDEX */
    void *failure;                                  /* what the body recorded for it */
    int code;                                       /* what the kernel returned for it */
    size_t failures;                                /* items of this seat that failed */
    _Atomic size_t done;                            /* items that ended at this seat; others only read it */
    bool taken;                                     /* guarded by the pool's lock; seat 0 is the caller's */
} tp_seat;

/* Where a thread is: at an item of a loop, which may have been opened by an item of another loop. Lives on the stack of
 * the thread; that of a caller outlives its loop. */
typedef struct tp_frame {
    tp_loop *loop;
    size_t index;
} tp_frame;

struct tp_loop {
    /* Written by the caller before others see the loop, then constant. */
    size_t count;          /* items */
    size_t unit;           /* items that are claimed together at the least: the caller's `chunk` */
    uint32_t burst;        /* units that are claimed together at the most, while plenty are left */
    unsigned width;        /* seats */
    bool attached;         /* the body needs the interpreter: join attached */
    bool serial;           /* one guest does all of it, in order, and the caller nothing */
    bool foreign;          /* its caller is no thread of the pool, so it fails when the pool is stopped */
    tp_kernel kernel;      /* the body, when not attached */
    void *context;         /* the body's own: a kernel's arguments */
    uint64_t deadline;     /* when, by tp_now, nothing is started any more; TP_NEVER */
    const tp_frame *outer; /* where the caller is, or NULL */

    /* Items at or above the limit are not started any more. Read before every item, written on failure. */
    _Alignas(TP_CACHE_LINE) _Atomic size_t limit;
    _Atomic uint64_t alone_until; /* until then, by tp_now, the caller goes on without guests; 0 */

    _Alignas(TP_CACHE_LINE) _Atomic unsigned thefts;
    _Atomic bool aborted; /* the pool was stopped while it was open */

    /* Guarded by the pool's lock; `guests` is also read without it by the caller that spins. */
    _Alignas(TP_CACHE_LINE) tp_loop *next;
    tp_loop **link;          /* what points here while the loop is open, or NULL */
    _Atomic unsigned guests; /* threads that joined and have not left, the caller not counted */
    tp_condition left;       /* the last guest of a closed loop has left */

    tp_seat seats[]; /* width of them */
};

/* A loop of `count` items and `width` seats, all of it the share of seat 0; NULL when there is no memory. `unit` 0
 * stands for 1, with several units at once while many are left. A kernel, or NULL for a loop that runs attached. */
tp_loop *tp_loop_new(size_t count, size_t unit, uint32_t burst, unsigned width, tp_kernel kernel, void *context);
void tp_loop_free(tp_loop *loop);

/* All of it becomes the share of seat 1, of two, for its guest to do in order. Before others see the loop. */
void tp_loop_make_serial(tp_loop *loop);

/* Claims the next items for `seat`: [*begin, *end), never empty, of `most` units at the most. False: nothing is left
 * that is not claimed. What was claimed is not shared any more, so claim one until it is known that they are quick. */
bool tp_loop_claim(tp_loop *loop, unsigned seat, uint32_t most, size_t *begin, size_t *end);

/* Whether a claim may find something now. */
bool tp_loop_has_work(tp_loop *loop);

/* Items at or above `limit` are not started any more; 0 cancels the loop. */
void tp_loop_lower_limit(tp_loop *loop, size_t limit);

/* Whether the result of the item at the frame is no longer wanted: a run that it is part of was cancelled, is past its
 * deadline, or has failed at a lower item. */
bool tp_frame_is_cancelled(const tp_frame *frame);

/* Works at `seat` on a loop with a kernel until nothing is left (true) or, at the end of the claim in progress,
 * `nanoseconds` have passed (false). A code that the kernel returns is noted at the seat, and lowers the limit. */
bool tp_loop_work(tp_loop *loop, unsigned seat, uint64_t nanoseconds);

/* Adds to the items that have ended. For the owner of the seat. */
static inline void tp_loop_count_done(tp_seat *seat, size_t items) {
    size_t done = atomic_load_explicit(&seat->done, memory_order_relaxed);
    atomic_store_explicit(&seat->done, done + items, memory_order_relaxed);
}

/* The items that have ended so far, failed ones included. */
size_t tp_loop_done(tp_loop *loop);

/* The items that failed. Once the loop is closed. */
size_t tp_loop_failures(tp_loop *loop);

/* The seat with the lowest failure, or NULL. Once the loop is closed. */
tp_seat *tp_loop_lowest_failure(tp_loop *loop);

static inline size_t tp_loop_limit(tp_loop *loop) { return atomic_load_explicit(&loop->limit, memory_order_relaxed); }

/* Whether the caller is better off without guests, for the time being. */
static inline bool tp_loop_is_alone(tp_loop *loop) {
    uint64_t until = atomic_load_explicit(&loop->alone_until, memory_order_relaxed);
    return until && tp_now() < until;
}

/* Whether an item that was claimed may be started. */
static inline bool tp_loop_may_start(tp_loop *loop, size_t index) {
    if (loop->deadline != TP_NEVER && tp_now() >= loop->deadline) tp_loop_lower_limit(loop, 0);
    return index < tp_loop_limit(loop);
}

#endif
