"""What the queue of an engine holds."""


cdef class Task:
    """One piece of work for any thread of an engine. Taken out of the queue by exactly one thread, which then runs it."""

    def __cinit__(self):
        self.native.link = NULL
        self.native.owner = <void *>self

    cdef bint run(self) except -1:
        """Does the work, in any thread. False: it failed, or had been cancelled."""
        raise NotImplementedError

    cdef int cancel(self) except -1:
        """Called instead of `run` when its owner does not want it any more."""
        raise NotImplementedError

    cdef int refuse(self) except -1:
        """Called instead of `run` when the pool cannot run it: it fails with `Engine.refusal`."""
        raise NotImplementedError
