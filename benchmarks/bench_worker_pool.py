"""WorkerPool by the task, from an event loop and from a thread, beside executors, and beside Piscina where it is.

PISCINA=folder is one in which ``npm install piscina`` was done; node is then asked for the same.
"""

import asyncio
import multiprocessing
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor

import pytest

import work
from threadpool.worker import WorkerPool

TASKS = 10_000
PROCESS_TASKS = 2_000

NODE = """
const { Piscina } = require('piscina');
const handler = __dirname + '/bench_worker_pool_handler.js';
require('fs').writeFileSync(handler, 'module.exports = (x) => x;');
const pool = new Piscina({ filename: handler, minThreads: 2, maxThreads: 2 });
require('readline').createInterface({ input: process.stdin }).on('line', async (count) => {
  await Promise.all(Array.from({ length: +count }, (_, i) => pool.run(i)));
  console.log('done');
}).on('close', () => process.exit());
"""


@pytest.fixture
def piscina(tmp_path):
    """`piscina(count)` has it run so many tasks at once; None where it is not installed."""
    folder = os.environ.get("PISCINA")
    if not folder:
        yield None
        return
    program = os.path.join(folder, "bench_worker_pool.js")
    with open(program, "w", encoding="utf-8") as file:
        file.write(NODE)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(["node", program], **pipes) as process:

        def run(count):
            process.stdin.write(f"{count}\n")
            assert process.stdout.readline() == "done\n"

        yield run
        process.stdin.close()


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def gathered(loop, start, count):
    async def main():
        return await asyncio.gather(*(start(x) for x in range(count)))

    return lambda: loop.run_until_complete(main())


def test_run_pipelined(compare, contender, loop, executor, piscina):
    async def same(x):
        return x

    rivals = {"piscina": contender(lambda: piscina(TASKS), TASKS)} if piscina else {}
    with WorkerPool(work.nothing, 2) as pool, WorkerPool(same, 2) as coroutines:
        compare(
            contender(gathered(loop, pool.run, TASKS), TASKS),
            {"piscina": 0.1} if piscina else {},
            run_in_executor=contender(
                gathered(loop, lambda x: loop.run_in_executor(executor, work.nothing, x), TASKS), TASKS
            ),
            coroutines=contender(gathered(loop, coroutines.run, TASKS), TASKS),
            **rivals,
        )


def all_at_once(submit, count=TASKS):
    futures = [submit(x) for x in range(count)]
    for future in futures:
        future.result()


def test_submit_pipelined(compare, contender, executor, piscina):
    rivals = {"piscina": contender(lambda: piscina(TASKS), TASKS)} if piscina else {}
    with WorkerPool(work.nothing, 2) as pool:
        compare(
            contender(lambda: all_at_once(pool.submit), TASKS),
            {"piscina": 0.1} if piscina else {},
            executor=contender(lambda: all_at_once(lambda x: executor.submit(work.nothing, x)), TASKS),
            **rivals,
        )


def one_by_one(submit, count):
    for x in range(count):
        submit(x).result()


@pytest.mark.parametrize("order", [all_at_once, one_by_one], ids=["pipelined", "one_by_one"])
def test_processes(compare, contender, order):
    context = multiprocessing.get_context("spawn")
    with WorkerPool(work.nothing, 2, runtime="process") as pool, ProcessPoolExecutor(2, context) as executor:
        compare(
            contender(lambda: order(pool.submit, PROCESS_TASKS), PROCESS_TASKS),
            {"ProcessPoolExecutor": 1.0},
            {"ProcessPoolExecutor": 1.0},
            ProcessPoolExecutor=contender(
                lambda: order(lambda x: executor.submit(work.nothing, x), PROCESS_TASKS), PROCESS_TASKS
            ),
        )


def test_one_after_the_other(compare, contender, loop, executor, piscina):
    times = 500

    def awaited_one_by_one(start):
        async def main():
            for x in range(times):
                await start(x)

        return lambda: loop.run_until_complete(main())

    def piscina_one_by_one():
        for _ in range(times):
            piscina(1)

    rivals = {"piscina": contender(piscina_one_by_one, times)} if piscina else {}
    with WorkerPool(work.nothing, 2) as pool:
        compare(
            contender(awaited_one_by_one(pool.run), times),
            {},
            run_in_executor=contender(
                awaited_one_by_one(lambda x: loop.run_in_executor(executor, work.nothing, x)), times
            ),
            **rivals,
        )
