/* A loop alone, without a pool. One thread takes all seats, and the race points are where it changes from one to
 * another: so every order of steps that is tested here is had each time. */
#include "check.h"
#include "pool/loop.h"

static void (*at_race_point)(void);

void tp_race_point(void) {
    if (at_race_point) at_race_point();
}

static tp_loop *loop;

static void open_loop(size_t count, unsigned width, tp_kernel kernel) {
    loop = tp_loop_new(count, 1, 1, width, kernel, NULL);
    CHECK(loop);
}

static void claim(unsigned seat, size_t expected) {
    size_t begin, end;
    CHECK(tp_loop_claim(loop, seat, 1, &begin, &end));
    CHECK(begin == expected && end == expected + 1);
}

/* Leaves items 5 to 7, all in the share of seat 2. */
static void open_loop_with_work_at_the_last_seat(void) {
    open_loop(8, 3, NULL);
    claim(2, 4);
    for (size_t item = 0; item < 4; item++)
        claim(0, item);
}

/* Between two looks, of which the first came too early and the second comes too late. */
static void move_work_to_the_first_seat(void) {
    at_race_point = NULL;
    claim(0, 6);
    claim(2, 5);
}

static void test_a_theft_while_a_thread_looks_around_does_not_send_it_home(void) {
    open_loop_with_work_at_the_last_seat();
    at_race_point = move_work_to_the_first_seat;
    claim(1, 7);
    CHECK(!at_race_point && !tp_loop_has_work(loop));
    tp_loop_free(loop);

    open_loop_with_work_at_the_last_seat();
    at_race_point = move_work_to_the_first_seat;
    CHECK(tp_loop_has_work(loop));
    CHECK(!at_race_point);
    tp_loop_free(loop);
}

static unsigned looks;

static void look(void) {
    at_race_point = NULL;
    CHECK(tp_loop_has_work(loop));
    looks++;
    at_race_point = look;
}

static void test_an_item_that_is_being_stolen_is_work_at_every_step(void) {
    open_loop(1, 2, NULL);
    at_race_point = look;
    claim(1, 0);
    at_race_point = NULL;
    CHECK(looks > 4);
    CHECK(!tp_loop_has_work(loop));
    tp_loop_free(loop);
}

static int fail(void *arguments, size_t begin, size_t end, size_t *failed) {
    (void)arguments;
    (void)end;
    *failed = begin;
    return 100 + (int)begin;
}

/* A thread that steals the upper halves of what is left fails at ever lower items. */
static void test_the_lowest_of_the_failures_at_one_seat_is_kept(void) {
    open_loop(100, 2, fail);
    CHECK(tp_loop_work(loop, 1, UINT64_MAX));
    tp_seat *failure = tp_loop_lowest_failure(loop);
    CHECK(failure == &loop->seats[1] && failure->failed == 0 && failure->code == 100);
    CHECK(tp_loop_done(loop) > 2);
    CHECK(tp_loop_limit(loop) == 0);
    tp_loop_free(loop);
}

static unsigned other;

static int fail_after_the_other(void *arguments, size_t begin, size_t end, size_t *failed) {
    if (begin == 1) CHECK(tp_loop_work(loop, other, UINT64_MAX));
    return fail(arguments, begin, end, failed);
}

/* Of two items, the second is begun first and fails last. */
static void test_the_lowest_of_the_failures_at_two_seats_is_found(void) {
    for (other = 1; other <= 2; other++) {
        open_loop(2, 3, fail_after_the_other);
        CHECK(tp_loop_work(loop, 3 - other, UINT64_MAX));
        tp_seat *failure = tp_loop_lowest_failure(loop);
        CHECK(failure == &loop->seats[other] && failure->failed == 0 && failure->code == 100);
        CHECK(loop->seats[3 - other].failed == 1 && tp_loop_done(loop) == 2);
        tp_loop_free(loop);
    }
}

static void test_one_guest_does_all_of_a_serial_loop_in_order(void) {
    open_loop(5, 2, NULL);
    tp_loop_make_serial(loop);
    CHECK(tp_loop_has_work(loop));
    for (size_t item = 0; item < 5; item++)
        claim(1, item);
    CHECK(!tp_loop_has_work(loop));
    tp_loop_free(loop);
}

int main(void) {
    test_a_theft_while_a_thread_looks_around_does_not_send_it_home();
    test_an_item_that_is_being_stolen_is_work_at_every_step();
    test_the_lowest_of_the_failures_at_one_seat_is_kept();
    test_the_lowest_of_the_failures_at_two_seats_is_found();
    test_one_guest_does_all_of_a_serial_loop_in_order();
    puts("5 passed, 0 failed");
    return 0;
}
