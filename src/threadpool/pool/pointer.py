"""Kernels from C functions that others compiled: ctypes, cffi, Numba."""

from __future__ import annotations

import operator
import sys

# In _flags_ of ctypes, where it has no public name.
PYTHON_API = 4

TYPE_CHECKING = False  # importing typing takes as long as importing half of this library
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, overload

    from numpy.typing import DTypeLike
    from typing_extensions import Buffer

    from ._kernel import Kernel

    _Errors = Mapping[int, str] | Callable[[int], BaseException]

if TYPE_CHECKING:

    @overload
    def kernel(
        fn: object,
        *,
        argument: None = None,
        result: None = None,
        name: str | None = None,
        errors: _Errors | None = None,
    ) -> Kernel[Buffer, None]: ...
    @overload
    def kernel(
        fn: object,
        *,
        argument: None = None,
        result: int,
        name: str | None = None,
        errors: _Errors | None = None,
    ) -> Kernel[Buffer, bytes]: ...
    @overload
    def kernel(
        fn: object,
        *,
        argument: None = None,
        result: DTypeLike,
        name: str | None = None,
        errors: _Errors | None = None,
    ) -> Kernel[Buffer, Any]: ...
    @overload
    def kernel(
        fn: object,
        *,
        argument: DTypeLike,
        result: DTypeLike,
        name: str | None = None,
        errors: None = None,
    ) -> Kernel[float, Any]: ...


def kernel(
    fn: Any, *, argument: Any = None, result: Any = None, name: str | None = None, errors: _Errors | None = None
) -> Kernel[Any, Any]:
    """A kernel from a pointer to a C function: `run` calls it in threads that need no interpreter.

    >>> import ctypes, ctypes.util
    >>> libm = ctypes.CDLL(ctypes.util.find_library("m") or "ucrtbase")
    >>> run(kernel(libm.log2, argument="f8", result="f8"), [1, 8, 0.5])
    [0.0, 3.0, -1.0]

    ``fn`` is a function pointer of ctypes or cffi, an object with an ``address`` (Numba's ``cfunc``), or an address.
    The kernel keeps it alive, but not the cffi library that it belongs to. The function has one of two shapes; nobody
    can check which, and the wrong one crashes the process.

    ``R f(A)``, with ``argument`` and ``result``: numbers, as in ``double f(double)``. Both are dtypes, integers or
    floats of 4 or 8 bytes. A contiguous one-dimensional array of the dtype ``argument`` is used where it is; other
    numbers are converted one by one, and what does not fit is an error.

    ``int f(const void *data, size_t size, void *result)``, without ``argument``: any contiguous bytes-like objects,
    or the rows of an array; ``size`` is in bytes. The function returns 0, or a code when it fails. ``result`` says
    what it writes: with an int, so many bytes, for a bytes object; with a NumPy dtype, one of these, for a Python
    scalar (as ``.item()`` returns it); with ``(dtype, shape)``, an array, which is then a view of one for all items.
    That memory is not initialised: the function writes all of it, or what was there before shows.
    With None, it writes to the data, which must be writable and not overlap; its ``result`` is NULL, and the results
    are None.

    A code raises ``RuntimeError("NAME returned code CODE")``, in `run` for the item of lowest index, with a note that
    names it. ``errors`` is a mapping from codes to messages, or a callable from code to exception. ``name`` is that
    of the function unless given.

    The function is called from several threads at once, without the interpreter, so it must not call Python:
    TypeError for functions of ``ctypes.pythonapi`` and for a callback made from a Python function, which `run` takes
    itself. TypeError also: no pointer, or a dtype that does not serve; ValueError: a null pointer, or a ``result`` of
    no bytes. In a call, before anything runs: TypeError or OverflowError, an item of the wrong type; BufferError, one
    that is not contiguous or not writable. Safe to use from any thread.
    """
    from ._pointer import PointerKernel, ScalarKernel

    address = address_of(fn)
    name = name or getattr(fn, "__name__", None) or f"kernel at {address:#x}"
    if argument is not None:
        if errors is not None:
            raise TypeError("errors must be None with argument: a function of one number returns no code")
        return ScalarKernel(fn, address, name, dtype("argument", argument), dtype("result", result))
    errors = exceptions(name, errors)
    if result is None:
        return PointerKernel(fn, address, name, 0, None, True, errors)
    if isinstance(result, bool):
        raise TypeError(f"result must be a number of bytes or a NumPy dtype, not {result}")
    try:
        size, element = operator.index(result), None
    except TypeError:
        element = dtype("result", result)
        size = element.itemsize
    if size < 1:
        raise ValueError(f"result must be at least 1 byte, not {size}")
    if size > sys.maxsize // 2:
        raise ValueError(f"result must be a number of bytes that there is memory for, not {size}")
    return PointerKernel(fn, address, name, size, element, False, errors)


def dtype(name: str, given: Any) -> Any:
    import numpy

    try:
        # To NumPy, None means float64.
        element = numpy.dtype(given) if given is not None else None
    except (TypeError, ValueError):
        element = None
    if element is None or element.hasobject:
        raise TypeError(f"{name} must be a NumPy dtype without Python objects, not {given!r}")
    return element


def exceptions(name: str, errors: _Errors | None) -> Callable[[int], BaseException]:
    """What is raised for a code."""
    if callable(errors):
        return errors
    try:
        messages = dict(errors or {})
    except (TypeError, ValueError):
        raise TypeError(f"errors must be a mapping or a callable, not {type(errors).__name__!r}") from None

    def exception(code: int) -> RuntimeError:
        return RuntimeError(f"{name}: {messages[code]}" if code in messages else f"{name} returned code {code}")

    return exception


def address_of(fn: Any) -> int:
    # Who has not imported ctypes or cffi has no pointer of theirs.
    ctypes = sys.modules.get("ctypes")
    cffi = sys.modules.get("_cffi_backend")
    if ctypes is not None and isinstance(fn, ctypes._CFuncPtr):
        # A CFUNCTYPE of a Python function keeps a thunk; pythonapi's functions expect to be attached. A copy, because
        # ctypes.cast in another thread changes what is kept.
        kept = dict(fn._objects or {}).values()
        calls_python = bool(fn._flags_ & PYTHON_API) or any(type(one).__name__ == "CThunkObject" for one in kept)
        address = ctypes.c_void_p.from_buffer_copy(fn).value or 0
    elif cffi is not None and isinstance(fn, cffi._CDataBase):
        if cffi.FFI().typeof(fn).kind != "function":
            raise not_a_pointer(fn)
        calls_python = type(fn).__name__ == "__CDataOwnGC"
        address = int(cffi.FFI().cast("uintptr_t", fn))
    else:
        calls_python = False
        try:
            address = operator.index(getattr(fn, "address", fn))
        except TypeError:
            raise not_a_pointer(fn) from None
        if isinstance(fn, bool):
            raise not_a_pointer(fn)
    if calls_python:
        raise TypeError("fn must be a C function, not one that calls Python: give run the Python function itself")
    if address == 0:
        raise ValueError("fn must not be a null pointer")
    if not 0 < address < 1 << 64:
        raise ValueError(f"fn must be an address, not {address}")
    return address


def not_a_pointer(fn: object) -> TypeError:
    return TypeError(
        "fn must be a function pointer of ctypes or cffi, an object with an address, or an address, "
        f"not {type(fn).__name__!r}"
    )
