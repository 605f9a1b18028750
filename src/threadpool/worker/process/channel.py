"""One of the channels of a link, which stands for the other end of a port's channel, in another process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..messages._inbox import Inbox
from ..messages.passing import Moved
from ..messages.port import MessagePort, Peer
from .packing import Pickled, pack_failure, packed

if TYPE_CHECKING:
    from .link import Link

_LAST = object()  # goes through a channel and back when its port has come home


class Channel:
    """What is put in is put into the target in the other process.

    A port that comes back by the link over which it went away leaves its channel: messages that are on their way to it
    turn round in the other process, `_LAST` behind them, and until that is back, those that follow are held.
    """

    def __init__(self, link: Link, number: int, target: Peer, source: Inbox | None = None) -> None:
        self.target = target  # of what comes from the other process
        self._link = link
        self._number = number
        self.source = source  # from where it is put in, if not by a port here
        self._held: Inbox | None = None
        self._is_leaving = False
        self._is_closed = False
        self._lock = threading.Lock()
        self._turning = threading.RLock()  # before the locks of inboxes

    def put(self, message: Any) -> bool:
        if message is _LAST:
            self._link.forget(self._number)
            return self._link.send("last", self._number)
        return self._link.send("message", self._number, packed(message))

    def put_queued(self, message: Any) -> None:
        """The same for what was posted before the port went away: nobody is there any more to get an error."""
        try:
            self.put(message)
        except Exception as error:
            self._link.send("message", self._number, pack_failure(error))
            if isinstance(message, Moved):
                for port in message.ports:
                    port.close()

    def lead(self, inbox: Inbox) -> None:
        """What is put into that inbox goes over here from now on, unless its port has come home meanwhile."""
        with self._turning:
            if self._held is None:
                inbox.redirect(self, self.put_queued)

    def hang_up(self) -> None:
        with self._lock:
            is_first, self._is_closed = not self._is_closed, True
        if is_first:
            self._link.send("close", self._number)

    def leave(self, link: Link) -> int | None:
        """The number, if the port here came by that link and the channel is open: then it is to go back there."""
        with self._lock:
            self._is_leaving = self._link is link and not self._is_closed
            return self._number if self._is_leaving else None

    def come_home(self) -> MessagePort:
        """The port that had gone away is here again."""
        inbox = Inbox()
        port = MessagePort._of(inbox, self.target)
        self.target = inbox
        with self._turning:
            self._held = Inbox()
            if self.source is not None:
                self.source.redirect(self._held)
        self._link.send("last", self._number)
        return port

    # What comes from the other process

    def message(self, message: Any) -> None:
        if not self.target.put(message) and isinstance(message, Pickled):
            message.discard()

    def last(self) -> None:
        if self._held is None:
            self.target.put(_LAST)
        else:
            self._link.forget(self._number)
            self._held.redirect(self.target)

    def close(self) -> None:
        self._link.forget(self._number)
        if self._held is not None:
            self._held.redirect(self.target)
        self.target.hang_up()
        if not self._is_leaving:  # what turns round hangs up behind the messages
            self.hang_up()

    def lose(self) -> None:
        """The other process is gone."""
        if self._held is not None:
            self._held.redirect(self.target)
        else:
            self.target.hang_up()
