from threadpool cimport BufferKernel


cdef class Hash(BufferKernel):
    cdef readonly int digest_size   # bytes
    cdef readonly int block_size

    cdef int describe(self, str name, double item_nanoseconds, double byte_nanoseconds) except -1
