/* Counts of values, in tables of each part's own. */
#include "imaging/histogram.h"

#include "imaging/grain.h"
#include "simd.h"

#include <string.h>

/* Bytes are counted in several tables by turns, 8 for one, two or four channels, and 12 for three: a count that was
 * just written is slow to be read again, and neighbours are often equal. */
enum { MOST_TABLES = 12 };

/* A line of the cache longer than it need be: a read waits for a write whose address has the same lower 12 bits, and
 * with a kilobyte for each table those of a value would be the same in every fourth. */
typedef uint32_t table[256 + 16];

#define COUNT_FOUR(i)                                                                                                  \
    (tables[i][row[i]]++, tables[i + 1][row[i + 1]]++, tables[i + 2][row[i + 2]]++, tables[i + 3][row[i + 3]]++)

static TP_ALWAYS_INLINE void count_row(table tables[], unsigned turns, const uint8_t *row, size_t bytes) {
    for (; bytes >= turns; row += turns, bytes -= turns) {
        COUNT_FOUR(0);
        COUNT_FOUR(4);
        if (turns == 12) COUNT_FOUR(8);
    }
    for (size_t i = 0; i < bytes; i++)
        tables[i][row[i]]++;
}

static void add_tables(const tp_image_histogram *histogram, table tables[], unsigned turns) {
    for (unsigned c = 0; c < histogram->in.channels; c++) {
        for (unsigned value = 0; value < 256; value++) {
            uint64_t sum = 0;
            for (unsigned i = c; i < turns; i += histogram->in.channels)
                sum += tables[i][value];
            if (sum) atomic_fetch_add_explicit(&histogram->counts[c][value], sum, memory_order_relaxed);
        }
    }
}

/* Before a count could be more than 32 bits hold, the tables are added, and begun anew. */
static int run(const void *work, size_t begin, size_t end) {
    const tp_image_histogram *histogram = work;
    size_t bytes = tp_row_bytes(&histogram->in), rows = 1 + TP_MOST_PIXELS / bytes;
    table tables[MOST_TABLES];
    while (begin < end) {
        size_t stop = end - begin > rows ? begin + rows : end;
        memset(tables, 0, sizeof tables);
        if (histogram->in.channels == 3) {
            for (; begin < stop; begin++)
                count_row(tables, 12, tp_row(&histogram->in, begin), bytes);
            add_tables(histogram, tables, 12);
        } else {
            for (; begin < stop; begin++)
                count_row(tables, 8, tp_row(&histogram->in, begin), bytes);
            add_tables(histogram, tables, 8);
        }
    }
    return TP_OK;
}

void tp_image_histogram_prepare(const tp_image_histogram *histogram, tp_operation *operation) {
    size_t bytes = tp_row_bytes(&histogram->in), rows = bytes ? histogram->in.height : 0;
    for (unsigned c = 0; c < histogram->in.channels; c++)
        for (unsigned value = 0; value < 256; value++)
            atomic_store_explicit(&histogram->counts[c][value], 0, memory_order_relaxed);
    *operation = (tp_operation){
        .work = histogram,
        .stages = 1,
        .stage = {{run, rows, tp_grain(bytes)}},
        .nanoseconds = 0.33 * (double)bytes * (double)rows,
    };
}
