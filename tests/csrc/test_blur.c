/* The blurs: what Pillow makes of examples, every variant against the definition, in parts and in several threads, and
 * memory not to be touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "check.h"
#include "imaging/blur.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_BYTES = 300000, UNTOUCHED = 0xa5 };

static uint32_t random_state = 1;

static uint32_t next_random(uint32_t below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * below >> 32);
}

/* Memory between two pages that cannot be read. */
typedef struct room {
    uint8_t *start, *end;
} room;

static room new_room(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (MOST_BYTES + page - 1) / page * page;
    uint8_t *pages = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages, page, PROT_NONE) == 0 && mprotect(pages + page + size, page, PROT_NONE) == 0);
    return (room){pages + page, pages + page + size};
}

/* An image that begins where the room does, or ends there; a negative stride has the last row first. */
static tp_image place(room r, size_t width, size_t height, unsigned channels, size_t gap, bool negative, bool at_end) {
    size_t row_bytes = width * channels, stride = row_bytes + gap,
           size = height ? (height - 1) * stride + row_bytes : 0;
    CHECK(size <= MOST_BYTES);
    uint8_t *first = at_end ? r.end - size : r.start;
    if (negative && height) first += (height - 1) * stride;
    return (tp_image){first, negative ? -(ptrdiff_t)stride : (ptrdiff_t)stride, width, height, channels};
}

static void fill(const tp_image *image, const uint8_t *packed) {
    for (size_t y = 0; y < image->height; y++)
        memcpy(tp_row(image, y), packed + y * tp_row_bytes(image), tp_row_bytes(image));
}

static void check_equal(const tp_image *image, const uint8_t *packed) {
    for (size_t y = 0; y < image->height; y++)
        CHECK(memcmp(tp_row(image, y), packed + y * tp_row_bytes(image), tp_row_bytes(image)) == 0);
}

/* All that is not the image's. */
static void check_untouched(room r, const tp_image *image) {
    const uint8_t *at = r.start;
    for (size_t i = 0; i < image->height; i++) {
        const uint8_t *row = tp_row(image, image->stride < 0 ? image->height - 1 - i : i);
        for (; at < row; at++)
            CHECK(*at == UNTOUCHED);
        at = row + tp_row_bytes(image);
    }
    for (; at < r.end; at++)
        CHECK(*at == UNTOUCHED);
}

static size_t clamped(ptrdiff_t i, size_t count) { return i < 0 ? 0 : i < (ptrdiff_t)count ? (size_t)i : count - 1; }

/* One pass over lines of `count` bytes, `step` from each byte to the next, by the definition: no running sum. */
static void blur_lines(const uint8_t *in, uint8_t *out, size_t lines, size_t line_step, size_t count, size_t step,
                       float radius) {
    ptrdiff_t whole = (ptrdiff_t)radius;
    uint64_t inner = (uint64_t)((float)(1 << 24) / (2 * radius + 1));
    uint64_t outer = ((1 << 24) - (2 * (uint64_t)whole + 1) * inner) / 2;
    for (size_t line = 0; line < lines; line++)
        for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++) {
            const uint8_t *from = in + line * line_step;
            uint64_t sum = from[clamped(i - whole - 1, count) * step] + from[clamped(i + whole + 1, count) * step];
            sum *= outer;
            for (ptrdiff_t k = i - whole; k <= i + whole; k++)
                sum += inner * from[clamped(k, count) * step];
            out[line * line_step + (size_t)i * step] = (uint8_t)((sum + (1 << 23)) >> 24);
        }
}

static void blur_by_definition(const tp_blur *blur, uint8_t *packed, uint8_t *other) {
    size_t row_bytes = tp_row_bytes(&blur->in), size = row_bytes * blur->in.height, channels = blur->in.channels;
    for (unsigned pass = 0; pass < blur->passes && blur->x_radius > 0; pass++) {
        for (size_t y = 0; y < blur->in.height; y++)
            blur_lines(packed + y * row_bytes, other + y * row_bytes, channels, 1, blur->in.width, channels,
                       blur->x_radius);
        memcpy(packed, other, size);
    }
    for (unsigned pass = 0; pass < blur->passes && blur->y_radius > 0; pass++) {
        blur_lines(packed, other, row_bytes, 1, blur->in.height, row_bytes, blur->y_radius);
        memcpy(packed, other, size);
    }
}

