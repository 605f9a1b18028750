"""Where messages and events arrive: by callbacks, by waiting, by an asynchronous iteration."""

import inspect
from typing import Any, NamedTuple

from cpython.ref cimport Py_INCREF, PyObject

from threadpool.worker.messages._inbox cimport Inbox, Packed
from threadpool.worker.messages._queue cimport owned, tp_queue_arm, tp_queue_take_unless

from threadpool.worker.current import current
from threadpool.worker.messages._delivery import Listener
from threadpool.worker.messages._queue import EMPTY, ENDED
from threadpool.worker.messages.homes import LoopHome, delivery

cdef extern from "Python.h":
    """
    #include <stdatomic.h>
    /* Of asyncio, once it is there; until then, of how many modules it was none. */
    static _Atomic(PyObject *) tp_get_running_loop;
    static _Atomic Py_ssize_t tp_modules_without_asyncio = -1;
    """
    PyObject *tp_get_running_loop
    Py_ssize_t tp_modules_without_asyncio
    PyObject *PyImport_GetModuleDict()

# As many messages an iteration takes before the event loop does something else.
cdef enum: BATCH = 64


cpdef object running_loop():
    """The event loop that runs in this thread. Without importing asyncio: where it is not, no loop is."""
    global tp_get_running_loop, tp_modules_without_asyncio
    cdef Py_ssize_t count
    if tp_get_running_loop is NULL:
        modules = <dict>PyImport_GetModuleDict()
        count = len(modules)
        if count == tp_modules_without_asyncio:  # to look it up again would take the lock that all imports need
            return None
        asyncio = modules.get("asyncio")
        if asyncio is None:
            tp_modules_without_asyncio = count
            return None
        get_running_loop = getattr(asyncio, "_get_running_loop", None)
        if get_running_loop is None:  # another thread is about to import it
            return None
        Py_INCREF(get_running_loop)  # for good
        tp_get_running_loop = <PyObject *>get_running_loop
    return (<object>tp_get_running_loop)()


class Message(NamedTuple):
    """What `receive_message` returns."""

    value: Any


cdef class Receiver(Delivery):
    """What ports, channels and workers have in common. Safe to use from any thread."""

    # Listeners

    def on(self, event, callback):
        """Calls ``callback`` with each event of that name: with the message, the error, the exit code, or nothing.

        It runs on the asyncio loop that is running here now, and may be a coroutine function then; in a worker without
        a loop on the worker's own thread, once its script has ended, which stays alive for it; elsewhere on the
        delivery thread. One after the other, in the order of what happened, in the context of who calls this. Returns
        the callback. What happens once, like the end, is told to who comes late, if nobody has heard of it yet.
        ValueError: no such event; TypeError: not callable.
        """
        self._listen(event, callback, False)
        return callback

    def once(self, event, callback):
        """The same for the next event only."""
        self._listen(event, callback, True)
        return callback

    def off(self, event, callback):
        """Does not call ``callback`` for that event any more; that which was added last, if it was more than once."""
        self._check_event(event)
        self._drop(event, callback)

    def _listen(self, event, callback, is_once):
        self._check_event(event)
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__!r}")
        self.opened()
        loop = running_loop()
        if loop is None and inspect.iscoroutinefunction(callback):
            raise TypeError("callback must not be a coroutine function where no event loop is running")
        context = current()
        home = context.home or delivery
        if loop is not None:
            context.use(loop)
            home = context.loop_home
            if home is None or home.loop is not loop:
                home = LoopHome(loop)
        if not self._add(event, Listener(callback, home, is_once)):
            self.opened()

    def _check_event(self, event):
        if event not in self.events:
            names = ", ".join(map(repr, self.events))
            raise ValueError(f"event must be one of {names}, not {event!r}")

    # Waiting

    def receive_message(self):
        """The next message, as a `Message` with a ``value``, without waiting; None when there is none.

        One from another process that cannot be unpickled raises what went wrong.
        """
        cdef PyObject *first = self.take_from(self.opened())
        if first is not NULL:
            return Message(unpacked(owned(first)))
        self.opened()
        return None

    def recv(self, timeout=None):
        """Waits for the next message and returns it.

        TimeoutError: there is none within ``timeout`` seconds (None: however long). EOFError: there is none any more.
        In a thread whose event loop is running: RuntimeError, unless ``timeout`` is 0; there: ``await anext(port)``.
        Ctrl-C, the end of the worker that waits, and a transfer of the port interrupt it.
        """
        cdef Inbox inbox = self.opened()
        cdef PyObject *first = self.take_from(inbox)
        if first is not NULL:
            return unpacked(owned(first))
        if running_loop() is not None and timeout != 0:
            raise RuntimeError(
                "recv would block the event loop that is running in this thread: use async for, await anext(...) or on"
            )
        message = inbox.get_unless(timeout, &self.is_elsewhere)
        if message is EMPTY or message is ENDED:
            self.opened()
        if message is EMPTY and timeout is None:  # it was transferred, but that was undone
            return self.recv()
        if message is EMPTY:
            raise TimeoutError(f"no message within {timeout} seconds")
        if message is ENDED:
            raise self._end_of_messages()
        return unpacked(message)

    def __aiter__(self):
        return self

    async def __anext__(self):
        """The next message. The iteration ends when there is none any more. Cancelled, it has taken none."""
        import asyncio

        cdef Inbox inbox = self.opened()
        cdef PyObject *first
        context = current()
        self.in_a_row += 1
        if self.in_a_row > BATCH:
            self.in_a_row = 0
            await asyncio.sleep(0)
        while True:
            # Ended is looked at first: what was put in before can be taken after that.
            is_ended = inbox.is_ended
            first = self.take_from(inbox)
            if first is not NULL:
                return unpacked(owned(first))
            if is_ended:
                self.opened()
                error = self._end_of_messages()
                if isinstance(error, EOFError):
                    raise StopAsyncIteration
                raise error
            loop = asyncio.get_running_loop()
            waiter = LoopHome(loop), loop.create_future()
            self._add_waiter(waiter)
            try:
                self.opened()  # after that, as who transfers it wakes those who have been added
                if tp_queue_arm(&inbox.native):
                    self.in_a_row = 0
                    context.wait_in(loop)
                    try:
                        await waiter[1]
                    finally:
                        context.go_on()
            finally:
                self._drop_waiter(waiter)

    # The end

    cdef Inbox opened(self):
        if self.is_elsewhere:
            raise RuntimeError(f"the {type(self).__name__} was transferred, and is its new owner's")
        return self._inbox

    cdef PyObject *take_from(self, Inbox inbox) noexcept:
        """The first message, the caller's reference to it, or NULL, also if it is another's by now."""
        return <PyObject *>tp_queue_take_unless(&inbox.native, &self.is_elsewhere)

    def _open(self):
        return self.opened()

    def _end_of_messages(self):
        """What `recv` raises when there are no messages any more."""
        return EOFError(f"the {type(self).__name__} is closed")

    def close(self):
        """No message comes any more; those that are there can still be taken."""
        raise NotImplementedError

    def ref(self):
        """Has listeners here keep the worker alive whose thread they run on; that is so by default."""
        self._set_ref(True)

    def unref(self):
        """Lets the worker end whose thread the listeners run on, even though they could be called again."""
        self._set_ref(False)

    @property
    def keeps_alive(self):
        """Whether it keeps the worker alive whose thread its listeners run on."""
        return self._is_ref and bool(self._listeners.get("message"))


cpdef object unpacked(message):
    return (<Packed>message).unpack() if isinstance(message, Packed) else message
