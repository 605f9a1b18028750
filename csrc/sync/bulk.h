/* One operation on many elements of an array, each atomic by itself; additions to the same element may be one.
 *
 * Indices are looked at twice: `tp_bulk_check` before anything is written, and again where they are used, for another
 * thread may write to them in between. There, each is read once, so that what is checked is what is used. */
#ifndef TP_BULK_H
#define TP_BULK_H

#include "atomics.h"

typedef struct tp_array {
    void *start;
    size_t length; /* in elements */
    tp_element element;
} tp_array;

/* How many indices come before the first that is out of range: `count` if none is. */
size_t tp_bulk_check(const intptr_t *indices, size_t count, size_t length);

/* Applies `operation` with values[i * step], elements of the array's own type. Stops before an index that is out of
 * range, and returns how many it has done. */
size_t tp_bulk_apply(tp_operation operation, tp_array to, const intptr_t *indices, const void *values, size_t step,
                     size_t count);

/* Writes the elements to `into`; stops and returns as the former. */
size_t tp_bulk_load(tp_array from, const intptr_t *indices, void *into, size_t count);

#endif
