/* Where loops and threads meet: the list of open loops, and the threads that wait for one.
 *
 * One lock guards the list, the seats, and the counts of threads that spin or are parked. It is held for a few
 * instructions at a time, never across a call of a body, and never by a thread that then waits for the interpreter.
 * It is the only lock here, so there is no order to keep.
 *
 * No wake-up is lost: a loop is published, and a waiting thread looks for one last time and is counted as parked,
 * under the lock. A thread that spins is not signalled; it looks again, under the lock, before it parks.
 *
 * A caller frees its loop when tp_pool_close has returned true. Guests are counted under the lock as they join, so
 * nobody joins a loop that was closed, and a guest touches the loop no more once it has left under the lock.
 */
#ifndef TP_POOL_H
#define TP_POOL_H

#include "pool/loop.h"

typedef struct tp_pool {
    tp_mutex lock;
    tp_condition work;          /* signalled for one parked thread */
    tp_loop *open;              /* newest first: the innermost of nested loops is helped first */
    unsigned parked;            /* threads waiting for `work` */
    unsigned spinning;          /* threads that look at `published` before they park */
    bool can_spin;              /* another core can make progress meanwhile */
    _Atomic bool stopping;      /* guarded by the lock; spinning threads read it without */
    _Atomic unsigned published; /* changes whenever a loop is opened */
} tp_pool;

/* What a thread that waited has found. */
typedef enum tp_found {
    TP_FOUND_NOTHING, /* the time is over */
    TP_FOUND_SEAT,    /* a seat at a loop with a kernel, already taken */
    TP_FOUND_LOOP,    /* a loop that runs attached: attach, then tp_pool_join */
    TP_FOUND_STOP,    /* the pool is being stopped */
} tp_found;

#define TP_FOREVER UINT64_MAX

void tp_pool_init(tp_pool *pool, bool can_spin);
void tp_pool_destroy(tp_pool *pool);

/* Publishes the loop and wakes a thread for it. */
void tp_pool_open(tp_pool *pool, tp_loop *loop);

/* Lets nobody join any more and waits until every guest has left: true. False when that took longer than
 * `nanoseconds`; call it again. The waiting thread takes no other work, so waits form a forest. */
bool tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds);

/* Waits up to `nanoseconds` for something to do, spinning at first. Detached threads only. */
tp_found tp_pool_wait(tp_pool *pool, uint64_t nanoseconds, tp_loop **loop, unsigned *seat);

/* Takes a seat at a loop that runs attached. False when none wants help any more. A thread attaches first and joins
 * then: a caller never waits for a guest that itself waits for the GIL or for a stopped world. */
bool tp_pool_join(tp_pool *pool, tp_loop **loop, unsigned *seat);

void tp_pool_leave(tp_pool *pool, tp_loop *loop, unsigned seat);

/* Sends every waiting thread home. Loops that are open go on with the threads they have. */
void tp_pool_stop(tp_pool *pool);

#endif
