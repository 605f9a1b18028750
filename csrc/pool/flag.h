/* A flag that one thread sets once, and others wait for: spinning only, or parked at a gate that flags may share. */
#ifndef TP_FLAG_H
#define TP_FLAG_H

#include "os.h"

#include <stdatomic.h>

typedef _Atomic bool tp_flag;

/* What was written before is seen by who has seen the flag. */
static inline void tp_flag_set(tp_flag *flag) { atomic_store_explicit(flag, true, memory_order_release); }

static inline bool tp_flag_is_set(tp_flag *flag) { return atomic_load_explicit(flag, memory_order_acquire); }

/* Whether it is set, now or within `nanoseconds`. */
static inline bool tp_flag_spin(tp_flag *flag, uint64_t nanoseconds) {
    uint64_t started = tp_now();
    do {
        for (int i = 0; i < 32; i++) {
            if (tp_flag_is_set(flag)) return true;
            tp_pause();
        }
    } while (tp_now() - started < nanoseconds);
    return false;
}

typedef struct tp_gate {
    tp_mutex lock;
    tp_condition changed;    /* some flag was set */
    _Atomic unsigned opened; /* how often */
} tp_gate;

static inline void tp_gate_init(tp_gate *gate) {
    tp_mutex_init(&gate->lock);
    tp_condition_init(&gate->changed);
    atomic_init(&gate->opened, 0);
}

static inline void tp_gate_destroy(tp_gate *gate) {
    tp_condition_destroy(&gate->changed);
    tp_mutex_destroy(&gate->lock);
}

/* Sets the flag and lets those pass that wait for it. */
static inline void tp_gate_open(tp_gate *gate, tp_flag *flag) {
    tp_mutex_lock(&gate->lock);
    tp_flag_set(flag);
    gate->opened++;
    tp_condition_broadcast(&gate->changed);
    tp_mutex_unlock(&gate->lock);
}

/* Has those look again who wait for a flag that was set without the gate, and may be gone by now. */
static inline void tp_gate_recall(tp_gate *gate) {
    tp_mutex_lock(&gate->lock);
    tp_condition_broadcast(&gate->changed);
    tp_mutex_unlock(&gate->lock);
}

/* Waits until the flag is set: true; false when that took longer than `nanoseconds`. */
static inline bool tp_gate_wait(tp_gate *gate, tp_flag *flag, uint64_t nanoseconds) {
    uint64_t started = tp_now(), passed;
    tp_mutex_lock(&gate->lock);
    while (!*flag && (passed = tp_now() - started) < nanoseconds)
        tp_condition_wait_for(&gate->changed, &gate->lock, nanoseconds - passed);
    bool set = *flag;
    tp_mutex_unlock(&gate->lock);
    return set;
}

/* Waits up to `nanoseconds` until some flag was set since `opened` was read. */
static inline void tp_gate_wait_for_any(tp_gate *gate, unsigned opened, uint64_t nanoseconds) {
    uint64_t started = tp_now(), passed;
    tp_mutex_lock(&gate->lock);
    while (gate->opened == opened && (passed = tp_now() - started) < nanoseconds)
        tp_condition_wait_for(&gate->changed, &gate->lock, nanoseconds - passed);
    tp_mutex_unlock(&gate->lock);
}

#endif
