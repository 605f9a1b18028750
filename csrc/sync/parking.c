#include "parking.h"

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <errno.h>
#include <sys/socket.h>
#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif
#endif

static tp_bucket *bucket_of(tp_lot *lot, const void *address) {
    /* The low bits of addresses are alike; the high ones of a product depend on all. */
    uint64_t hash = ((uint64_t)(uintptr_t)address >> 2) * UINT64_C(0x9E3779B97F4A7C15);
    return &lot->buckets[hash >> 56].bucket;
}

void tp_lot_init(tp_lot *lot, bool can_spin) {
    lot->can_spin = can_spin;
    lot->generation++;
    tp_mutex_init(&lot->ranges_lock);
    for (size_t i = 0; i < TP_BUCKETS; i++) {
        tp_bucket *bucket = &lot->buckets[i].bucket;
        tp_mutex_init(&bucket->lock);
        bucket->first = bucket->last = NULL;
        atomic_store(&bucket->count, 0);
    }
}

void tp_lot_exclude(tp_lot *lot, tp_range *range) {
    tp_mutex_lock(&lot->ranges_lock);
    range->previous = NULL;
    range->next = lot->ranges;
    if (range->next) range->next->previous = range;
    lot->ranges = range;
    atomic_fetch_add(&lot->range_count, 1);
    tp_mutex_unlock(&lot->ranges_lock);
}

void tp_lot_include(tp_lot *lot, tp_range *range) {
    tp_mutex_lock(&lot->ranges_lock);
    *(range->previous ? &range->previous->next : &lot->ranges) = range->next;
    if (range->next) range->next->previous = range->previous;
    atomic_fetch_sub(&lot->range_count, 1);
    tp_mutex_unlock(&lot->ranges_lock);
}

bool tp_lot_excludes(tp_lot *lot, const void *at) {
    if (atomic_load_explicit(&lot->range_count, memory_order_relaxed) == 0) return false;
    tp_mutex_lock(&lot->ranges_lock);
    tp_range *range = lot->ranges;
    while (range && (uintptr_t)at - (uintptr_t)range->start >= range->size)
        range = range->next;
    tp_mutex_unlock(&lot->ranges_lock);
    return range != NULL;
}

static void append(tp_waiter **first, tp_waiter **last, tp_waiter *waiter) {
    waiter->next = NULL;
    waiter->previous = *last;
    *(*last ? &(*last)->next : first) = waiter;
    *last = waiter;
}

static void take_out(tp_waiter **first, tp_waiter **last, tp_waiter *waiter) {
    *(waiter->previous ? &waiter->previous->next : first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : last) = waiter->previous;
}

bool tp_lot_enqueue(tp_lot *lot, tp_waiter *waiter, tp_mailbox *mailbox, void *at, size_t width, uint64_t expected) {
    tp_bucket *bucket = bucket_of(lot, at);
    waiter->address = at;
    waiter->mailbox = mailbox;
    waiter->generation = lot->generation;
    waiter->is_parked = waiter->is_posted = waiter->is_passed_on = false;
    atomic_init(&waiter->state, TP_GONE);
    tp_mutex_lock(&bucket->lock);
    /* Counted before the value is read, as a notification reads the count after the value was written: one of the two
     * sees what the other did. */
    atomic_fetch_add(&bucket->count, 1);
    tp_race_point();
    bool equal = tp_atomic_load(at, width) == expected;
    if (equal) {
        append(&bucket->first, &bucket->last, waiter);
        atomic_store(&waiter->state, TP_WAITING);
    } else {
        atomic_fetch_sub(&bucket->count, 1);
    }
    tp_mutex_unlock(&bucket->lock);
    return equal;
}

static tp_waiter_state state_of(tp_waiter *waiter) {
    return atomic_load_explicit(&waiter->state, memory_order_acquire);
}

bool tp_lot_park(tp_lot *lot, tp_waiter *waiter, uint64_t nanoseconds) {
    uint64_t started = tp_now(), passed;
    do {
        for (int i = 0; i < 32; i++) {
            if (state_of(waiter) == TP_WOKEN) return true;
            tp_pause();
        }
        passed = tp_now() - started;
    } while (lot->can_spin && passed < TP_SPIN_NANOSECONDS && passed < nanoseconds);

    tp_bucket *bucket = bucket_of(lot, waiter->address);
    tp_condition_init(&waiter->condition);
    tp_mutex_lock(&bucket->lock);
    waiter->is_parked = true;
    while (state_of(waiter) == TP_WAITING && passed < nanoseconds) {
        if (nanoseconds == TP_FOREVER) {
            tp_condition_wait(&waiter->condition, &bucket->lock);
        } else {
            tp_condition_wait_for(&waiter->condition, &bucket->lock, nanoseconds - passed);
            passed = tp_now() - started;
        }
    }
    waiter->is_parked = false;
    tp_mutex_unlock(&bucket->lock);
    tp_condition_destroy(&waiter->condition);
    return state_of(waiter) == TP_WOKEN;
}

/* Writes to a mailbox's socket; one that is full was written to before. */
static bool announce(int wakes) {
#if defined(_WIN32)
    return send((SOCKET)wakes, "", 1, 0) == 1 || WSAGetLastError() == WSAEWOULDBLOCK;
#else
    return send(wakes, "", 1, MSG_NOSIGNAL) == 1 || errno == EAGAIN || errno == EWOULDBLOCK;
#endif
}

