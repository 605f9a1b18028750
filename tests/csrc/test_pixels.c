/* Gray, flipped, turned and normalised images, and histograms: every variant against the definition, in sizes around
 * the widths of vectors, in pieces, and memory not to be touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "images.h"
#include "imaging/flip.h"
#include "imaging/gray.h"
#include "imaging/histogram.h"
#include "imaging/normalize.h"
#include "imaging/turn.h"

#include <math.h>

enum { ROUNDS = THREADS_ONLY ? 150 : 1200 }; /* run_somehow runs one in eight in two threads */

/* What the CPU has, and what CPUs with less would have; how many there are. */
enum { MOST_FEATURES = 3 * (TP_CPU_NEON + 1) };
static int all_features(tp_cpu_features features[MOST_FEATURES]) {
    int count = 0;
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        tp_cpu_features capped = tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level);
        features[count++] = capped;
        capped.vnni = false;
        features[count++] = capped;
        capped.f16c = false;
        features[count++] = capped;
    }
    return count;
}

/* Calls `test` for every variant that `select` can give, the portable one first, and prints their names. */
#define FOR_VARIANTS(type, select, test)                                                                               \
    do {                                                                                                               \
        tp_cpu_features features[MOST_FEATURES];                                                                       \
        const type *variants[MOST_FEATURES];                                                                           \
        int count = all_features(features);                                                                            \
        for (int i = 0; i < count; i++) {                                                                              \
            int known = 0;                                                                                             \
            variants[i] = select(features[i]);                                                                         \
            while (variants[known] != variants[i])                                                                     \
                known++;                                                                                               \
            if (known < i) continue;                                                                                   \
            CHECK((i == 0) == (strcmp(variants[i]->name, "portable") == 0));                                           \
            test(variants[i]);                                                                                         \
            passed++;                                                                                                  \
            printf("%s, ", variants[i]->name);                                                                         \
        }                                                                                                              \
    } while (0)

static void flip(const tp_flip_variant *variant, const tp_image *in, const tp_image *out, bool across) {
    tp_operation operation;
    tp_flip work = {variant, *in, *out, across};
    tp_flip_prepare(&work, &operation);
    run_somehow(&operation);
    check_parts_are_rows(&operation, out);
}

static void test_flip(const tp_flip_variant *variant) {
    for (int round = 0; round < ROUNDS; round++) {
        size_t width = random_side(), height = random_below(20);
        unsigned channels = 1 + (unsigned)random_below(4);
        bool across = random_below(2);
        framed in = random_image(width, height, channels), out = frame_of(width, height, channels);
        framed back = frame_of(width, height, channels);
        flip(variant, &in.image, &out.image, across);
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                CHECK(memcmp(pixel(&out.image, x, y),
                             pixel(&in.image, across ? width - 1 - x : x, across ? y : height - 1 - y), channels) == 0);
        flip(variant, &out.image, &back.image, across);
        CHECK(same_pixels(&back.image, &in.image));
        discard_image(&in), discard_image(&out), discard_image(&back);
    }
}

static void turn(const tp_turn_variant *variant, const tp_image *in, const tp_image *out, unsigned quarters) {
    tp_operation operation;
    tp_turn work = {variant, *in, *out, quarters};
    tp_turn_prepare(&work, &operation);
    run_somehow(&operation);
    check_parts_are_rows(&operation, out);
}

static void test_turn(const tp_turn_variant *variant) {
    for (int round = 0; round < ROUNDS; round++) {
        size_t width = random_side(), height = random_side();
        if (round % 400 == 0) width += 900, height += 700; /* more than is near */
        unsigned channels = 1 + (unsigned)random_below(4);
        framed in = random_image(width, height, channels), once = frame_of(height, width, channels);
        framed twice = frame_of(width, height, channels), thrice = frame_of(height, width, channels);
        framed again = frame_of(width, height, channels);
        turn(variant, &in.image, &once.image, 1);
        turn(variant, &in.image, &twice.image, 2);
        turn(variant, &in.image, &thrice.image, 3);
        for (size_t y = 0; y < height; y++) {
            for (size_t x = 0; x < width; x++) {
                const uint8_t *expected = pixel(&in.image, x, y);
                CHECK(memcmp(pixel(&once.image, y, width - 1 - x), expected, channels) == 0);
                CHECK(memcmp(pixel(&twice.image, width - 1 - x, height - 1 - y), expected, channels) == 0);
                CHECK(memcmp(pixel(&thrice.image, height - 1 - y, x), expected, channels) == 0);
            }
        }
        turn(variant, &once.image, &again.image, 3);
        CHECK(same_pixels(&again.image, &in.image));
        turn(variant, &thrice.image, &again.image, 1);
        CHECK(same_pixels(&again.image, &in.image));
        discard_image(&in), discard_image(&once), discard_image(&twice), discard_image(&thrice), discard_image(&again);
    }
}

