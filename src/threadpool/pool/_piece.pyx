"""Pieces of a stream: a few items that one thread works through, while the consumer goes on."""

from collections import deque

from libc.math cimport INFINITY
from libc.stdint cimport uint64_t

from threadpool.pool._engine cimport Engine
from threadpool.pool._native cimport *
from threadpool.pool._python cimport PyErr_CheckSignals
from threadpool.pool._python_loop cimport current_frame, private_context, private_function, set_current_frame
from threadpool.pool._run cimport Handle
from threadpool.pool._task cimport Task
from threadpool.pool._watch cimport SIGNAL_NANOSECONDS

from threadpool.pool._run import Run

cdef enum: LONG_WAITS = 10  # of SIGNAL_NANOSECONDS

# What a piece should take: long compared with queueing it and with waking a thread, short compared with what a user
# notices. One that proves slower is cut when it has taken so long that the difference is plain.
PIECE_NANOSECONDS = 500_000
cdef uint64_t CUT_NANOSECONDS = 10_000_000
cdef enum: PIECES_OF_A_CUT = 5


cdef class Gate:
    """Where the consumer of a stream waits for pieces. Pieces know it, and not the stream, which so can be dropped."""

    cdef tp_gate gate
    cdef object finished    # pieces, in the order in which they ended; None where nobody asks for that
    cdef unsigned seen      # how many pieces had ended at the last look
    cdef unsigned waits     # looks since one did that the consumer has not done itself
    cdef tp_frame around    # stands for the item that the consumer is part of, if it is: that may end before a piece does

    def __cinit__(self):
        tp_gate_init(&self.gate)
        if current_frame() is not NULL:
            self.around.loop = tp_loop_new(1, 1, 1, 1, NULL, NULL)
            if self.around.loop is NULL:
                raise MemoryError

    def __dealloc__(self):
        tp_gate_destroy(&self.gate)
        if self.around.loop is not NULL:
            tp_loop_free(self.around.loop)

    def keep_finished(self):
        """From now on `wait` returns pieces in the order in which they end."""
        self.finished = deque()

    def is_ready(self, pieces):
        """Whether `wait` would return at once."""
        if self.finished is not None:
            return bool(self.finished)
        return tp_flag_is_set(&(<Piece>next(iter(pieces))).ended)

    def wait(self, pieces, double deadline):
        """The piece that is next, once it has ended; None if that is past the deadline (by now()). Without a deadline the
        calling thread meanwhile does those that nobody can."""
        return self.next_finished(pieces) if self.finished is not None else self.first_of(pieces, deadline)

    cdef Piece next_finished(self, pieces):
        """The piece that ended first of those not returned yet."""
        cdef unsigned opened
        while True:
            opened = self.gate.opened
            if self.finished:
                return self.finished.popleft()
            if not self.help(pieces):
                with nogil:
                    tp_gate_wait_for_any(&self.gate, opened, SIGNAL_NANOSECONDS)
                self.look()

    cdef Piece first_of(self, pieces, double deadline):
        cdef Piece first = next(iter(pieces))
        cdef uint64_t patience
        cdef bint ended
        while not tp_flag_is_set(&first.ended):
            if deadline == INFINITY and self.help(pieces):
                continue
            patience = <uint64_t>min(<double>SIGNAL_NANOSECONDS, 1e9 * max(0.0, deadline - now()))
            with nogil:
                ended = tp_gate_wait(&self.gate, &first.ended, patience)
            if not ended:
                first.check_process()
                self.look()
                if now() >= deadline:
                    return None
        return first

    cdef bint help(self, pieces) except -1:
        """Does the first piece that nobody has started, if the pool's threads might not: the consumer is one of a pool's
        itself, there are none, or they have not come for long, and may be waiting for something that the consumer holds.
        Else it does not, for it would have no eye on results while it is at an item that takes long."""
        for piece in pieces:
            (<Piece>piece).check_process()
            if not (<Piece>piece).engine.needs_help() and (self.waits < LONG_WAITS or self.gate.opened != self.seen):
                return False
            if (<Piece>piece).try_to_run():
                self.seen += 1  # by itself
                return True
        return False

    cdef int look(self) except -1:
        """What the consumer sees to while it waits: signals, and what it is part of."""
        PyErr_CheckSignals()
        self.waits = self.waits + 1 if self.gate.opened == self.seen else 0
        self.seen = self.gate.opened
        if self.around.loop is not NULL and tp_frame_is_cancelled(current_frame()):
            tp_loop_lower_limit(self.around.loop, 0)
        return 0


