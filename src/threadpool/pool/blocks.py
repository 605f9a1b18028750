"""map_blocks: a function over blocks of a NumPy array."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._engine import Engine
from ._run import Run, at_least_one

if TYPE_CHECKING:
    import numpy

# Blocks fit in a core's cache together with their result, and are many for each thread, so that all end together.
_BLOCK_BYTES = 256 * 1024
_BLOCKS_PER_THREAD = 4


def map_blocks(
    engine: Engine,
    fn: Callable[..., Any],
    array: Any,
    axis: int,
    block: int | None,
    out: Any,
) -> Any:
    """See `Mapper.map_blocks`."""
    import numpy

    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"array must be a NumPy array, not {type(array).__name__!r}")
    axis = _integer("axis", axis)
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {array.ndim} dimensions")
    axis %= array.ndim
    length = array.shape[axis]
    block = _default_block(engine, array, length) if block is None else at_least_one("block", block)
    before = (slice(None),) * axis
    bounds = [slice(start, min(start + block, length)) for start in range(0, length, block)] or [slice(0, 0)]
    if out is not None:
        _check_out(numpy, out, axis, length)

    def call(bounds: slice) -> Any:
        result = fn(array[(*before, bounds)])
        if not isinstance(result, numpy.ndarray):
            raise TypeError(f"fn must return a NumPy array, not {type(result).__name__!r}")
        if isinstance(result, numpy.ma.MaskedArray):
            raise TypeError("fn must return an array without a mask, which would be lost")
        return result

    def keep(bounds: slice) -> Any:
        return call(bounds).copy("K")  # fn may write its next result to the same memory

    def place(bounds: slice) -> None:
        result = call(bounds)
        room = out[(*before, bounds)]
        if fits(result, room):
            room[...] = result
        elif expected is not None:
            _raise_misfit(result, room, axis)
        else:
            misfits[bounds.start] = result.copy("K")

    def compute_in_place(bounds: slice) -> None:
        fn(array[(*before, bounds)], out=out[(*before, bounds)])

    def fits(result: Any, room: Any) -> bool:
        same_type = expected is not None or type(result) is type(room)
        return bool(same_type and result.shape == room.shape and result.dtype == room.dtype)

    # The first blocks, as many as there are threads, tell what all of it will look like; but not for sure.
    known = min(engine.width, len(bounds))
    expected, misfits = out, {}
    if expected is None:
        results = _run(engine, keep, bounds[:known])
        first = results[0]
        # What becomes of a subclass is for concatenate to say, whatever the number of blocks.
        is_regular = type(first) is numpy.ndarray and axis < first.ndim and first.shape[axis] == block
        if known == len(bounds) or not is_regular:
            return _joined(numpy, [*results, *_run(engine, keep, bounds[known:], known)], axis)
        out = numpy.empty_like(first, shape=(*first.shape[:axis], length, *first.shape[axis + 1 :]))
        for there, result in zip(bounds, results, strict=False):
            if fits(result, out[(*before, there)]):
                out[(*before, there)] = result
            else:
                misfits[there.start] = result
    else:
        _run(engine, place, bounds[:known])
    # What a ufunc makes depends on dtypes alone, so it is what the first blocks were: no need for a copy of it.
    is_plain = type(fn) is numpy.ufunc and fn.nin == fn.nout == 1 and type(array) is type(out) is numpy.ndarray
    _run(engine, compute_in_place if is_plain else place, bounds[known:], known)
    if misfits:
        parts = [misfits.get(there.start, out[(*before, there)]) for there in bounds]
        return _joined(numpy, parts, axis)
    return out


def _run(engine: Engine, fn: Callable[[slice], Any], bounds: list[slice], first: int = 0) -> list[Any]:
    return Run(engine, fn, bounds, None, 1, "raise", None, first=first)()


def _check_out(numpy: Any, out: Any, axis: int, length: int) -> None:
    if not isinstance(out, numpy.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__!r}")
    if not out.flags.writeable:
        raise ValueError("out must be writable, not read-only")
    if axis >= out.ndim or out.shape[axis] != length:
        raise ValueError(f"out must have {length} elements along axis {axis}, not the shape {out.shape}")


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None


def _default_block(engine: Engine, array: numpy.ndarray[Any, Any], length: int) -> int:
    row = max(1, array.nbytes // max(1, length))
    return max(1, min(_BLOCK_BYTES // row, -(-length // (_BLOCKS_PER_THREAD * engine.width))))


def _joined(numpy: Any, results: list[Any], axis: int) -> Any:
    try:
        return numpy.concatenate(results, axis)
    except ValueError:  # AxisError is one
        shapes = list(dict.fromkeys(result.shape for result in results))
        raise ValueError(f"the results cannot be joined along axis {axis}: fn returned the shapes {shapes}") from None


def _raise_misfit(result: Any, room: Any, axis: int) -> None:
    if result.shape != room.shape:
        raise ValueError(
            f"the results cannot be joined along axis {axis}: fn returned the shape {result.shape} where "
            f"{room.shape} was due"
        )
    raise ValueError(f"the results cannot be joined: fn returned {result.dtype} where {room.dtype} was due")
