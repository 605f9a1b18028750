/* The parking lot: order, counts, and that no wake-up is lost nor given twice. */
#include "check.h"
#include "os.h"
#include "sync/parking.h"

#include <sys/socket.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, ROUNDS = 20000 };

static tp_lot lot;
static int32_t cells[16];

/* Now and then gives up the core, where the code asks for it. */
void tp_race_point(void) {
    static _Atomic unsigned calls;
    if (atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) % 7 == 0) tp_yield();
}

static pthread_t start(void *(*function)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    return thread;
}

static void check_it_is_empty(void) {
    for (size_t i = 0; i < TP_BUCKETS; i++) {
        CHECK(!lot.buckets[i].bucket.first && !lot.buckets[i].bucket.last);
        CHECK(atomic_load(&lot.buckets[i].bucket.count) == 0);
    }
}

typedef struct loop {
    tp_mailbox mailbox;
    int sockets[2];
} loop;

static void open_loop(loop *of) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, of->sockets) == 0);
    tp_mailbox_init(&of->mailbox, of->sockets[0]);
}

static void close_loop(loop *of) {
    close(of->sockets[0]);
    close(of->sockets[1]);
    tp_mailbox_destroy(&of->mailbox);
}

static size_t bytes_sent_to(loop *of) {
    char bytes[100];
    ssize_t size = recv(of->sockets[1], bytes, sizeof bytes, MSG_DONTWAIT);
    return size < 0 ? 0 : (size_t)size;
}

static void test_what_is_not_equal_does_not_wait(void) {
    tp_waiter waiter;
    uint64_t word = 5;
    CHECK(!tp_lot_enqueue(&lot, &waiter, NULL, &cells[0], 4, 1));
    CHECK(tp_lot_wait(&lot, &cells[0], 4, 1, TP_FOREVER) == TP_WAIT_NOT_EQUAL);
    CHECK(tp_lot_wait(&lot, &word, 8, 6, TP_FOREVER) == TP_WAIT_NOT_EQUAL);
    CHECK(tp_lot_notify(&lot, &cells[0], TP_ALL) == 0);
    check_it_is_empty();
}

static void test_the_time_is_over(void) {
    CHECK(tp_lot_wait(&lot, &cells[0], 4, 0, 0) == TP_WAIT_TIMED_OUT);
    uint64_t started = tp_now();
    CHECK(tp_lot_wait(&lot, &cells[0], 4, 0, 5 * MILLISECOND) == TP_WAIT_TIMED_OUT);
    CHECK(tp_now() - started >= 5 * MILLISECOND);
    CHECK(tp_lot_notify(&lot, &cells[0], TP_ALL) == 0);
    check_it_is_empty();
}

static void test_first_in_first_out(void) {
    enum { WAITERS = 5 };
    tp_waiter waiters[WAITERS], elsewhere;
    loop asyncio;
    open_loop(&asyncio);
    CHECK(tp_lot_enqueue(&lot, &elsewhere, &asyncio.mailbox, &cells[1], 4, 0));
    for (size_t i = 0; i < WAITERS; i++)
        CHECK(tp_lot_enqueue(&lot, &waiters[i], &asyncio.mailbox, &cells[0], 4, 0));
    CHECK(tp_lot_notify(&lot, &cells[0], 0) == 0);
    CHECK(!tp_mailbox_fetch(&asyncio.mailbox));
    CHECK(tp_lot_leave(&lot, &waiters[1]) == TP_LEFT_WAITING);

    CHECK(tp_lot_notify(&lot, &cells[0], 1) == 1);
    CHECK(tp_lot_notify(&lot, &cells[0], 2) == 2);
    CHECK(bytes_sent_to(&asyncio) == 1);
    tp_waiter *fetched = tp_mailbox_fetch(&asyncio.mailbox);
    CHECK(fetched == &waiters[0] && fetched->next == &waiters[2]);
    CHECK(fetched->next->next == &waiters[3] && !fetched->next->next->next);
    CHECK(tp_lot_leave(&lot, &waiters[2]) == TP_LEFT_FETCHED);

    CHECK(tp_lot_notify(&lot, &cells[0], TP_ALL) == 1);
    CHECK(bytes_sent_to(&asyncio) == 1);
    CHECK(tp_lot_leave(&lot, &waiters[4]) == TP_LEFT_WOKEN);
    CHECK(!tp_mailbox_fetch(&asyncio.mailbox));
    CHECK(tp_lot_notify(&lot, &cells[1], TP_ALL) == 1);
    CHECK(tp_mailbox_fetch(&asyncio.mailbox) == &elsewhere);
    check_it_is_empty();
    close_loop(&asyncio);
}

