/* The parallel loop and the pool, under injected yields: what pool/loop.h and pool/pool.h promise. */
#include "check.h"
#include "pool/pool.h"

enum { WORKERS = 4, CALLERS = 3, ROUNDS = 3000, LARGEST = 700, MOST_DEPTH = 3 };

static tp_pool pool;

static uint32_t dice(uint32_t sides) {
    static _Thread_local uint64_t state;
    if (!state) state = (uint64_t)(uintptr_t)&state | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % sides;
}

/* A yield now and then, so that the windows between two steps are hit. */
void tp_race_point(void) {
    if (dice(8) == 0) tp_yield();
}

/* A thread that was started, and what it is to the pool. */
typedef struct thread {
    tp_worker worker;
    pthread_t id;
} thread;

static void run_task(tp_task *queued);

/* What a thread of the pool does until it has left. True: it was told to; false: it was idle. */
static bool serve(tp_worker *worker, bool expires) {
    tp_loop *loop;
    unsigned seat;
    for (;;) {
        /* Short and endless naps: a thread whose time is over as a loop is opened must not miss it. */
        uint64_t patience = expires ? dice(1000) : dice(2) ? 20000 : TP_FOREVER;
        tp_found found = tp_pool_wait(&pool, worker, patience, &loop, &seat);
        tp_race_point();
        if (found == TP_FOUND_STOP) return true;
        if (found == TP_FOUND_TASK) {
            tp_task *task = tp_pool_take(&pool, worker);
            if (task) run_task(task);
        } else if (found == TP_FOUND_LOOP) {
            if (!tp_pool_join(&pool, &loop, &seat)) continue;
            size_t begin, end;
            void (*body)(tp_loop *, size_t) = (void (*)(tp_loop *, size_t))loop->context;
            while (!tp_pool_is_to_leave(&pool, loop, worker) && tp_loop_claim(loop, seat, 1 + dice(4), &begin, &end))
                for (; begin < end; begin++)
                    body(loop, begin);
            tp_pool_leave(&pool, loop, seat);
        } else if (found == TP_FOUND_SEAT) {
            while (!tp_loop_work(loop, seat, 1000) && !tp_pool_is_wanted(&pool, worker)) {
            }
            tp_race_point();
            tp_pool_leave(&pool, loop, seat);
        } else if (expires && tp_pool_expire(&pool, worker)) {
            return false;
        }
    }
}

static void *stay(void *argument) {
    thread *self = argument;
    CHECK(serve(&self->worker, false));
    return NULL;
}

static void start_workers(thread *threads) {
    tp_pool_init(&pool, true, WORKERS, SIZE_MAX);
    for (int i = 0; i < WORKERS; i++) {
        CHECK(tp_pool_enroll(&pool, &threads[i].worker, WORKERS, NULL));
        CHECK(threads[i].worker.index == (unsigned)i);
        CHECK(pthread_create(&threads[i].id, NULL, stay, &threads[i]) == 0);
    }
    tp_worker one_more;
    CHECK(!tp_pool_enroll(&pool, &one_more, WORKERS + 1, NULL));
}

static void stop_workers(thread *threads) {
    tp_pool_stop(&pool, false);
    CHECK(tp_pool_wait_for_end(&pool, TP_FOREVER));
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i].id, NULL);
    CHECK(pool.open == NULL && pool.workers == NULL);
    tp_pool_destroy(&pool);
}

/* One loop of a test: how often each item ran, which item fails, and how deep it is nested. */
typedef struct job {
    _Atomic unsigned char runs[LARGEST];
    size_t fails;
    int depth;
} job;

static void run_random_loop(int depth);

static int count_runs(void *arguments, size_t begin, size_t end, size_t *failed) {
    job *work = arguments;
    CHECK(begin < end);
    for (size_t i = begin; i < end; i++) {
        if (i == work->fails) {
            *failed = i;
            return 7;
        }
        atomic_fetch_add(&work->runs[i], 1);
        if (work->depth < MOST_DEPTH && dice(200) == 0) run_random_loop(work->depth + 1);
    }
    return 0;
}

static void close_loop(tp_loop *loop) {
    while (!tp_pool_close(&pool, loop, dice(2) ? TP_FOREVER : 1000)) {
    }
}