static void post(tp_mailbox *mailbox, tp_waiter *waiter) {
    tp_mutex_lock(&mailbox->lock);
    append(&mailbox->first, &mailbox->last, waiter);
    waiter->is_posted = true;
    /* Within the lock, as the mailbox may be gone after it. What fails is tried again with the next waiter. */
    if (!mailbox->is_announced) mailbox->is_announced = announce(mailbox->wakes);
    tp_mutex_unlock(&mailbox->lock);
}

/* Under the bucket's lock. Who waited may go on and free `waiter` as soon as it knows, so what tells it comes last. A
 * thread that is parked needs the lock for that. */
static void wake(tp_bucket *bucket, tp_waiter *waiter) {
    bool is_parked = waiter->is_parked;
    take_out(&bucket->first, &bucket->last, waiter);
    atomic_fetch_sub(&bucket->count, 1);
    tp_race_point();
    tp_mailbox *mailbox = waiter->mailbox;
    atomic_store_explicit(&waiter->state, TP_WOKEN, memory_order_release);
    if (mailbox)
        post(mailbox, waiter);
    else if (is_parked)
        tp_condition_signal(&waiter->condition);
}

size_t tp_lot_notify(tp_lot *lot, const void *at, size_t count) {
    tp_bucket *bucket = bucket_of(lot, at);
    /* See tp_lot_enqueue; the value may have been written by an ordinary store. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&bucket->count) == 0) return 0;
    size_t woken = 0;
    tp_mutex_lock(&bucket->lock);
    for (tp_waiter *waiter = bucket->first, *next; waiter && woken < count; waiter = next) {
        next = waiter->next;
        if (waiter->address != at) continue;
        wake(bucket, waiter);
        woken++;
    }
    tp_mutex_unlock(&bucket->lock);
    return woken;
}

size_t tp_lot_count(tp_lot *lot, const void *at) {
    tp_bucket *bucket = bucket_of(lot, at);
    size_t count = 0;
    tp_mutex_lock(&bucket->lock);
    for (tp_waiter *waiter = bucket->first; waiter; waiter = waiter->next)
        count += waiter->address == at;
    tp_mutex_unlock(&bucket->lock);
    return count;
}

/* `pass_on`: whether a notification that has counted the waiter is to wake another, which it is told. */
static tp_leaving leave(tp_lot *lot, tp_waiter *waiter, bool *pass_on) {
    if (waiter->generation != lot->generation) return TP_LEFT_WAITING;
    tp_bucket *bucket = bucket_of(lot, waiter->address);
    tp_leaving result = TP_LEFT_WAITING;
    tp_mutex_lock(&bucket->lock);
    if (state_of(waiter) == TP_WAITING) {
        take_out(&bucket->first, &bucket->last, waiter);
        atomic_fetch_sub(&bucket->count, 1);
        atomic_store(&waiter->state, TP_GONE);
    } else if (state_of(waiter) == TP_WOKEN) {
        result = TP_LEFT_WOKEN;
        *pass_on = *pass_on && !waiter->is_passed_on;
        waiter->is_passed_on |= *pass_on;
        if (waiter->mailbox) {
            tp_mutex_lock(&waiter->mailbox->lock);
            if (waiter->is_posted)
                take_out(&waiter->mailbox->first, &waiter->mailbox->last, waiter);
            else
                result = TP_LEFT_FETCHED;
            waiter->is_posted = false;
            tp_mutex_unlock(&waiter->mailbox->lock);
        }
    }
    tp_mutex_unlock(&bucket->lock);
    return result;
}

tp_leaving tp_lot_leave(tp_lot *lot, tp_waiter *waiter) {
    bool pass_on = false;
    return leave(lot, waiter, &pass_on);
}

tp_leaving tp_lot_give_up(tp_lot *lot, tp_waiter *waiter) {
    const void *address = waiter->address; /* the waiter may be gone once it has left */
    bool pass_on = true;
    tp_leaving result = leave(lot, waiter, &pass_on);
    if (result != TP_LEFT_WAITING && pass_on) tp_lot_notify(lot, address, 1);
    return result;
}

tp_wait_result tp_lot_wait(tp_lot *lot, void *at, size_t width, uint64_t expected, uint64_t nanoseconds) {
    tp_waiter waiter;
    if (!tp_lot_enqueue(lot, &waiter, NULL, at, width, expected)) return TP_WAIT_NOT_EQUAL;
    if (tp_lot_park(lot, &waiter, nanoseconds)) return TP_WAIT_OK;
    return tp_lot_leave(lot, &waiter) == TP_LEFT_WAITING ? TP_WAIT_TIMED_OUT : TP_WAIT_OK;
}

void tp_mailbox_init(tp_mailbox *mailbox, int wakes) {
    tp_mutex_init(&mailbox->lock);
    mailbox->first = mailbox->last = NULL;
    mailbox->wakes = wakes;
    mailbox->is_announced = false;
}

void tp_mailbox_destroy(tp_mailbox *mailbox) { tp_mutex_destroy(&mailbox->lock); }

tp_waiter *tp_mailbox_fetch(tp_mailbox *mailbox) {
    tp_mutex_lock(&mailbox->lock);
    tp_waiter *first = mailbox->first;
    for (tp_waiter *waiter = first; waiter; waiter = waiter->next)
        waiter->is_posted = false;
    mailbox->first = mailbox->last = NULL;
    mailbox->is_announced = false;
    tp_mutex_unlock(&mailbox->lock);
    return first;
}
