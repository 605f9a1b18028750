"""The inputs of a run: what `data` held when the run began."""

import sys

from cpython.ref cimport PyObject

cdef extern from "Python.h":
    PyObject **PySequence_Fast_ITEMS(object)


cdef class Items:
    """A snapshot of an iterable, read by every thread without a lock and without a shared reference count.

    A range and a NumPy array are not materialised: their items are made as they are asked for.
    """

    def __init__(self, data):
        if type(data) is range and fits(data):
            self.count = length(data)
            self.start = data.start
            self.step = data.step
        elif type(data) is range or is_array(data):
            self.count = length(data)
            self.sequence = data
        else:
            self.snapshot = drained(data)
            self.count = len(self.snapshot)
            self.slots = PySequence_Fast_ITEMS(self.snapshot)

    cdef object make(self, Py_ssize_t index):
        """An item of a range or an array."""
        if self.sequence is not None:
            return self.sequence[index]
        return self.start + index * self.step


cdef bint is_array(data):
    # Another thread may be importing NumPy just now, and then the module is not complete.
    array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if array is None or not isinstance(data, array):
        return False
    if data.ndim == 0:
        raise TypeError("data must be iterable, not a 0-d array")
    return True


cdef Py_ssize_t length(data) except -1:
    try:
        return len(data)
    except OverflowError:
        raise ValueError(f"data has too many items: {data!r}") from None


cdef bint fits(numbers):
    """Whether every number of a range, and one step more, can be computed in 64 bits."""
    return all(-(1 << 62) < number < 1 << 62 for number in (numbers.start, numbers.stop, numbers.step))


cdef object iterator_of(data):
    try:
        return iter(data)
    except TypeError:
        if hasattr(type(data), "__iter__") and not is_array(data):
            raise
        raise TypeError(f"data must be iterable, not {type(data).__name__!r}") from None


cdef tuple drained(data):
    """What an iterable holds."""
    if type(data) is tuple or type(data) is list:
        return tuple(data)  # in one step, which no other thread can change half-way
    return tuple(iterator_of(data))


cdef str name_of(Py_ssize_t index):
    """Of an item in data, for messages; -1: it is data itself."""
    return "data" if index < 0 else f"data[{index}]"
