/* Loops over numbers: results[i] = function(arguments[i]), for a function whose type is known at run time only. */
#ifndef TP_SCALAR_H
#define TP_SCALAR_H

#include <stddef.h>

/* The types that a number may have. Unsigned ones are passed to functions, and returned, like signed ones. */
typedef enum tp_scalar { TP_INT32, TP_INT64, TP_FLOAT32, TP_FLOAT64, TP_SCALARS } tp_scalar;

typedef struct tp_scalar_work {
    void (*function)(void);
    const void *arguments;
    void *results;
} tp_scalar_work;

/* A kernel (see pool/loop.h) whose arguments are a tp_scalar_work, with these types. */
typedef int (*tp_scalar_loop)(void *work, size_t begin, size_t end, size_t *failed);

tp_scalar_loop tp_scalar_select(tp_scalar argument, tp_scalar result);

#endif
