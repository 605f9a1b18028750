"""The examples that are programs run; what they say is asserted in them."""

import asyncio
import gzip
import importlib.util
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path for path in [*FOLDER.glob("*.py"), *FOLDER.glob("workers/*.py")] if path.stem != "hasher")

pytestmark = pytest.mark.thread_unsafe(reason="processes of their own")


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


def test_the_web_server_answers_while_it_hashes():
    """Its event loop goes on, however long a worker needs; hashed on the loop, this one would never be answered."""
    from threadpool.worker import WorkerPool

    example = the_module("web_server")
    is_answered = threading.Event()

    def hash_slowly(word):
        assert is_answered.wait(60)
        return f"hash of {word}"

    async def main():
        lags = []
        async with WorkerPool(hash_slowly, 1) as pool, await example.serve(pool) as server:
            measuring = asyncio.create_task(example.measure_lag(lags))
            hashing = [asyncio.create_task(example.get(server, f"/hash/{word}")) for word in "abc"]
            while pool.queue_size < 2:  # a worker hashes, and others wait for it
                await asyncio.sleep(0.001)
            assert await asyncio.wait_for(example.get(server, "/"), 60) == "ok"
            while len(lags) < 12:
                await asyncio.sleep(0.001)
            assert not any(task.done() for task in hashing)
            is_answered.set()
            assert await asyncio.gather(*hashing) == [f"hash of {word}" for word in "abc"]
            measuring.cancel()

    asyncio.run(main())


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
            ended = subprocess.run([gunzip, "-c", tmp_path / "text.gz"], capture_output=True, timeout=60)
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, text, b"")