static uint8_t luma_of(const uint8_t *pixel, unsigned channels) {
    if (channels < 3) return pixel[0];
    return (uint8_t)((19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16);
}

static void gray(const tp_gray_variant *variant, const tp_image *in, const tp_image *out) {
    tp_operation operation;
    tp_gray work = {variant, *in, *out};
    tp_gray_prepare(&work, &operation);
    run_somehow(&operation);
    check_parts_are_rows(&operation, out);
}

/* Every color there is, with three channels and with four. */
static void test_colors(const tp_gray_variant *variant) {
    for (unsigned red = 0; red < 256; red++) {
        unsigned channels = 3 + red % 2;
        framed in = frame_of(256, 256, channels), out = frame_of(256, 256, 1);
        for (size_t green = 0; green < 256; green++) {
            for (size_t blue = 0; blue < 256; blue++) {
                const uint8_t color[4] = {(uint8_t)red, (uint8_t)green, (uint8_t)blue, (uint8_t)(red + green)};
                memcpy(tp_row(&in.image, green) + channels * blue, color, channels);
            }
        }
        gray(variant, &in.image, &out.image);
        for (size_t green = 0; green < 256; green++)
            for (size_t blue = 0; blue < 256; blue++)
                CHECK(*pixel(&out.image, blue, green) == luma_of(pixel(&in.image, blue, green), channels));
        discard_image(&in), discard_image(&out);
    }
}

static void test_gray(const tp_gray_variant *variant) {
    if (!THREADS_ONLY) test_colors(variant);
    for (int round = 0; round < ROUNDS; round++) {
        size_t width = random_side(), height = random_below(20);
        unsigned channels = 1 + (unsigned)random_below(4);
        framed in = random_image(width, height, channels), out = frame_of(width, height, 1);
        gray(variant, &in.image, &out.image);
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                CHECK(*pixel(&out.image, x, y) == luma_of(pixel(&in.image, x, y), channels));
        discard_image(&in), discard_image(&out);
    }
}

static void test_histogram(void) {
    for (int round = 0; round < ROUNDS; round++) {
        size_t width = random_side(), height = random_below(20);
        unsigned channels = 1 + (unsigned)random_below(4);
        framed in = random_image(width, height, channels);
        if (random_below(4) == 0)
            for (size_t y = 0; y < height; y++)
                memset(tp_row(&in.image, y), (int)random_below(256), width * channels);
        _Atomic uint64_t counts[TP_MOST_CHANNELS][256];
        memset(counts, 0xff, sizeof counts);
        uint64_t expected[TP_MOST_CHANNELS][256] = {0};
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                for (unsigned c = 0; c < channels; c++)
                    expected[c][pixel(&in.image, x, y)[c]]++;
        tp_operation operation;
        tp_image_histogram work = {in.image, counts};
        tp_image_histogram_prepare(&work, &operation);
        run_somehow(&operation);
        for (unsigned c = 0; c < channels; c++)
            for (unsigned value = 0; value < 256; value++)
                CHECK(counts[c][value] == expected[c][value]);
        discard_image(&in);
    }
}

/* What IEEE 754 says a half is. */
static float value_of(unsigned half) {
    unsigned exponent = half >> 10 & 31, fraction = half & 1023;
    uint32_t scale_bits = (exponent ? exponent + 127 - 25 : 127 - 24) << 23; /* a power of two */
    float scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    float value = (float)(exponent ? 1024 + fraction : fraction) * scale;
    return half & 0x8000 ? -value : value;
}

/* The next float away from zero, or towards it. */
static float next_float(float value, bool away) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits += away ? 1 : (uint32_t)-1;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* In the middle of a row, through any of the variant's ways. */
static unsigned half_of(const tp_normalize_variant *variant, float value) {
    enum { WIDTH = 37 };
    static const uint8_t row[WIDTH];
    uint16_t halves[WIDTH];
    variant->halves(halves, row, WIDTH, 1, 0, copysignf(0, value), value);
    for (int x = 1; x < WIDTH; x++)
        CHECK(halves[x] == halves[0]);
    return halves[0];
}

/* Every half is itself; between two are those that are nearer to one of them, and one that is not. */
static void test_halves(const tp_normalize_variant *variant) {
    for (unsigned sign = 0; sign <= 0x8000; sign += 0x8000) {
        for (unsigned half = sign; half < sign + 0x7c00; half++) {
            float value = value_of(half), next = value_of(half + 1), middle = value / 2 + next / 2;
            CHECK(half_of(variant, value) == half);
            CHECK(half_of(variant, middle) == half + (half & 1));
            CHECK(half_of(variant, next_float(middle, false)) == half);
            CHECK(half_of(variant, next_float(middle, true)) == half + 1);
        }
        float one = sign ? -1.0f : 1.0f;
        CHECK(half_of(variant, one * 3e38f) == sign + 0x7c00 && half_of(variant, one * INFINITY) == sign + 0x7c00);
        CHECK(half_of(variant, one * 1e-44f) == sign && half_of(variant, one * 1e-20f) == sign);
        unsigned nan = half_of(variant, copysignf(NAN, one));
        CHECK((nan & 0x7c00) == 0x7c00 && (nan & 0x3ff) != 0);
    }
}

static void *plane_row(const tp_normalize *normalize, unsigned channel, size_t y) {
    return (uint8_t *)normalize->out + (ptrdiff_t)channel * normalize->plane_stride +
           (ptrdiff_t)y * normalize->row_stride;
}

static float random_float(void) {
    return ((float)random_below(1 << 20) - (1 << 19)) / (float)(1 + random_below(1 << 18));
}

/* Planes one behind the other, or rows of the planes by turns. */
static void test_normalize(const tp_normalize_variant *variant) {
    const tp_normalize_variant *portable = tp_normalize_select(tp_cpu_cap(tp_cpu_detect(), TP_CPU_PORTABLE));
    if (!THREADS_ONLY) test_halves(variant);
    for (int round = 0; round < ROUNDS; round++) {
        size_t width = random_side(), height = random_below(20);
        unsigned channels = 1 + (unsigned)random_below(4);
        tp_normalize work = {.variant = variant, .half = random_below(2)};
        size_t bytes = work.half ? 2 : 4, row_bytes = width * bytes;
        framed in = random_image(width, height, channels), out = frame_of_rows(row_bytes, channels * height, bytes);
        bool by_turns = random_below(2);
        work.in = in.image, work.planes = in.image.channels, work.out = out.image.pixels;
        work.row_stride = out.image.stride * (by_turns ? (ptrdiff_t)channels : 1);
        work.plane_stride = out.image.stride * (by_turns ? 1 : (ptrdiff_t)height);
        for (unsigned c = 0; c < channels; c++)
            work.scale[c] = random_float(), work.bias[c] = random_float();
        if (random_below(2)) {
            tp_operation operation;
            tp_normalize_prepare(&work, &operation);
            run_somehow(&operation);
        } else {
            for (size_t y = 0; y < height; y++)
                tp_normalize_emit(&work, y, tp_row(&in.image, y));
        }
        for (size_t y = 0; y < height; y++) {
            for (unsigned c = 0; c < channels; c++) {
                for (size_t x = 0; x < width; x++) {
                    float product = (float)pixel(&in.image, x, y)[c] * work.scale[c], expected = product + work.bias[c];
                    uint16_t half;
                    if (work.half) portable->halves(&half, &(uint8_t){0}, 1, 1, 0, copysignf(0, expected), expected);
                    CHECK(work.half ? memcmp((uint16_t *)plane_row(&work, c, y) + x, &half, sizeof half) == 0
                                    : memcmp((float *)plane_row(&work, c, y) + x, &expected, sizeof expected) == 0);
                }
            }
        }
        discard_image(&in), discard(&out, row_bytes, channels * height);
    }
}

int main(void) {
    int passed = 1;
    test_histogram();
    FOR_VARIANTS(tp_flip_variant, tp_flip_select, test_flip);
    FOR_VARIANTS(tp_turn_variant, tp_turn_select, test_turn);
    FOR_VARIANTS(tp_gray_variant, tp_gray_select, test_gray);
    FOR_VARIANTS(tp_normalize_variant, tp_normalize_select, test_normalize);
    printf("%d passed, 0 failed\n", passed);
    return 0;
}
