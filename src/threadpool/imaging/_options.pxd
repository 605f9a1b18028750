# Options of kernels, checked: what is wrong with them is said by name.

from libc.stddef cimport size_t

cdef size_t positive(str name, value) except 0
cdef float number(str name, value) except? -1
cdef (size_t, size_t) size_of(value) except *

# The array that is `out`, or a new one: C-contiguous, of that shape and dtype. Its memory is pinned.
cdef object pin_out(Py_buffer *view, out, tuple shape, str dtype)
