"""What becomes of a message on its way: copied, or with some of it moved to the new owner."""

from __future__ import annotations

import copy as copying
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...sync import SharedBuffer
from ...sync._shared_buffer import empty
from ...sync._shared_buffer import transfer as move_memory
from ..current import current
from ._inbox import Inbox, Packed
from ._queue import EMPTY

if TYPE_CHECKING:
    from ._receiver import Receiver
    from .port import MessagePort


class Transfer:
    """Things that change their owner with a message: all of them, or none.

    ``replacements`` are the new owner's handles, by the identity of the old ones; they are empty until `commit`, and
    again after `undo`.
    """

    def __init__(self, things: Iterable[Any], forbidden: tuple[Receiver, ...]) -> None:
        from .port import MessagePort

        try:
            self.things = list(things)
        except TypeError:
            raise TypeError(f"transfer must be a list of ports and SharedBuffers, not {things!r}") from None
        self.replacements: dict[int, Any] = {}
        for number, thing in enumerate(self.things):
            if isinstance(thing, MessagePort):
                if any(thing is port for port in forbidden):
                    raise ValueError(f"transfer[{number}] is an end of the channel that the message goes through")
                thing._open()
                replacement: Any = MessagePort._of_nobody()
            elif isinstance(thing, SharedBuffer):
                replacement = empty()
            else:
                name = type(thing).__name__
                raise TypeError(f"transfer[{number}] must be a MessagePort or a SharedBuffer, not {name!r}")
            if id(thing) in self.replacements:
                raise ValueError(f"transfer[{number}] is there twice")
            self.replacements[id(thing)] = replacement
        self._moved: list[Any] = []

    def prepare(self, value: Any, copy: bool) -> Any:
        """The message that is sent for `value`."""
        if copy:
            value = copying.deepcopy(value, dict(self.replacements))
        elif self.things:
            found: set[int] = set()
            value = _replace(value, self.replacements, found, {})
            for number, thing in enumerate(self.things):
                if id(thing) not in found:
                    raise ValueError(
                        f"transfer[{number}] is not in the message, nor in its lists, tuples, dicts and sets"
                    )
        ports = [each for each in self.replacements.values() if not isinstance(each, SharedBuffer)]
        return Moved(value, ports) if ports else value

    def commit(self) -> None:
        """Moves everything. What fails here has moved nothing."""
        try:
            for thing in self.things:
                self._moved.append(thing)  # before, as an exception from elsewhere may come after the move
                _move(thing, self.replacements[id(thing)])
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Moves back what was moved."""
        while self._moved:
            thing = self._moved.pop()
            with suppress(RuntimeError, ValueError):  # the last may not have been
                _move(self.replacements[id(thing)], thing)

    def finish(self) -> None:
        """Nothing is moved back any more: who waits or listens at the old handle of a port does not from now on."""
        for thing in self._moved:
            if not isinstance(thing, SharedBuffer):
                thing._let_go()


def _move(source: Any, target: Any) -> None:
    if isinstance(source, SharedBuffer):
        move_memory(source, target)
    else:
        target._take_over(source)


class Moved(Packed):
    """A message with ports that have no other owner than it."""

    __slots__ = ("ports", "value")

    def __init__(self, value: Any, ports: list[MessagePort]) -> None:
        self.value = value
        self.ports = ports

    def unpack(self) -> Any:
        current().own(self.ports)
        return self.value

    def drop(self) -> None:
        """It did not arrive: who is at their other ends hears of it."""
        for port in self.ports:
            port.close()


def drop_all(inbox: Inbox) -> None:
    """What is in an inbox of which nobody takes anything any more."""
    while (message := inbox.take()) is not EMPTY:
        if isinstance(message, Moved):
            message.drop()


def _replace(value: Any, replacements: dict[int, Any], found: set[int], memo: dict[int, Any]) -> Any:
    """`value` with the replacements in it; lists, tuples, dicts and sets are copied for that, and nothing else."""
    if id(value) in replacements:
        found.add(id(value))
        return replacements[id(value)]
    if id(value) in memo:
        return memo[id(value)]
    kind = type(value)
    result: Any
    if kind is list:
        result = memo[id(value)] = []
        result.extend(_replace(each, replacements, found, memo) for each in value)
    elif kind is dict:
        result = memo[id(value)] = {}
        for key, each in value.items():
            result[_replace(key, replacements, found, memo)] = _replace(each, replacements, found, memo)
    elif kind in (tuple, set, frozenset):
        result = kind([_replace(each, replacements, found, memo) for each in value])
        result = memo.setdefault(id(value), result)  # a tuple in a list that is in the tuple
    else:
        result = value
    return result
