/* How long things took: counts in buckets whose bounds grow by an eighth, so that percentiles are right within that.
 * Any number of threads record at once; who reads sees a moment of each bucket. */
#ifndef TP_HISTOGRAM_H
#define TP_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_HISTOGRAM_STEPS = 8, TP_HISTOGRAM_BUCKETS = 62 * TP_HISTOGRAM_STEPS };

typedef struct tp_histogram {
    _Atomic uint64_t counts[TP_HISTOGRAM_BUCKETS];
} tp_histogram;

/* Values under 8 have a bucket each; above, the three bits after the highest one tell the step within the octave. */
static inline size_t tp_histogram_bucket(uint64_t value) {
    unsigned octave = 0;
    while (value >> octave >= 2 * TP_HISTOGRAM_STEPS)
        octave++;
    return octave * TP_HISTOGRAM_STEPS + (size_t)(value >> octave);
}

static inline uint64_t tp_histogram_lowest(size_t bucket) {
    if (bucket < 2 * TP_HISTOGRAM_STEPS) return bucket;
    unsigned octave = (unsigned)(bucket / TP_HISTOGRAM_STEPS) - 1;
    return (uint64_t)(bucket - octave * TP_HISTOGRAM_STEPS) << octave;
}

static inline void tp_histogram_record(tp_histogram *histogram, uint64_t value) {
    atomic_fetch_add_explicit(&histogram->counts[tp_histogram_bucket(value)], 1, memory_order_relaxed);
}

static inline uint64_t tp_histogram_count(const tp_histogram *histogram) {
    uint64_t count = 0;
    for (size_t i = 0; i < TP_HISTOGRAM_BUCKETS; i++)
        count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    return count;
}

/* The middle of the bucket that holds the value below which this part of all values lies; 0 when there are none. */
static inline uint64_t tp_histogram_quantile(const tp_histogram *histogram, double part) {
    uint64_t rank = (uint64_t)(part * (double)tp_histogram_count(histogram)), seen = 0;
    for (size_t i = 0; i < TP_HISTOGRAM_BUCKETS; i++) {
        seen += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        if (seen > rank) return (tp_histogram_lowest(i) + tp_histogram_lowest(i + 1)) / 2;
    }
    for (size_t i = TP_HISTOGRAM_BUCKETS; i > 0; i--)
        if (atomic_load_explicit(&histogram->counts[i - 1], memory_order_relaxed)) return tp_histogram_lowest(i);
    return 0;
}

#endif
