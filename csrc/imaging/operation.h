/* What a kernel does with one image, as parts that threads can share.
 *
 * Parts are rows of the result, or whatever the kernel says: any range of them may run in any thread, at the same time
 * as others; those of a stage need that all of the stage before are done. */
#ifndef TP_OPERATION_H
#define TP_OPERATION_H

#include <stddef.h>

enum { TP_MOST_STAGES = 3, TP_OK = 0, TP_NO_MEMORY = 1 };

/* Does the parts [begin, end). 0, or TP_NO_MEMORY; then the result is not to be used. */
typedef int tp_run_parts(const void *work, size_t begin, size_t end);

typedef struct tp_stage {
    tp_run_parts *run;
    size_t parts;
    size_t grain; /* at least 1: with fewer parts at once a thread does much twice, or hardly anything */
} tp_stage;

typedef struct tp_operation {
    const void *work; /* what `run` is given */
    unsigned stages;
    tp_stage stage[TP_MOST_STAGES];
    double nanoseconds; /* what all of it takes one thread, about */
} tp_operation;

/* All of it, by the calling thread. */
int tp_operation_run(const tp_operation *operation);

#endif
