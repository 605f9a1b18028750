"""The examples that are programs run; what they say is asserted in them."""

import asyncio
import gzip
import importlib.util
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path for path in [*FOLDER.glob("*.py"), *FOLDER.glob("workers/*.py")] if path.stem != "hasher")

pytestmark = pytest.mark.thread_unsafe(reason="processes of their own, and what a loaded machine does to an event loop")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example(path):
    if path.stem == "process_counter" and sys.platform == "win32":
        pytest.skip("process=True: not on Windows yet")
    ended = subprocess.run([sys.executable, "-W", "error", path], capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


def the_module(name):
    """An example, for its functions."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / "workers" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_web_server_stays_responsive():
    """While it hashes, its event loop is late by a small part of a hash; on the loop it would be late by a whole one.

    The hashes are timed in the same seconds, so that a loaded machine slows down both.
    """
    from threadpool.worker import WorkerPool

    example = the_module("web_server")

    async def timed(server, word):
        started = time.perf_counter()
        await example.get(server, f"/hash/{word}")
        return time.perf_counter() - started

    async def main():
        lags = []
        async with WorkerPool(example.HASHER, 1) as pool, await example.serve(pool) as server:
            measuring = asyncio.create_task(example.measure_lag(lags))
            seconds = [await timed(server, word) for word in "abcdef"]
            hashing = [asyncio.create_task(timed(server, word)) for word in "abcdef"]
            while pool.queue_size == 0:  # a worker hashes, and others wait for it
                await asyncio.sleep(0.001)
            assert await asyncio.wait_for(example.get(server, "/"), 30) == "ok"
            assert not all(task.done() for task in hashing)
            await asyncio.gather(*hashing)
            measuring.cancel()
        return statistics.median(seconds), lags

    hash_seconds, lags = asyncio.run(main())
    assert statistics.median(lags) < hash_seconds / 4
    assert len(lags) > 12  # more often than there were hashes


def test_gunzip_reads_what_parallel_gzip_writes(tmp_path):
    example = the_module("parallel_gzip")
    sizes = [0, 1, example.BLOCK - 1, example.BLOCK, example.BLOCK + 1, 5 * example.BLOCK + 7]
    for size in sizes:
        text = (b"%d " * (size // 4 + 1) % tuple(range(size // 4 + 1)))[:size]
        (tmp_path / "text").write_bytes(text)
        with open(tmp_path / "text", "rb") as source, open(tmp_path / "text.gz", "wb") as target:
            example.compress_file(source, target)
        assert gzip.decompress((tmp_path / "text.gz").read_bytes()) == text
        if gunzip := shutil.which("gunzip"):
            ended = subprocess.run([gunzip, "-c", tmp_path / "text.gz"], capture_output=True, timeout=30)
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, text, b"")