/* Each item runs exactly once; after a failure everything below it has run, and it is the one that is reported. */
static void run_random_loop(int depth) {
    job *work = calloc(1, sizeof *work);
    size_t count = dice(10) ? dice(depth ? 20 : LARGEST) : dice(3);
    work->fails = dice(4) ? TP_NO_INDEX : dice(LARGEST);
    work->depth = depth;
    tp_loop *loop =
        tp_loop_new(count, dice(3) ? 0 : 1 + dice(50), 1 + dice(8), 1 + dice(WORKERS + 1), count_runs, work);
    tp_pool_open(&pool, loop);
    while (!tp_loop_work(loop, 0, dice(2) ? TP_FOREVER : 1)) {
    }
    close_loop(loop);
    tp_seat *failure = tp_loop_lowest_failure(loop);
    size_t must_run = count;
    if (work->fails < count) {
        CHECK(failure && failure->failed == work->fails && failure->code == 7);
        must_run = work->fails;
    } else {
        CHECK(!failure);
    }
    for (size_t i = 0; i < LARGEST; i++) {
        CHECK(work->runs[i] <= 1);
        if (i < must_run) CHECK(work->runs[i] == 1);
        if (i >= count) CHECK(work->runs[i] == 0);
    }
    size_t done = tp_loop_done(loop);
    CHECK(done >= must_run && done <= count);
    loop->kernel = NULL; /* a guest that still works goes astray */
    tp_loop_free(loop);
    free(work);
}

static void *call_loops(void *unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        run_random_loop(0);
    return NULL;
}

static void test_every_item_runs_exactly_once(void) {
    thread workers[WORKERS];
    pthread_t callers[CALLERS];
    start_workers(workers);
    for (int i = 0; i < CALLERS; i++)
        CHECK(pthread_create(&callers[i], NULL, call_loops, NULL) == 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    stop_workers(workers);
}

/* Every item waits until all have started, so the loop ends only if every worker was woken: no lost wake-up. */
static _Atomic unsigned met;

static void meet(tp_loop *loop, size_t item) {
    (void)item;
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < loop->count)
        tp_yield();
}

static void nothing(tp_loop *loop, size_t item) {
    (void)loop;
    (void)item;
}

static void test_no_wakeup_is_lost(void) {
    thread workers[WORKERS];
    start_workers(workers);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&met, 0);
        tp_loop *loop = tp_loop_new(WORKERS + 1, 1, 1, WORKERS + 1, NULL, (void *)meet);
        if (dice(2)) /* let them park, or catch them while they spin, or on their way */
            for (uint32_t pause = dice(100000); pause; pause--)
                tp_pause();
        tp_pool_open(&pool, loop);
        size_t begin, end;
        while (tp_loop_claim(loop, 0, loop->burst, &begin, &end))
            meet(loop, begin);
        close_loop(loop);
        tp_loop_free(loop);
    }
    stop_workers(workers);
}

/* Guests that were sent away come back to a caller that is stuck at an item that waits for another. */
static void test_a_caller_that_is_alone_is_helped_when_it_is_stuck(void) {
    thread workers[WORKERS];
    start_workers(workers);
    for (int i = 0; i < 30; i++) {
        atomic_store(&met, 0);
        tp_loop *loop = tp_loop_new(WORKERS + 1, 1, 1, WORKERS + 1, NULL, (void *)meet);
        tp_pool_open(&pool, loop);
        if (dice(2)) /* before they have come, or when they are there */
            for (uint32_t pause = dice(100000); pause; pause--)
                tp_pause();
        tp_pool_go_alone(&pool, loop, true);
        if (dice(2)) tp_pool_go_alone(&pool, loop, false);
        size_t begin, end;
        while (tp_loop_claim(loop, 0, loop->burst, &begin, &end))
            meet(loop, begin);
        close_loop(loop);
        tp_loop_free(loop);
    }
    stop_workers(workers);
}

/* A caller that is alone does all of it. */
static void test_guests_stay_away(void) {
    thread workers[WORKERS];
    start_workers(workers);
    for (int i = 0; i < ROUNDS; i++) {
        tp_loop *loop = tp_loop_new(20, 1, 1, WORKERS + 1, NULL, (void *)nothing);
        uint64_t before = tp_now();
        tp_pool_go_alone(&pool, loop, true);
        tp_pool_open(&pool, loop);
        size_t begin, end, done = 0;
        for (; tp_loop_claim(loop, 0, 1, &begin, &end); done++)
            tp_race_point();
        CHECK(done == 20 || tp_now() - before > 1000000);
        close_loop(loop);
        tp_loop_free(loop);
    }
    stop_workers(workers);
}

/* The time of a thread that has nothing to do passes beside a caller that is alone, but the thread stays: it may be
 * wanted. */
