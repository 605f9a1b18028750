#include "pool/pool.h"

#include "pool/flag.h"

/* How long guests that were sent away stay away at the most, unless they are told to once more. */
#define ALONE_NANOSECONDS 5000000

static void queue_init(tp_queue *queue) {
    queue->first = NULL;
    queue->end = &queue->first;
    queue->size = 0;
}

static void queue_append(tp_queue *queue, tp_task *task) {
    task->next = NULL;
    task->link = queue->end;
    task->queue = queue;
    *queue->end = task;
    queue->end = &task->next;
    queue->size++;
}

static void queue_remove(tp_task *task) {
    tp_queue *queue = task->queue;
    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
    else
        queue->end = task->link;
    task->link = NULL;
    queue->size--;
}

void tp_pool_init(tp_pool *pool, bool can_spin, unsigned limit, size_t capacity) {
    tp_mutex_init(&pool->lock);
    tp_condition_init(&pool->work);
    tp_condition_init(&pool->room);
    tp_condition_init(&pool->gone);
    pool->open = NULL;
    queue_init(&pool->queue);
    pool->capacity = capacity;
    pool->blocked = 0;
    pool->workers = NULL;
    pool->can_spin = can_spin;
    atomic_init(&pool->threads, 0);
    atomic_init(&pool->limit, limit);
    atomic_init(&pool->queued, 0);
    atomic_init(&pool->parked, 0);
    atomic_init(&pool->spinning, 0);
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->closed, false);
    atomic_init(&pool->published, 0);
    atomic_init(&pool->completed, 0);
    atomic_init(&pool->failed, 0);
    atomic_init(&pool->cancelled, 0);
    for (size_t i = 0; i < TP_HISTOGRAM_BUCKETS; i++) {
        atomic_init(&pool->wait_times.counts[i], 0);
        atomic_init(&pool->run_times.counts[i], 0);
    }
}

void tp_pool_destroy(tp_pool *pool) {
    tp_condition_destroy(&pool->gone);
    tp_condition_destroy(&pool->room);
    tp_condition_destroy(&pool->work);
    tp_mutex_destroy(&pool->lock);
}

static bool has_free_seat(tp_loop *loop) {
    return atomic_load_explicit(&loop->guests, memory_order_relaxed) + 1 < loop->width;
}

/* The newest open loop that one more thread could help with. Under the lock. */
static tp_loop *find_loop(tp_pool *pool, bool attached_only) {
    for (tp_loop *loop = pool->open; loop; loop = loop->next)
        if ((loop->attached || !attached_only) && !tp_loop_is_alone(loop) && has_free_seat(loop) &&
            tp_loop_has_work(loop))
            return loop;
    return NULL;
}

/* Whether a caller has sent its guests away, be it long ago: then they look again by themselves. Under the lock. */
static bool is_any_alone(tp_pool *pool) {
    for (tp_loop *loop = pool->open; loop; loop = loop->next)
        if (atomic_load_explicit(&loop->alone_until, memory_order_relaxed)) return true;
    return false;
}

/* A thread that was woken counts as parked until it has the lock. */
bool tp_pool_is_unattended(tp_pool *pool) {
    return atomic_load_explicit(&pool->queued, memory_order_relaxed) >
           (size_t)atomic_load_explicit(&pool->parked, memory_order_relaxed) +
               atomic_load_explicit(&pool->spinning, memory_order_relaxed);
}

/* Wakes a thread if there is more to do than those that spin will find, and this thread, which takes so many tasks of
 * the queue. Threads wake one another: a caller pays for one wake-up however wide its loop. Under the lock. */
static void wake_one(tp_pool *pool, size_t taken) {
    unsigned spinning = atomic_load(&pool->spinning);
    if (!atomic_load(&pool->parked)) return;
    if (pool->queue.size > spinning + taken || (!spinning && find_loop(pool, false))) tp_condition_signal(&pool->work);
}

/* Threads */

bool tp_pool_enroll(tp_pool *pool, tp_worker *worker, unsigned wanted, tp_worker *principal) {
    queue_init(&worker->inbox);
    atomic_init(&worker->has_inbox, false);
    atomic_init(&worker->started, 0);
    atomic_init(&worker->busy, 0);
    worker->principal = principal;
    worker->substitute = NULL;
    worker->index = 0;
    tp_mutex_lock(&pool->lock);
    tp_worker **link = &pool->workers;
    for (; *link && (*link)->index == worker->index; link = &(*link)->next)
        worker->index++;
    worker->present = !atomic_load(&pool->stopping) &&
                      (principal ? !principal->substitute : worker->index < wanted && worker->index < pool->limit);
    if (worker->present) {
        worker->next = *link;
        *link = worker;
        pool->threads++;
        if (principal) principal->substitute = worker;
    }
    tp_mutex_unlock(&pool->lock);
    return worker->present;
}

