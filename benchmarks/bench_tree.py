"""hash_tree over many small files and over large ones, in the page cache, beside hashlib in processes and sha256sum."""

import os
import shutil
import subprocess

import pytest

import threadpool
from hash_folder import CHUNK, METHODS, hash_one
from side_by_side import peak_memory
from threadpool.hashing import hash_tree

# Of the smallest, Python's share of each is most of it: what sha256sum, which is no Python, does without.
TREES = {
    "50000_files_of_3_B": (50_000, 3),
    "20000_files_of_4_KiB": (20_000, 4096),
    "32_files_of_64_MiB": (32, 1 << 26),
}


@pytest.fixture(params=TREES)
def tree(request, tmp_path):
    count, size = TREES[request.param]
    for i in range(count):
        folder = tmp_path / f"{i // 200:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{i:05}").write_bytes(os.urandom(size))
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_tree(compare, contender, figure, processes, tree):
    paths = sorted(str(path) for path in tree.rglob("*") if path.is_file())
    rivals = {
        "hashlib_processes": contender(lambda: processes.map(hash_one, paths, CHUNK)),
        "hashlib_serial": contender(lambda: [hash_one(path) for path in paths]),
    }
    if shutil.which("sha256sum") and shutil.which("xargs"):
        command = f"find . -type f -print0 | sort -z | xargs -0 -n 64 -P {threadpool.workers()} sha256sum >/dev/null"
        rivals["sha256sum_xargs"] = contender(lambda: subprocess.run(command, shell=True, check=True, cwd=tree))
    bar = {"hashlib_processes": 1 / 1.5} if len(paths) != 50_000 else {}
    compare(contender(lambda: list(hash_tree(tree))), bar, bar, rounds=5, **rivals)
    memory = peak_memory(METHODS["threadpool"], paths, threadpool.workers())
    figure("peak memory", f"{memory / 1e6:.0f} MB", "at most 50 MB")
