import socket
from collections.abc import Callable
from typing import final

@final
class FrameReader:
    """Has ``arrive`` called with each frame: with the kind, the fields, the ways of ports, the files, and the parts.

    The parts are None if there is no memory for them.
    """

    def __init__(self, connection: socket.socket, arrive: Callable[..., object]) -> None: ...
    def read(self) -> bool:
        """Reads what is there. False: the other side is gone."""
