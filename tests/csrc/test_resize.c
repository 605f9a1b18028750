/* Resizing: what Pillow makes of a picture, every variant against the portable one over many geometries, bands, and
 * memory not to be touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "check.h"
#include "hashing/crc.h"
#include "imaging/resize_variants.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILTERS = TP_LANCZOS + 1, ROOM = 1 << 21, MOST_VARIANTS = 8 };

static const tp_resize_variant *variants[MOST_VARIANTS]; /* that this CPU can run, the portable one first */
static int variant_count;

static void find_variants(void) {
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        const tp_resize_variant *variant = tp_resize_select(tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level));
        if (variant_count == 0 || variants[variant_count - 1] != variant) variants[variant_count++] = variant;
    }
    CHECK(strcmp(tp_resize_name(variants[0]), "portable") == 0);
}

static size_t below(size_t end) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % end;
}

/* Memory between two pages that nobody may touch. */
typedef struct room {
    uint8_t *begin, *end;
} room;

static room make_room(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, ROOM + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages, page, PROT_NONE) == 0 && mprotect(pages + page + ROOM, page, PROT_NONE) == 0);
    return (room){pages + page, pages + page + ROOM};
}

/* An image that begins or ends with the room, and whose rows go up or down with `gap` bytes between them. */
static tp_image place(room room, size_t width, size_t height, unsigned channels, size_t gap, bool at_end,
                      bool upwards) {
    size_t stride = width * channels + gap, bytes = stride * height - gap;
    CHECK(bytes <= ROOM);
    uint8_t *lowest = at_end ? room.end - bytes : room.begin;
    tp_image image = {lowest, (ptrdiff_t)stride, width, height, channels};
    if (upwards) {
        image.pixels = lowest + stride * (height - 1);
        image.stride = -(ptrdiff_t)stride;
    }
    return image;
}

enum { UNTOUCHED = 0xa5 };

/* The bytes of an image, those between its rows, and some on both sides, as far as the room has them. */
static room around(const tp_image *image, room room) {
    uint8_t *one = image->pixels, *other = tp_row(image, image->height - 1);
    uint8_t *begin = one < other ? one : other, *end = (one < other ? other : one) + tp_row_bytes(image);
    begin -= begin - room.begin < 200 ? begin - room.begin : 200;
    end += room.end - end < 200 ? room.end - end : 200;
    return (struct room){begin, end};
}

typedef struct geometry {
    float left, top, right, bottom;
    tp_filter filter;
    bool alpha;
} geometry;

static geometry whole(const tp_image *in, tp_filter filter, bool alpha) {
    return (geometry){0, 0, (float)in->width, (float)in->height, filter, alpha};
}

static void fill(const tp_image *image) {
    for (size_t y = 0; y < image->height; y++)
        for (size_t i = 0; i < tp_row_bytes(image); i++)
            tp_row(image, y)[i] = (uint8_t)below(256);
}

/* `cuts`: in how many bands, at random places. */
static void resize(const tp_resize_variant *variant, const tp_image *in, const tp_image *out, const geometry *g,
                   size_t cuts) {
    tp_axis *across = tp_axis_new(in->width, g->left, g->right, out->width, g->filter, variant, in->channels);
    tp_axis *down = tp_axis_new(in->height, g->top, g->bottom, out->height, g->filter, variant, 0);
    CHECK(across && down);
    tp_resize job = {.variant = variant, .in = *in, .out = *out, .across = across, .down = down, .alpha = g->alpha};
    tp_operation operation;
    tp_resize_prepare(&job, &operation);
    CHECK(operation.stages == 1 && operation.stage[0].parts == out->height && operation.stage[0].grain);
    CHECK(operation.nanoseconds > 0 && tp_axis_bytes(across) > sizeof *across);
    for (size_t begin = 0, end; begin < out->height; begin = end) {
        end = cuts > 1 ? begin + 1 + below(2 * out->height / cuts + 1) : out->height;
        if (end > out->height) end = out->height;
        CHECK(operation.stage[0].run(operation.work, begin, end) == TP_OK);
    }
    tp_axis_free(across);
    tp_axis_free(down);
}

