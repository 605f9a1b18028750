/* Images in memory, as every kernel takes them. */
#ifndef TP_IMAGE_H
#define TP_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum { TP_MOST_CHANNELS = 4 };

/* The longest side: products of sides, channels and filter lengths then fit in 64 bits, and a coordinate in an int. */
#define TP_MOST_PIXELS ((size_t)INT32_MAX)

/* Bytes, `channels` of them for a pixel, one pixel behind the other; rows may lie anywhere. */
typedef struct tp_image {
    uint8_t *pixels;  /* of the first row; may be NULL where there are none */
    ptrdiff_t stride; /* bytes from a row to the next, of either sign */
    size_t width, height;
    unsigned channels; /* 1 to TP_MOST_CHANNELS */
} tp_image;

static inline uint8_t *tp_row(const tp_image *image, size_t y) { return image->pixels + (ptrdiff_t)y * image->stride; }

static inline size_t tp_row_bytes(const tp_image *image) { return image->width * image->channels; }

#endif
