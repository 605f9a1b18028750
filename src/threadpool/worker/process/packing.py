"""How a message becomes bytes for another process, and a message again."""

from __future__ import annotations

import errno
import io
import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any

from ...sync import SharedBuffer
from ...sync._shared_buffer import attach, file_of
from ..messages._inbox import Packed
from ..messages.passing import Moved
from ..messages.port import MessagePort
from ._writer import LEAST_BYTES_APART, is_plain


class File:
    """An open file on its way to another process. Closed when nothing refers to it any more."""

    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def copy_of(cls, number: int) -> File:
        return cls(os.dup(number))

    def detach(self) -> int:
        """A number that is the caller's; a message may be unpacked more than once."""
        return os.dup(self.number)

    def __del__(self) -> None:
        os.close(self.number)


def own_main() -> str:
    """The name of the module that ``__main__`` means in messages from a process that this one has made."""
    return "__main__"


class Pickled(Packed):
    """A message as bytes, with what goes beside them: large buffers, files, and ports, which have no other owner.

    A file is None if there was no number for it. `main` is the name of the module that has the sender's ``__main__``.
    """

    __slots__ = ("body", "buffers", "files", "main", "ports")

    def __init__(
        self,
        body: bytes | bytearray,
        buffers: list[Any],
        files: list[File | None],
        ports: list[MessagePort],
        main: Callable[[], str] = own_main,
    ) -> None:
        self.body = body
        self.buffers = buffers
        self.files = files
        self.ports = ports
        self.main = main

    def unpack(self) -> Any:
        return _Unpickler(self).load()

    def port(self, number: int) -> MessagePort:
        return self.ports[number]

    def buffer(self, number: int, token: bytes) -> SharedBuffer:
        file = self.files[number]
        if file is None:
            raise OSError(errno.EMFILE, "no file number was left for a SharedBuffer in the message")
        return attach(file, token)

    def discard(self) -> None:
        """Nobody gets it."""
        for port in self.ports:
            port.close()


class _Pickler(pickle.Pickler):
    def __init__(self, ports: list[MessagePort]) -> None:
        self.out = io.BytesIO()
        self.buffers: list[bytes] = []
        self.files: list[File | None] = []
        self._ports = ports
        super().__init__(self.out, 5, buffer_callback=self._keep)

    def _keep(self, buffer: pickle.PickleBuffer) -> bool:
        with buffer.raw() as memory:
            if memory.nbytes < LEAST_BYTES_APART:
                return True
            self.buffers.append(bytes(memory))  # the message is what it is now, whenever and to whomever it is sent
        return False

    def reducer_override(self, thing: Any) -> Any:
        # By methods of the message in which they arrive, see `_Unpickler`.
        if isinstance(thing, SharedBuffer):
            file, token = file_of(thing, File.copy_of)
            self.files.append(file)
            return Pickled.buffer, (len(self.files) - 1, token)
        if isinstance(thing, MessagePort):
            for number, port in enumerate(self._ports):
                if port is thing:
                    return Pickled.port, (number,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, message: Pickled) -> None:
        super().__init__(io.BytesIO(message.body), buffers=message.buffers)
        self._message = message

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name.startswith("Pickled."):
            return getattr(self._message, name.removeprefix("Pickled."))
        if module not in ("__main__", "__mp_main__"):
            return super().find_class(module, name)
        module = self._message.main()
        try:
            return super().find_class(module, name)
        except AttributeError:
            raise AttributeError(
                f"the main module of this process has no {name!r}: what goes to another process must be defined at the "
                "top level of a module that can be imported, which -c, standard input and __main__.py cannot be, and "
                'the main program needs the guard if __name__ == "__main__": around what starts processes'
            ) from None


def pack(message: Any, what: str = "the message") -> Pickled:
    """The bytes of a message, made now. TypeError: it cannot be pickled."""
    if isinstance(message, Pickled):
        return message
    value, ports = (message.value, message.ports) if isinstance(message, Moved) else (message, [])
    pickler = _Pickler(ports)
    try:
        pickler.dump(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise TypeError(f"{what} cannot be pickled, as it must be for another process: {error}") from error
    return Pickled(pickler.out.getvalue(), pickler.buffers, pickler.files, ports)


def packed(message: Any, what: str = "the message") -> Any:
    """The same; or the message itself if it can be sent as it is."""
    return message if is_plain(message) else pack(message, what)


class _Unsendable:
    """Arrives as the error that it could not be sent for."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __reduce__(self) -> Any:
        return _fail, (self._reason,)


def _fail(reason: str) -> None:
    raise pickle.PicklingError(reason)


def pack_failure(error: Exception) -> Pickled:
    """Stands for a message that could not be pickled, after whoever posted it has gone on."""
    return pack(_Unsendable(str(error)))


class RemoteTraceback(Exception):
    """The cause of an exception that comes from another process: its traceback there, as text."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class PackedError(Packed):
    """The exception that has ended a worker; if it cannot be pickled, one that names it."""

    __slots__ = ("_errors", "name", "pickled", "text")

    def __init__(self, name: str, text: str, pickled: Pickled | None, error: BaseException | None = None) -> None:
        self.name = name
        self.text = text
        self.pickled = pickled
        self._errors = [] if error is None else [error]  # made by several threads at once, of which the first counts

    @classmethod
    def of(cls, error: BaseException) -> PackedError:
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        name = name.removeprefix("builtins.").removeprefix("__mp_main__.")
        try:
            text = "".join(traceback.format_exception(error))
        except BaseException:  # whatever its __str__ does
            text = f"{name}, which cannot be formatted"
        pickled: Pickled | None = None
        try:
            pickled = pack(error)
        except BaseException:
            pass
        return cls(name, text, pickled)

    def unpack(self) -> BaseException:
        """Always the same exception, from the first call on."""
        if not self._errors:
            error: Any = None
            reason = "cannot be pickled"
            if self.pickled is not None:
                try:
                    error = self.pickled.unpack()
                except Exception as failure:
                    reason = f"cannot be unpickled ({failure})"
            if not isinstance(error, BaseException):
                last = self.text.strip().rpartition("\n")[2]
                error = RuntimeError(f"the worker has raised {self.name}, which {reason}: {last}")
            error.__cause__ = RemoteTraceback(self.text)
            self._errors.append(error)
        return self._errors[0]
