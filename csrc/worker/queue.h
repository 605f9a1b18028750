/* A queue of messages: threads put them in, threads take them out, first in, first out.
 *
 * Who finds it empty either waits, at first spinning for at most as long as a wake-up would take, or arms it: then the
 * next that is put in is to be announced, once, by who puts it in. What the two tell of is a change from empty to not
 * empty, and not one message: who was told takes until it finds the queue empty, and waits or arms it again.
 *
 * Never lost: a message is put in, and the sleepers and the arming looked at, in one step under the lock; so are
 * looking for a message and going to sleep or arming. A message wakes one of the sleepers: which takes it, or wakes
 * another in its place. Locks: its own, within which nothing else is called. */
#ifndef TP_QUEUE_H
#define TP_QUEUE_H

#include "../os.h"

#include <stdatomic.h>

typedef struct tp_queue {
    tp_mutex lock;
    tp_condition changed;
    void **ring; /* `capacity` of them, a power of two */
    size_t capacity, first;
    _Atomic size_t count;  /* in the ring; written under the lock, and read without */
    uint64_t taken;        /* since it was made */
    _Atomic bool is_ended; /* nothing is put in any more */
    unsigned sleepers;
    bool is_armed;
    bool can_spin;                      /* another core can make progress meanwhile */
    _Atomic unsigned waits, impatience; /* how often was spun; how often in vain at last */
    _Atomic int core;                   /* on which the last message was put in */
} tp_queue;

/* Ends the waits of a thread, wherever it waits: set for good, by any thread, and followed by tp_queue_wake. */
typedef _Atomic bool tp_stop;

/* False: there is no memory. */
bool tp_queue_init(tp_queue *queue, bool can_spin);

/* Empty, and waited at by nobody. */
void tp_queue_destroy(tp_queue *queue);

typedef enum tp_put {
    TP_PUT,
    TP_PUT_ANNOUNCE, /* it was armed, and is not any more: the caller announces it */
    TP_PUT_ENDED,    /* not put in: the queue has ended */
    TP_PUT_NO_MEMORY /* not put in */
} tp_put;

tp_put tp_queue_put(tp_queue *queue, void *message);

/* From now on nothing is put in. Whether that is to be announced, like a message. */
bool tp_queue_end(tp_queue *queue);

/* Takes the first message out; NULL when there is none, or `nudge`, if there is one, is set. */
void *tp_queue_take_unless(tp_queue *queue, const tp_stop *nudge);

/* Waits until there is a message or the queue has ended, true; or until `nanoseconds` are over or `stop` or `nudge`, if
 * there is one, is set: false. Another thread may have taken the message by then. */
bool tp_queue_wait(tp_queue *queue, uint64_t nanoseconds, const tp_stop *stop, const tp_stop *nudge);

/* Has those look at their `stop` and `nudge` who wait. */
void tp_queue_wake(tp_queue *queue);

/* For who was told of a message by tp_queue_wait and does not take it: wakes another, if there is one. */
void tp_queue_pass_on(tp_queue *queue);

/* False, and it is not armed, when there is a message or the queue has ended. */
bool tp_queue_arm(tp_queue *queue);

/* How many messages were put in so far, and how many of them were taken out. */
uint64_t tp_queue_put_so_far(tp_queue *queue);
uint64_t tp_queue_taken_so_far(tp_queue *queue);

/* In the child of a fork: of those who waited or held the lock, none is there. What is in it stays. */
void tp_queue_renew(tp_queue *queue);

static inline void *tp_queue_take(tp_queue *queue) { return tp_queue_take_unless(queue, NULL); }

static inline size_t tp_queue_count(tp_queue *queue) {
    return atomic_load_explicit(&queue->count, memory_order_acquire);
}

static inline bool tp_queue_is_ended(tp_queue *queue) {
    return atomic_load_explicit(&queue->is_ended, memory_order_acquire);
}

#endif
