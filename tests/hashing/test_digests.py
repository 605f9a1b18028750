"""The queue of files behind hash_files, where others want the threads too, or the process ends."""

import gc
import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest

import threadpool
from threadpool.hashing import hash_files

COUNT = 3000  # more than the queue has room for


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    paths = [str(folder / f"{i:04}") for i in range(COUNT)]
    for i, path in enumerate(paths):
        with open(path, "wb") as file:
            file.write(path.encode() * (i % 100) + bytes(300_000 if i % 500 == 0 else 0))
    return paths


@pytest.fixture(scope="module")
def expected(files):
    digests = []
    for path in files:
        with open(path, "rb") as file:
            digests.append((path, hashlib.sha256(file.read()).hexdigest()))
    return digests


def test_in_several_threads_at_once(files, expected, in_threads):
    def check():
        assert list(hash_files(files)) == expected

    in_threads(check, 4)


def test_inside_of_runs_and_of_one_another(files, expected):
    assert threadpool.run(lambda _: list(hash_files(files)), range(6)) == [expected] * 6
    # Names that come from a stream, which wants the same threads, and so on.
    names = (path for path, _ in hash_files(threadpool.imap(str, files)))
    assert list(hash_files(names)) == expected


def test_while_every_thread_waits_for_something_else(files, expected):
    may_end = threading.Event()
    stuck = threading.Barrier(threadpool.workers() + 1)

    def wait(_):
        stuck.wait()
        may_end.wait()

    runner = threading.Thread(target=lambda: threadpool.run(wait, range(threadpool.workers()), chunk=1))
    runner.start()
    stuck.wait()
    assert list(hash_files(files)) == expected
    may_end.set()
    runner.join()


@pytest.mark.thread_unsafe(reason="counts references")
def test_generators_that_are_left(files):
    for count in (0, 1, 100):
        results = hash_files(files)
        for _ in range(count):
            next(results)
        results.close()
    results = hash_files(files)
    next(results)
    del results
    gc.collect()
    assert threadpool.run(abs, [-1]) == [1]


def test_what_paths_raises_comes_after_the_results_before_it(files, expected):
    def names():
        yield from files[:2000]
        raise LookupError("no more")

    found = []
    with pytest.raises(LookupError, match="no more"):
        found.extend(hash_files(names()))
    # `extend` keeps what came before the error
    assert found == expected[:2000]


def test_an_error_ends_what_is_in_progress(files):
    ended = []

    def names():
        try:
            yield "/nonexistent"
            yield from files
        finally:
            ended.append(True)

    gc.disable()
    try:
        with pytest.raises(FileNotFoundError):
            list(hash_files(names()))
        assert ended == [True]
    finally:
        gc.enable()


def test_names_that_are_slow_to_come_do_not_keep_results_back(files, expected):
    found, found_before = [], []

    def names():
        for path in files[:500]:
            time.sleep(0.06)  # slow
            found_before.append(len(found))
            yield path
            if len(found_before) >= 5 and found_before[-1]:
                break

    for result in hash_files(names()):
        found.append(result)
    assert found == expected[: len(found_before)]
    assert found_before[0] == 0
    assert found_before[-1] >= 1


def program(text, files):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text, *files[:1500]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.thread_unsafe(reason="processes of its own")
@pytest.mark.parametrize(
    ("text", "output"),
    [
        # A generator that is left when the interpreter ends, in a module and in a thread.
        ("results = hash_files(sys.argv[1:]); print(next(results)[1][:4])", 1),
        # A thread goes on when the main thread has ended.
        ("threading.Thread(target=lambda: print(len(list(hash_files(sys.argv[1:]))))).start()", 1500),
        # At the very end there is nobody but this thread.
        ("atexit.register(lambda: print(len(list(hash_files(sys.argv[1:])))))", 1500),
    ],
    ids=["left", "thread", "atexit"],
)
def test_at_the_interpreters_end(files, expected, text, output):
    found = program(f"import atexit, sys, threading\nfrom threadpool.hashing import hash_files\n{text}", files)
    assert found.strip() == (str(output) if output > 1 else expected[0][1][:4])


@pytest.mark.thread_unsafe(reason="forks")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child(files):
    text = """
import os, sys
from threadpool.hashing import hash_files
results = hash_files(sys.argv[1:] * 2)
next(results)
child = os.fork()
if child == 0:
    try:
        print("all" if len(list(results)) == 2 * len(sys.argv[1:]) - 1 else "some")
    except RuntimeError as error:
        print(error)
    print(len(list(hash_files(sys.argv[1:]))), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(len(list(results)))
"""
    first, second, third = program(text, files).splitlines()
    assert first in ("all", "forked: these files are hashed in the other process")
    assert (second, third) == ("1500", "2999")
