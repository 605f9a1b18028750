/* The blurs over 16 lines at once, with NEON. */
#include "imaging/blur.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#define TARGET

enum { LANES = 16 };
typedef uint8x16_t vector;

#define load(from) vld1q_u8(from)
#define store(to, v) vst1q_u8(to, v)
#define load_pieces(from, step) load(from)
#define store_pieces(to, step, v) store(to, v)
#define zero() vdupq_n_u8(0)
#define interleave_low vzip1q_u8
#define interleave_high vzip2q_u8

typedef struct words {
    int16x8_t low, high;
} words;

typedef struct sums {
    int32x4_t low_low, low_high, high_low, high_high;
} sums;

typedef struct weights {
    int32x4_t a, b;
} weights;

static inline words difference(vector a, vector b) {
    return (words){vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(a), vget_low_u8(b))),
                   vreinterpretq_s16_u16(vsubl_high_u8(a, b))};
}

static inline weights weights_of(int32_t a, int32_t b) { return (weights){vdupq_n_s32(a), vdupq_n_s32(b)}; }

static inline sums all_sums(int32_t value) {
    int32x4_t all = vdupq_n_s32(value);
    return (sums){all, all, all, all};
}

static inline void accumulate(sums *sum, words a, words b, const weights *w) {
    sum->low_low = vmlaq_s32(sum->low_low, vmovl_s16(vget_low_s16(a.low)), w->a);
    sum->low_high = vmlaq_s32(sum->low_high, vmovl_high_s16(a.low), w->a);
    sum->high_low = vmlaq_s32(sum->high_low, vmovl_s16(vget_low_s16(a.high)), w->a);
    sum->high_high = vmlaq_s32(sum->high_high, vmovl_high_s16(a.high), w->a);
    sum->low_low = vmlaq_s32(sum->low_low, vmovl_s16(vget_low_s16(b.low)), w->b);
    sum->low_high = vmlaq_s32(sum->low_high, vmovl_high_s16(b.low), w->b);
    sum->high_low = vmlaq_s32(sum->high_low, vmovl_s16(vget_low_s16(b.high)), w->b);
    sum->high_high = vmlaq_s32(sum->high_high, vmovl_high_s16(b.high), w->b);
}

/* Each time the upper halves: of the 32 bits, then of these 16. */
static inline vector narrow(const sums *sum) {
    uint16x8_t low = vuzp2q_u16(vreinterpretq_u16_s32(sum->low_low), vreinterpretq_u16_s32(sum->low_high));
    uint16x8_t high = vuzp2q_u16(vreinterpretq_u16_s32(sum->high_low), vreinterpretq_u16_s32(sum->high_high));
    return vuzp2q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
}

static inline words all_counts(int16_t value) { return (words){vdupq_n_s16(value), vdupq_n_s16(value)}; }

static inline words add(words a, words b) { return (words){vaddq_s16(a.low, b.low), vaddq_s16(a.high, b.high)}; }

static inline uint8x8_t divide_words(int16x8_t words, const tp_box *box) {
    uint16x8_t sum = vreinterpretq_u16_s16(words);
    uint32x4_t low = vmull_n_u16(vget_low_u16(sum), box->reciprocal);
    uint32x4_t high = vmull_high_n_u16(sum, box->reciprocal);
    uint16x8_t upper = vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high));
    return vmovn_u16(vshlq_u16(upper, vdupq_n_s16((int16_t)-(int)box->shift)));
}

static inline vector divide(words sum, const tp_box *box) {
    return vcombine_u8(divide_words(sum.low, box), divide_words(sum.high, box));
}

#include "imaging/blur_lanes.h"

int tp_blur_rows_neon(const void *work, size_t begin, size_t end) { return blur_rows(work, begin, end); }

int tp_blur_columns_neon(const void *work, size_t begin, size_t end) { return blur_columns(work, begin, end); }

#endif
