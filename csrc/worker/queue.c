#include "queue.h"

#include <string.h>

/* Small, as there are two queues to a channel, and a thousand channels to some programs. */
enum { FIRST_CAPACITY = 4, CAPACITY_TO_KEEP = 1024 };

enum { WAITS_BETWEEN_TRIALS = 32, MOST_IMPATIENCE = 8 };

bool tp_queue_init(tp_queue *queue, bool can_spin) {
    memset(queue, 0, sizeof *queue);
    queue->ring = malloc(FIRST_CAPACITY * sizeof *queue->ring);
    queue->capacity = FIRST_CAPACITY;
    queue->can_spin = can_spin;
    queue->core = -1;
    tp_queue_renew(queue);
    return queue->ring != NULL;
}

void tp_queue_renew(tp_queue *queue) {
    tp_mutex_init(&queue->lock);
    tp_condition_init(&queue->changed);
    queue->sleepers = 0;
}

void tp_queue_destroy(tp_queue *queue) {
    tp_mutex_destroy(&queue->lock);
    tp_condition_destroy(&queue->changed);
    free(queue->ring);
}

/* Moves what is in the ring to a new one. */
static bool resize(tp_queue *queue, size_t capacity) {
    void **ring = malloc(capacity * sizeof *ring);
    if (!ring) return false;
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
    free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

tp_put tp_queue_put(tp_queue *queue, void *message) {
    atomic_store_explicit(&queue->core, tp_core(), memory_order_relaxed);
    tp_mutex_lock(&queue->lock);
    tp_put result = TP_PUT;
    if (queue->is_ended)
        result = TP_PUT_ENDED;
    else if (queue->count == queue->capacity && !resize(queue, queue->capacity * 2))
        result = TP_PUT_NO_MEMORY;
    bool has_sleepers = false;
    if (result == TP_PUT) {
        queue->ring[(queue->first + queue->count) & (queue->capacity - 1)] = message;
        atomic_store_explicit(&queue->count, queue->count + 1, memory_order_release);
        if (queue->is_armed) result = TP_PUT_ANNOUNCE;
        queue->is_armed = false;
        has_sleepers = queue->sleepers != 0;
    }
    tp_mutex_unlock(&queue->lock);
    tp_race_point();
    if (has_sleepers) tp_condition_signal(&queue->changed);
    return result;
}

bool tp_queue_end(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    bool was_armed = queue->is_armed;
    queue->is_armed = false;
    atomic_store(&queue->is_ended, true);
    tp_condition_broadcast(&queue->changed);
    tp_mutex_unlock(&queue->lock);
    return was_armed;
}

void *tp_queue_take_unless(tp_queue *queue, const tp_stop *nudge) {
    if (tp_queue_count(queue) == 0) return NULL;
    void *message = NULL;
    tp_mutex_lock(&queue->lock);
    size_t count = queue->count;
    /* Under the lock: what was put in by one who knows that it is set is never taken. */
    if (count && !(nudge && atomic_load(nudge))) {
        message = queue->ring[queue->first];
        queue->first = (queue->first + 1) & (queue->capacity - 1);
        atomic_store_explicit(&queue->count, count - 1, memory_order_release);
        queue->taken++;
        if (count == 1 && queue->capacity > CAPACITY_TO_KEEP) resize(queue, FIRST_CAPACITY);
    }
    tp_mutex_unlock(&queue->lock);
    return message;
}

static bool is_set(const tp_stop *stop, const tp_stop *nudge) {
    return (stop && atomic_load(stop)) || (nudge && atomic_load(nudge));
}

static bool is_worth_waking(tp_queue *queue) { return tp_queue_count(queue) != 0 || tp_queue_is_ended(queue); }

/* Who sends from this very core cannot while it spins, and is given it instead. The system often has the two share one,
 * as they take turns; and with this they need not be woken there either.
 *
 * Where spinning was in vain, as who sends has no core or nothing to say, it is done for half as long the next time,
 * and then hardly at all: on a machine with more to do, it takes the core from whom it waits for. Now and then it is
 * tried. */
static bool spin(tp_queue *queue, uint64_t nanoseconds, const tp_stop *stop, const tp_stop *nudge) {
    int core = tp_core();
    if (core >= 0 && core == atomic_load_explicit(&queue->core, memory_order_relaxed)) {
        tp_yield();
        return is_worth_waking(queue);
    }
    uint64_t started = tp_now();
    bool is_trial = atomic_fetch_add_explicit(&queue->waits, 1, memory_order_relaxed) % WAITS_BETWEEN_TRIALS == 0;
    unsigned impatience = atomic_load_explicit(&queue->impatience, memory_order_relaxed);
    uint64_t budget = is_trial ? TP_SPIN_NANOSECONDS : TP_SPIN_NANOSECONDS >> impatience;
    if (nanoseconds < budget) budget = nanoseconds;
    bool found;
    do {
        for (int i = 0; i < 32 && !(found = is_worth_waking(queue)); i++)
            tp_pause();
    } while (!found && !is_set(stop, nudge) && tp_now() - started < budget);
    impatience = found ? 0 : impatience < MOST_IMPATIENCE ? impatience + 1 : MOST_IMPATIENCE;
    atomic_store_explicit(&queue->impatience, impatience, memory_order_relaxed);
    return found;
}

bool tp_queue_wait(tp_queue *queue, uint64_t nanoseconds, const tp_stop *stop, const tp_stop *nudge) {
    uint64_t started = tp_now(), passed = 0;
    if (queue->can_spin && spin(queue, nanoseconds, stop, nudge)) return true;
    tp_mutex_lock(&queue->lock);
    queue->sleepers++;
    tp_race_point();
    while (!is_worth_waking(queue) && !is_set(stop, nudge)) {
        if (nanoseconds == TP_FOREVER) {
            tp_condition_wait(&queue->changed, &queue->lock);
        } else {
            passed = tp_now() - started;
            if (passed >= nanoseconds) break;
            tp_condition_wait_for(&queue->changed, &queue->lock, nanoseconds - passed);
        }
    }
    queue->sleepers--;
    bool found = is_worth_waking(queue) && !is_set(stop, nudge);
    /* It may have been woken for a message, which it leaves to another. */
    if (!found && queue->count && queue->sleepers) tp_condition_signal(&queue->changed);
    tp_mutex_unlock(&queue->lock);
    return found;
}

void tp_queue_wake(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    tp_condition_broadcast(&queue->changed);
    tp_mutex_unlock(&queue->lock);
}

void tp_queue_pass_on(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    if (queue->count && queue->sleepers) tp_condition_signal(&queue->changed);
    tp_mutex_unlock(&queue->lock);
}

bool tp_queue_arm(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    queue->is_armed = !is_worth_waking(queue);
    bool is_armed = queue->is_armed;
    tp_mutex_unlock(&queue->lock);
    return is_armed;
}

uint64_t tp_queue_put_so_far(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    uint64_t put = queue->taken + queue->count;
    tp_mutex_unlock(&queue->lock);
    return put;
}

uint64_t tp_queue_taken_so_far(tp_queue *queue) {
    tp_mutex_lock(&queue->lock);
    uint64_t taken = queue->taken;
    tp_mutex_unlock(&queue->lock);
    return taken;
}
