/* BLAKE3 over up to 8 inputs by rows, which is faster than in 16 lanes, with AVX-512. */
#include "hashing/blake3_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl")

typedef __m512i row;

#define add_row _mm512_add_epi32
#define xor_row _mm512_xor_si512
#define rotate_row _mm512_ror_epi32
#define everywhere(address) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(address)))
#define shuffle _mm512_shuffle_epi32
#define two_of_each(x, y, elements)                                                                                    \
    _mm512_castps_si512(_mm512_shuffle_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(y), elements))
#define high _mm512_unpackhi_epi32
#define with_last(x, y) _mm512_mask_blend_epi32(0x8888, x, y)

#include "hashing/blake3_rows.h"

/* The 16 bytes at `offset` of each of four inputs. */
TARGET static inline row of_each(const uint8_t *const inputs[4], size_t offset) {
    row all = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(inputs[0] + offset)));
    all = _mm512_inserti32x4(all, _mm_loadu_si128((const __m128i *)(inputs[1] + offset)), 1);
    all = _mm512_inserti32x4(all, _mm_loadu_si128((const __m128i *)(inputs[2] + offset)), 2);
    return _mm512_inserti32x4(all, _mm_loadu_si128((const __m128i *)(inputs[3] + offset)), 3);
}

/* The chaining values of up to eight inputs of `blocks` blocks each, one behind the other: four by four, in turn, so
 * that the processor begins with one four before it has done with the other. `last` holds the state's last row of each;
 * the flags in it are for all blocks. */
TARGET static inline void hash_rows(const tp_blake3_mode *mode, const uint8_t *data, size_t count, size_t blocks,
                                    uint32_t last[8][4], int start, int end, tp_blake3_cv cvs[]) {
    const uint8_t *inputs[8];
    row state[2][4];
    for (size_t i = 0; i < 8; i++)
        inputs[i] = data + blocks * TP_BLAKE3_BLOCK * (i < count ? i : 0);
    for (size_t four = 0; 4 * four < count; four++)
        state[four][0] = everywhere(mode->key), state[four][1] = everywhere(mode->key + 4);
    for (size_t block = 0; block < blocks; block++)
        for (size_t four = 0; 4 * four < count; four++) {
            const uint8_t *const *of = inputs + 4 * four;
            size_t at = block * TP_BLAKE3_BLOCK;
            int flags = (block == 0 ? start : 0) | (block == blocks - 1 ? end : 0);
            state[four][2] = everywhere(tp_blake3_iv);
            state[four][3] = _mm512_or_si512(_mm512_loadu_si512(last[4 * four]), _mm512_set4_epi32(flags, 0, 0, 0));
            compress_rows(state[four], of_each(of, at), of_each(of, at + 16), of_each(of, at + 32),
                          of_each(of, at + 48));
        }
    for (size_t i = 0; i < count; i++) {
        row *of = state[i / 4];
        _mm_storeu_si128((__m128i *)&cvs[i].words[0], _mm512_castsi512_si128(of[0]));
        _mm_storeu_si128((__m128i *)&cvs[i].words[4], _mm512_castsi512_si128(of[1]));
        of[0] = _mm512_alignr_epi32(of[0], of[0], 4);
        of[1] = _mm512_alignr_epi32(of[1], of[1], 4);
    }
}

TARGET void tp_blake3_chunks_avx512_rows(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t number,
                                         tp_blake3_cv cvs[]) {
    uint32_t last[8][4];
    for (size_t i = 0; i < 8; i++) {
        last[i][0] = (uint32_t)(number + i), last[i][1] = (uint32_t)((number + i) >> 32);
        last[i][2] = TP_BLAKE3_BLOCK, last[i][3] = mode->flags;
    }
    hash_rows(mode, data, count, TP_BLAKE3_CHUNK / TP_BLAKE3_BLOCK, last, TP_BLAKE3_CHUNK_START, TP_BLAKE3_CHUNK_END,
              cvs);
}

TARGET void tp_blake3_parents_avx512_rows(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count,
                                          tp_blake3_cv cvs[]) {
    uint32_t last[8][4];
    for (size_t i = 0; i < 8; i++) {
        last[i][0] = last[i][1] = 0;
        last[i][2] = TP_BLAKE3_BLOCK, last[i][3] = mode->flags | TP_BLAKE3_PARENT;
    }
    hash_rows(mode, (const uint8_t *)children, count, 1, last, 0, 0, cvs);
}

#endif
