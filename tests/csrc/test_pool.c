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

static void *serve(void *unused) {
    (void)unused;
    tp_loop *loop;
    unsigned seat;
    for (;;) {
        /* Short and endless naps: a thread whose time is over as a loop is opened must not miss it. */
        tp_found found = tp_pool_wait(&pool, dice(2) ? 20000 : TP_FOREVER, &loop, &seat);
        if (found == TP_FOUND_STOP) return NULL;
        if (found == TP_FOUND_NOTHING) continue;
        if (found == TP_FOUND_LOOP) {
            tp_race_point();
            if (!tp_pool_join(&pool, &loop, &seat)) continue;
            size_t begin, end;
            void (*body)(tp_loop *, size_t) = (void (*)(tp_loop *, size_t))loop->context;
            while (tp_loop_claim(loop, seat, &begin, &end))
                for (; begin < end; begin++)
                    body(loop, begin);
        } else {
            CHECK(tp_loop_work(loop, seat, TP_FOREVER));
        }
        tp_race_point();
        tp_pool_leave(&pool, loop, seat);
    }
}

static void start_workers(pthread_t *threads) {
    tp_pool_init(&pool, true);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&threads[i], NULL, serve, NULL) == 0);
}

static void stop_workers(pthread_t *threads) {
    tp_pool_stop(&pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(pool.open == NULL);
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
    pthread_t workers[WORKERS], callers[CALLERS];
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

static void test_no_wakeup_is_lost(void) {
    pthread_t workers[WORKERS];
    start_workers(workers);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&met, 0);
        tp_loop *loop = tp_loop_new(WORKERS + 1, 1, 1, WORKERS + 1, NULL, (void *)meet);
        if (dice(2)) /* let them park, or catch them while they spin, or on their way */
            for (uint32_t pause = dice(100000); pause; pause--)
                tp_pause();
        tp_pool_open(&pool, loop);
        size_t begin, end;
        while (tp_loop_claim(loop, 0, &begin, &end))
            meet(loop, begin);
        close_loop(loop);
        tp_loop_free(loop);
    }
    stop_workers(workers);
}

static int cancel_at_ten(void *arguments, size_t begin, size_t end, size_t *failed) {
    (void)failed;
    tp_loop *loop = *(tp_loop **)arguments;
    if (begin <= 10 && 10 < end) tp_loop_lower_limit(loop, 0);
    return 0;
}

/* After a cancellation no more is claimed, and the loop still ends. */
static void test_cancelled_loop_ends(void) {
    pthread_t workers[WORKERS];
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

/* A loop alone, without a pool: in order from the front, the last unit clipped, whatever the unit. */
static void test_units(void) {
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 1000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t unit = 0; unit < 70; unit++) {
            tp_loop *loop = tp_loop_new(sizes[s], unit, 4, 1, NULL, NULL);
            size_t begin, end, expected = 0;
            while (tp_loop_claim(loop, 0, &begin, &end)) {
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
    while (tp_loop_claim(loop, 0, &begin, &end))
        CHECK(begin < end);
    CHECK(end == SIZE_MAX - 1);
    tp_loop_free(loop);
}

int main(void) {
    test_units();
    test_every_item_runs_exactly_once();
    test_no_wakeup_is_lost();
    test_cancelled_loop_ends();
    puts("4 passed, 0 failed");
    return 0;
}
