/* The queue of messages: first in first out, none lost or twice, no wake-up and no announcement lost, memory given
 * back. */
#include "check.h"
#include "worker/queue.h"

enum { MILLISECOND = 1000000, SENDERS = 3, TAKERS = 3, MESSAGES = 20000 };

static tp_queue queue;

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

static void *number(uintptr_t of) { return (void *)(of + 1); } /* NULL is no message */

static void open_queue(bool can_spin) { CHECK(tp_queue_init(&queue, can_spin)); }

static void close_queue(void) {
    CHECK(tp_queue_count(&queue) == 0 && !queue.is_armed && queue.sleepers == 0);
    CHECK(tp_queue_put_so_far(&queue) == tp_queue_taken_so_far(&queue));
    tp_queue_destroy(&queue);
}

static void test_first_in_first_out_while_the_ring_grows_and_wraps(void) {
    uintptr_t put = 0, taken = 0;
    open_queue(false);
    for (size_t length = 1; length < 300; length += 7) {
        for (size_t i = 0; i < 3 * length; i++) {
            CHECK(tp_queue_put(&queue, number(put++)) == TP_PUT);
            if (tp_queue_count(&queue) > length) CHECK(tp_queue_take(&queue) == number(taken++));
        }
        CHECK(tp_queue_put_so_far(&queue) == put && tp_queue_taken_so_far(&queue) == taken);
    }
    while (taken < put)
        CHECK(tp_queue_take(&queue) == number(taken++));
    CHECK(!tp_queue_take(&queue));
    close_queue();
}

static void test_a_long_queue_gives_its_memory_back(void) {
    enum { MANY = 10000 };
    open_queue(false);
    size_t capacity = queue.capacity;
    for (int round = 0; round < 2; round++) {
        for (uintptr_t i = 0; i < MANY; i++)
            CHECK(tp_queue_put(&queue, number(i)) == TP_PUT);
        CHECK(queue.capacity >= MANY);
        for (uintptr_t i = 0; i < MANY; i++)
            CHECK(tp_queue_take(&queue) == number(i));
        CHECK(queue.capacity == capacity);
    }
    close_queue();
}

static void test_an_armed_queue_announces_one_change(void) {
    open_queue(false);
    CHECK(tp_queue_arm(&queue));
    CHECK(tp_queue_put(&queue, number(0)) == TP_PUT_ANNOUNCE);
    CHECK(tp_queue_put(&queue, number(1)) == TP_PUT);
    CHECK(!tp_queue_arm(&queue));
    CHECK(tp_queue_take(&queue) && tp_queue_take(&queue));
    CHECK(tp_queue_arm(&queue));
    CHECK(tp_queue_end(&queue));
    CHECK(!tp_queue_end(&queue));
    CHECK(!tp_queue_arm(&queue));
    CHECK(tp_queue_put(&queue, number(2)) == TP_PUT_ENDED);
    close_queue();
}

static void test_none_is_taken_by_who_is_nudged(void) {
    open_queue(false);
    tp_stop nudge = false;
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(tp_queue_put(&queue, number(i)) == TP_PUT);
    CHECK(tp_queue_take_unless(&queue, &nudge) == number(0));
    nudge = true;
    CHECK(!tp_queue_take_unless(&queue, &nudge));
    CHECK(tp_queue_take(&queue) == number(1));
    close_queue();
}

static void test_the_time_is_over(void) {
    for (int spins = 0; spins < 2; spins++) {
        open_queue(spins);
        CHECK(!tp_queue_wait(&queue, 0, NULL, NULL));
        uint64_t started = tp_now();
        CHECK(!tp_queue_wait(&queue, 5 * MILLISECOND, NULL, NULL));
        CHECK(tp_now() - started >= 5 * MILLISECOND);
        CHECK(tp_queue_put(&queue, number(0)) == TP_PUT);
        CHECK(tp_queue_wait(&queue, 0, NULL, NULL));
        CHECK(tp_queue_take(&queue));
        close_queue();
    }
}

