"""Functions whose threads use the same Python object: what scales on a free-threaded build, and what does not.

Beside the same work in a serial loop, and in plain threads with half of the items each.
"""

import functools
import threading

import numpy
import pytest

import threadpool
from threadpool import Atomics

COUNT = 100_000


class Scale:
    def __init__(self):
        self.factor = 3

    def apply(self, x):
        return x * self.factor + 1


def closure_over_list():
    table = list(range(1000, 2000))
    return lambda x: table[x % 1000] + 1


def closure_over_tuple():
    table = tuple(range(1000, 2000))
    return lambda x: table[x % 1000] + 1


def closure_over_dict():
    table = {number: number + 1000 for number in range(1000)}
    return lambda x: table[x % 1000] + 1


def closure_over_number():
    factor = 3
    return lambda x: x * factor + 1


def bound_method():
    return Scale().apply


def attribute_of_shared_object():
    scale = Scale()
    return lambda x: x * scale.factor + 1


def partial():
    return functools.partial(max, 1000)


GLOBAL_TABLE = list(range(1000, 2000))
GLOBAL_SCALE = Scale()


def global_list():
    return _global_list


def _global_list(x):
    return GLOBAL_TABLE[x % 1000] + 1


def global_object():
    return _global_object


def _global_object(x):
    return x * GLOBAL_SCALE.factor + 1


def default_argument():
    return _default_argument


def _default_argument(x, table=GLOBAL_TABLE):
    return table[x % 1000] + 1


def numpy_element():
    table = numpy.arange(1000.0)
    return lambda x: table[x % 1000]


def write_to_dict():
    found = {}

    def write(x):
        found[x] = x

    return write


def append_to_list():
    def append(x):
        if len(found) > COUNT:
            found.clear()
        found.append(x)

    found = []
    return append


def count_with_lock():
    lock, counts = threading.Lock(), [0] * 10

    def count(x):
        with lock:
            counts[x % 10] += 1

    return count


def count_with_atomics():
    counts = numpy.zeros(10, dtype="int64")
    add = Atomics.add
    return lambda x: add(counts, x % 10, 1)


def own_objects():
    """Nothing shared, as a yardstick."""
    return _own_objects


def _own_objects(x):
    table = [x, x + 1, x + 2]
    return table[x % 3]


# The first two have a bar in the issue.
KINDS = [
    closure_over_list, bound_method,
    closure_over_tuple, closure_over_dict, closure_over_number, attribute_of_shared_object, partial, global_list,
    global_object, default_argument, numpy_element, write_to_dict, append_to_list, count_with_lock,
    count_with_atomics, own_objects,
]  # fmt: skip


def loop(fn, items, results):
    """With everything in local variables: a variable of a closure is itself shared, and locked to be read."""
    found = [fn(x) for x in items]
    if results is not None:
        results.append(found)
    return found


def plain_threads(fn, shares):
    results = []
    threads = [threading.Thread(target=loop, args=(fn, share, results)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_shared(compare, contender, kind):
    fn, data = kind(), list(range(COUNT))
    workers = threadpool.workers()
    shares = [data[start::workers] for start in range(workers)]
    compare(
        contender(lambda: threadpool.run(fn, data), len(data)),
        {"serial": 1.0, "plain_threads": 1.0} if kind in (closure_over_list, bound_method) else {},
        serial=contender(lambda: loop(fn, data, None), len(data)),
        plain_threads=contender(lambda: plain_threads(fn, shares), len(data)),
    )