static void check_same(const tp_image *a, const tp_image *b) {
    for (size_t y = 0; y < a->height; y++)
        CHECK(memcmp(tp_row(a, y), tp_row(b, y), tp_row_bytes(a)) == 0);
}

static const tp_resize_variant *any_variant(void) { return variants[below((size_t)variant_count)]; }

/* What Pillow 13 makes of pixels that are the highest bytes of state = state * 1664525 + 1013904223, from 1 on, in
 * modes L, LA, RGB and RGBA: the CRC-32 of the results' bytes, one after the other. */
static void test_pillow(const tp_resize_variant *variant) {
    static const uint32_t expected[4][FILTERS] = {
        {0x47706cdb, 0xd34c4c3c, 0x5993722d, 0x5c60f6c2, 0x84cfd6f5, 0xcd2045f5},
        {0x89251395, 0x5627865a, 0xcac335e5, 0x158e6980, 0x50661eca, 0xbd286052},
        {0x098cc30d, 0x373a3913, 0xf9dacbb2, 0x24c81d7d, 0xc7407373, 0x52942f67},
        {0x14aaf380, 0xa3f91fc1, 0x5b14f6bb, 0x73e41913, 0xea14098a, 0xc0d901f2},
    };
    static const struct {
        size_t width, height, out_width, out_height;
        float left, top, right, bottom;
    } cases[] = {
        {61, 47, 20, 13, 0, 0, 61, 47},          {61, 47, 100, 90, 0, 0, 61, 47},
        {61, 47, 61, 30, 0, 0, 61, 47},          {61, 47, 33, 47, 0, 0, 61, 47},
        {61, 47, 9, 8, 3.25f, 7.5f, 60.75f, 31}, {61, 47, 40, 50, 20.5f, 11.125f, 30, 19},
        {3, 350, 5, 40, 0, 0, 3, 350},
    };
    for (unsigned channels = 1; channels <= 4; channels++)
        for (int filter = 0; filter < FILTERS; filter++) {
            uint32_t crc = 0, pixel = 1;
            for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                static uint8_t pixels[61 * 47 * 4], result[100 * 90 * 4];
                tp_image in = {pixels, (ptrdiff_t)(cases[i].width * channels), cases[i].width, cases[i].height,
                               channels};
                tp_image out = {result, (ptrdiff_t)(cases[i].out_width * channels), cases[i].out_width,
                                cases[i].out_height, channels};
                for (size_t j = 0; j < in.width * in.height * channels; j++) {
                    pixel = pixel * 1664525u + 1013904223u;
                    pixels[j] = (uint8_t)(pixel >> 24);
                }
                geometry g = {cases[i].left,   cases[i].top,      cases[i].right,
                              cases[i].bottom, (tp_filter)filter, channels % 2 == 0};
                resize(variant, &in, &out, &g, 1);
                crc = tp_crc32_portable(crc, result, out.width * out.height * channels);
            }
            CHECK(crc == expected[channels - 1][filter]);
        }
}

/* Every colour with every alpha, in rows of any length. */
static void test_alpha(const tp_resize_variant *variant) {
    for (unsigned channels = 2; channels <= 4; channels += 2) {
        static uint8_t row[65536 * 4], products[65536 * 4], expected[65536 * 4];
        for (size_t i = 0; i < 65536; i++) {
            memset(row + i * channels, (int)(i >> 8), channels - 1);
            row[i * channels + channels - 1] = (uint8_t)i;
        }
        variant->premultiply(row, 65536, channels, products);
        tp_premultiply(row, 65536, channels, expected);
        CHECK(memcmp(products, expected, 65536 * channels) == 0);
        variant->divide(row, 65536, channels);
        for (size_t i = 0; i < 65536; i++) {
            unsigned colour = (unsigned)i >> 8, alpha = i & 255, whole = alpha ? 255 * colour / alpha : colour;
            for (unsigned channel = 0; channel < channels - 1; channel++)
                CHECK(row[i * channels + channel] == (whole > 255 ? 255 : whole));
            CHECK(row[i * channels + channels - 1] == alpha);
        }
        for (size_t width = 0; width < 70; width++) {
            memset(products, 1, sizeof products);
            variant->premultiply(row, width, channels, products);
            tp_premultiply(row, width, channels, expected);
            CHECK(memcmp(products, expected, width * channels) == 0);
            for (size_t i = width * channels; i < 400; i++)
                CHECK(products[i] == 1);
        }
    }
}

