/* A mutex that the thread which holds it may take again. */
#ifndef TP_LOCK_H
#define TP_LOCK_H

#include "../os.h"

#include <stdatomic.h>

typedef struct tp_lock {
    tp_mutex mutex;
    _Atomic uintptr_t holder; /* 0: nobody; a thread finds itself here only if it has written that */
    unsigned depth;           /* how often more the holder has taken it */
} tp_lock;

static inline void tp_lock_init(tp_lock *lock) {
    tp_mutex_init(&lock->mutex);
    atomic_init(&lock->holder, 0);
    lock->depth = 0;
}

static inline void tp_lock_destroy(tp_lock *lock) { tp_mutex_destroy(&lock->mutex); }

/* False: another thread holds it. */
static inline bool tp_lock_try(tp_lock *lock) {
    uintptr_t self = tp_thread();
    if (atomic_load_explicit(&lock->holder, memory_order_relaxed) == self) {
        lock->depth++;
        return true;
    }
    if (!tp_mutex_try(&lock->mutex)) return false;
    atomic_store_explicit(&lock->holder, self, memory_order_relaxed);
    return true;
}

/* Waits for it; not for the holder. */
static inline void tp_lock_wait(tp_lock *lock) {
    tp_mutex_lock(&lock->mutex);
    atomic_store_explicit(&lock->holder, tp_thread(), memory_order_relaxed);
}

static inline void tp_lock_release(tp_lock *lock) {
    if (lock->depth != 0) {
        lock->depth--;
        return;
    }
    atomic_store_explicit(&lock->holder, 0, memory_order_relaxed);
    tp_mutex_unlock(&lock->mutex);
}

#endif
