/* Where a task of a worker pool stands, and how many stand where.
 *
 * A task is queued, running, ended, in this order, and who moves it on owns the move: the worker that took it, or who
 * cancels it. TP_TASK_SIGNALLING is a lock: while one thread tells the worker of a running task that it is cancelled,
 * the worker does not end it, so that never the next task is told. */
#ifndef TP_TASK_H
#define TP_TASK_H

#include "../os.h"

#include <stdatomic.h>

typedef enum tp_phase {
    TP_TASK_QUEUED,
    TP_TASK_RUNNING,
    TP_TASK_SIGNALLING,
    TP_TASK_SIGNALLED, /* it runs, and was told */
    TP_TASK_ENDED
} tp_phase;

typedef struct tp_task_state {
    _Atomic int phase;
    _Atomic bool is_answered; /* its future has a result, or soon will */
} tp_task_state;

static inline bool tp_task_move(tp_task_state *state, tp_phase from, tp_phase to) {
    int expected = from;
    return atomic_compare_exchange_strong(&state->phase, &expected, to);
}

static inline bool tp_task_is_running(tp_task_state *state) {
    int phase = atomic_load(&state->phase);
    return phase != TP_TASK_QUEUED && phase != TP_TASK_ENDED;
}

/* The end of a running task; whether it had been told that it is cancelled. */
static inline bool tp_task_end(tp_task_state *state) {
    if (tp_task_move(state, TP_TASK_RUNNING, TP_TASK_ENDED)) return false;
    while (!tp_task_move(state, TP_TASK_SIGNALLED, TP_TASK_ENDED))
        tp_yield();
    return true;
}

/* True for the first who calls it. */
static inline bool tp_task_answer(tp_task_state *state) { return !atomic_exchange(&state->is_answered, true); }

/* Of all tasks of a pool. What those write who submit tasks, and what workers write, are not on one cache line. */
typedef struct tp_tally {
    char before[TP_CACHE_LINE];
    _Atomic size_t submitted;
    char between[TP_CACHE_LINE];
    /* How many tasks may be open, and how many the workers that are there run at once; the latter SIZE_MAX when there
     * cannot be more workers. */
    _Atomic size_t limit, capacity;
    char after[TP_CACHE_LINE];
    _Atomic size_t started; /* or never will be */
    _Atomic size_t ended, completed, failed, cancelled;
    _Atomic uint64_t busy; /* nanoseconds for which tasks have run */
} tp_tally;

static inline size_t tp_tally_queued(tp_tally *tally) {
    size_t started = atomic_load(&tally->started);
    return atomic_load(&tally->submitted) - started;
}

/* Those that have not ended. */
static inline size_t tp_tally_open(tp_tally *tally) {
    size_t ended = atomic_load(&tally->ended);
    return atomic_load(&tally->submitted) - ended;
}

/* One more. False: there were as many as may be, and it is not counted. */
static inline bool tp_tally_submit(tp_tally *tally) {
    size_t limit = atomic_load_explicit(&tally->limit, memory_order_relaxed);
    size_t submitted = atomic_load(&tally->submitted);
    do {
        if (limit != SIZE_MAX && submitted - atomic_load(&tally->ended) >= limit) return false;
    } while (!atomic_compare_exchange_weak(&tally->submitted, &submitted, submitted + 1));
    return true;
}

/* After a task was put into the queue: whether there are more than the workers can run. The fence: either this sees
 * that a worker has left, or the worker, which looks at the queue then, sees the task. */
static inline bool tp_tally_is_short(tp_tally *tally) {
    atomic_thread_fence(memory_order_seq_cst);
    size_t capacity = atomic_load(&tally->capacity);
    return capacity != SIZE_MAX && tp_tally_open(tally) > capacity;
}

static inline void tp_tally_set_capacity(tp_tally *tally, size_t capacity) {
    atomic_store(&tally->capacity, capacity);
    atomic_thread_fence(memory_order_seq_cst);
}

static inline void tp_tally_start(tp_tally *tally) { atomic_fetch_add(&tally->started, 1); }

/* True: as many were open as may be. */
static inline bool tp_tally_end(tp_tally *tally) {
    size_t ended = atomic_fetch_add(&tally->ended, 1),
           limit = atomic_load_explicit(&tally->limit, memory_order_relaxed);
    return limit != SIZE_MAX && atomic_load(&tally->submitted) - ended >= limit;
}

static inline void tp_tally_count(tp_tally *tally, size_t completed, size_t failed, size_t cancelled, uint64_t busy) {
    if (completed) atomic_fetch_add_explicit(&tally->completed, completed, memory_order_relaxed);
    if (failed) atomic_fetch_add_explicit(&tally->failed, failed, memory_order_relaxed);
    if (cancelled) atomic_fetch_add_explicit(&tally->cancelled, cancelled, memory_order_relaxed);
    if (busy) atomic_fetch_add_explicit(&tally->busy, busy, memory_order_relaxed);
}

/* In the child of a fork: no task and no worker is there. */
static inline void tp_tally_renew(tp_tally *tally) {
    atomic_store(&tally->started, atomic_load(&tally->submitted));
    atomic_store(&tally->ended, atomic_load(&tally->submitted));
    atomic_store(&tally->capacity, 0);
}

#endif
