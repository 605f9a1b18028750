"""From nothing to the first results: import, start the workers, run two items. Each in an interpreter of its own."""

import subprocess
import sys

PROGRAM = """
import time
started = time.perf_counter()
{setup}
if __name__ == "__main__":
    {job}
    print(time.perf_counter() - started)
"""
POOL = "with multiprocessing.get_context({!r}).Pool(2) as pool: pool.map(abs, range(2))"


def test_cold_start(benchmark, record, tmp_path):
    programs = {
        "threadpool": ("import threadpool", "threadpool.run(abs, range(2), chunk=1)"),
        "ThreadPoolExecutor": (
            "from concurrent.futures import ThreadPoolExecutor",
            "with ThreadPoolExecutor(2) as pool: list(pool.map(abs, range(2)))",
        ),
        "multiprocessing fork": ("import multiprocessing", POOL.format("fork")),
        "multiprocessing spawn": ("import multiprocessing", POOL.format("spawn")),
    }
    files = {}
    for name, (setup, job) in programs.items():
        files[name] = tmp_path / f"cold_{name.replace(' ', '_')}.py"
        files[name].write_text(PROGRAM.format(setup=setup, job=job))

    def seconds(name):
        return float(subprocess.run([sys.executable, files[name]], check=True, capture_output=True, text=True).stdout)

    rounds = {name: [] for name in programs}

    def one_round():
        for name, times in rounds.items():
            times.append(seconds(name))

    benchmark.pedantic(one_round, rounds=9)
    record(rounds)