/* The thread does not wait any more: who stood in for it is a thread like others. Under the lock. */
static void dismiss_substitute(tp_worker *worker) {
    if (worker->substitute) worker->substitute->principal = NULL;
    worker->substitute = NULL;
}

/* Under the lock. */
static void strike_off(tp_pool *pool, tp_worker *worker) {
    dismiss_substitute(worker);
    if (worker->principal) worker->principal->substitute = NULL;
    tp_worker **link = &pool->workers;
    while (*link != worker)
        link = &(*link)->next;
    *link = worker->next;
    worker->present = false;
    pool->threads--;
    if (pool->threads == 0) tp_condition_broadcast(&pool->gone);
}

/* As above, when there may be something to do: this thread may have been woken for it. */
static void strike_off_and_wake(tp_pool *pool, tp_worker *worker) {
    strike_off(pool, worker);
    wake_one(pool, 0);
}

bool tp_pool_expire(tp_pool *pool, tp_worker *worker) {
    tp_mutex_lock(&pool->lock);
    bool idle = !worker->inbox.size && !pool->queue.size && !find_loop(pool, false) && !is_any_alone(pool);
    if (idle) strike_off(pool, worker);
    tp_mutex_unlock(&pool->lock);
    return idle;
}

void tp_pool_leave_for_good(tp_pool *pool, tp_worker *worker) {
    tp_mutex_lock(&pool->lock);
    if (worker->present) strike_off_and_wake(pool, worker);
    tp_mutex_unlock(&pool->lock);
}

static unsigned take_seat(tp_pool *pool, tp_loop *loop) {
    unsigned seat = 1;
    while (loop->seats[seat].taken)
        seat++;
    loop->seats[seat].taken = true;
    atomic_fetch_add(&loop->guests, 1);
    wake_one(pool, 0);
    return seat;
}

/* What there is to do for a thread; TP_FOUND_NOTHING: it may wait. Under the lock. */
static tp_found find_work(tp_pool *pool, tp_worker *worker, tp_loop **loop, unsigned *seat) {
    if (worker->inbox.size) return TP_FOUND_TASK;
    bool stopping = atomic_load(&pool->stopping);
    /* No other thread can be started for the queue of a pool that stops, so then the limit sends nobody home. */
    if (worker->index >= pool->limit && !worker->principal && !stopping) return TP_FOUND_STOP;
    if (pool->queue.size) return TP_FOUND_TASK;
    if (stopping) return TP_FOUND_STOP;
    if ((*loop = find_loop(pool, false))) {
        if ((*loop)->attached) return TP_FOUND_LOOP;
        *seat = take_seat(pool, *loop);
        return TP_FOUND_SEAT;
    }
    return worker->principal ? TP_FOUND_STOP : TP_FOUND_NOTHING;
}

/* Without the lock: until something is published, or it is time to park. */
static void spin_for_work(tp_pool *pool, unsigned seen) {
    uint64_t started = tp_now();
    do {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(&pool->published, memory_order_relaxed) != seen) return;
            tp_pause();
        }
    } while (tp_now() - started < TP_SPIN_NANOSECONDS);
}

tp_found tp_pool_wait(tp_pool *pool, tp_worker *worker, uint64_t nanoseconds, tp_loop **loop, unsigned *seat) {
    tp_found found;
    bool has_spun = false, has_waited = false;
    uint64_t started = tp_now();
    tp_mutex_lock(&pool->lock);
    dismiss_substitute(worker);
    while ((found = find_work(pool, worker, loop, seat)) == TP_FOUND_NOTHING && !has_waited) {
        if (!has_spun && pool->can_spin && atomic_load(&pool->spinning) == 0) {
            unsigned seen = atomic_load(&pool->published);
            atomic_fetch_add(&pool->spinning, 1);
            tp_mutex_unlock(&pool->lock);
            spin_for_work(pool, seen);
            tp_race_point();
            tp_mutex_lock(&pool->lock);
            atomic_fetch_sub(&pool->spinning, 1);
            has_spun = true;
            continue;
        }
        atomic_fetch_add(&pool->parked, 1);
        if (is_any_alone(pool)) { /* whose caller wakes nobody when it is stuck */
            tp_condition_wait_for(&pool->work, &pool->lock, ALONE_NANOSECONDS);
            has_waited = tp_now() - started >= nanoseconds;
        } else if (nanoseconds == TP_FOREVER) {
            tp_condition_wait(&pool->work, &pool->lock);
        } else {
            tp_condition_wait_for(&pool->work, &pool->lock, nanoseconds);
            has_waited = true;
        }
        atomic_fetch_sub(&pool->parked, 1);
    }
    /* Who published counted on this thread, be it for something else than what it found. Until it is attached it takes
     * nothing, so the task that it found is still in the queue, or in its inbox. */
    if (found == TP_FOUND_TASK) wake_one(pool, worker->inbox.size ? 0 : 1);
    if (found == TP_FOUND_STOP) strike_off_and_wake(pool, worker);
    tp_mutex_unlock(&pool->lock);
    return found;
}

