"""A counter that processes share: threads of several interpreters add to the same memory."""

import multiprocessing

from threadpool import Atomics, SharedBuffer

TIMES = 10_000


def count(buffer):
    counter = buffer.view("int64")
    for _ in range(TIMES):
        Atomics.add(counter, 0, 1)


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    buffer = SharedBuffer(8, process=True)
    processes = [context.Process(target=count, args=(buffer,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert Atomics.load(buffer.view("int64"), 0) == 3 * TIMES
    print(f"{len(processes)} processes have counted to {3 * TIMES:,} together")
