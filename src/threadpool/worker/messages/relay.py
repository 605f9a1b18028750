"""Which broadcast goes to which process: to those in which, or behind which, a channel of its name is open."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ...pool import lifecycle

if TYPE_CHECKING:
    from ..process.link import Link
    from ..process.packing import Pickled


class Relay:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._links: set[Link] = set()
        self._names: frozenset[str] = frozenset()  # of the channels here

    def set_names(self, names: Iterable[str]) -> None:
        """These are the names of the channels that are open here now."""
        self._names = frozenset(map(str.__str__, names))  # of that type itself
        self._tell()

    def add(self, link: Link) -> None:
        with self._lock:
            self._links.add(link)
        self._tell()

    def remove(self, link: Link) -> None:
        with self._lock:
            self._links.discard(link)
        self._tell()

    def want(self, link: Link, names: frozenset[str]) -> None:
        """The process at the other end of the link wants broadcasts of these names."""
        link.wanted = names
        self._tell()

    def _tell(self) -> None:
        """Each link what the others and this process want: so a broadcast passes through any number of processes."""
        with self._lock:
            for link in self._links:
                names = self._names.union(*(other.wanted for other in self._links if other is not link))
                if names != link.told:
                    link.told = names
                    link.send("names", names)

    def receivers(self, name: str, origin: Link | None) -> Collection[Link]:
        """The links by which a broadcast goes on that comes from `origin`: never back."""
        if not self._links:
            return ()
        with self._lock:
            return [link for link in self._links if link is not origin and name in link.wanted]

    def send(self, links: Iterable[Link], name: str, message: Pickled) -> None:
        for link in links:
            link.send("broadcast", str.__str__(name), message)

    def renew_after_fork(self) -> None:
        names = self._names
        self.__init__()  # type: ignore[misc]
        self._names = names


relay = Relay()
lifecycle.renewed_after_fork(relay)
