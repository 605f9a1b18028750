/* Which variant of normalising to use, and where its rows go. */
#include "imaging/normalize.h"

#include "imaging/grain.h"

const tp_normalize_variant *tp_normalize_select(tp_cpu_features features) {
    static const tp_normalize_variant portable = {"portable", tp_normalize_floats_portable,
                                                  tp_normalize_halves_portable};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_normalize_variant avx512 = {"AVX-512 VBMI", tp_normalize_floats_avx512, tp_normalize_halves_avx512};
    static const tp_normalize_variant f16c = {"AVX2, F16C", tp_normalize_floats_avx2, tp_normalize_halves_avx2};
    static const tp_normalize_variant avx2 = {"AVX2", tp_normalize_floats_avx2, tp_normalize_halves_portable};
    static const tp_normalize_variant sse41 = {"SSE4.1", tp_normalize_floats_sse41, tp_normalize_halves_portable};
    if (features.vnni) return &avx512;
    if (features.avx2) return features.f16c ? &f16c : &avx2;
    if (features.sse41) return &sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_normalize_variant neon = {"NEON", tp_normalize_floats_neon, tp_normalize_halves_neon};
    if (features.neon) return &neon;
#endif
    (void)features;
    return &portable;
}

static void normalize_row(const tp_normalize *normalize, size_t y, const uint8_t *row) {
    tp_normalize_row *variant = normalize->half ? normalize->variant->halves : normalize->variant->floats;
    uint8_t *out = (uint8_t *)normalize->out + (ptrdiff_t)y * normalize->row_stride;
    for (unsigned c = 0; c < normalize->planes; c++)
        variant(out + (ptrdiff_t)c * normalize->plane_stride, row, normalize->in.width, normalize->in.channels, c,
                normalize->scale[c], normalize->bias[c]);
}

void tp_normalize_emit(void *to, size_t y, const uint8_t *row) { normalize_row(to, y, row); }

static int run(const void *work, size_t begin, size_t end) {
    const tp_normalize *normalize = work;
    for (size_t y = begin; y < end; y++)
        normalize_row(normalize, y, tp_row(&normalize->in, y));
    return TP_OK;
}

void tp_normalize_prepare(const tp_normalize *normalize, tp_operation *operation) {
    size_t bytes = tp_row_bytes(&normalize->in) * (normalize->half ? 2 : 4), rows = bytes ? normalize->in.height : 0;
    *operation = (tp_operation){
        .work = normalize,
        .stages = 1,
        .stage = {{run, rows, tp_grain(bytes)}},
        .nanoseconds = 0.1 * (double)bytes * (double)rows,
    };
}