static void test_time_passes_beside_a_caller_that_is_alone(void) {
    tp_pool_init(&pool, true, 1, SIZE_MAX);
    tp_worker worker;
    CHECK(tp_pool_enroll(&pool, &worker, 1, NULL));
    tp_loop *loop = tp_loop_new(2, 1, 1, 2, NULL, NULL), *found;
    unsigned seat;
    tp_pool_open(&pool, loop);
    atomic_store(&loop->alone_until, TP_NEVER);
    for (uint64_t patience = 0; patience < 40000000; patience += 13000000) {
        uint64_t before = tp_now();
        CHECK(tp_pool_wait(&pool, &worker, patience, &found, &seat) == TP_FOUND_NOTHING);
        CHECK(tp_now() - before >= patience);
        CHECK(!tp_pool_expire(&pool, &worker));
    }
    tp_pool_go_alone(&pool, loop, false);
    CHECK(tp_pool_wait(&pool, &worker, 0, &found, &seat) == TP_FOUND_LOOP);
    CHECK(tp_pool_close(&pool, loop, TP_FOREVER));
    CHECK(tp_pool_expire(&pool, &worker));
    tp_loop_free(loop);
    tp_pool_destroy(&pool);
}

static int cancel_at_ten(void *arguments, size_t begin, size_t end, size_t *failed) {
    (void)failed;
    tp_loop *loop = *(tp_loop **)arguments;
    if (begin <= 10 && 10 < end) tp_loop_lower_limit(loop, 0);
    return 0;
}

/* After a cancellation no more is claimed, and the loop still ends. */
static void test_cancelled_loop_ends(void) {
    thread workers[WORKERS];
    start_workers(workers);
    for (int i = 0; i < 200; i++) {
        tp_loop *loop;
        loop = tp_loop_new(SIZE_MAX / 2, 0, 4, WORKERS, cancel_at_ten, &loop);
        tp_pool_open(&pool, loop);
        CHECK(tp_loop_work(loop, 0, TP_FOREVER));
        close_loop(loop);
        CHECK(!tp_loop_has_work(loop));
        tp_loop_free(loop);
    }
    stop_workers(workers);
}

/* Tasks: each is taken or claimed exactly once, also while threads expire and are started anew, the pool is resized,
 * and the queue is full. A task that was submitted is run even if the pool is stopped right after. */

enum { SUBMITTERS = 3, TASKS = 6000, CAPACITY = 8 };

typedef struct job_task {
    tp_task queued;
    _Atomic unsigned runs;
    struct job_task *first; /* it ends when that one has run, or NULL */
} job_task;

static _Atomic unsigned running, started_threads;

static void run_task(tp_task *queued) {
    job_task *task = (job_task *)queued;
    uint64_t started = tp_now();
    while (task->first && !atomic_load(&task->first->runs)) {
        CHECK(tp_now() - started < 60000000000u);
        tp_yield();
    }
    atomic_fetch_add(&task->runs, 1);
}

static void *serve_until_idle(void *argument);

static void start_thread(unsigned wanted, tp_worker *principal) {
    thread *self = malloc(sizeof *self);
    if (!tp_pool_enroll(&pool, &self->worker, wanted, principal)) {
        free(self);
        return;
    }
    atomic_fetch_add(&running, 1);
    atomic_fetch_add(&started_threads, 1);
    if (dice(50) == 0) { /* it could not be started */
        tp_pool_leave_for_good(&pool, &self->worker);
        atomic_fetch_sub(&running, 1);
        free(self);
        if (tp_pool_is_unattended(&pool)) start_thread(wanted, principal);
        return;
    }
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_create(&self->id, &attributes, serve_until_idle, self) == 0);
    pthread_attr_destroy(&attributes);
}