bool tp_pool_is_wanted(tp_pool *pool, tp_worker *worker) {
    return tp_pool_is_unattended(pool) || atomic_load_explicit(&worker->has_inbox, memory_order_relaxed);
}

/* Under the lock. */
static void wake_all(tp_pool *pool) {
    atomic_fetch_add(&pool->published, 1);
    tp_condition_broadcast(&pool->work);
}

void tp_pool_resize(tp_pool *pool, unsigned limit) {
    tp_mutex_lock(&pool->lock);
    pool->limit = limit;
    wake_all(pool);
    tp_mutex_unlock(&pool->lock);
}

void tp_pool_stop(tp_pool *pool, bool close) {
    tp_mutex_lock(&pool->lock);
    if (close) atomic_store(&pool->closed, true);
    atomic_store(&pool->stopping, true);
    for (tp_loop *loop = pool->open; loop && close; loop = loop->next)
        if (loop->foreign) {
            atomic_store(&loop->aborted, true);
            tp_loop_lower_limit(loop, 0);
        }
    wake_all(pool);
    tp_condition_broadcast(&pool->room);
    tp_mutex_unlock(&pool->lock);
}

/* Waits once, under the lock, for at most what is left of `nanoseconds` since `started`; false when nothing is. */
static bool wait_once(tp_pool *pool, tp_condition *condition, uint64_t started, uint64_t nanoseconds) {
    if (nanoseconds == TP_FOREVER) {
        tp_condition_wait(condition, &pool->lock);
        return true;
    }
    uint64_t passed = tp_now() - started;
    if (passed >= nanoseconds) return false;
    tp_condition_wait_for(condition, &pool->lock, nanoseconds - passed);
    return true;
}

bool tp_pool_wait_for_end(tp_pool *pool, uint64_t nanoseconds) {
    uint64_t started = tp_now();
    tp_mutex_lock(&pool->lock);
    while (pool->threads && wait_once(pool, &pool->gone, started, nanoseconds)) {
    }
    bool ended = pool->threads == 0;
    tp_mutex_unlock(&pool->lock);
    return ended;
}

/* Loops */

unsigned tp_pool_open(tp_pool *pool, tp_loop *loop) {
    tp_mutex_lock(&pool->lock);
    loop->next = pool->open;
    if (loop->next) loop->next->link = &loop->next;
    loop->link = &pool->open;
    pool->open = loop;
    atomic_fetch_add(&pool->published, 1);
    wake_one(pool, 0);
    unsigned threads = pool->threads;
    tp_mutex_unlock(&pool->lock);
    return threads;
}

void tp_pool_go_alone(tp_pool *pool, tp_loop *loop, bool alone) {
    atomic_store_explicit(&loop->alone_until, alone ? tp_now() + ALONE_NANOSECONDS : 0, memory_order_relaxed);
    if (alone) return;
    tp_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->published, 1);
    wake_one(pool, 0);
    tp_mutex_unlock(&pool->lock);
}

/* Under the lock. */
static void unlink_loop(tp_loop *loop) {
    if (!loop->link) return;
    *loop->link = loop->next;
    if (loop->next) loop->next->link = loop->link;
    loop->link = NULL;
}

static void spin_for_guests(tp_loop *loop) {
    uint64_t started = tp_now();
    do {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(&loop->guests, memory_order_relaxed) == 0) return;
            tp_pause();
        }
    } while (tp_now() - started < TP_SPIN_NANOSECONDS);
}

bool tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds) {
    tp_mutex_lock(&pool->lock);
    bool first = loop->link;
    unlink_loop(loop);
    if (first && pool->can_spin && atomic_load(&loop->guests)) {
        tp_mutex_unlock(&pool->lock);
        spin_for_guests(loop);
        tp_mutex_lock(&pool->lock);
    }
    uint64_t started = tp_now();
    while (atomic_load(&loop->guests) && wait_once(pool, &loop->left, started, nanoseconds)) {
    }
    bool done = atomic_load(&loop->guests) == 0;
    tp_mutex_unlock(&pool->lock);
    return done;
}

