/* When the caller of a loop goes on alone: what pool/pace.h promises, of times that were made up. */
#include "check.h"
#include "pool/pace.h"

/* A loop that takes `together` nanoseconds from one item to the next, and `alone` when the caller has no guests. */
typedef struct loop {
    tp_pace pace;
    uint64_t now;
    double done;
    double together, alone;
    bool has_guests, open;
    uint64_t shared, by_one; /* time spent together and alone */
} loop;

static loop begin(double together, double alone) {
    loop loop = {.now = 1000, .together = together, .alone = alone, .has_guests = true, .open = true};
    tp_pace_init(&loop.pace, loop.now);
    return loop;
}

static void pass(loop *loop, uint64_t nanoseconds) {
    uint64_t end = loop->now + nanoseconds;
    while (loop->now < end) {
        uint64_t window = loop->pace.window;
        loop->now += window;
        *(loop->open ? &loop->shared : &loop->by_one) += window;
        loop->done += (double)window / (loop->open ? loop->together : loop->alone);
        loop->open = tp_pace_look(&loop->pace, loop->now, (size_t)loop->done, loop->open && loop->has_guests);
    }
}

enum { MILLISECOND = 1000000 };

static void test_items_that_scale_are_shared(void) {
    for (int gain = 1; gain < 20; gain++) {
        loop loop = begin(100.0 / gain, 100);
        pass(&loop, 100 * MILLISECOND);
        CHECK(loop.open && loop.by_one > 0 && loop.by_one < loop.shared / 100);
    }
}

static void test_items_that_do_not_are_done_alone(void) {
    for (int loss = 10; loss < 300; loss++) {
        loop loop = begin(100 + loss, 100);
        pass(&loop, 100 * MILLISECOND);
        CHECK(!loop.open && loop.shared < loop.by_one / 20);
    }
}

static void test_large_items_are_always_shared(void) {
    loop loop = begin(2500, 1000);
    pass(&loop, 100 * MILLISECOND);
    CHECK(loop.open && loop.by_one == 0);
}

static void test_a_short_loop_is_left_alone(void) {
    loop loop = begin(150, 100);
    pass(&loop, MILLISECOND / 5);
    CHECK(loop.by_one == 0);
}

static void test_a_caller_without_help_tries_nothing(void) {
    loop loop = begin(150, 100);
    loop.has_guests = false;
    pass(&loop, 100 * MILLISECOND);
    CHECK(loop.by_one == 0);
}

static void test_other_items_are_shared_again(void) {
    loop loop = begin(150, 100);
    pass(&loop, 10 * MILLISECOND);
    CHECK(!loop.open);
    loop.alone = 1000;
    loop.together = 500;
    pass(&loop, MILLISECOND / 4);
    CHECK(loop.open);
    pass(&loop, 100 * MILLISECOND);
    CHECK(loop.open);
}

static void test_items_that_come_to_fight_are_noticed(void) {
    loop loop = begin(50, 100);
    pass(&loop, 10 * MILLISECOND);
    CHECK(loop.open);
    loop.together = 150;
    pass(&loop, 100 * MILLISECOND);
    CHECK(!loop.open);
}

static void test_items_that_fight_no_more_are_noticed(void) {
    loop loop = begin(150, 100);
    pass(&loop, 10 * MILLISECOND);
    CHECK(!loop.open);
    loop.together = 50;
    pass(&loop, 100 * MILLISECOND);
    CHECK(loop.open);
}

/* One interruption, in whichever window. */
static void test_an_interrupted_window_decides_nothing(void) {
    for (int window = 0; window < 20; window++)
        for (int fights = 0; fights < 2; fights++) {
            loop loop = begin(fights ? 150 : 55, 100);
            for (int i = 0; i < window; i++)
                pass(&loop, 1);
            loop.now += 4 * MILLISECOND;
            pass(&loop, 30 * MILLISECOND);
            CHECK(loop.open == !fights);
        }
}

static void test_an_interruption_brings_no_guests_back(void) {
    loop loop = begin(150, 100);
    pass(&loop, MILLISECOND);
    CHECK(!loop.open);
    loop.now += MILLISECOND / 10;
    pass(&loop, 1);
    CHECK(!loop.open);
}

/* A guest that does not leave: nothing is found out, and the trial ends all the same. */
static void test_a_guest_that_stays(void) {
    loop loop = begin(80, 80);
    for (uint64_t end = loop.now + 10 * MILLISECOND; loop.now < end;) {
        loop.now += loop.pace.window;
        loop.done += (double)loop.pace.window / 80;
        loop.open = tp_pace_look(&loop.pace, loop.now, (size_t)loop.done, true);
    }
    CHECK(loop.open);
}

int main(void) {
    test_items_that_scale_are_shared();
    test_items_that_do_not_are_done_alone();
    test_large_items_are_always_shared();
    test_a_short_loop_is_left_alone();
    test_a_caller_without_help_tries_nothing();
    test_other_items_are_shared_again();
    test_items_that_come_to_fight_are_noticed();
    test_items_that_fight_no_more_are_noticed();
    test_an_interrupted_window_decides_nothing();
    test_an_interruption_brings_no_guests_back();
    test_a_guest_that_stays();
    puts("11 passed, 0 failed");
    return 0;
}
