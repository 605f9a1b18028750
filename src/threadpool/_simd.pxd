# What the CPU can do, and the variable THREADPOOL_SIMD allows.

cdef extern from "cpu.h" nogil:
    ctypedef struct tp_cpu_features:
        pass

cdef tp_cpu_features features
