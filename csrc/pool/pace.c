#include "pool/pace.h"

#include <math.h>

enum {
    LONG_WINDOW = 100000,
    PARTING_WINDOW = 5000, /* the guests end the claims that they are at */
    PARTING_WINDOWS = 20,
    SHORT_WINDOW = 8000, /* so short that a guest that was sent away still looks for work when they are over */
    DEAR_WINDOWS = 2,
    LARGE_ITEM = 2000,
    INTERVAL_GROWTH = 8,
};

/* Guests that make no difference may stay: they may have been interrupted themselves. */
static const double WORSE = 1.05;

static void enter(tp_pace *pace, int state, uint64_t window) {
    pace->state = state;
    pace->window = window;
    pace->windows = 0;
}

void tp_pace_init(tp_pace *pace, uint64_t now) {
    enter(pace, TP_TOGETHER, LONG_WINDOW);
    pace->since = now;
    pace->done = 0;
    pace->interval = LONG_WINDOW * TP_PACE_WINDOWS;
    pace->due = now;
}

static double middle_of_three(const double *costs) {
    double low = costs[0] < costs[1] ? costs[0] : costs[1];
    double high = costs[0] < costs[1] ? costs[1] : costs[0];
    return costs[2] < low ? low : costs[2] > high ? high : costs[2];
}

/* Notes what a window has shown; true with the last of them, and *middle is the middle one. */
static bool note(tp_pace *pace, double cost, double *middle) {
    pace->costs[pace->windows++] = cost;
    if (pace->windows < TP_PACE_WINDOWS) return false;
    *middle = middle_of_three(pace->costs);
    return true;
}

bool tp_pace_look(tp_pace *pace, uint64_t now, size_t done, bool has_guests) {
    double cost = done > pace->done ? (double)(now - pace->since) / (double)(done - pace->done) : INFINITY;
    pace->since = now;
    pace->done = done;
    switch (pace->state) {
    case TP_TOGETHER:
        if (now < pace->due || !has_guests || cost > LARGE_ITEM) {
            pace->windows = 0;
            return true;
        }
        if (!note(pace, cost, &pace->together)) return true;
        enter(pace, TP_PARTING, PARTING_WINDOW);
        return false;
    case TP_PARTING:
        if (has_guests && ++pace->windows < PARTING_WINDOWS) return false;
        enter(pace, TP_TRYING, SHORT_WINDOW);
        return false;
    case TP_TRYING:
        if (!note(pace, cost, &pace->alone)) return false;
        pace->interval *= INTERVAL_GROWTH;
        pace->due = now + pace->interval;
        enter(pace, pace->together > pace->alone * WORSE ? TP_ALONE : TP_TOGETHER, LONG_WINDOW);
        return pace->state == TP_TOGETHER;
    case TP_ALONE:
        /* Other items may be worth sharing; or this was an interruption. */
        pace->windows = cost < 2 * pace->alone ? 0 : pace->windows + 1;
        if (pace->windows < DEAR_WINDOWS && now < pace->due) return false;
        enter(pace, TP_TOGETHER, LONG_WINDOW);
        pace->due = now;
        return true;
    }
    return true;
}