static size_t random_side(size_t most) {
    size_t kind = below(8);
    return kind == 0 ? 1 + below(3) : kind < 4 ? 1 + below(70) : 1 + below(most);
}

static void random_box(size_t side, float *begin, float *end) {
    *begin = 0;
    *end = (float)side;
    if (below(2)) return;
    float a = (float)below(1000) / 1000 * (float)side, b = (float)below(1000) / 1000 * (float)side;
    if (below(3) == 0) a = floorf(a), b = floorf(b) + 1;
    if (a == b) return;
    *begin = a < b ? a : b;
    *end = a < b ? b : a;
}

static void test_random_geometries(room source, room result, room expected) {
    for (int round = 0; round < 2000; round++) {
        unsigned channels = 1 + (unsigned)below(4);
        size_t width = random_side(300), height = random_side(200);
        size_t out_width = below(8) ? random_side(300) : width, out_height = below(8) ? random_side(200) : height;
        if (below(12) == 0) width = 1 + below(3), height = 100 * width + below(200);
        tp_image in = place(source, width, height, channels, below(2) * below(90), below(2), below(3) == 0);
        tp_image out = place(result, out_width, out_height, channels, below(2) * below(90), below(2), below(3) == 0);
        tp_image oracle = place(expected, out_width, out_height, channels, 0, true, false);
        fill(&in);
        geometry g = {.filter = (tp_filter)below(FILTERS), .alpha = channels % 2 == 0 && below(2)};
        random_box(width, &g.left, &g.right);
        random_box(height, &g.top, &g.bottom);
        if (below(4) == 0) /* much of nothing, of all, and of what divides badly */
            for (size_t y = 0; y < height; y++)
                for (size_t x = 0; x < width; x++)
                    tp_row(&in, y)[(x + 1) * channels - 1] = (const uint8_t[]){0, 1, 2, 254, 255}[below(5)];
        resize(variants[0], &in, &oracle, &g, 1);
        for (int i = variant_count - 1; i >= 0; i--) {
            room touched = around(&out, result);
            memset(touched.begin, UNTOUCHED, (size_t)(touched.end - touched.begin));
            resize(variants[i], &in, &out, &g, below(3) ? 1 + below(9) : 1);
            check_same(&out, &oracle);
            for (size_t y = 0; y < out_height; y++)
                memset(tp_row(&out, y), UNTOUCHED, tp_row_bytes(&out));
            for (const uint8_t *byte = touched.begin; byte < touched.end; byte++)
                CHECK(*byte == UNTOUCHED);
        }
    }
}

/* Every width around those of the vectors, read and written right up to guards. */
static void test_widths(room source, room result, room expected) {
    for (unsigned channels = 1; channels <= 4; channels++)
        for (size_t width = 1; width <= 140; width++)
            for (int i = 1; i < variant_count; i++) {
                bool at_end = below(2);
                tp_image in = place(source, width, 5, channels, 0, at_end, false);
                tp_image out = place(result, 1 + below(2 * width), 5 - below(2), channels, 0, at_end, false);
                tp_image oracle = place(expected, out.width, out.height, channels, 0, true, false);
                fill(&in);
                geometry g = whole(&in, (tp_filter)below(FILTERS), false);
                resize(variants[0], &in, &oracle, &g, 1);
                resize(variants[i], &in, &out, &g, 1);
                check_same(&out, &oracle);
            }
}

