#include "pool/pool.h"

/* A wake-up costs 20-35 microseconds, a hand-over to a thread that spins about one; so spin for about as long as a
 * wake-up would take. */
#define SPIN_NANOSECONDS 40000

void tp_pool_init(tp_pool *pool, bool can_spin) {
    tp_mutex_init(&pool->lock);
    tp_condition_init(&pool->work);
    pool->open = NULL;
    pool->parked = 0;
    pool->spinning = 0;
    pool->can_spin = can_spin;
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->published, 0);
}

void tp_pool_destroy(tp_pool *pool) {
    tp_condition_destroy(&pool->work);
    tp_mutex_destroy(&pool->lock);
}

static bool has_free_seat(tp_loop *loop) {
    return atomic_load_explicit(&loop->guests, memory_order_relaxed) + 1 < loop->width;
}

/* The newest open loop that one more thread could help with. Under the lock. */
static tp_loop *find_loop(tp_pool *pool, bool attached_only) {
    for (tp_loop *loop = pool->open; loop; loop = loop->next)
        if ((loop->attached || !attached_only) && has_free_seat(loop) && tp_loop_has_work(loop)) return loop;
    return NULL;
}

/* Threads wake one another: the caller pays for one wake-up however wide the loop. Under the lock. */
static void wake_one(tp_pool *pool) {
    if (pool->parked && !pool->spinning) tp_condition_signal(&pool->work);
}

static unsigned take_seat(tp_pool *pool, tp_loop *loop) {
    unsigned seat = 1;
    while (loop->seats[seat].taken)
        seat++;
    loop->seats[seat].taken = true;
    atomic_fetch_add(&loop->guests, 1);
    if (find_loop(pool, false)) wake_one(pool);
    return seat;
}

void tp_pool_open(tp_pool *pool, tp_loop *loop) {
    tp_mutex_lock(&pool->lock);
    loop->next = pool->open;
    if (loop->next) loop->next->link = &loop->next;
    loop->link = &pool->open;
    pool->open = loop;
    atomic_fetch_add(&pool->published, 1);
    wake_one(pool);
    tp_mutex_unlock(&pool->lock);
}

/* Under the lock. */
static void unlink_loop(tp_loop *loop) {
    if (!loop->link) return;
    *loop->link = loop->next;
    if (loop->next) loop->next->link = loop->link;
    loop->link = NULL;
}

static void spin_for_guests(tp_loop *loop, uint64_t nanoseconds) {
    uint64_t started = tp_now();
    do {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(&loop->guests, memory_order_relaxed) == 0) return;
            tp_pause();
        }
    } while (tp_now() - started < nanoseconds);
}

bool tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds) {
    tp_mutex_lock(&pool->lock);
    bool first = loop->link;
    unlink_loop(loop);
    if (first && pool->can_spin && atomic_load(&loop->guests)) {
        tp_mutex_unlock(&pool->lock);
        spin_for_guests(loop, SPIN_NANOSECONDS);
        tp_mutex_lock(&pool->lock);
    }
    uint64_t started = nanoseconds == TP_FOREVER ? 0 : tp_now();
    while (atomic_load(&loop->guests)) {
        if (nanoseconds == TP_FOREVER) {
            tp_condition_wait(&loop->left, &pool->lock);
            continue;
        }
        uint64_t passed = tp_now() - started;
        if (passed >= nanoseconds) break;
        tp_condition_wait_for(&loop->left, &pool->lock, nanoseconds - passed);
    }
    bool done = atomic_load(&loop->guests) == 0;
    tp_mutex_unlock(&pool->lock);
    return done;
}

/* Without the lock: until a loop is published, the pool stops, or it is time to park. */
static void spin_for_work(tp_pool *pool, unsigned seen) {
    uint64_t started = tp_now();
    do {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(&pool->published, memory_order_relaxed) != seen) return;
            if (atomic_load_explicit(&pool->stopping, memory_order_relaxed)) return;
            tp_pause();
        }
    } while (tp_now() - started < SPIN_NANOSECONDS);
}

tp_found tp_pool_wait(tp_pool *pool, uint64_t nanoseconds, tp_loop **loop, unsigned *seat) {
    tp_found found = TP_FOUND_NOTHING;
    bool has_spun = false, has_waited = false;
    tp_mutex_lock(&pool->lock);
    for (;;) {
        if (atomic_load(&pool->stopping)) {
            found = TP_FOUND_STOP;
            break;
        }
        if ((*loop = find_loop(pool, false))) {
            found = (*loop)->attached ? TP_FOUND_LOOP : TP_FOUND_SEAT;
            if (found == TP_FOUND_SEAT) *seat = take_seat(pool, *loop);
            break;
        }
        if (has_waited) break;
        if (!has_spun && pool->can_spin && pool->spinning == 0) {
            unsigned seen = atomic_load(&pool->published);
            pool->spinning++;
            tp_mutex_unlock(&pool->lock);
            spin_for_work(pool, seen);
            tp_race_point();
            tp_mutex_lock(&pool->lock);
            pool->spinning--;
            has_spun = true;
            continue;
        }
        pool->parked++;
        if (nanoseconds == TP_FOREVER) {
            tp_condition_wait(&pool->work, &pool->lock);
        } else {
            tp_condition_wait_for(&pool->work, &pool->lock, nanoseconds);
            has_waited = true;
        }
        pool->parked--;
    }
    tp_mutex_unlock(&pool->lock);
    return found;
}

bool tp_pool_join(tp_pool *pool, tp_loop **loop, unsigned *seat) {
    tp_mutex_lock(&pool->lock);
    *loop = atomic_load(&pool->stopping) ? NULL : find_loop(pool, true);
    if (*loop) *seat = take_seat(pool, *loop);
    tp_mutex_unlock(&pool->lock);
    return *loop;
}

void tp_pool_leave(tp_pool *pool, tp_loop *loop, unsigned seat) {
    tp_mutex_lock(&pool->lock);
    loop->seats[seat].taken = false;
    bool last = atomic_fetch_sub(&loop->guests, 1) == 1;
    /* With the lock held: the caller cannot return, and free the loop, before this is done with it. */
    if (last && !loop->link) tp_condition_signal(&loop->left);
    tp_mutex_unlock(&pool->lock);
}

void tp_pool_stop(tp_pool *pool) {
    tp_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    tp_condition_broadcast(&pool->work);
    tp_mutex_unlock(&pool->lock);
}