static void *serve_until_idle(void *argument) {
    thread *self = argument;
    if (serve(&self->worker, true) && tp_pool_is_unattended(&pool)) start_thread(WORKERS, NULL);
    free(self);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static job_task tasks[SUBMITTERS][TASKS];

/* Stand for threads that wait. */
static tp_worker principals[SUBMITTERS];

static void *submit_tasks(void *argument) {
    job_task *mine = argument;
    tp_worker *principal = &principals[(job_task(*)[TASKS])mine - tasks];
    for (int i = 0; i < TASKS; i++) {
        tp_submitted submitted;
        while ((submitted = tp_pool_submit(&pool, &mine[i].queued, dice(4) == 0)) == TP_QUEUE_FULL)
            tp_pool_wait_for_room(&pool, dice(2) ? TP_FOREVER : 1000);
        CHECK(submitted != TP_POOL_STOPPED);
        if (tp_pool_is_unattended(&pool)) start_thread(WORKERS, NULL);
        tp_race_point();
        /* Whoever waits for a task may run it, the latest or an old one. */
        job_task *any = &mine[dice((uint32_t)i + 1)];
        if (dice(3) == 0 && tp_pool_claim(&pool, &any->queued)) run_task(&any->queued);
        if (dice(100) == 0) tp_pool_resize(&pool, 1 + dice(WORKERS));
        if (dice(500) == 0) start_thread(WORKERS, principal);
        if (dice(30) == 0) /* let threads expire */
            for (uint32_t pause = dice(20000); pause; pause--)
                tp_pause();
    }
    return NULL;
}

static void test_every_task_runs_exactly_once(void) {
    pthread_t submitters[SUBMITTERS];
    tp_pool_init(&pool, true, WORKERS, CAPACITY);
    for (int i = 0; i < SUBMITTERS; i++)
        CHECK(pthread_create(&submitters[i], NULL, submit_tasks, tasks[i]) == 0);
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_join(submitters[i], NULL);
    tp_pool_stop(&pool, true);
    while (!tp_pool_wait_for_end(&pool, 1000)) {
    }
    while (atomic_load(&running))
        tp_yield();
    for (int i = 0; i < SUBMITTERS; i++)
        for (int k = 0; k < TASKS; k++)
            CHECK(tasks[i][k].runs == 1);
    CHECK(started_threads > WORKERS);
    job_task late;
    CHECK(tp_pool_submit(&pool, &late.queued, true) == TP_POOL_STOPPED);
    tp_pool_destroy(&pool);
}

/* What is posted to one thread is run by it, and by no other. */
static void test_posted_tasks(void) {
    thread threads[WORKERS];
    static job_task posted[WORKERS][100];
    start_workers(threads);
    for (int k = 0; k < 100; k++)
        for (unsigned i = 0; i < WORKERS; i++)
            CHECK(tp_pool_post(&pool, &posted[i][k].queued, i));
    job_task nobodys;
    CHECK(!tp_pool_post(&pool, &nobodys.queued, WORKERS));
    stop_workers(threads);
    for (int k = 0; k < 100; k++)
        for (unsigned i = 0; i < WORKERS; i++)
            CHECK(posted[i][k].runs == 1);
}

/* A thread that was counted on for a task in the queue may find another one, for it alone, that takes long. */
static void test_nobody_sleeps_beside_a_task(void) {
    thread threads[WORKERS];
    start_workers(threads);
    for (int round = 0; round < ROUNDS; round++) {
        job_task first = {.runs = 0}, waits = {.first = &first};
        CHECK(tp_pool_post(&pool, &waits.queued, dice(WORKERS)));
        CHECK(tp_pool_submit(&pool, &first.queued, false) != TP_POOL_STOPPED);
        run_task(&(job_task){.first = &waits}.queued);
        if (dice(2))
            for (uint32_t pause = dice(5000); pause; pause--)
                tp_pause();
    }
    stop_workers(threads);
}

/* A thread stands in for another one: beyond the limit, one at a time, and until the other has nothing to do. */
static void test_substitutes(void) {
    tp_worker one, two, substitute, another;
    tp_loop *loop;
    unsigned seat;
    job_task task;
    tp_pool_init(&pool, false, 1, SIZE_MAX);
    CHECK(tp_pool_enroll(&pool, &one, 1, NULL));
    CHECK(!tp_pool_enroll(&pool, &two, 2, NULL));
    CHECK(tp_pool_enroll(&pool, &substitute, 0, &one) && substitute.index == 1);
    CHECK(!tp_pool_enroll(&pool, &another, 0, &one));
    CHECK(tp_pool_submit(&pool, &task.queued, false) == TP_SUBMITTED && tp_pool_is_unattended(&pool));
    CHECK(tp_pool_wait(&pool, &substitute, 0, &loop, &seat) == TP_FOUND_TASK);
    CHECK(tp_pool_take(&pool, &substitute) == &task.queued);
    CHECK(tp_pool_wait(&pool, &substitute, 0, &loop, &seat) == TP_FOUND_STOP && !substitute.present);
    CHECK(tp_pool_enroll(&pool, &another, 0, &one));
    CHECK(tp_pool_submit(&pool, &task.queued, false) == TP_SUBMITTED && tp_pool_is_unattended(&pool));
    CHECK(tp_pool_wait(&pool, &one, 0, &loop, &seat) == TP_FOUND_TASK);
    CHECK(tp_pool_wait(&pool, &another, 0, &loop, &seat) == TP_FOUND_STOP);
    CHECK(tp_pool_take(&pool, &one) == &task.queued);
    CHECK(tp_pool_expire(&pool, &one) && pool.threads == 0);
    /* The limit is one of indices: threads that are to leave keep nobody from coming. */
    tp_pool_resize(&pool, 2);
    CHECK(tp_pool_enroll(&pool, &one, 1, NULL) && tp_pool_enroll(&pool, &two, 2, NULL));
    CHECK(tp_pool_expire(&pool, &one));
    tp_pool_resize(&pool, 1);
    CHECK(tp_pool_enroll(&pool, &one, 1, NULL) && one.index == 0);
    CHECK(tp_pool_wait(&pool, &two, 0, &loop, &seat) == TP_FOUND_STOP);
    tp_pool_leave_for_good(&pool, &two);
    tp_pool_leave_for_good(&pool, &one);
    CHECK(pool.threads == 0 && pool.workers == NULL);
    tp_pool_destroy(&pool);
}

/* A thread beyond the limit still empties the queue of a pool that is stopped: no other may be started for it. */
static void test_a_queue_is_emptied_whatever_the_limit(void) {
    static tp_worker workers[2];
    job_task last = {.runs = 0};
    tp_loop *loop;
    unsigned seat;
    tp_pool_init(&pool, true, 2, CAPACITY);
    for (int i = 0; i < 2; i++)
        CHECK(tp_pool_enroll(&pool, &workers[i], 2, NULL));
    CHECK(tp_pool_expire(&pool, &workers[0]));
    tp_pool_resize(&pool, 1);
    CHECK(tp_pool_submit(&pool, &last.queued, false) == TP_SUBMITTED);
    tp_pool_stop(&pool, false);
    CHECK(tp_pool_wait(&pool, &workers[1], TP_FOREVER, &loop, &seat) == TP_FOUND_TASK);
    CHECK(tp_pool_take(&pool, &workers[1]) == &last.queued);
    CHECK(tp_pool_wait(&pool, &workers[1], TP_FOREVER, &loop, &seat) == TP_FOUND_STOP);
    CHECK(pool.threads == 0);
    tp_pool_destroy(&pool);
}

/* A caller that does not work itself returns when all is done, also when guests leave in between; and a pool that is
 * stopped aborts the loop, whose caller still returns. */
static void test_a_caller_that_only_waits(void) {
    for (int i = 0; i < 300; i++) {
        thread workers[WORKERS];
        start_workers(workers);
        job *work = calloc(1, sizeof *work);
        work->fails = TP_NO_INDEX;
        work->depth = MOST_DEPTH;
        size_t count = dice(LARGEST);
        tp_loop *loop = tp_loop_new(count, 0, 4, WORKERS + 1, count_runs, work);
        tp_pool_open(&pool, loop);
        bool stopped = dice(2);
        if (stopped) tp_pool_stop(&pool, true);
        while (!tp_pool_wait_for_loop(&pool, loop, dice(2) ? TP_FOREVER : 1000)) {
        }
        close_loop(loop);
        for (size_t k = 0; k < count; k++)
            CHECK(work->runs[k] == 1 || (stopped && loop->aborted && work->runs[k] == 0));
        tp_loop_free(loop);
        free(work);
        stop_workers(workers);
    }
}

/* A loop alone, without a pool: in order from the front, the last unit clipped, whatever the unit. */
static void test_units(void) {
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t unit = 0; unit < 70; unit++) {
            tp_loop *loop = tp_loop_new(sizes[s], unit, unit ? 1 : 4, 1, NULL, NULL);
            size_t begin, end, expected = 0;
            while (tp_loop_claim(loop, 0, loop->burst, &begin, &end)) {
                CHECK(begin == expected && begin < end);
                CHECK(unit == 0 || end - begin == unit || end == sizes[s]);
                expected = end;
            }
            CHECK(expected == sizes[s]);
            tp_loop_free(loop);
        }
    }
    size_t begin, end;
    tp_loop *loop = tp_loop_new(SIZE_MAX - 1, SIZE_MAX / 3, 4, 1, NULL, NULL);
    while (tp_loop_claim(loop, 0, loop->burst, &begin, &end))
        CHECK(begin < end);
    CHECK(end == SIZE_MAX - 1);
    tp_loop_free(loop);
}

int main(void) {
    test_units();
    test_every_item_runs_exactly_once();
    test_no_wakeup_is_lost();
    test_a_caller_that_is_alone_is_helped_when_it_is_stuck();
    test_guests_stay_away();
    test_time_passes_beside_a_caller_that_is_alone();
    test_cancelled_loop_ends();
    test_every_task_runs_exactly_once();
    test_posted_tasks();
    test_nobody_sleeps_beside_a_task();
    test_substitutes();
    test_a_queue_is_emptied_whatever_the_limit();
    test_a_caller_that_only_waits();
    puts("13 passed, 0 failed");
    return 0;
}
