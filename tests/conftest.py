import signal
import threading
from collections.abc import Callable

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of the tests that have one (make soak)")


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it for what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`soak(few, many)` is how often to do it: few times, or many with --soak."""
    return lambda few, many: many if request.config.getoption("--soak") else few


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
