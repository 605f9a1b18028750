"""Kernels of another package: examples/cython_kernel, built against an installed threadpool without its sources."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import threadpool

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "examples" / "cython_kernel"

pytestmark = [
    pytest.mark.thread_unsafe(reason="processes of its own"),
    pytest.mark.timeout(600),  # compilers, on a machine that is busy
]


def python(*arguments, path, cwd):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "CFLAGS": "-O0"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(what, target, *, path, cwd):
    offline = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation"]
    python("-m", "pip", "install", *offline, "--target", target, what, path=path, cwd=cwd)
    return target


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with threadpool as users install it: the one that runs, or what would be in a wheel of the checkout."""
    if CHECKOUT / "src" not in Path(threadpool.__file__).parents:
        return Path(threadpool.__file__).parents[1]
    folder = tmp_path_factory.mktemp("installed")
    python("setup.py", "--quiet", "build_py", "--build-lib", folder, path=[], cwd=CHECKOUT)
    for module in (CHECKOUT / "src").rglob("*" + sysconfig.get_config_var("EXT_SUFFIX")):
        shutil.copy(module, folder / module.relative_to(CHECKOUT / "src"))
    return folder


def build(installed, folder, without=None):
    """Builds and installs the example beside a threadpool; returns where both can be imported from."""
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.c", "*.so", "*.egg-info"))
    if without:
        source = folder / "source" / "example_kernels.pyx"
        source.write_text(source.read_text().replace(without, ""))
    return [installed, install(folder / "source", folder / "site", path=[installed], cwd=folder)]


@pytest.fixture(scope="module")
def path(installed, tmp_path_factory):
    return build(installed, tmp_path_factory.mktemp("example"))


def check(program, path, folder):
    prologue = f"""
import functools, numpy, threadpool, example_kernels
from threadpool import run
from example_kernels import count_lines, scale
assert threadpool.__file__.startswith({str(path[0])!r}), threadpool.__file__

def raised(*arguments):
    try:
        run(*arguments)
    except Exception as error:
        return error
"""
    return python("-c", prologue + program, path=path, cwd=folder)


def test_the_ready_made_shape(path, tmp_path):
    program = """
texts = [b"x" * i + b"\\n" * (i % 7) for i in range(5000)]
assert run(count_lines, texts) == [i % 7 for i in range(5000)]
assert run(count_lines, map(bytearray, texts), workers=1) == [i % 7 for i in range(5000)]
assert count_lines(b"a\\nb\\n") == 2
assert repr(count_lines) == "<kernel count_lines>"
"""
    check(program, path, tmp_path)


def test_the_error_of_a_kernel_names_the_item(path, tmp_path):
    program = """
error = raised(count_lines, [b"fine"] * 3000 + [b"not\\0fine"] + [b"fine"] * 3000 + [b"\\0"])
assert repr(error) == "ValueError('binary data has no lines')"
assert error.__notes__ == ["threadpool: item 3000 of the run"]
assert str(raised(count_lines, [b"", "x"])) == "data[1] must be a bytes-like object, not 'str'"
assert isinstance(raised(functools.partial(count_lines, size=3), [b""]), TypeError)
"""
    check(program, path, tmp_path)


def test_a_kernel_all_by_hand(path, tmp_path):
    program = """
rows = numpy.ones((5000, 5))
assert run(functools.partial(scale, factor=3.0), rows) == [None] * 5000
assert (rows == 3).all()
scale(rows[1], factor=2.0)
assert rows[:3].tolist() == [[3] * 5, [6] * 5, [3] * 5]
assert isinstance(raised(functools.partial(scale, factor=3.0), [b"x"]), (BufferError, ValueError))
assert isinstance(raised(scale, rows), TypeError)  # no factor
"""
    check(program, path, tmp_path)


def test_atomics_without_the_interpreter(path, tmp_path):
    program = """
sums = numpy.zeros(4)
run(lambda values: example_kernels.total(sums, 1, values), [numpy.ones(1000)] * 50)
assert sums.tolist() == [0, 50_000, 0, 0]
"""
    check(program, path, tmp_path)


def test_waiting_and_waking_without_the_interpreter(path, tmp_path):
    """Threads and event loops are woken by code in C, and the other way round."""
    program = """
import asyncio, threading
from threadpool import Atomics

missing = numpy.array([3], "int32")
latch = example_kernels.Latch(missing)
assert not latch.wait(0.001)

async def main():
    waiting = [asyncio.create_task(Atomics.wait_async(missing, 0, 3)) for _ in range(3)]
    await asyncio.sleep(0)  # they wait, whatever a thread does next
    in_c = threading.Thread(target=latch.wait)
    in_c.start()
    for _ in range(3):
        await asyncio.to_thread(latch.count_down)
    in_c.join()
    assert missing[0] == 0 and latch.wait()
    assert await asyncio.gather(*waiting) == ["ok"] * 3

asyncio.run(main())

missing[0] = 1
in_c = threading.Thread(target=latch.wait)
in_c.start()
Atomics.store(missing, 0, 0)
while in_c.is_alive():
    Atomics.notify(missing, 0)
in_c.join()
"""
    check(program, path, tmp_path)


def test_with_the_gil_left_as_it_was(path, tmp_path):
    program = """
import sys, sysconfig
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
assert not (free and sys._is_gil_enabled())
"""
    check(program, path, tmp_path)


def test_another_abi_is_refused_by_name(installed, tmp_path):
    """The example compiled against a threadpool of the future, and run with this one.

    A kernel of the ready-made shape is refused as it is made, which is when its module is imported; one by hand as it
    is called.
    """
    future = tmp_path / "future"
    shutil.copytree(installed / "threadpool", future / "threadpool", ignore=shutil.ignore_patterns("__pycache__"))
    declaration = future / "threadpool" / "pool" / "_kernel.pxd"
    text = declaration.read_text()
    assert "KERNEL_ABI = 1\n" in text
    declaration.write_text(text.replace("KERNEL_ABI = 1\n", "KERNEL_ABI = 12345\n"))
    _, example = build(future, tmp_path / "example", without="count_lines = CountLines()\n")

    program = """
import array, example_kernels

def refused(fn, *arguments, **options):
    try:
        fn(*arguments, **options)
    except RuntimeError as error:
        assert "compiled for version 12345 of threadpool's kernel ABI" in str(error), error
        assert "the installed threadpool has version 1" in str(error), error
        return True

assert refused(example_kernels.CountLines)
assert refused(example_kernels.scale, array.array("d", [1]), factor=2.0)
"""
    python("-c", program, path=[installed, example], cwd=tmp_path)