bool tp_pool_wait_for_loop(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds) {
    uint64_t started = tp_now();
    tp_mutex_lock(&pool->lock);
    bool done;
    while (!(done = !atomic_load(&loop->guests) && !tp_loop_has_work(loop)) &&
           wait_once(pool, &loop->left, started, nanoseconds)) {
    }
    tp_mutex_unlock(&pool->lock);
    return done;
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
    /* With the lock held: the caller cannot return, and free the loop, before this is done with it. */
    if (atomic_fetch_sub(&loop->guests, 1) == 1) tp_condition_signal(&loop->left);
    tp_mutex_unlock(&pool->lock);
}

size_t tp_pool_describe_loops(tp_pool *pool, tp_loop_figures *figures, size_t most) {
    size_t told = 0;
    tp_mutex_lock(&pool->lock);
    for (tp_loop *loop = pool->open; loop && told < most; loop = loop->next)
        figures[told++] = (tp_loop_figures){tp_loop_done(loop), loop->count, atomic_load(&loop->guests)};
    tp_mutex_unlock(&pool->lock);
    return told;
}

/* Tasks */

/* Under the lock. */
static void count_queued(tp_pool *pool) {
    atomic_store_explicit(&pool->queued, pool->queue.size, memory_order_relaxed);
}

tp_submitted tp_pool_submit(tp_pool *pool, tp_task *task, bool insist) {
    tp_submitted submitted = TP_SUBMITTED;
    tp_mutex_lock(&pool->lock);
    if (atomic_load(&pool->stopping)) {
        submitted = TP_POOL_STOPPED;
    } else if (pool->queue.size >= pool->capacity && !insist) {
        submitted = TP_QUEUE_FULL;
    } else {
        queue_append(&pool->queue, task);
        count_queued(pool);
        atomic_fetch_add(&pool->published, 1);
        wake_one(pool, 0);
    }
    tp_mutex_unlock(&pool->lock);
    return submitted;
}

bool tp_pool_post(tp_pool *pool, tp_task *task, unsigned index) {
    tp_mutex_lock(&pool->lock);
    tp_worker *worker = pool->workers;
    while (worker && worker->index < index)
        worker = worker->next;
    bool found = worker && worker->index == index && !atomic_load(&pool->stopping);
    if (found) {
        queue_append(&worker->inbox, task);
        atomic_store_explicit(&worker->has_inbox, true, memory_order_relaxed);
        wake_all(pool); /* nobody can tell which of the parked threads a signal would wake */
    }
    tp_mutex_unlock(&pool->lock);
    return found;
}

void tp_pool_wait_for_room(tp_pool *pool, uint64_t nanoseconds) {
    uint64_t started = tp_now();
    tp_mutex_lock(&pool->lock);
    pool->blocked++;
    while (pool->queue.size >= pool->capacity && !atomic_load(&pool->stopping) &&
           wait_once(pool, &pool->room, started, nanoseconds)) {
    }
    pool->blocked--;
    tp_mutex_unlock(&pool->lock);
}

/* Under the lock. */
static void dequeue(tp_pool *pool, tp_task *task) {
    queue_remove(task);
    count_queued(pool);
    if (pool->blocked && pool->queue.size < pool->capacity) tp_condition_signal(&pool->room);
}

/* Under the lock. */
static tp_task *next_own(tp_worker *worker) {
    tp_task *task = worker->inbox.first;
    if (task) queue_remove(task);
    atomic_store_explicit(&worker->has_inbox, worker->inbox.size, memory_order_relaxed);
    return task;
}

tp_task *tp_pool_take_own(tp_pool *pool, tp_worker *worker) {
    tp_mutex_lock(&pool->lock);
    tp_task *task = next_own(worker);
    tp_mutex_unlock(&pool->lock);
    return task;
}

tp_task *tp_pool_take(tp_pool *pool, tp_worker *worker) {
    tp_mutex_lock(&pool->lock);
    tp_task *task = next_own(worker);
    if (!task && (task = pool->queue.first)) dequeue(pool, task);
    tp_mutex_unlock(&pool->lock);
    return task;
}

bool tp_pool_claim(tp_pool *pool, tp_task *task) {
    tp_mutex_lock(&pool->lock);
    bool queued = task->link && task->queue == &pool->queue;
    if (queued) dequeue(pool, task);
    tp_mutex_unlock(&pool->lock);
    return queued;
}

tp_task *tp_pool_drain(tp_pool *pool) {
    tp_mutex_lock(&pool->lock);
    tp_task *task = pool->queue.first;
    if (task) dequeue(pool, task);
    tp_mutex_unlock(&pool->lock);
    return task;
}