/* The box filter at half the size has a way of its own. */
static void test_halves(room source, room result, room expected) {
    for (unsigned channels = 1; channels <= 4; channels++)
        for (size_t width = 1; width <= 150; width++)
            for (int i = 0; i < variant_count; i++) {
                bool at_end = below(2);
                tp_image in = place(source, 2 * width, 6, channels, 0, at_end, below(2));
                tp_image out = place(result, width, 3, channels, 0, at_end, below(2));
                tp_image oracle = place(expected, width, 3, channels, 0, true, false);
                fill(&in);
                geometry g = whole(&in, TP_BOX, false);
                resize(variants[i], &in, &out, &g, 1);
                for (size_t y = 0; y < 3; y++)
                    for (size_t x = 0; x < width * channels; x++) {
                        size_t left = x / channels * 2 * channels + x % channels, right = left + channels;
                        const uint8_t *upper = tp_row(&in, 2 * y), *lower = tp_row(&in, 2 * y + 1);
                        /* Three rows of six are more than twice one column of two: then down comes first. */
                        uint8_t second = width == 1 ? lower[left] : upper[right];
                        uint8_t third = width == 1 ? upper[right] : lower[left];
                        unsigned one = (upper[left] + second + 1u) / 2, other = (third + lower[right] + 1u) / 2;
                        tp_row(&oracle, y)[x] = (uint8_t)((one + other + 1) / 2);
                    }
                check_same(&out, &oracle);
            }
}