cdef class Piece(Task):
    """Some items of a stream. Its results up to the first error, and that error, are there once it has ended.

    A piece that proves slow is cut: it ends with the results it has, and the items that follow become pieces of their own,
    so that other threads have a part in them and results that are there need not wait for them.
    """

    cdef Engine engine
    cdef Gate gate               # until it has ended: the gate knows the piece then
    cdef list items
    cdef readonly Py_ssize_t count
    cdef bint may_be_cut
    cdef readonly list rest      # the pieces that follow when it was cut, in order
    cdef object context
    cdef size_t first            # the number of its first item in the stream
    cdef Handle handle
    cdef readonly list results
    cdef object error
    cdef readonly uint64_t nanoseconds
    cdef tp_flag ended

    def __init__(self, Engine engine, Gate gate, fn, list items, context, size_t first, bint may_be_cut):
        self.engine = engine
        self.gate = gate
        self.fn = fn
        self.items = items
        self.count = len(items)
        self.context = context
        self.first = first
        self.may_be_cut = may_be_cut and self.count > 1
        self.rest = []
        self.handle = Handle()
        self.insists = True

    def queue(self):
        """Lets any thread of the engine do it. Where these have been sent home, but the stream goes on, it is done here."""
        self.engine.submit(self)

    def withdraw(self):
        """The results are not wanted any more."""
        if self.engine.claim(self):
            tp_pool_count(&self.engine.pool, 0, 0, self.count)
        self.handle.cancel()
        for piece in self.rest:  # who cuts it just now looks at the handle afterwards
            piece.withdraw()

    def raise_error(self):
        """Raises the error, if there is one, and lets go of it."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    cdef bint run(self) except -1:
        cdef uint64_t started = tp_now()
        cdef tp_frame *before = current_frame()
        if before is NULL and self.gate.around.loop is not NULL:
            set_current_frame(&self.gate.around)
        try:
            self.results = self.work()
            self.nanoseconds = tp_now() - started
            if self.error is None and <Py_ssize_t>len(self.results) < self.count:
                self.rest = self.cut()
        except BaseException as error:  # no memory, or results of a kernel that are no objects
            self.results = []
            self.error = error
        set_current_frame(before)
        cdef bint succeeded = self.end()
        for piece in self.rest:  # now, for the consumer takes them after this one, and another thread may be at them
            (<Piece>piece).queue_or_fail()
        if self.rest and self.handle.was_cancelled():
            self.withdraw()
        return succeeded

    cdef list cut(self):
        """Pieces of what has not been done: some as large as what has been done suggests, and one of the rest, which is
        cut in its turn. Were it many at once, pieces that come before them, and are cut later, would have to wait for all.
        """
        cdef Py_ssize_t done = len(self.results)
        cdef Py_ssize_t size = max(1, <Py_ssize_t>(<uint64_t>done * <uint64_t>PIECE_NANOSECONDS // self.nanoseconds))
        cdef list bounds = [*range(done, self.count, size)][:PIECES_OF_A_CUT]
        pieces = [Piece(self.engine, self.gate, self.fn, self.items[at:end], self.context, self.first + at, True)
                  for at, end in zip(bounds, [*bounds[1:], self.count])]
        self.count = done
        return pieces

    cdef int queue_or_fail(self) except -1:
        try:
            self.queue()
        except RuntimeError as error:  # the pool has been shut down
            self.fail(error)
        return 0

    cdef list work(self):
        """The results of the items, up to the first that fails."""
        try:
            run = self.new_run(False)
        except Exception:
            run = self.new_run(True)  # a kernel looks at all of its inputs first, and has refused one
        if self.may_be_cut:
            run.cut_after(CUT_NANOSECONDS)
        try:
            return run()
        except BaseException as error:
            self.error = error
            return run.results_before_failure()

    cdef object new_run(self, bint item_by_item):
        return Run(self.engine, private_function(self.fn), self.items, 1, None, "raise", None, None, False, self.handle,
                   private_context(self.context), self.first, item_by_item)

    cdef int cancel(self) except -1:
        from concurrent.futures import CancelledError

        return self.fail(CancelledError(f"pool {self.engine.name!r} was shut down"))

    cdef int refuse(self) except -1:
        return self.fail(self.engine.refusal())

    cdef int fail(self, error) except -1:
        self.results = []
        self.error = error
        tp_pool_count(&self.engine.pool, 0, 0, self.count)
        self.end()
        return 0

    cdef bint end(self) except -1:
        cdef bint succeeded = self.error is None
        gate = self.gate
        self.items = self.fn = self.context = self.gate = None
        if gate.finished is not None:
            gate.finished.append(self)
        tp_gate_open(&gate.gate, &self.ended)
        return succeeded

    cdef bint try_to_run(self) except -1:
        """Runs it in the consumer's thread, if nobody has started it and that thread may."""
        if not self.engine.may_run_here() or not self.engine.claim(self):
            return False
        self.run_here()
        return True

    cdef int check_process(self) except -1:
        if self.engine.abandoned:
            raise RuntimeError("forked: items of this stream are done in the other process")
        return 0

    cdef int run_here(self) except -1:
        """Runs it in the consumer's thread."""
        self.run()
        if self.error is not None and not isinstance(self.error, Exception):
            self.raise_error()  # Ctrl-C does not wait for its turn
        return 0


def now():
    """Seconds by the clock of deadlines."""
    return tp_now() * 1e-9
