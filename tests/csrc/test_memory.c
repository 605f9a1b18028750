/* Memory that grows at its place, from several threads, and that is given back when nobody uses it. */
#include "check.h"
#include "os.h"
#include "sync/memory.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 300 };
static const size_t LARGE = (size_t)1 << 30;

static tp_memory memory;

static void open_memory(size_t length, size_t maximum) {
    CHECK(tp_memory_open(&memory, length, maximum));
    CHECK((uintptr_t)memory.start % TP_CACHE_LINE == 0);
    CHECK(tp_memory_length(&memory) == length);
}

static void close_memory(void) {
    CHECK(tp_memory_close(&memory) == 0);
    tp_memory_free(&memory);
    CHECK(tp_memory_close(&memory) == -1);
    CHECK(!tp_memory_pin(&memory));
}

static void check_zeros(size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        CHECK(memory.start[i] == 0);
}

static void test_a_fixed_size(void) {
    open_memory(1000, 1000);
    check_zeros(0, 1000);
    memset(memory.start, 1, 1000);
    CHECK(tp_memory_grow(&memory, 1000) == TP_GROWN);
    CHECK(tp_memory_grow(&memory, 999) == TP_WOULD_SHRINK);
    CHECK(tp_memory_grow(&memory, 1001) == TP_TOO_LARGE);
    close_memory();
    open_memory(0, 0);
    close_memory();
}

static void test_growth(void) {
    open_memory(10, LARGE);
    char *start = memory.start;
    memset(start, 7, 10);
    CHECK(tp_memory_grow(&memory, 10000) == TP_GROWN);
    CHECK(memory.start == start && tp_memory_length(&memory) == 10000);
    CHECK(start[0] == 7 && start[9] == 7);
    check_zeros(10, 10000);
    memset(start, 1, 10000);
    CHECK(tp_memory_grow(&memory, 9999) == TP_WOULD_SHRINK);
    CHECK(tp_memory_grow(&memory, LARGE + 1) == TP_TOO_LARGE);
    close_memory();
}

static void test_more_addresses_than_there_are(void) {
    open_memory(10, SIZE_MAX / 4);
    CHECK(memory.reserved < SIZE_MAX / 4 && memory.reserved >= 10);
    CHECK(tp_memory_grow(&memory, 5000) == TP_GROWN);
    memory.start[4999] = 1;
    CHECK(tp_memory_grow(&memory, memory.reserved + 1) == TP_NO_ADDRESSES);
    CHECK(tp_memory_length(&memory) == 5000);
    close_memory();
    CHECK(!tp_memory_open(&memory, SIZE_MAX - 10, SIZE_MAX - 10));
    CHECK(!tp_memory_open(&memory, SIZE_MAX / 2, SIZE_MAX / 2 + 1));
}

static void test_what_is_pinned_is_not_closed(void) {
    open_memory(10, 10);
    CHECK(tp_memory_pin(&memory) && tp_memory_pin(&memory));
    CHECK(tp_memory_close(&memory) == 2);
    tp_memory_unpin(&memory);
    CHECK(tp_memory_close(&memory) == 1);
    tp_memory_unpin(&memory);
    close_memory();
}

/* What a thread has grown it may use at once, whoever else grows it. */
static void *grow(void *argument) {
    size_t side = (size_t)(uintptr_t)argument;
    for (size_t round = 1; round < ROUNDS; round++) {
        size_t wanted = round * 4096 + side;
        tp_growth growth = tp_memory_grow(&memory, wanted);
        CHECK(growth == TP_GROWN || growth == TP_WOULD_SHRINK);
        CHECK(tp_memory_length(&memory) >= wanted);
        memory.start[wanted - THREADS + side]++;
    }
    return NULL;
}

static void test_growth_by_several_threads(void) {
    pthread_t threads[THREADS];
    open_memory(0, LARGE);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, grow, (void *)(uintptr_t)(i)) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(tp_memory_length(&memory) == (ROUNDS - 1) * 4096 + THREADS - 1);
    close_memory();
}

static _Atomic bool begun;

static void *use(void *unused) {
    while (tp_memory_pin(&memory)) {
        tp_memory_grow(&memory, tp_memory_length(&memory) + 1);
        *(volatile char *)&memory.start[0];
        tp_memory_unpin(&memory);
        atomic_store(&begun, true);
        tp_yield(); /* or, where there are fewer processors than threads, one is nearly always stopped with its pin */
    }
    return unused;
}

/* Freed as soon as it is closed: a sanitizer, or the hardware, would tell of a use after that. */
static void test_it_is_closed_while_others_use_it(void) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[2];
        atomic_store(&begun, false);
        open_memory(64, round % 2 ? 64 : LARGE);
        for (size_t i = 0; i < 2; i++)
            CHECK(pthread_create(&threads[i], NULL, use, NULL) == 0);
        while (!atomic_load(&begun) || tp_memory_close(&memory) != 0)
            tp_yield();
        tp_memory_free(&memory);
        for (size_t i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
    }
}

static void test_a_file_that_two_have(void) {
    FILE *temporary = tmpfile();
    CHECK(temporary);
    CHECK(ftruncate(fileno(temporary), (off_t)tp_memory_file_size(1 << 20)) == 0);
    tp_memory other;
    CHECK(tp_memory_map(&memory, dup(fileno(temporary)), 1 << 20));
    CHECK(tp_memory_map(&other, dup(fileno(temporary)), 1 << 20));
    CHECK(memory.start != other.start && tp_memory_length(&other) == 0);
    CHECK(tp_memory_grow(&memory, 100) == TP_GROWN);
    CHECK(tp_memory_length(&other) == 100);
    memory.start[99] = 5;
    CHECK(other.start[99] == 5);
    tp_memory_unlink(&memory);
    tp_memory_unlink(&memory);
    CHECK(tp_memory_grow(&other, 1 << 20) == TP_GROWN);
    other.start[(1 << 20) - 1] = 6;
    CHECK(memory.start[(1 << 20) - 1] == 6);
    close_memory();
    CHECK(tp_memory_close(&other) == 0);
    tp_memory_free(&other);
    fclose(temporary);
}

int main(void) {
    test_a_fixed_size();
    test_growth();
    if (!getenv("EMULATOR")) test_more_addresses_than_there_are(); /* which QEMU keeps a table of */
    test_what_is_pinned_is_not_closed();
    test_growth_by_several_threads();
    test_it_is_closed_while_others_use_it();
    test_a_file_that_two_have();
    puts("7 passed, 0 failed");
    return 0;
}
