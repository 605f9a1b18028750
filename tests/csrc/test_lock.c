/* The lock that its holder may take again: it keeps others out until it was released as often as it was taken. */
#include "check.h"
#include "worker/lock.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 20000 };

static tp_lock lock;
static unsigned inside, entered; /* guarded by `lock` */

void tp_race_point(void) {}

static void take(void) {
    if (!tp_lock_try(&lock)) tp_lock_wait(&lock);
}

static void *enter(void *unused) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned again = i % 3;
        take();
        CHECK(inside++ == 0);
        for (unsigned j = 0; j < again; j++)
            take();
        entered++;
        if (i % 16 == 0) tp_yield();
        for (unsigned j = 0; j < again; j++) {
            tp_lock_release(&lock);
            CHECK(inside == 1);
        }
        inside--;
        tp_lock_release(&lock);
    }
    return unused;
}

static void test_one_at_a_time(void) {
    pthread_t threads[THREADS];
    tp_lock_init(&lock);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, enter, NULL) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(entered == THREADS * ROUNDS && lock.holder == 0 && lock.depth == 0);
    tp_lock_destroy(&lock);
}

static void *try_in_vain(void *unused) {
    CHECK(!tp_lock_try(&lock));
    return unused;
}

static void *try_with_success(void *unused) {
    CHECK(tp_lock_try(&lock));
    tp_lock_release(&lock);
    return unused;
}

static void elsewhere(void *(*function)(void *)) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

static void test_as_often_as_it_was_taken(void) {
    tp_lock_init(&lock);
    for (unsigned depth = 1; depth <= 3; depth++) {
        for (unsigned i = 0; i < depth; i++)
            CHECK(tp_lock_try(&lock));
        for (unsigned i = 0; i < depth; i++) {
            elsewhere(try_in_vain);
            tp_lock_release(&lock);
        }
        elsewhere(try_with_success);
    }
    tp_lock_destroy(&lock);
}

int main(void) {
    test_one_at_a_time();
    test_as_often_as_it_was_taken();
    printf("2 passed, 0 failed\n");
    return 0;
}
