/* A parking lot: threads and event loops wait at an address until they are notified there.
 *
 * Compare and enqueue are one step, under the lock of the address's bucket; so a waiter either sees the new value or is
 * in the queue before the notification that follows the write. Each bucket is a queue, first in, first out. Only a
 * notification wakes, and it wakes exactly those that it counts.
 *
 * Locks: a bucket's, and within it a mailbox's; never two of a kind. No Python object is touched here. */
#ifndef TP_PARKING_H
#define TP_PARKING_H

#include "atomics.h"

#include "../os.h"

#define TP_ALL SIZE_MAX

typedef struct tp_waiter tp_waiter;

typedef enum tp_waiter_state {
    TP_GONE,    /* in no queue: never was, or has left */
    TP_WAITING, /* in the queue of a bucket */
    TP_WOKEN,   /* taken out by a notification, which has counted it */
} tp_waiter_state;

/* Where the woken waiters of an event loop are put, for its thread to fetch. */
typedef struct tp_mailbox {
    tp_mutex lock;
    tp_waiter *first, *last;
    int wakes;         /* a socket, not blocking, that is written to when the mailbox is not empty any more */
    bool is_announced; /* it was */
} tp_mailbox;

/* Belongs to who waits. Neither moved nor freed from tp_lot_enqueue until it is out: for a thread, when it has seen
 * TP_WOKEN or has left; with a mailbox, when it was fetched or has left. */
struct tp_waiter {
    tp_waiter *next, *previous; /* in the bucket, then in the mailbox */
    const void *address;
    tp_mailbox *mailbox; /* NULL: a thread waits */
    void *owner;         /* for who fetches it */
    _Atomic int state;
    bool is_parked; /* on `condition`, and needs a signal */
    bool is_posted; /* in the mailbox */
    bool is_passed_on;
    unsigned generation;
    tp_condition condition;
};

typedef struct tp_bucket {
    tp_mutex lock;
    tp_waiter *first, *last;
    _Atomic size_t count; /* of waiters; written under the lock, and read without */
} tp_bucket;

enum { TP_BUCKETS = 256 };

/* Memory that processes share: what one does there does not wake another, so nobody may wait there. */
typedef struct tp_range {
    const char *start;
    size_t size;
    struct tp_range *next, *previous;
} tp_range;

typedef struct tp_lot {
    struct {
        _Alignas(TP_CACHE_LINE) tp_bucket bucket;
    } buckets[TP_BUCKETS];
    tp_mutex ranges_lock;
    tp_range *ranges;
    _Atomic size_t range_count;
    bool can_spin;       /* there is another core for who notifies */
    unsigned generation; /* of waiters: those of the process that this one was forked from are not in the queues */
} tp_lot;

/* Of a lot that is all zeros; and again in the child of a fork, where whoever waited is not there any more. */
void tp_lot_init(tp_lot *lot, bool can_spin);

void tp_lot_exclude(tp_lot *lot, tp_range *range);
void tp_lot_include(tp_lot *lot, tp_range *range);
bool tp_lot_excludes(tp_lot *lot, const void *at);

/* Puts `waiter` into the queue of `at` if the element has the bits of `expected`; whether it did. */
bool tp_lot_enqueue(tp_lot *lot, tp_waiter *waiter, tp_mailbox *mailbox, void *at, size_t width, uint64_t expected);

/* For a thread that was enqueued: waits until it is notified, true, or `nanoseconds` are over, false. It stays in the
 * queue then, and may wait again. Spins for a moment before it gives up the core. */
bool tp_lot_park(tp_lot *lot, tp_waiter *waiter, uint64_t nanoseconds);

typedef enum tp_leaving {
    TP_LEFT_WAITING, /* no notification has counted it, and none will */
    TP_LEFT_WOKEN,   /* a notification has counted it: who does not act on it should notify another in its place */
    TP_LEFT_FETCHED, /* the same, and who has fetched it from the mailbox may still look at it */
} tp_leaving;

/* Takes `waiter` out of the queue or the mailbox, if it is in one; may be done twice. */
tp_leaving tp_lot_leave(tp_lot *lot, tp_waiter *waiter);

/* The same; a notification that has counted it wakes another in its place: once, however often this is called. */
tp_leaving tp_lot_give_up(tp_lot *lot, tp_waiter *waiter);

/* Wakes up to `count` of those that wait at `at`, in the order in which they came: how many. */
size_t tp_lot_notify(tp_lot *lot, const void *at, size_t count);

/* How many wait at `at`. */
size_t tp_lot_count(tp_lot *lot, const void *at);

typedef enum tp_wait_result { TP_WAIT_OK, TP_WAIT_NOT_EQUAL, TP_WAIT_TIMED_OUT } tp_wait_result;

/* All of it, for a thread that has nothing else to look after. */
tp_wait_result tp_lot_wait(tp_lot *lot, void *at, size_t width, uint64_t expected, uint64_t nanoseconds);

void tp_mailbox_init(tp_mailbox *mailbox, int wakes);
void tp_mailbox_destroy(tp_mailbox *mailbox);

/* Empties it: the woken waiters in their order, linked by `next`. */
tp_waiter *tp_mailbox_fetch(tp_mailbox *mailbox);

#endif
