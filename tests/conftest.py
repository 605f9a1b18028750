import threading
from collections.abc import Callable

import pytest


@pytest.fixture
def in_threads() -> Callable[..., list[object]]:
    """`in_threads(fn, n)` calls fn in n threads that start together; returns the results, or raises the first error."""

    def run(fn: Callable[..., object], n: int, *arguments: object) -> list[object]:
        barrier = threading.Barrier(n)
        results: list[object] = [None] * n
        errors: list[BaseException] = []

        def one(number: int) -> None:
            try:
                barrier.wait(60)
                results[number] = fn(*arguments)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return results

    return run
