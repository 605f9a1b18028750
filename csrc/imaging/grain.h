/* How many rows a thread should do at once. */
#ifndef TP_GRAIN_H
#define TP_GRAIN_H

#include <stddef.h>

/* Some microseconds of work, when every byte is only touched once or twice. */
enum { TP_GRAIN_BYTES = 64 * 1024 };

static inline size_t tp_grain(size_t row_bytes) { return 1 + TP_GRAIN_BYTES / (row_bytes + 1); }

#endif
