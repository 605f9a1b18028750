from collections import deque
from collections.abc import Callable
from typing import Any, final

from typing_extensions import disjoint_base

from ._delivery import Delivery
from ._queue import Queue
from .port import Peer

class Packed:
    def unpack(self) -> Any: ...

@disjoint_base
class Owner: ...

@disjoint_base
class Inbox(Queue):
    owner: Delivery | None
    @property
    def events(self) -> deque[tuple[int, str, tuple[Any, ...]]]: ...
    def happen(self, event: str, *arguments: Any) -> None: ...
    def end_with(self, event: str, *arguments: Any) -> None: ...
    def hang_up(self) -> None: ...
    def redirect(self, target: Peer, put_queued: Callable[[Any], object] | None = None) -> None: ...

class WorkerInbox(Inbox): ...
