/* Operations on many elements, from several threads: none is lost, and nothing beside the array is written to. */
#include "check.h"
#include "os.h"
#include "sync/bulk.h"

#include <string.h>

enum { THREADS = 4, BINS = 7, INDICES = 3000, TIMES = 40 };

static int64_t memory[3 * BINS];
static intptr_t indices[INDICES];
static _Atomic bool stop;

static tp_array bins(void) { return (tp_array){memory + BINS, BINS, TP_INT64}; }

static void check_the_memory_beside(void) {
    for (size_t i = 0; i < BINS; i++)
        CHECK(memory[i] == 0 && memory[2 * BINS + i] == 0);
}

static void begin(void) {
    memset(memory, 0, sizeof memory);
    for (size_t i = 0; i < INDICES; i++)
        indices[i] = (intptr_t)(i % BINS);
}

static void *add_everywhere(void *unused) {
    const int64_t one = 1;
    for (int time = 0; time < TIMES; time++)
        CHECK(tp_bulk_apply(TP_ADD, bins(), indices, &one, 0, INDICES) == INDICES);
    return unused;
}

static void test_no_addition_is_lost(void) {
    pthread_t threads[THREADS];
    int64_t sum = 0;
    begin();
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, add_everywhere, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < BINS; i++)
        sum += memory[BINS + i];
    CHECK(sum == (int64_t)THREADS * TIMES * INDICES);
    check_the_memory_beside();
}

static void test_it_stops_before_an_index_that_is_out_of_range(void) {
    const size_t places[] = {0, 1, 511, 512, 513, INDICES - 1};
    const intptr_t bad[] = {BINS, -1, INTPTR_MIN, INTPTR_MAX};
    int64_t values[INDICES], loaded[INDICES];
    for (size_t place = 0; place < sizeof places / sizeof *places; place++)
        for (size_t kind = 0; kind < sizeof bad / sizeof *bad; kind++) {
            size_t at = places[place];
            begin();
            for (size_t i = 0; i < INDICES; i++)
                values[i] = 1;
            CHECK(tp_bulk_check(indices, INDICES, BINS) == INDICES);
            indices[at] = bad[kind];
            CHECK(tp_bulk_check(indices, INDICES, BINS) == at);
            CHECK(tp_bulk_apply(TP_ADD, bins(), indices, values, 1, INDICES) == at);
            CHECK(tp_bulk_load(bins(), indices, loaded, INDICES) == at);
            int64_t sum = 0;
            for (size_t i = 0; i < BINS; i++)
                sum += memory[BINS + i];
            CHECK(sum == (int64_t)at);
            check_the_memory_beside();
        }
}

static void *rewrite(void *unused) {
    for (intptr_t i = 0; !atomic_load(&stop); i++)
        atomic_store_explicit((_Atomic intptr_t *)&indices[700], i % 3 * BINS - BINS, memory_order_relaxed);
    return unused;
}

static void test_indices_that_another_thread_writes_to(void) {
    const int64_t one = 1;
    int64_t loaded[INDICES];
    pthread_t writer;
    begin();
    CHECK(pthread_create(&writer, NULL, rewrite, NULL) == 0);
    for (int time = 0; time < TIMES * 20; time++) {
        size_t done = tp_bulk_apply(TP_ADD, bins(), indices, &one, 0, INDICES);
        CHECK(done == 700 || done == INDICES);
        done = tp_bulk_load(bins(), indices, loaded, INDICES);
        CHECK(done == 700 || done == INDICES);
    }
    atomic_store(&stop, true);
    pthread_join(writer, NULL);
    check_the_memory_beside();
}

static void test_no_indices(void) {
    CHECK(tp_bulk_check(NULL, 0, 0) == 0);
    CHECK(tp_bulk_apply(TP_ADD, bins(), NULL, NULL, 1, 0) == 0);
    CHECK(tp_bulk_load(bins(), NULL, NULL, 0) == 0);
}

int main(void) {
    test_no_addition_is_lost();
    test_it_stops_before_an_index_that_is_out_of_range();
    test_indices_that_another_thread_writes_to();
    test_no_indices();
    puts("4 passed, 0 failed");
    return 0;
}
