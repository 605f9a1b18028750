/* Which variant of luma to use, and rows that have it already. */
#include "imaging/gray.h"

#include "imaging/grain.h"

#include <string.h>

#define VARIANT(name, set) {name, tp_gray_rgb_##set, tp_gray_rgbx_##set}

const tp_gray_variant *tp_gray_select(tp_cpu_features features) {
    static const tp_gray_variant portable = VARIANT("portable", portable);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_gray_variant avx512 = VARIANT("AVX-512 VNNI", avx512), avx2 = VARIANT("AVX2", avx2);
    static const tp_gray_variant sse41 = VARIANT("SSE4.1", sse41);
    if (features.vnni) return &avx512;
    if (features.avx2) return &avx2;
    if (features.sse41) return &sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_gray_variant neon = VARIANT("NEON", neon);
    if (features.neon) return &neon;
#endif
    (void)features;
    return &portable;
}

static void copy_l(uint8_t *out, const uint8_t *in, size_t width) { memcpy(out, in, width); }

static void take_l_of_la(uint8_t *out, const uint8_t *in, size_t width) {
    for (size_t x = 0; x < width; x++)
        out[x] = in[2 * x];
}

static int run(const void *work, size_t begin, size_t end) {
    const tp_gray *gray = work;
    tp_gray_row *const rows[TP_MOST_CHANNELS] = {copy_l, take_l_of_la, gray->variant->rgb, gray->variant->rgbx};
    for (size_t y = begin; y < end; y++)
        rows[gray->in.channels - 1](tp_row(&gray->out, y), tp_row(&gray->in, y), gray->out.width);
    return TP_OK;
}

void tp_gray_prepare(const tp_gray *gray, tp_operation *operation) {
    size_t bytes = tp_row_bytes(&gray->in), rows = bytes ? gray->out.height : 0;
    *operation = (tp_operation){
        .work = gray,
        .stages = 1,
        .stage = {{run, rows, tp_grain(bytes)}},
        .nanoseconds = 0.06 * (double)bytes * (double)rows,
    };
}
