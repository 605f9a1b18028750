/* The order of atomic operations, as two threads see it: what sync/atomics.h promises. */
#include "check.h"
#include "os.h"
#include "sync/atomics.h"

enum { TIMES = 13, ROUNDS = 20000, SIDES = 2 };

/* A cell for each side and round, in a cache line of its own. */
static struct cell {
    _Alignas(TP_CACHE_LINE) unsigned char bytes[TP_CACHE_LINE];
} cells[ROUNDS][SIDES];

static unsigned char saw[ROUNDS][SIDES];
static _Atomic unsigned arrived;
static size_t width;

static void meet(unsigned round) {
    atomic_fetch_add(&arrived, 1);
    /* Without a pause, after which the two would go on at different times. */
    for (unsigned spins = 1; atomic_load(&arrived) < SIDES * (round + 1); spins++)
        if (spins % 1024 == 0) tp_yield();
}

static void *store_then_load(void *argument) {
    size_t side = (size_t)(uintptr_t)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        meet(round);
        tp_atomic_store(&cells[round][side], width, 1);
        saw[round][side] = (unsigned char)tp_atomic_load(&cells[round][!side], width);
    }
    return NULL;
}

/* Both threads store to their cell, then load the other's. In an order that is the same for all, one store comes first,
 * and so one of the loads sees it. A processor that lets a load pass the store before it shows two zeros: in the build
 * for addresses, as the thread sanitizer's own work comes between the two, and while two cores are free. */
static void test_store_buffering_is_never_seen(void) {
    for (int time = 0; time < TIMES * 4; time++) {
        width = (size_t)1 << time % 4;
        pthread_t threads[SIDES];
        atomic_store(&arrived, 0);
        for (size_t i = 0; i < ROUNDS; i++)
            for (size_t side = 0; side < SIDES; side++)
                tp_atomic_store(&cells[i][side], 8, 0);
        for (size_t side = 0; side < SIDES; side++)
            CHECK(pthread_create(&threads[side], NULL, store_then_load, (void *)(uintptr_t)side) == 0);
        for (size_t side = 0; side < SIDES; side++)
            pthread_join(threads[side], NULL);
        for (size_t i = 0; i < ROUNDS; i++)
            CHECK(saw[i][0] + saw[i][1] > 0);
    }
}

int main(void) {
    test_store_buffering_is_never_seen();
    puts("1 passed, 0 failed");
    return 0;
}
