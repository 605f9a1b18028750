"""A receiver that also sends: to the other end of its channel."""

from threadpool.worker.messages._inbox cimport Inbox
from threadpool.worker.messages._queue cimport tp_flag, tp_queue_wake
from threadpool.worker.messages._receiver cimport Receiver

from threadpool.worker.messages._moving import send_moving
from threadpool.worker.messages.passing import Moved


cdef class Endpoint(Receiver):
    """A receiver that also sends: to the other end of its channel."""

    cdef readonly object _peer       # set once, like the inbox
    cdef readonly tp_flag is_closed  # nobody is at the other end

    def _connect(self, Inbox inbox, peer):
        if self._peer is not peer:
            self._peer = peer
        self._own(inbox)

    def _take_over(self, Endpoint source):
        """Becomes what `source` is, which is nothing from now on."""
        with source._lock:
            inbox = source.opened()
            source.is_elsewhere = True
            self.is_closed = source.is_closed
        self._is_over, self._missed = source._is_over, source._missed
        self._connect(inbox, source._peer)
        self._schedule()

    def _let_go(self):
        """It was transferred for good: who waits or listens at this handle does not from now on."""
        tp_queue_wake(&self._inbox.native)
        self.announced()
        self._remove_all()

    def _hang_up(self):
        """Nothing is sent any more, in either direction. One that is transferred just now arrives closed, or is not."""
        with self._lock:
            inbox = self.opened()
            self.is_closed = True
        self._peer.hang_up()
        inbox.hang_up()  # wherever it leads by now

    def post_message(self, value, transfer=(), *, bint copy=False):
        """Sends ``value``: any object, by reference, so in constant time; the receiver gets the very same.

        ``copy=True`` sends a deep copy. What is in ``transfer``, ports and SharedBuffers, changes its owner: the
        receiver gets it with the message, and here it raises RuntimeError, or ValueError, from now on; its lists,
        tuples, dicts and sets are copied for that, and of them only those in the message itself are looked at. After
        an error nothing was moved. To a worker that is a process the message is pickled, and ports must be transferred.

        Never waits. When the other end is closed, the message is thrown away, as in Node.
        TypeError, ValueError: a ``transfer`` that cannot be; BufferError: a SharedBuffer with views. What copying and
        pickling raise. Thread-safe.
        """
        self.opened()
        if transfer or copy:
            send_moving(self._send, value, transfer, copy, self._ends())
            return
        if value is self:
            raise ValueError(f"a {type(self).__name__} cannot be sent through itself")
        self.send(value)

    def _send(self, message):
        if not self.send(message) and isinstance(message, Moved):
            message.drop()

    cdef bint send(self, message) except -1:
        """False: nobody is there to get it."""
        if self.is_closed:
            return False
        if isinstance(self._peer, Inbox):
            return (<Inbox>self._peer).put(message)
        return self._peer.put(message)

    def _ends(self):
        """What cannot be sent through this channel."""
        owner = getattr(self._peer, "owner", None)
        return (self,) if owner is None else (self, owner)