static _Atomic unsigned seen[SENDERS * MESSAGES];

static void *send(void *argument) {
    uintptr_t sender = (uintptr_t)argument;
    for (uintptr_t i = 0; i < MESSAGES; i++)
        CHECK(tp_queue_put(&queue, number(sender * MESSAGES + i)) == TP_PUT);
    return NULL;
}

/* Until the queue has ended and is empty: what was seen of a sender before is never seen after. */
static void *take(void *unused) {
    uintptr_t next[SENDERS] = {0};
    for (;;) {
        bool is_ended = tp_queue_is_ended(&queue);
        void *message = tp_queue_take(&queue);
        if (message) {
            uintptr_t got = (uintptr_t)message - 1;
            CHECK(got % MESSAGES >= next[got / MESSAGES]);
            next[got / MESSAGES] = got % MESSAGES + 1;
            atomic_fetch_add(&seen[got], 1);
        } else if (is_ended) {
            return unused;
        } else {
            CHECK(tp_queue_wait(&queue, TP_FOREVER, NULL, NULL));
        }
    }
}

static void test_none_is_lost_none_twice_and_each_senders_are_in_order(void) {
    pthread_t senders[SENDERS], takers[TAKERS];
    for (int spins = 0; spins < 2; spins++) {
        open_queue(spins);
        for (size_t i = 0; i < SENDERS * MESSAGES; i++)
            atomic_store(&seen[i], 0);
        for (size_t i = 0; i < TAKERS; i++)
            takers[i] = start(take, NULL);
        for (uintptr_t i = 0; i < SENDERS; i++)
            senders[i] = start(send, (void *)i);
        for (size_t i = 0; i < SENDERS; i++)
            pthread_join(senders[i], NULL);
        tp_queue_end(&queue);
        for (size_t i = 0; i < TAKERS; i++)
            pthread_join(takers[i], NULL);
        for (size_t i = 0; i < SENDERS * MESSAGES; i++)
            CHECK(atomic_load(&seen[i]) == 1);
        close_queue();
    }
}

static tp_queue to, fro;

static void *return_them(void *unused) {
    for (int i = 0; i < MESSAGES; i++) {
        void *message;
        while (!(message = tp_queue_take(&to)))
            CHECK(tp_queue_wait(&to, TP_FOREVER, NULL, NULL));
        tp_queue_put(&fro, message);
    }
    return unused;
}

static void test_no_wake_up_is_lost(void) {
    for (int spins = 0; spins < 2; spins++) {
        CHECK(tp_queue_init(&to, spins) && tp_queue_init(&fro, spins));
        pthread_t other = start(return_them, NULL);
        for (uintptr_t i = 0; i < MESSAGES; i++) {
            tp_queue_put(&to, number(i));
            while (tp_queue_count(&fro) == 0)
                CHECK(tp_queue_wait(&fro, TP_FOREVER, NULL, NULL));
            CHECK(tp_queue_take(&fro) == number(i));
        }
        pthread_join(other, NULL);
        tp_queue_destroy(&to);
        tp_queue_destroy(&fro);
    }
}

static _Atomic unsigned announced;

/* Each when the one before was taken. */
static void *send_one_by_one(void *unused) {
    for (uintptr_t i = 0; i < MESSAGES; i++) {
        if (tp_queue_put(&queue, number(i)) == TP_PUT_ANNOUNCE) atomic_fetch_add(&announced, 1);
        while (tp_queue_taken_so_far(&queue) == i)
            tp_yield();
    }
    return unused;
}

/* Who has armed the queue is told of what is put in then, and once. */
static void test_no_announcement_is_lost(void) {
    unsigned told = 0;
    size_t taken = 0;
    open_queue(false);
    pthread_t sender = start(send_one_by_one, NULL);
    while (taken < MESSAGES) {
        if (tp_queue_take(&queue)) {
            taken++;
        } else if (tp_queue_arm(&queue)) {
            uint64_t started = tp_now();
            while (atomic_load(&announced) == told) {
                CHECK(tp_now() - started < UINT64_C(100000) * MILLISECOND);
                tp_yield();
            }
            told++;
        }
    }
    pthread_join(sender, NULL);
    CHECK(atomic_load(&announced) == told);
    close_queue();
}

