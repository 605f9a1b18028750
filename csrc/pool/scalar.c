#include "pool/scalar.h"

#include <stdint.h>

#define LOOP(name, argument_type, result_type)                                                                         \
    static int name(void *context, size_t begin, size_t end, size_t *failed) {                                         \
        const tp_scalar_work *work = context;                                                                          \
        result_type (*function)(argument_type) = (result_type (*)(argument_type))work->function;                       \
        const argument_type *arguments = work->arguments;                                                              \
        result_type *results = work->results;                                                                          \
        (void)failed;                                                                                                  \
        for (size_t i = begin; i < end; i++)                                                                           \
            results[i] = function(arguments[i]);                                                                       \
        return 0;                                                                                                      \
    }

#define LOOPS(name, argument_type)                                                                                     \
    LOOP(name##_to_int32, argument_type, int32_t)                                                                      \
    LOOP(name##_to_int64, argument_type, int64_t)                                                                      \
    LOOP(name##_to_float32, argument_type, float)                                                                      \
    LOOP(name##_to_float64, argument_type, double)

LOOPS(int32, int32_t)
LOOPS(int64, int64_t)
LOOPS(float32, float)
LOOPS(float64, double)

#define ROW(name) {name##_to_int32, name##_to_int64, name##_to_float32, name##_to_float64}

static const tp_scalar_loop loops[TP_SCALARS][TP_SCALARS] = {
    [TP_INT32] = ROW(int32),
    [TP_INT64] = ROW(int64),
    [TP_FLOAT32] = ROW(float32),
    [TP_FLOAT64] = ROW(float64),
};

tp_scalar_loop tp_scalar_select(tp_scalar argument, tp_scalar result) { return loops[argument][result]; }