/* Rows of 40,000 pixels; filters that cover all of the image and more; sides of one pixel. */
static void test_extremes(room source, room result, room expected) {
    static const size_t sides[][4] = {{40000, 3, 17, 2}, {40000, 2, 39999, 2}, {40000, 4, 40000, 1}, {9, 4, 40000, 3},
                                      {5000, 20, 1, 1},  {3, 20000, 2, 1},     {1, 1, 300, 200},     {1, 60, 70, 1},
                                      {60, 1, 1, 70},    {1, 1, 1, 1},         {2, 2, 1, 1},         {64, 64, 64, 64}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (unsigned channels = 1; channels <= 4; channels++)
            for (int filter = 0; filter < FILTERS; filter++) {
                tp_image in = place(source, sides[i][0], sides[i][1], channels, 0, i % 2, false);
                tp_image out = place(result, sides[i][2], sides[i][3], channels, 0, i % 2, false);
                tp_image oracle = place(expected, out.width, out.height, channels, 0, true, false);
                fill(&in);
                geometry g = whole(&in, (tp_filter)filter, channels == 4);
                resize(variants[0], &in, &oracle, &g, 1);
                for (int j = 1; j < variant_count; j++) {
                    resize(variants[j], &in, &out, &g, 1);
                    check_same(&out, &oracle);
                }
            }
}

/* A picture of one colour stays one, also where weights are cut off at its edges. */
static void test_constant(room source, room result) {
    for (int value = 0; value < 256; value += 15)
        for (int filter = TP_NEAREST; filter < FILTERS; filter++) {
            unsigned channels = 1 + (unsigned)below(4);
            tp_image in = place(source, 1 + below(90), 1 + below(90), channels, 0, true, false);
            tp_image out = place(result, 1 + below(90), 1 + below(90), channels, 0, true, false);
            memset(in.pixels, value, in.height * tp_row_bytes(&in));
            geometry g = whole(&in, (tp_filter)filter, false);
            resize(any_variant(), &in, &out, &g, 1);
            for (size_t i = 0; i < out.height * tp_row_bytes(&out); i++)
                CHECK(out.pixels[i] == value);
        }
}

typedef struct received {
    tp_image image;
    unsigned rows[64];
} received;

static void receive(void *to, size_t y, const uint8_t *row) {
    received *r = to;
    memcpy(tp_row(&r->image, y), row, tp_row_bytes(&r->image));
    r->rows[y]++;
}

/* Rows that are handed over are those that would have been written, each once. */
static void test_emit(room source, room result, room expected) {
    for (int round = 0; round < 200; round++) {
        unsigned channels = 1 + (unsigned)below(4);
        const tp_resize_variant *variant = any_variant();
        tp_image in = place(source, 1 + below(80), 1 + below(64), channels, 0, true, below(2));
        size_t width = below(4) ? 1 + below(80) : in.width, height = below(4) ? 1 + below(64) : in.height;
        tp_image oracle = place(expected, width, height, channels, 0, true, false);
        fill(&in);
        geometry g = whole(&in, (tp_filter)below(FILTERS), channels == 4);
        resize(variant, &in, &oracle, &g, 1);
        received r = {place(result, width, height, channels, 0, true, false), {0}};
        tp_axis *across = tp_axis_new(in.width, g.left, g.right, width, g.filter, variant, channels);
        tp_axis *down = tp_axis_new(in.height, g.top, g.bottom, height, g.filter, variant, 0);
        CHECK(across && down);
        tp_image nowhere = {NULL, 0, width, height, channels};
        tp_resize job = {variant, in, nowhere, across, down, g.alpha, receive, &r};
        tp_operation operation;
        tp_resize_prepare(&job, &operation);
        CHECK(tp_operation_run(&operation) == TP_OK);
        check_same(&r.image, &oracle);
        for (size_t y = 0; y < height; y++)
            CHECK(r.rows[y] == 1);
        tp_axis_free(across);
        tp_axis_free(down);
    }
}

/* Taps lie within the input and never go back; each output's weights make about 1 and none reaches 2, which the
 * variants rely on. */
static void test_axes(void) {
    for (int round = 0; round < 20000; round++) {
        size_t in = 1 + below(round % 2 ? 8 : 400), out = 1 + below(round % 3 ? 8 : 300);
        float begin, end;
        random_box(in, &begin, &end);
        if (round % 7 == 0) end = nextafterf(begin, (float)in);
        tp_axis *axis = tp_axis_new(in, begin, end, out, (tp_filter)(1 + below(FILTERS - 1)), variants[0], 0);
        CHECK(axis);
        for (size_t i = 0; i < out; i++) {
            int32_t sum = 0, first = axis->first[i], last = first + axis->taps[i];
            CHECK(first >= 0 && first < last && (size_t)last <= in);
            CHECK(i == 0 || (first >= axis->first[i - 1] && last >= axis->first[i - 1] + axis->taps[i - 1]));
            for (int32_t tap = 0; tap < axis->taps[i]; tap++) {
                int32_t weight = axis->weights[i * axis->most + (size_t)tap];
                CHECK(abs(weight) < 3 << (TP_WEIGHT_BITS - 1));
                sum += weight;
            }
            CHECK(abs(sum - (1 << TP_WEIGHT_BITS)) <= axis->taps[i]);
        }
        tp_axis_free(axis);
    }
}

static void test_refusals(void) {
    const tp_resize_variant *v = any_variant();
    CHECK(!tp_axis_new(10, 0, 11, 5, TP_BOX, v, 3));
    CHECK(!tp_axis_new(10, -1, 5, 5, TP_BOX, v, 3));
    CHECK(!tp_axis_new(10, 5, 5, 5, TP_BOX, v, 3));
    CHECK(!tp_axis_new(10, NAN, 5, 5, TP_NEAREST, v, 0) && !tp_axis_new(10, 0, NAN, 5, TP_NEAREST, v, 0));
    CHECK(!tp_axis_new(10, 0, 10, 0, TP_BOX, v, 3));
    CHECK(!tp_axis_new(0, 0, 0, 5, TP_BOX, v, 3));
    CHECK(!tp_axis_new(TP_MOST_PIXELS + 1, 0, 5, 5, TP_BOX, v, 0) && !tp_axis_new(5, 0, 5, SIZE_MAX, TP_NEAREST, v, 0));
    tp_axis_free(NULL);
}

int main(void) {
    find_variants();
    room source = make_room(), result = make_room(), expected = make_room();
    for (int i = 0; i < variant_count; i++) {
        printf("%s, ", tp_resize_name(variants[i]));
        test_pillow(variants[i]);
        test_alpha(variants[i]);
    }
    test_random_geometries(source, result, expected);
    test_widths(source, result, expected);
    test_halves(source, result, expected);
    test_extremes(source, result, expected);
    test_constant(source, result);
    test_emit(source, result, expected);
    test_axes();
    test_refusals();
    printf("%d passed, 0 failed\n", 2 * variant_count + 8);
    return 0;
}