static void run(const tp_blur *blur) {
    tp_operation operation;
    tp_blur_prepare(blur, &operation);
    CHECK(tp_operation_run(&operation) == TP_OK);
}

/* Parts of random lengths, the last first. */
static void run_in_parts(const tp_blur *blur) {
    tp_operation operation;
    tp_blur_prepare(blur, &operation);
    for (unsigned i = 0; i < operation.stages; i++)
        for (size_t end = operation.stage[i].parts, begin; end; end = begin) {
            size_t length = 1 + next_random(3);
            begin = length < end ? end - length : 0;
            CHECK(operation.stage[i].run(operation.work, begin, end) == TP_OK);
        }
}

typedef struct share {
    const tp_operation *operation;
    unsigned stage;
    size_t first;
} share;

static void *every_other(void *argument) {
    const share *s = argument;
    const tp_stage *stage = &s->operation->stage[s->stage];
    for (size_t part = s->first; part < stage->parts; part += 2)
        CHECK(stage->run(s->operation->work, part, part + 1) == TP_OK);
    return NULL;
}

static void run_in_two_threads(const tp_blur *blur) {
    tp_operation operation;
    tp_blur_prepare(blur, &operation);
    for (unsigned i = 0; i < operation.stages; i++) {
        pthread_t thread;
        share own = {&operation, i, 0}, other = {&operation, i, 1};
        CHECK(pthread_create(&thread, NULL, every_other, &other) == 0);
        every_other(&own);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

/* Rows of 11 pixels, as Pillow 12.2 gives them. */
static void test_examples(const tp_blur_variant *variant) {
    static const struct {
        unsigned passes;
        float x_radius, y_radius;
        uint8_t expected[22];
    } examples[] = {
        {1, 1, 1, {4, 7, 10, 13, 73, 77, 80, 27, 30, 49, 68, 9, 13, 20, 27, 62, 68, 75, 53, 60, 99, 135}},
        {1, 2.6f, 0, {0, 0, 25, 41, 41, 41, 41, 41, 25, 0, 0, 18, 24, 31, 40, 50, 60, 70, 94, 126, 157, 186}},
        {1, 0, 0.3f, {2, 4, 6, 8, 9, 218, 13, 15, 17, 19, 48, 8, 16, 24, 33, 41, 97, 57, 65, 73, 81, 207}},
        {1, 100, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 123, 124, 126, 127, 128, 129, 130, 132, 133, 134, 135}},
        {3, 1.5f, 0, {0, 1, 11, 29, 55, 63, 55, 29, 11, 1, 0, 17, 22, 30, 40, 50, 60, 71, 87, 113, 146, 171}},
        {3, 0.4f, 0, {0, 0, 0, 0, 18, 217, 18, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 111, 243}},
        {3, 3, 7, {19, 23, 28, 35, 43, 51, 58, 66, 72, 77, 81, 19, 23, 29, 36, 44, 51, 59, 66, 72, 78, 82}},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t pixels[22] = {0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 255};
        tp_image image = {pixels, 11, 11, 2, 1};
        tp_blur blur = {variant, image, image, examples[i].x_radius, examples[i].y_radius, examples[i].passes};
        if (blur.passes == 3) {
            blur.x_radius = tp_blur_box_radius(blur.x_radius, 3);
            blur.y_radius = tp_blur_box_radius(blur.y_radius, 3);
        }
        run(&blur);
        check_equal(&image, examples[i].expected);
    }
}

/* So many boxes have the variance of the Gaussian: a box of pixels and of the fraction at both ends has this one. */
static void test_box_radius(void) {
    CHECK(tp_blur_box_radius(0, 3) == 0);
    for (unsigned passes = 1; passes <= 5; passes++)
        for (float sigma = 0.1f; sigma < 300; sigma *= 1.07f) {
            double radius = tp_blur_box_radius(sigma, passes), r = floor(radius), fraction = radius - r;
            double squares = r * (r + 1) * (2 * r + 1) / 3 + 2 * fraction * (r + 1) * (r + 1);
            double variance = passes * squares / (2 * radius + 1);
            CHECK(fabs(variance - sigma * sigma) < 1e-3 * sigma * sigma);
        }
}

static float random_radius(size_t size) {
    static const float limits[] = {63, 64, 126.5f, 127, 127.5f, 128, 255, 256, 257.25f, 1000, 65536, 1e-9f};
    switch (next_random(6)) {
    case 0:
        return 0;
    case 1:
        return (float)next_random(1000) / 1000;
    case 2:
        return (float)next_random(12);
    case 3:
        return limits[next_random(sizeof limits / sizeof *limits)];
    case 4:
        return (float)next_random(20000) / 1000;
    default:
        return (float)next_random(2000) / 1000 * (float)size;
    }
}

static size_t random_size(void) {
    static const size_t limits[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 85, 86, 127, 128, 129, 256, 257};
    return next_random(2) ? limits[next_random(sizeof limits / sizeof *limits)] : 1 + next_random(150);
}

static void test_random(const tp_blur_variant *variants[], size_t count, room in_room, room out_room) {
    static uint8_t noise[MOST_BYTES], expected[MOST_BYTES], other[MOST_BYTES];
    for (int round = 0; round < (THREADS_ONLY ? 84 : 250); round++) {
        size_t width = random_size(), height = random_size();
        unsigned channels = 1 + next_random(4);
        size_t size = width * height * channels;
        bool two_values = next_random(4) == 0; /* the sums become as large as they can */
        for (size_t i = 0; i < size; i++)
            noise[i] = (uint8_t)(two_values ? 255 * next_random(2) : next_random(256));
        tp_blur blur = {
            .x_radius = random_radius(width), .y_radius = random_radius(height), .passes = 1 + next_random(3)};
        tp_image packed = {noise, (ptrdiff_t)(width * channels), width, height, channels};
        tp_image packed_out = {expected, packed.stride, width, height, channels};
        blur.variant = variants[0], blur.in = packed, blur.out = packed_out;
        run(&blur);
        if (size < 5000 && blur.x_radius < 300 && blur.y_radius < 300) {
            uint8_t *defined = malloc(size);
            CHECK(defined);
            memcpy(defined, noise, size);
            blur_by_definition(&blur, defined, other);
            CHECK(memcmp(defined, expected, size) == 0);
            free(defined);
        }
        for (size_t i = 0; i < count; i++) {
            bool at_end = next_random(2), in_place = next_random(3) == 0;
            blur.variant = variants[i];
            blur.in = place(in_room, width, height, channels, next_random(2) * next_random(80), next_random(2), at_end);
            blur.out = in_place ? blur.in
                                : place(out_room, width, height, channels, next_random(2) * next_random(80),
                                        next_random(2), at_end);
            memset(in_room.start, UNTOUCHED, (size_t)(in_room.end - in_room.start));
            memset(out_room.start, UNTOUCHED, (size_t)(out_room.end - out_room.start));
            fill(&blur.in, noise);
            if (THREADS_ONLY || next_random(3) == 0)
                run_in_two_threads(&blur);
            else
                run_in_parts(&blur);
            check_equal(&blur.out, expected);
            check_untouched(in_place ? in_room : out_room, &blur.out);
            if (!in_place) {
                check_equal(&blur.in, noise);
                check_untouched(in_room, &blur.in);
            }
        }
    }
}

/* What all other images are the sum of but for the rounding, and what has none. */
static void test_constant_and_impulse(const tp_blur_variant *variant) {
    enum { SIDE = 81, PIXELS = SIDE * SIDE };
    static uint8_t in[PIXELS], out[PIXELS];
    tp_blur blur = {variant, {in, SIDE, SIDE, SIDE, 1}, {out, SIDE, SIDE, SIDE, 1}, 0, 0, 0};
    for (float radius = 0.05f; radius < 3e6f; radius *= 1.7f) {
        blur.x_radius = blur.y_radius = radius;
        for (blur.passes = 1; blur.passes <= 3; blur.passes += 2) {
            for (int value = 0; value < 256; value += value < 4 || value > 250 ? 1 : 41) {
                memset(in, value, PIXELS);
                run(&blur);
                CHECK(memcmp(in, out, PIXELS) == 0);
            }
            memset(in, 0, PIXELS);
            in[PIXELS / 2] = 255;
            run(&blur);
            for (size_t y = 0; y < SIDE; y++)
                for (size_t x = 0; x < SIDE; x++) {
                    uint8_t value = out[y * SIDE + x];
                    CHECK(value == out[y * SIDE + SIDE - 1 - x] && value == out[(SIDE - 1 - y) * SIDE + x]);
                }
        }
    }
}

/* Every sum that a box of whole pixels can have, in the middle of a row as long as the box. */
static void test_whole_boxes(const tp_blur_variant *portable, const tp_blur_variant *variant) {
    for (size_t radius = 1; radius <= TP_BOX_MOST_WHOLE + 1; radius += radius < 8 || radius > 61 ? 1 : 6) {
        size_t width = 2 * radius + 1, height = 255 * width + 1, size = width * height;
        uint8_t *in = malloc(size), *expected = malloc(size), *out = malloc(size);
        CHECK(in && expected && out);
        for (size_t sum = 0; sum < height; sum++)
            for (size_t x = 0; x < width; x++)
                in[sum * width + x] = (uint8_t)(x < sum / 255 ? 255 : x == sum / 255 ? sum % 255 : 0);
        tp_blur blur = {portable,
                        {in, (ptrdiff_t)width, width, height, 1},
                        {expected, (ptrdiff_t)width, width, height, 1},
                        .x_radius = (float)radius,
                        .passes = 1};
        run(&blur);
        for (size_t sum = 0; sum < height; sum++)
            CHECK(expected[sum * width + radius] == (sum + radius) / width);
        blur.variant = variant;
        blur.out.pixels = out;
        run(&blur);
        CHECK(memcmp(out, expected, size) == 0);
        free(in), free(expected), free(out);
    }
}

/* An image of a pixel's height or width, and longer than any that is blurred at once. */
static void test_long(const tp_blur_variant *portable, const tp_blur_variant *variant, size_t width, size_t height,
                      unsigned channels, float radius, unsigned passes) {
    size_t size = width * height * channels;
    uint8_t *in = malloc(size), *expected = malloc(size), *out = malloc(size);
    CHECK(in && expected && out);
    for (size_t i = 0; i < size; i++)
        in[i] = (uint8_t)next_random(256);
    tp_blur blur = {portable,
                    {in, (ptrdiff_t)(width * channels), width, height, channels},
                    .x_radius = radius,
                    .y_radius = radius,
                    .passes = passes};
    blur.out = blur.in;
    blur.out.pixels = expected;
    run(&blur);
    blur.variant = variant;
    blur.out.pixels = out;
    run(&blur);
    CHECK(memcmp(out, expected, size) == 0);
    free(in), free(expected), free(out);
}

static void test_empty(const tp_blur_variant *variant) {
    tp_operation operation;
    for (size_t size = 0; size <= 5; size += 5) {
        tp_image image = {NULL, 0, size, 5 - size, 3};
        tp_blur blur = {variant, image, image, 2, 2, 3};
        tp_blur_prepare(&blur, &operation);
        CHECK(tp_operation_run(&operation) == TP_OK && operation.nanoseconds == 0);
    }
}

static void test_stages(const tp_blur_variant *variant) {
    uint8_t pixels[12];
    tp_image image = {pixels, 4, 4, 3, 1};
    tp_operation operation;
    for (int directions = 0; directions < 4; directions++) {
        tp_blur blur = {variant, image, image, (float)(directions & 1), (float)(directions >> 1), 1};
        tp_blur_prepare(&blur, &operation);
        CHECK(operation.stages == (directions == 3 ? 2 : 1) && operation.nanoseconds > 0);
        CHECK((operation.stage[0].run == variant->rows) == (directions & 1));
        CHECK((operation.stage[operation.stages - 1].run == variant->columns) == directions >> 1);
    }
}

/* Every variant that this CPU can run, also those that a CPU with less would have selected. */
int main(void) {
    const tp_blur_variant *variants[TP_CPU_NEON + 1];
    size_t count = 0;
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        const tp_blur_variant *variant = tp_blur_select(tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level));
        if (!count || variant != variants[count - 1]) variants[count++] = variant;
    }
    CHECK(strcmp(variants[0]->name, "portable") == 0);
    test_random(variants, count, new_room(), new_room());
    if (THREADS_ONLY) {
        puts("1 passed, 0 failed");
        return 0;
    }
    int passed = 2;
    test_box_radius();
    for (size_t i = 0; i < count; i++) {
        test_examples(variants[i]);
        test_constant_and_impulse(variants[i]);
        test_whole_boxes(variants[0], variants[i]);
        test_long(variants[0], variants[i], 40000, 2, 4, 9.3f, 3);
        test_long(variants[0], variants[i], 40000, 1, 3, 50000, 1);
        test_long(variants[0], variants[i], 1, 40000, 1, 300.7f, 3);
        test_empty(variants[i]);
        test_stages(variants[i]);
        passed += 8;
        printf("%s, ", variants[i]->name);
    }
    printf("%d passed, 0 failed\n", passed);
    return 0;
}
