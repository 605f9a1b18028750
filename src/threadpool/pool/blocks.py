"""map_blocks: a function over blocks of a NumPy array."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._engine import Engine
from ._run import Run

if TYPE_CHECKING:
    import numpy

# Blocks fit in a core's cache together with their result, and are many for each thread, so that all end together.
_BLOCK_BYTES = 256 * 1024
_BLOCKS_PER_THREAD = 4


def map_blocks(
    engine: Engine,
    fn: Callable[[Any], Any],
    array: Any,
    axis: int,
    block: int | None,
    out: numpy.ndarray[Any, Any] | None,
) -> Any:
    """See `Mapper.map_blocks`."""
    import numpy

    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"array must be a NumPy array, not {type(array).__name__!r}")
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {array.ndim} dimensions")
    axis %= array.ndim
    length = array.shape[axis]
    if block is None:
        block = _default_block(engine, array, length)
    elif block < 1:
        raise ValueError(f"block must be at least 1, not {block}")
    before = (slice(None),) * axis
    bounds = [slice(start, min(start + block, length)) for start in range(0, length, block)] or [slice(0, 0)]

    def call(bounds: slice) -> Any:
        result = fn(array[(*before, bounds)])
        if not isinstance(result, numpy.ndarray):
            raise TypeError(f"fn must return a NumPy array, not {type(result).__name__!r}")
        return result

    if out is None:
        # The first block tells what all of it will look like.
        first = call(bounds[0])
        if len(bounds) == 1:
            return first
        if axis >= first.ndim or first.shape[axis] != block:
            return _joined(numpy, [first, *Run(engine, call, bounds[1:], None, 1, "raise", None)()], axis)
        out = numpy.empty((*first.shape[:axis], length, *first.shape[axis + 1 :]), first.dtype)
        _place(out, before, axis, bounds[0], first)
        bounds = bounds[1:]
    elif not isinstance(out, numpy.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__!r}")
    elif not out.flags.writeable:
        raise ValueError("out must be writable, not read-only")
    elif axis >= out.ndim or out.shape[axis] != length:
        raise ValueError(f"out must have {length} elements along axis {axis}, not the shape {out.shape}")

    def place(bounds: slice) -> None:
        _place(out, before, axis, bounds, call(bounds))

    Run(engine, place, bounds, None, 1, "raise", None)()
    return out


def _default_block(engine: Engine, array: numpy.ndarray[Any, Any], length: int) -> int:
    row = max(1, array.nbytes // max(1, length))
    return max(1, min(_BLOCK_BYTES // row, -(-length // (_BLOCKS_PER_THREAD * engine.width))))


def _joined(numpy: Any, results: list[Any], axis: int) -> Any:
    try:
        return numpy.concatenate(results, axis)
    except ValueError:  # AxisError is one
        shapes = list(dict.fromkeys(result.shape for result in results))
        raise ValueError(f"the results cannot be joined along axis {axis}: fn returned the shapes {shapes}") from None


def _place(out: Any, before: tuple[slice, ...], axis: int, bounds: slice, result: Any) -> None:
    room = out[(*before, bounds)]
    if result.shape != room.shape:
        raise ValueError(
            f"the results cannot be joined along axis {axis}: fn returned the shape {result.shape} where "
            f"{room.shape} was due"
        )
    if result.dtype != room.dtype:
        raise ValueError(f"the results cannot be joined: fn returned {result.dtype} where {room.dtype} was due")
    room[...] = result
