/* Where work and threads meet: the open loops, the queue of tasks, and the threads that wait for either.
 *
 * One lock guards the lists, the seats, and the counts of threads. It is held for a few instructions at a time, never
 * across a call of a body, and never by a thread that then waits for the interpreter. It is the only lock here, so
 * there is no order to keep.
 *
 * No wake-up is lost: work is published, and a waiting thread looks for some one last time and is counted as parked,
 * under the lock. A thread that spins is not signalled; it looks again, under the lock, before it parks. A thread whose
 * time is over leaves the pool under the lock, and only if there is nothing to do; so who publishes work either
 * finds it, or is told to start another. No task is posted to a thread that has left.
 *
 * A caller frees its loop when tp_pool_close has returned true. Guests are counted under the lock as they join, so
 * nobody joins a loop that was closed, and a guest touches the loop no more once it has left under the lock.
 *
 * A task is queued, and then taken or claimed by exactly one thread, under the lock; from then on the pool does not
 * know it.
 */
#ifndef TP_POOL_H
#define TP_POOL_H

#include "pool/histogram.h"
#include "pool/loop.h"

/* One piece of work. A queued one has its link. */
typedef struct tp_task {
    void *owner; /* what the caller knows of it */
    struct tp_task *next;
    struct tp_task **link;  /* what points here while it is queued, or NULL */
    struct tp_queue *queue; /* where it is queued */
} tp_task;

/* First in, first out; any task can be taken out. */
typedef struct tp_queue {
    tp_task *first;
    tp_task **end; /* where the next one goes */
    size_t size;
} tp_queue;

/* A thread of the pool. */
typedef struct tp_worker {
    struct tp_worker *next; /* ordered by index, without doubles */
    unsigned index;
    bool present;                 /* in the list, and counted */
    struct tp_worker *principal;  /* whom it stands in for, and so is beyond the limit, or NULL */
    struct tp_worker *substitute; /* who stands in for it while what it runs waits, or NULL */
    tp_queue inbox;               /* tasks for this thread alone */
    _Atomic bool has_inbox;       /* read without the lock */
    _Atomic uint64_t started;     /* when it began, by tp_now, or 0 */
    _Atomic uint64_t busy;        /* nanoseconds for which it has worked */
} tp_worker;

typedef struct tp_pool {
    tp_mutex lock;
    tp_condition work;  /* signalled for one parked thread */
    tp_condition room;  /* the queue is no longer full */
    tp_condition gone;  /* the last thread has left */
    tp_loop *open;      /* newest first: the innermost of nested loops is helped first */
    tp_queue queue;     /* of tasks, served before loops */
    size_t capacity;    /* of the queue */
    unsigned blocked;   /* threads waiting for `room` */
    tp_worker *workers; /* those that are there or being started */
    bool can_spin;      /* another core can make progress meanwhile */

    /* Written under the lock, read without. */
    _Atomic unsigned threads;   /* how many workers there are */
    _Atomic unsigned limit;     /* how many there shall be at the most */
    _Atomic size_t queued;      /* the size of `queue` */
    _Atomic unsigned parked;    /* threads waiting for `work` */
    _Atomic unsigned spinning;  /* threads that look at `published` before they park */
    _Atomic bool stopping;      /* no new threads; those that are there leave when the queue is empty */
    _Atomic bool closed;        /* by its owner: to use it from outside is an error */
    _Atomic unsigned published; /* changes whenever there is something new to do */

    /* What became of tasks and items; added to without the lock. */
    _Atomic size_t completed, failed, cancelled;
    tp_histogram wait_times, run_times; /* of tasks, in nanoseconds */
} tp_pool;

/* What a thread that waited has found. */
typedef enum tp_found {
    TP_FOUND_NOTHING, /* the time is over */
    TP_FOUND_TASK,    /* a task: attach, then tp_pool_take */
    TP_FOUND_SEAT,    /* a seat at a loop with a kernel, already taken */
    TP_FOUND_LOOP,    /* a loop that runs attached: attach, then tp_pool_join */
    TP_FOUND_STOP,    /* this thread has left the pool, and shall end */
} tp_found;

typedef enum tp_submitted {
    TP_SUBMITTED,
    TP_QUEUE_FULL,
    TP_POOL_STOPPED,
} tp_submitted;

void tp_pool_init(tp_pool *pool, bool can_spin, unsigned limit, size_t capacity);
void tp_pool_destroy(tp_pool *pool);

/* Threads */

/* Makes room for one more thread, which the caller then starts, with the lowest free index; false when that is not
 * below `wanted` and the limit, or the pool is being stopped. With a principal there is no such limit: the thread
 * stands in for that one, which waits for others, until one of the two finds nothing to do; but each has one at a time.
 */
bool tp_pool_enroll(tp_pool *pool, tp_worker *worker, unsigned wanted, tp_worker *principal);

/* For the thread itself to tell, and for any to ask. */
static inline void tp_worker_start(tp_worker *worker, uint64_t now) {
    atomic_store_explicit(&worker->started, now, memory_order_relaxed);
}

static inline uint64_t tp_worker_started(tp_worker *worker) {
    return atomic_load_explicit(&worker->started, memory_order_relaxed);
}

