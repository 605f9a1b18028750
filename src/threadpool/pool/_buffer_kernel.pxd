# Kernels of the most common shape: a buffer in, a result of fixed size out. Public, like _kernel.pxd.

from threadpool.pool._kernel cimport KERNEL_ABI, Batch, Kernel, check_abi

# Reads the `size` bytes of `data` (a kernel in place casts the const away) and writes a result. Returns 0, or a code of its
# own.
ctypedef int (*BufferFunction)(const void *data, size_t size, void *result) noexcept nogil

cdef struct BufferCall:
    const void *data
    size_t size
    void *result

# The same for several at once, in place of a BufferFunction each; it cannot fail.
ctypedef void (*BuffersFunction)(const BufferCall *calls, size_t count) noexcept nogil


cdef class BufferKernel(Kernel):
    cdef BufferFunction function
    cdef size_t result_size           # bytes; 0: the result is None
    cdef object element               # the NumPy dtype of a result; None: it is a bytes object; "uint32": without NumPy if alone
    cdef bint in_place                # the function writes to its input
    cdef double item_nanoseconds      # what an item takes one thread, and how much a byte adds; endless unless set
    cdef double byte_nanoseconds
    cdef size_t worth_detaching       # bytes; a call on less than this keeps the interpreter; 0 unless set
    cdef readonly str name
    cdef BuffersFunction together     # for several buffers, or NULL
    cdef size_t unit                  # for how many at a time; set both
    cdef void *reserved_by_buffer_kernel[2]

    cdef object error(self, int code)


# Inline, so that KERNEL_ABI is the one that the caller was compiled with.
cdef inline int set_function(BufferKernel kernel, str name, BufferFunction function, size_t result_size) except -1:
    """What a kernel does. RuntimeError: the package that calls it was compiled for another ABI."""
    check_abi(KERNEL_ABI)
    kernel.name = name
    kernel.function = function
    kernel.result_size = result_size
    return 0
