/* Box blur, and Gaussian blur by several box blurs with fractional radii (Gwosdek, Grewenig, Bruhn, Weickert:
 * Theoretical foundations of Gaussian convolution by extended box filtering, SSVM 2011), to the bit as Pillow has them:
 * each pass over the rows, then each over the columns, is rounded to bytes; beyond an edge its pixel is repeated. */
#ifndef TP_BLUR_H
#define TP_BLUR_H

#include "cpu.h"
#include "imaging/image.h"
#include "imaging/operation.h"

/* A part is so many rows, or so many bytes of each row; of both there are less at the end. */
enum { TP_BLUR_ROWS = 64, TP_BLUR_COLUMNS = 256 };

/* Above, a pixel of a box would weigh less than the unit of weights. */
enum { TP_BLUR_RADII = 1 << 23 };

typedef struct tp_blur_variant {
    const char *name;
    tp_run_parts *rows, *columns; /* all passes, of a tp_blur */
} tp_blur_variant;

typedef struct tp_blur {
    const tp_blur_variant *variant;
    tp_image in, out;         /* of one size; the very same memory, or none in common */
    float x_radius, y_radius; /* of the box, from 0 to below TP_BLUR_RADII; with 0 that direction is left as it is */
    unsigned passes;          /* at least 1 */
} tp_blur;

const tp_blur_variant *tp_blur_select(tp_cpu_features features);

/* The box radius with which so many passes come near a Gaussian of this standard deviation. */
float tp_blur_box_radius(float sigma, unsigned passes);

/* The blur must stay where it is until the operation has run. */
void tp_blur_prepare(const tp_blur *blur, tp_operation *operation);

/* For the variants: a box in units of 2^-24. It has 2 * radius + 1 pixels that count `inner` each, and one more at both
 * ends that counts `outer`. */
typedef struct tp_box {
    size_t radius;
    uint32_t inner, outer;
    uint16_t reciprocal; /* see below; 0: there is none */
    unsigned shift;
} tp_box;

enum { TP_BOX_BITS = 24, TP_BOX_HALF = 1 << 23 };

/* With a whole radius of up to so many, a blurred pixel is the sum of n = 2 * radius + 1 pixels, divided by n and
 * rounded: what is cut off of `inner`, and `outer` which makes up for it, come to less than 1 / 2n, and no quotient is
 * nearer to a half. That is (sum + radius) * reciprocal >> 16 >> shift, with 2^shift the largest power of two below n,
 * and `reciprocal` 2^(16 + shift) / n, rounded up: that makes it too large by at most one in 2^(16 + shift) / n, which
 * is more than 2^15 and so more than sum + radius, less than 256n. */
enum { TP_BOX_MOST_WHOLE = 63 };

tp_box tp_box_of_radius(float radius);

/* What the columns are blurred of. */
const tp_image *tp_blur_of_rows(const tp_blur *blur);

tp_run_parts tp_blur_rows_portable, tp_blur_columns_portable;
tp_run_parts tp_blur_rows_sse41, tp_blur_columns_sse41;
tp_run_parts tp_blur_rows_avx2, tp_blur_columns_avx2;
tp_run_parts tp_blur_rows_avx512, tp_blur_columns_avx512;
tp_run_parts tp_blur_rows_neon, tp_blur_columns_neon;

#endif
