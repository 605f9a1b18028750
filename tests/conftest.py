import os
import re
import shutil
import signal
import subprocess
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


@pytest.fixture(scope="session")
def coreutils() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """`coreutils("sha256sum", "--check", input=...)` runs a program of GNU coreutils 9 or newer, in UTF-8."""
    if not shutil.which("sha256sum"):
        pytest.skip("compares with sha256sum of GNU coreutils")
    version = subprocess.run(["sha256sum", "--version"], capture_output=True, text=True).stdout
    if not re.match(r"sha256sum \(GNU coreutils\) (9|\d\d)\.", version):
        pytest.skip("compares with sha256sum of GNU coreutils 9 or newer")

    def run(*command: str | bytes, **options: object) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, env=environment, timeout=60, **options)

    return run
