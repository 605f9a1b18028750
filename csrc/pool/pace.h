/* Whether several threads are any faster at a loop than its caller alone.
 *
 * Items that use the same object fight over its reference count or its lock, and then all threads together may be
 * slower than one. Nobody can tell from the outside, so the caller tries it out: how long all of them take from one
 * item to the next, and then, for a moment, the caller alone. The middle one of three windows counts, as the system
 * interrupts the caller in one, and a guest in another. Where there is less than an item every two microseconds there
 * is no trial: what such items fight over is a small part of them.
 *
 * Belongs to the caller of a loop, the only one to use it.
 */
#ifndef TP_PACE_H
#define TP_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_PACE_WINDOWS = 3 };

typedef struct tp_pace {
    uint64_t window; /* nanoseconds until the next look */
    uint64_t since;  /* when the window began */
    size_t done;     /* items of the loop by then */
    enum { TP_TOGETHER, TP_PARTING, TP_TRYING, TP_ALONE } state;
    unsigned windows;              /* seen in this state */
    double costs[TP_PACE_WINDOWS]; /* nanoseconds from one item to the next, in each of them */
    double together, alone;        /* the same, in the end */
    uint64_t interval;             /* between two trials: more each time */
    uint64_t due;                  /* when the next one may begin */
} tp_pace;

void tp_pace_init(tp_pace *pace, uint64_t now);

/* To be called when the window has passed, with the items of the loop that have ended, and whether others than the
 * caller are at it. Whether they are welcome from now on. */
bool tp_pace_look(tp_pace *pace, uint64_t now, size_t done, bool has_guests);

#endif
