"""Pieces of a stream: a few items that one thread works through, while the consumer goes on."""

from collections import deque

from libc.math cimport INFINITY
from libc.stdint cimport uint64_t

from threadpool.pool._engine cimport Engine
from threadpool.pool._native cimport *
from threadpool.pool._python cimport PyErr_CheckSignals
from threadpool.pool._python_loop cimport private_context, private_function
from threadpool.pool._run cimport Handle
from threadpool.pool._task cimport Task

from threadpool.pool._run import Run

cdef uint64_t SIGNAL_NANOSECONDS = 50_000_000


cdef class Gate:
    """Where the consumer of a stream waits for pieces. Pieces know it, and not the stream, which so can be dropped."""

    cdef tp_gate gate
    cdef object finished    # pieces, in the order in which they ended

    def __cinit__(self):
        tp_gate_init(&self.gate)
        self.finished = deque()

    def __dealloc__(self):
        tp_gate_destroy(&self.gate)

    def next_finished(self, pieces):
        """The piece that ended first of those not returned yet. If none has, does one that nobody has started, or waits."""
        cdef unsigned opened
        while True:
            opened = self.gate.opened
            if self.finished:
                return self.finished.popleft()
            for piece in pieces:
                if (<Piece>piece).try_to_run():
                    break
                (<Piece>piece).check_process()
            else:
                with nogil:
                    tp_gate_wait_for_any(&self.gate, opened, SIGNAL_NANOSECONDS)
                PyErr_CheckSignals()


cdef class Piece(Task):
    """Some items of a stream. Its results up to the first error, and that error, are there once it has ended."""

    cdef Engine engine
    cdef Gate gate
    cdef list items
    cdef readonly Py_ssize_t count
    cdef object context
    cdef size_t first            # the number of its first item in the stream
    cdef Handle handle
    cdef readonly list results
    cdef readonly object error
    cdef readonly uint64_t nanoseconds
    cdef tp_flag ended

    def __init__(self, Engine engine, Gate gate, fn, list items, context, size_t first):
        self.engine = engine
        self.gate = gate
        self.fn = fn
        self.items = items
        self.count = len(items)
        self.context = context
        self.first = first
        self.handle = Handle()
        self.insists = True

    def queue(self):
        """Lets any thread of the engine do it."""
        self.engine.submit(self)

    def withdraw(self):
        """The results are not wanted any more."""
        self.engine.claim(self)
        self.handle.cancel()

    cdef bint run(self) except -1:
        cdef uint64_t started = tp_now()
        try:
            run = Run(self.engine, private_function(self.fn), self.items, 1, None, "raise", None, None, False,
                      self.handle, private_context(self.context), self.first)
            try:
                self.results = run()
            except BaseException as error:
                self.results = run.results_before_failure()
                self.error = error
        except BaseException as error:
            self.results = []
            self.error = error
        self.items = self.fn = self.context = None
        self.nanoseconds = tp_now() - started
        self.gate.finished.append(self)
        tp_gate_open(&self.gate.gate, &self.ended)
        return self.error is None

    cdef int cancel(self) except -1:
        from concurrent.futures import CancelledError

        self.results = []
        self.error = CancelledError(f"pool {self.engine.name!r} was shut down")
        self.gate.finished.append(self)
        tp_gate_open(&self.gate.gate, &self.ended)
        return 0

    cdef bint try_to_run(self) except -1:
        """Runs it in the consumer's thread, if nobody has started it and that thread may."""
        if self.engine.initializer is not None and not self.engine.is_own_thread() or not self.engine.claim(self):
            return False
        self.run()
        return True

    cdef int check_process(self) except -1:
        if self.engine.abandoned:
            raise RuntimeError("forked: items of this stream are done in the other process")
        return 0

    def wait(self, double deadline):
        """Waits until it has ended; does it now if nobody has started it. False: it is past the deadline (by time())."""
        cdef bint ended = self.try_to_run()
        cdef uint64_t patience
        while not ended:
            patience = SIGNAL_NANOSECONDS
            if deadline < INFINITY:
                patience = <uint64_t>(1e9 * min(0.05, max(0.0, deadline - now())))
            with nogil:
                ended = tp_gate_wait(&self.gate.gate, &self.ended, patience)
            if not ended:
                self.check_process()
                PyErr_CheckSignals()
                if now() >= deadline:
                    return False
        return True


def now():
    """Seconds by the clock of deadlines."""
    return tp_now() * 1e-9