static void *wait_here(void *at) {
    CHECK(tp_lot_wait(&lot, at, 4, 0, TP_FOREVER) == TP_WAIT_OK);
    return NULL;
}

static void test_threads_are_woken_as_many_as_asked_for(void) {
    enum { WAITERS = 6 };
    pthread_t threads[WAITERS];
    for (size_t i = 0; i < WAITERS; i++)
        threads[i] = start(wait_here, &cells[2]);
    while (tp_lot_count(&lot, &cells[2]) < WAITERS)
        tp_yield();
    CHECK(tp_lot_notify(&lot, &cells[3], TP_ALL) == 0);
    CHECK(tp_lot_notify(&lot, &cells[2], 2) == 2);
    CHECK(tp_lot_count(&lot, &cells[2]) == WAITERS - 2);
    CHECK(tp_lot_notify(&lot, &cells[2], TP_ALL) == WAITERS - 2);
    for (size_t i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    check_it_is_empty();
}

/* Each side waits for the other's number. */
static void *play(void *argument) {
    int32_t side = (int32_t)(intptr_t)argument;
    for (int32_t round = 0; round < ROUNDS; round++) {
        int32_t mine = 2 * round + side;
        int32_t now;
        while ((now = (int32_t)tp_atomic_load(&cells[4], 4)) < mine)
            tp_lot_wait(&lot, &cells[4], 4, (uint32_t)now, TP_FOREVER);
        tp_atomic_store(&cells[4], 4, (uint32_t)mine + 1);
        tp_lot_notify(&lot, &cells[4], 1);
    }
    return NULL;
}

static void test_no_wake_up_is_lost(void) {
    for (int spins = 0; spins < 2; spins++) {
        lot.can_spin = spins;
        cells[4] = 0;
        pthread_t other = start(play, (void *)1);
        play((void *)0);
        pthread_join(other, NULL);
        check_it_is_empty();
    }
}

static _Atomic size_t told, counted;
static _Atomic unsigned ended;

static void *wait_briefly(void *unused) {
    for (int round = 0; round < ROUNDS / 10; round++)
        if (tp_lot_wait(&lot, &cells[5], 4, 0, (uint64_t)(round % 50) * 2000) == TP_WAIT_OK) atomic_fetch_add(&told, 1);
    atomic_fetch_add(&ended, 1);
    return unused;
}

/* A notification counts a waiter, or its time is over: never both, never neither. */
static void test_notifications_that_meet_the_end_of_the_time(void) {
    pthread_t threads[3];
    for (int spins = 0; spins < 2; spins++) {
        lot.can_spin = spins;
        atomic_store(&ended, 0);
        for (size_t i = 0; i < 3; i++)
            threads[i] = start(wait_briefly, NULL);
        while (atomic_load(&ended) < 3)
            atomic_fetch_add(&counted, tp_lot_notify(&lot, &cells[5], 1));
        for (size_t i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        CHECK(atomic_load(&told) == atomic_load(&counted));
        check_it_is_empty();
    }
}

static void *notify_all_the_time(void *unused) {
    while (!atomic_load(&ended))
        atomic_fetch_add(&counted, tp_lot_notify(&lot, &cells[6], TP_ALL));
    return unused;
}

/* Waiters of an event loop that are cancelled as they are notified; freed, as far as a sanitizer can tell. */
static void test_notifications_that_meet_a_cancellation(void) {
    loop asyncio;
    size_t woken = 0;
    open_loop(&asyncio);
    atomic_store(&ended, 0);
    atomic_store(&counted, 0);
    pthread_t notifier = start(notify_all_the_time, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        tp_waiter *waiters[3];
        for (size_t i = 0; i < 3; i++) {
            CHECK((waiters[i] = malloc(sizeof(tp_waiter))));
            CHECK(tp_lot_enqueue(&lot, waiters[i], &asyncio.mailbox, &cells[6], 4, 0));
        }
        if (round % 2) tp_yield();
        for (tp_waiter *waiter = tp_mailbox_fetch(&asyncio.mailbox); waiter; waiter = waiter->next)
            CHECK(tp_lot_leave(&lot, waiter) == TP_LEFT_FETCHED);
        for (size_t i = 0; i < 3; i++) {
            woken += tp_lot_leave(&lot, waiters[i]) != TP_LEFT_WAITING;
            free(waiters[i]);
        }
        bytes_sent_to(&asyncio);
    }
    atomic_store(&ended, 1);
    pthread_join(notifier, NULL);
    CHECK(woken == atomic_load(&counted));
    check_it_is_empty();
    CHECK(!tp_mailbox_fetch(&asyncio.mailbox));
    close_loop(&asyncio);
}

/* What was counted, and is not acted on, goes to the next: once. */
static void test_a_notification_is_passed_on_once(void) {
    enum { WAITERS = 5 };
    tp_waiter waiters[WAITERS], never = {.mailbox = NULL};
    loop asyncio;
    open_loop(&asyncio);
    for (size_t i = 0; i < WAITERS; i++)
        CHECK(tp_lot_enqueue(&lot, &waiters[i], &asyncio.mailbox, &cells[8], 4, 0));
    CHECK(tp_lot_notify(&lot, &cells[8], 1) == 1);
    CHECK(tp_lot_give_up(&lot, &waiters[0]) == TP_LEFT_WOKEN);
    CHECK(tp_lot_give_up(&lot, &waiters[0]) == TP_LEFT_FETCHED);
    CHECK(tp_lot_count(&lot, &cells[8]) == WAITERS - 2);
    CHECK(tp_mailbox_fetch(&asyncio.mailbox) == &waiters[1]);
    CHECK(tp_lot_give_up(&lot, &waiters[1]) == TP_LEFT_FETCHED);
    CHECK(tp_lot_leave(&lot, &waiters[1]) == TP_LEFT_FETCHED);
    CHECK(tp_lot_count(&lot, &cells[8]) == WAITERS - 3);
    CHECK(tp_lot_give_up(&lot, &waiters[3]) == TP_LEFT_WAITING);
    CHECK(tp_lot_give_up(&lot, &waiters[3]) == TP_LEFT_WAITING);
    CHECK(tp_lot_give_up(&lot, &waiters[2]) == TP_LEFT_WOKEN);
    CHECK(tp_mailbox_fetch(&asyncio.mailbox) == &waiters[4]);
    CHECK(tp_lot_give_up(&lot, &waiters[4]) == TP_LEFT_FETCHED);
    never.generation = lot.generation;
    never.address = &cells[8];
    CHECK(tp_lot_give_up(&lot, &never) == TP_LEFT_WAITING);
    check_it_is_empty();
    close_loop(&asyncio);
}

static void test_nobody_waits_in_the_child_of_a_fork(void) {
    tp_waiter waiter;
    loop asyncio;
    open_loop(&asyncio);
    CHECK(tp_lot_enqueue(&lot, &waiter, &asyncio.mailbox, &cells[7], 4, 0));
    tp_lot_init(&lot, true);
    check_it_is_empty();
    CHECK(tp_lot_notify(&lot, &cells[7], TP_ALL) == 0);
    CHECK(tp_lot_leave(&lot, &waiter) == TP_LEFT_WAITING);
    check_it_is_empty();
    close_loop(&asyncio);
}

int main(void) {
    tp_lot_init(&lot, true);
    test_what_is_not_equal_does_not_wait();
    test_the_time_is_over();
    test_first_in_first_out();
    test_threads_are_woken_as_many_as_asked_for();
    test_no_wake_up_is_lost();
    test_notifications_that_meet_the_end_of_the_time();
    test_notifications_that_meet_a_cancellation();
    test_a_notification_is_passed_on_once();
    test_nobody_waits_in_the_child_of_a_fork();
    puts("9 passed, 0 failed");
    return 0;
}