static _Atomic size_t accepted;

static void *send_until_it_ends(void *unused) {
    while (tp_queue_put(&queue, number(0)) != TP_PUT_ENDED) {
        atomic_fetch_add(&accepted, 1);
        while (tp_queue_count(&queue) > MESSAGES && !tp_queue_is_ended(&queue))
            tp_yield(); /* or it fills the memory while who ends the queue is kept from its core */
    }
    return unused;
}

static void *take_until_it_ends(void *unused) {
    for (;;) {
        bool is_ended = tp_queue_is_ended(&queue);
        if (tp_queue_take(&queue)) continue;
        if (is_ended) return unused;
        CHECK(tp_queue_wait(&queue, TP_FOREVER, NULL, NULL));
    }
}

/* What was put in before the end is taken, and nothing after it; who waits learns of it, and so does who has armed. */
static void test_an_end_that_meets_messages(void) {
    for (int round = 0; round < 500; round++) {
        open_queue(round % 2);
        atomic_store(&accepted, 0);
        pthread_t sender = start(send_until_it_ends, NULL);
        pthread_t taker = start(take_until_it_ends, NULL);
        for (int i = 0; i < round % 5; i++)
            tp_yield();
        tp_queue_end(&queue);
        pthread_join(sender, NULL);
        pthread_join(taker, NULL);
        CHECK(!tp_queue_take(&queue));
        CHECK(tp_queue_taken_so_far(&queue) == atomic_load(&accepted));
        close_queue();
    }
}

static unsigned sleepers(void) {
    tp_mutex_lock(&queue.lock);
    unsigned count = queue.sleepers;
    tp_mutex_unlock(&queue.lock);
    return count;
}

/* One message, and ends when it has it. */
static void *take_one(void *unused) {
    while (!tp_queue_take(&queue))
        CHECK(tp_queue_wait(&queue, TP_FOREVER, NULL, NULL));
    return unused;
}

static void *wait_and_leave(void *stop) {
    if (tp_queue_wait(&queue, TP_FOREVER, stop, NULL)) tp_queue_pass_on(&queue);
    return NULL;
}

/* Who was woken for a message and is to end leaves it to the next. */
static void test_a_stop_that_meets_a_message(void) {
    for (int round = 0; round < 2000; round++) {
        tp_stop stop;
        atomic_init(&stop, false);
        open_queue(false);
        pthread_t stopped = start(wait_and_leave, &stop), taker = start(take_one, NULL);
        while (sleepers() < 2)
            tp_yield();
        CHECK(tp_queue_put(&queue, number(0)) == TP_PUT);
        for (int i = 0; i < round % 3; i++)
            tp_yield();
        atomic_store(&stop, true);
        pthread_join(taker, NULL);
        tp_queue_wake(&queue);
        pthread_join(stopped, NULL);
        close_queue();
    }
}

static void test_nobody_waits_in_the_child_of_a_fork(void) {
    open_queue(false);
    CHECK(tp_queue_put(&queue, number(0)) == TP_PUT);
    queue.sleepers = 2;
    tp_queue_renew(&queue);
    CHECK(queue.sleepers == 0);
    CHECK(tp_queue_take(&queue) == number(0));
    close_queue();
}

int main(void) {
    test_first_in_first_out_while_the_ring_grows_and_wraps();
    test_a_long_queue_gives_its_memory_back();
    test_an_armed_queue_announces_one_change();
    test_none_is_taken_by_who_is_nudged();
    test_the_time_is_over();
    test_none_is_lost_none_twice_and_each_senders_are_in_order();
    test_no_wake_up_is_lost();
    test_no_announcement_is_lost();
    test_an_end_that_meets_messages();
    test_a_stop_that_meets_a_message();
    test_nobody_waits_in_the_child_of_a_fork();
    puts("11 passed, 0 failed");
    return 0;
}