static inline void tp_worker_add_busy(tp_worker *worker, uint64_t nanoseconds) {
    atomic_fetch_add_explicit(&worker->busy, nanoseconds, memory_order_relaxed);
}

static inline uint64_t tp_worker_busy(tp_worker *worker) {
    return atomic_load_explicit(&worker->busy, memory_order_relaxed);
}

/* The thread is idle for good and leaves, unless there is something to do, or a caller that is alone may want it back:
 * false. */
bool tp_pool_expire(tp_pool *pool, tp_worker *worker);

/* The thread could not be started, or cannot go on. Does nothing if it has left already. */
void tp_pool_leave_for_good(tp_pool *pool, tp_worker *worker);

/* Whether there are tasks that no idle thread is there for: start another. Ask so when a task
 * was queued, and when a thread has left. */
bool tp_pool_is_unattended(tp_pool *pool);

/* Waits up to `nanoseconds` for something to do, spinning at first; some milliseconds more beside a caller that is
 * alone. Detached threads only. */
tp_found tp_pool_wait(tp_pool *pool, tp_worker *worker, uint64_t nanoseconds, tp_loop **loop, unsigned *seat);

/* Whether this thread should leave the loop that it helps with, for a task that no idle thread is there for. A hint. */
bool tp_pool_is_wanted(tp_pool *pool, tp_worker *worker);

/* Sends the threads beyond the new limit home, when they have finished what they do. */
void tp_pool_resize(tp_pool *pool, unsigned limit);

/* The threads finish the tasks that are queued, then leave. Loops that are open go on with the threads they have; with
 * `close`, those that were opened from outside end at the items in progress. */
void tp_pool_stop(tp_pool *pool, bool close);

/* Waits until no thread is left: true; false when that took longer than `nanoseconds`. */
bool tp_pool_wait_for_end(tp_pool *pool, uint64_t nanoseconds);

/* Loops */

/* Publishes the loop and wakes a thread for it. Returns how many threads there are. */
unsigned tp_pool_open(tp_pool *pool, tp_loop *loop);

/* Sends the guests away, at the end of their claims, or lets them come back. For the caller, while it works at it; it
 * says so again and again, for if it does not, being at a long item or one that waits for another, they come back. */
void tp_pool_go_alone(tp_pool *pool, tp_loop *loop, bool alone);

/* Whether this guest should leave the loop: sent away, or wanted as above. */
static inline bool tp_pool_is_to_leave(tp_pool *pool, tp_loop *loop, tp_worker *worker) {
    return tp_loop_is_alone(loop) || tp_pool_is_wanted(pool, worker);
}

/* Waits, for a caller that does not work at the loop itself, until all of it is done, or given up, and nobody is at
 * it; false when that took longer than `nanoseconds`. */
bool tp_pool_wait_for_loop(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds);

/* Lets nobody join any more and waits until every guest has left: true. False when that took longer than
 * `nanoseconds`; call it again. The waiting thread takes no other work, so waits form a forest. */
bool tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds);

/* Takes a seat at a loop that runs attached. False when none wants help any more. A thread attaches first and joins
 * then: a caller never waits for a guest that itself waits for the GIL or for a stopped world. */
bool tp_pool_join(tp_pool *pool, tp_loop **loop, unsigned *seat);

void tp_pool_leave(tp_pool *pool, tp_loop *loop, unsigned seat);

typedef struct tp_loop_figures {
    size_t done, count;
    unsigned guests;
} tp_loop_figures;

/* Tells of the open loops, newest first, but for those beyond `most`. Returns how many it told of. */
size_t tp_pool_describe_loops(tp_pool *pool, tp_loop_figures *figures, size_t most);

/* Tasks */

/* Adds to what became of tasks and items. */
static inline void tp_pool_count(tp_pool *pool, size_t completed, size_t failed, size_t cancelled) {
    if (completed) atomic_fetch_add_explicit(&pool->completed, completed, memory_order_relaxed);
    if (failed) atomic_fetch_add_explicit(&pool->failed, failed, memory_order_relaxed);
    if (cancelled) atomic_fetch_add_explicit(&pool->cancelled, cancelled, memory_order_relaxed);
}

/* Queues the task and wakes a thread for it. `insist`: even when the queue is full. */
tp_submitted tp_pool_submit(tp_pool *pool, tp_task *task, bool insist);

/* Queues the task for the thread with that index; false when there is none, or the pool is being stopped. */
bool tp_pool_post(tp_pool *pool, tp_task *task, unsigned index);

/* Waits up to `nanoseconds` until the queue is not full. */
void tp_pool_wait_for_room(tp_pool *pool, uint64_t nanoseconds);

/* The next task for this thread, or NULL. */
tp_task *tp_pool_take(tp_pool *pool, tp_worker *worker);

/* The next task for this thread alone, or NULL. */
tp_task *tp_pool_take_own(tp_pool *pool, tp_worker *worker);

/* Takes this task out of the queue; false when somebody else has. */
bool tp_pool_claim(tp_pool *pool, tp_task *task);

/* Takes the next queued task whatever it is, or NULL: for throwing them away. */
tp_task *tp_pool_drain(tp_pool *pool);

#endif
