# Options of kernels, checked: what is wrong with them is said by name.

from libc.stddef cimport size_t

cdef size_t positive(str name, value) except 0
cdef float number(str name, value) except? -1
cdef (size_t, size_t) size_of(value) except *
