/* Which variant of flipping to use, and what rows become of what. */
#include "imaging/flip.h"

#include "imaging/grain.h"

#include <string.h>

#define FOUR(set) {tp_flip_1_##set, tp_flip_2_##set, tp_flip_3_##set, tp_flip_4_##set}

const tp_flip_variant *tp_flip_select(tp_cpu_features features) {
    static const tp_flip_variant portable = {"portable", FOUR(portable)};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_flip_variant sse41 = {"SSSE3", FOUR(sse41)}; /* as fast as memory, so more would gain nothing */
    if (features.sse41) return &sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_flip_variant neon = {"NEON", FOUR(neon)};
    if (features.neon) return &neon;
#endif
    (void)features;
    return &portable;
}

static int flip_across(const void *work, size_t begin, size_t end) {
    const tp_flip *flip = work;
    tp_flip_row *row = flip->variant->row[flip->out.channels - 1];
    for (size_t y = begin; y < end; y++)
        row(tp_row(&flip->out, y), tp_row(&flip->in, y), flip->out.width);
    return TP_OK;
}

static int flip_down(const void *work, size_t begin, size_t end) {
    const tp_flip *flip = work;
    size_t bytes = tp_row_bytes(&flip->out);
    for (size_t y = begin; y < end; y++)
        memcpy(tp_row(&flip->out, y), tp_row(&flip->in, flip->in.height - 1 - y), bytes);
    return TP_OK;
}

void tp_flip_prepare(const tp_flip *flip, tp_operation *operation) {
    size_t bytes = tp_row_bytes(&flip->out), rows = bytes ? flip->out.height : 0;
    *operation = (tp_operation){
        .work = flip,
        .stages = 1,
        .stage = {{flip->across ? flip_across : flip_down, rows, tp_grain(bytes)}},
        .nanoseconds = 0.08 * (double)bytes * (double)rows,
    };
}
