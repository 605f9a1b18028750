from threadpool.worker.messages._queue cimport Queue


cdef class Call:
    cpdef object run(self)


cdef class Home:
    cpdef bint call(self, Call call) except -1
    cpdef bint again(self, Call call) except -1


cdef class ThreadHome(Home):
    cdef readonly Queue _calls

    cpdef object step(self, timeout=*)


cdef class WorkerHome(ThreadHome):
    cdef set receivers
    cdef bint is_serving  # something is left that could call; of the worker's thread alone
