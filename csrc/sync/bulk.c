#include "bulk.h"

#include <string.h>

enum { BLOCK = 512, FEW_ELEMENTS = 4096 };

static inline size_t read_index(const intptr_t *index) {
    return (size_t)atomic_load_explicit((const _Atomic intptr_t *)index, memory_order_relaxed);
}

/* Negative ones are huge. */
size_t tp_bulk_check(const intptr_t *indices, size_t count, size_t length) {
    size_t i = 0;
    while (i < count && read_index(&indices[i]) < length)
        i++;
    return i;
}

/* A copy of the indices up to the first that is out of range: how many. */
static size_t take_block(size_t *block, const intptr_t *indices, size_t count, size_t length) {
    size_t i = 0;
    for (; i < count && i < BLOCK; i++)
        if ((block[i] = read_index(&indices[i])) >= length) break;
    return i;
}

/* Sums that are few for so many indices are made apart, and each is added at once: an addition without the others to be
 * kept from it takes a quarter of the time, and threads that count the same things do not meet at each. */
static bool is_worth_gathering(tp_operation operation, tp_array to, size_t count) {
    bool is_sum = (operation == TP_ADD || operation == TP_SUB) && !tp_element_is_float(to.element);
    return is_sum && to.length <= FEW_ELEMENTS && to.length <= count / 4;
}

static size_t gather(tp_operation operation, tp_array to, const intptr_t *indices, const void *values, size_t step,
                     size_t count) {
    size_t width = tp_element_size(to.element), i, index;
    uint64_t sums[FEW_ELEMENTS], value = tp_atomic_load((void *)values, width);
    memset(sums, 0, to.length * sizeof *sums);
    for (i = 0; i < count && (index = read_index(&indices[i])) < to.length; i++)
        sums[index] += step ? tp_atomic_load((char *)values + i * width, width) : value;
    for (index = 0; index < to.length; index++)
        if (sums[index]) tp_operations[operation][to.element]((char *)to.start + index * width, sums[index]);
    return i;
}

size_t tp_bulk_apply(tp_operation operation, tp_array to, const intptr_t *indices, const void *values, size_t step,
                     size_t count) {
    if (count == 0) return 0;
    if (is_worth_gathering(operation, to, count)) return gather(operation, to, indices, values, step, count);
    tp_apply_many *apply = tp_bulk_operations[operation][to.element];
    size_t width = tp_element_size(to.element);
    size_t block[BLOCK];
    uint64_t bits[BLOCK] = {tp_atomic_load((void *)values, width)};
    for (size_t done = 0; done < count;) {
        size_t some = take_block(block, indices + done, count - done, to.length);
        for (size_t i = 0; step && i < some; i++)
            bits[i] = tp_atomic_load((char *)values + (done + i) * width, width);
        apply(to.start, block, bits, step, some);
        done += some;
        if (some < BLOCK && done < count) return done;
    }
    return count;
}

size_t tp_bulk_load(tp_array from, const intptr_t *indices, void *into, size_t count) {
    size_t width = tp_element_size(from.element);
    for (size_t i = 0; i < count; i++) {
        size_t index = read_index(&indices[i]);
        if (index >= from.length) return i;
        uint64_t bits = tp_atomic_load((char *)from.start + index * width, width);
        switch (width) {
        case 1:
            ((uint8_t *)into)[i] = (uint8_t)bits;
            break;
        case 2:
            ((uint16_t *)into)[i] = (uint16_t)bits;
            break;
        case 4:
            ((uint32_t *)into)[i] = (uint32_t)bits;
            break;
        default:
            ((uint64_t *)into)[i] = bits;
        }
    }
    return count;
}
