# A kernel is a function that runs without the interpreter; a batch is one call of it over many items.
#
# Public: other packages compile this file into theirs, so it includes no header of ours. KERNEL_ABI changes with
# whatever they have compiled in: the order of fields and methods, a signature. The size of a class never changes, since
# they make objects of it before they can be asked for their number: new fields take the place of reserved ones.

from libc.stdint cimport uint32_t

cdef enum: KERNEL_ABI = 1

# Works on the items [begin, end), without the interpreter, in any thread. Returns 0, or a code of its own for the item
# failed[0]; those below it in the range are done then.
ctypedef int (*Body)(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil


cdef class Batch:
    cdef Body body
    cdef void *arguments      # what the body is given
    cdef size_t count         # items
    cdef uint32_t burst       # units that the body may be given at once; 1 unless set
    cdef uint32_t unit        # items that it is given together, but for the last; 1 unless set
    cdef double nanoseconds   # what all of it will take one thread; under 30 µs nobody is asked to help; endless unless set
    cdef void *reserved[4]

    cdef list results(self)
    cdef object error(self, size_t index, int code)


cdef class Kernel:
    cdef void *reserved_by_kernel[4]

    cdef Batch bind(self, object data, dict options)


cdef int check_abi(int compiled) except -1


# Inline, so that KERNEL_ABI is the one that the caller was compiled with.
cdef inline int set_body(Batch batch, Body body, void *arguments, size_t count) except -1:
    """What a batch does. RuntimeError: the package that calls it was compiled for another ABI."""
    check_abi(KERNEL_ABI)
    batch.body = body
    batch.arguments = arguments
    batch.count = count
    return 0
