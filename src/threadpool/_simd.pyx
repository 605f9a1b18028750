"""The SIMD instructions that kernels may use: those of this CPU, but none above what the variable THREADPOOL_SIMD says."""

import os

cdef extern from "cpu.h" nogil:
    ctypedef enum tp_cpu_level:
        pass

    tp_cpu_features tp_cpu_detect()
    tp_cpu_features tp_cpu_cap(tp_cpu_features features, tp_cpu_level level)
    tp_cpu_level tp_cpu_level_of(tp_cpu_features features)
    bint tp_cpu_level_named(const char *name, tp_cpu_level *level)
    const char *tp_cpu_level_name(tp_cpu_level level)


def detect():
    """Sets `features`; once, at import. The level that they reach."""
    global features
    cdef tp_cpu_level most
    features = tp_cpu_detect()
    cap = os.environ.get("THREADPOOL_SIMD")
    if cap:
        if not tp_cpu_level_named(cap.encode(), &most):
            raise ValueError(f"THREADPOOL_SIMD must be portable, sse, avx2, avx512 or neon, not {cap!r}")
        features = tp_cpu_cap(features, most)
    return tp_cpu_level_name(tp_cpu_level_of(features)).decode()


level = detect()
