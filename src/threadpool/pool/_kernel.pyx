"""Kernels: functions that run without the interpreter, so that they scale on every build of Python."""

from libc.math cimport INFINITY


cdef class Batch:
    """The arguments and results of one call of a kernel over many items. It keeps both alive."""

    def __cinit__(self):
        self.burst = self.unit = 1
        self.nanoseconds = INFINITY

    cdef list results(self):
        """The results in the order of the items, once all have run."""
        raise NotImplementedError

    cdef object error(self, size_t index, int code):
        """The exception that stands for a code that the body returned for an item."""
        return RuntimeError(f"the kernel returned code {code}")


cdef class Kernel:
    """A function that `run` calls on many items without attaching a thread to the interpreter for any of them."""

    cdef Batch bind(self, object data, dict options):
        """Checks and pins `data`, an iterable of inputs, before anything runs."""
        raise NotImplementedError

    def __call__(self, data, /, **options):
        cdef Batch batch = self.bind((data,), options)
        cdef size_t failed = 0
        cdef int code
        with nogil:
            code = batch.body(batch.arguments, 0, 1, &failed)
        if code:
            raise batch.error(failed, code)
        return batch.results()[0]


cdef int check_abi(int compiled) except -1:
    if compiled != KERNEL_ABI:
        raise RuntimeError(f"this kernel was compiled for version {compiled} of threadpool's kernel ABI, and the "
                           f"installed threadpool has version {KERNEL_ABI}: the package of the kernel must be built anew")
    return 0
