"""WorkerPool(runtime="process"): tasks, handlers, results, figures, arguments."""

import asyncio
import os
import threading

import pool_handlers as handlers
import pytest

from threadpool import SharedBuffer, worker
from threadpool.errors import QueueFull, WorkerLost
from threadpool.worker import WorkerPool

from .conftest import TIMEOUT, Log, process_pool, run

pytestmark = pytest.mark.thread_unsafe(reason="starts processes, which meet at one door")


def test_tasks_and_results_are_copies():
    async def main():
        with process_pool(handlers.same, 2) as pool:
            task = [1, {"two": (3.0, None)}]
            result = await pool.run(task)
            assert result == task
            assert result is not task
            assert await asyncio.gather(*map(pool.run, range(200))) == list(range(200))
            assert pool.submit("submitted").result(TIMEOUT) == "submitted"

    run(main())


def test_a_task_is_what_it_was_when_it_was_submitted(door):
    with process_pool(handlers.do) as pool:
        first = pool.submit(("visit", door.address))
        visitor = door.visitor()
        value = [1]
        second = pool.submit(("raise", KeyError(value)))
        value.append(2)
        visitor.let_go()
        assert first.result(TIMEOUT) == b"!"
        assert second.exception(TIMEOUT).args == ([1],)


def test_the_processes_are_others_and_keep_their_state():
    with process_pool(handlers.count, 2) as pool:
        assert pool.broadcast(None) == [1, 1]
        assert pool.broadcast(None) == [2, 2]
    with process_pool(handlers.pid, 2) as pool:
        pids = {pid for _, pid in pool.broadcast(None)}
        assert len(pids - {os.getpid()}) == 2


def test_what_is_around_a_handler():
    options = {"data": {"a": [1]}, "argv": ["--fast"], "env": {**os.environ, "POOL_TEST": "yes"}, "name": "around"}
    with process_pool(handlers.inside, **options) as pool:
        data, number, name, is_main, argv, environment = pool.submit(None).result(TIMEOUT)
        assert (data, argv, is_main) == ({"a": [1]}, ["--fast"], False)
        assert number > 0
        assert name.startswith("around-")
        assert environment["POOL_TEST"] == "yes"


def test_a_file(handler_file):
    handler_file("greeting = 'hello'", "beside_the_handlers.py")
    path = handler_file("""
        import pickle, sys, threading
        from dataclasses import dataclass
        from beside_the_handlers import greeting
        from threadpool.worker import is_main_thread, worker_data

        assert __name__ == "handlers_in_file" and not is_main_thread
        assert sys.argv == [__file__, "argument"]
        assert threading.current_thread() is threading.main_thread()
        count = 0

        @dataclass
        class Point:
            x: int

        def default(task):
            global count
            count += 1
            return greeting, worker_data, count, task

        def again(task):
            return pickle.loads(pickle.dumps(Point(task))) == Point(task)

        def own(task):
            return Point(task)
    """)
    with process_pool(path, data="data", argv=["argument"]) as pool:
        assert pool.submit("a").result(TIMEOUT) == ("hello", "data", 1, "a")
        assert pool.submit("b").result(TIMEOUT) == ("hello", "data", 2, "b")
        assert pool.submit(1, name="again").result(TIMEOUT)
        with pytest.raises(ValueError, match=r"name must be that of a function in handlers_in_file\.py, not 'nothing'"):
            pool.submit(1, name="nothing").result(TIMEOUT)
        with pytest.raises(TypeError, match="name must be a str, not 'int'"):
            pool.submit(1, name=3)
        with pytest.raises(ModuleNotFoundError, match="handlers_in_file"):
            pool.submit(1, name="own").result(TIMEOUT)  # its class is not to be found here
        assert pool.submit("c").result(TIMEOUT) == ("hello", "data", 3, "c")


def test_a_file_of_the_name_of_a_module_that_is_in_use(handler_file):
    path = handler_file("import socket\nkind = socket.socket\ndef default(task): return kind.__name__", "socket.py")
    with process_pool(path) as pool:
        assert pool.submit(None).result(TIMEOUT) == "socket"


def test_an_exception_comes_with_its_traceback():
    with process_pool(handlers.do) as pool:
        error = pool.submit(("raise", KeyError("mine"))).exception(TIMEOUT)
        assert (type(error), error.args) == (KeyError, ("mine",))
        assert "in do" in str(error.__cause__)
        error = pool.submit(("raise odd", "why")).exception(TIMEOUT)
        assert type(error) is RuntimeError
        assert "pool_handlers.Odd" in str(error)
        error = pool.submit(("raise", StopIteration(1))).exception(TIMEOUT)
        assert (type(error), str(error)) == (RuntimeError, "the handler raised StopIteration")
        assert (pool.completed, pool.failed) == (0, 3)


def test_a_task_that_cannot_be_pickled():
    async def main():
        with process_pool(handlers.same) as pool:
            channel = worker.MessageChannel()
            with pytest.raises(TypeError, match="the task cannot be pickled, as it must be for another process"):
                pool.run(lambda: 1)
            with pytest.raises(TypeError, match="the task cannot be pickled"):
                pool.run([lambda: 1, channel.port1], transfer=[channel.port1])
            with pytest.raises(TypeError, match="goes to its new owner by transfer"):
                pool.submit(channel.port1)
            channel.port1.post_message("not moved")
            assert channel.port2.recv(0) == "not moved"
            assert pool.queue_size == 0
            assert await pool.run("next") == "next"
            assert (pool.completed, pool.failed) == (1, 0)

    run(main())


def test_a_result_that_cannot_be_pickled():
    with process_pool(handlers.do) as pool:
        pid = pool.submit(("pid", None)).result(TIMEOUT)
        with pytest.raises(TypeError, match="the result cannot be pickled, as it must be for another process"):
            pool.submit(("lambda", 1)).result(TIMEOUT)
        assert pool.submit(("pid", None)).result(TIMEOUT) == pid


def test_memory_is_shared_and_ports_are_transferred():
    async def main():
        with process_pool(handlers.do) as pool:
            buffer = SharedBuffer(16, process=True)
            await pool.run(("write", buffer))
            assert buffer.view("uint8")[0] == 7
            channel = worker.MessageChannel()
            future = pool.run(("answer", channel.port1), transfer=[channel.port1])
            channel.port2.post_message(21)
            assert await asyncio.to_thread(channel.port2.recv, TIMEOUT) == 42
            await future
            with pytest.raises(RuntimeError, match="transferred"):
                channel.port1.post_message("lost")
            large = bytes(300_000)
            assert (await pool.run(("raise", ValueError(large)))) is None

    with pytest.raises(ValueError) as caught:
        run(main())
    assert len(caught.value.args[0]) == 300_000


def test_coroutines_run_at_once_in_one_process():
    async def main():
        with process_pool(handlers.meet, concurrent_tasks_per_worker=3) as pool:
            pids = await asyncio.gather(*(pool.run(3) for _ in range(9)))
            assert len(set(pids)) == 1
        with process_pool(handlers.meet) as pool:
            assert len({await pool.run(1) for _ in range(3)}) == 1

    run(main())


def test_tasks_that_are_no_coroutines_do_not_wait_behind_another_one(door):
    """As many may be in a process, but what runs there alone is not sent a second one."""
    with process_pool(handlers.do, 2, concurrent_tasks_per_worker=4) as pool:
        futures = [pool.submit(("visit", door.address)) for _ in range(6)]
        for _ in range(3):
            visitors = [door.visitor() for _ in range(2)]
            assert len({visitor.pid for visitor in visitors}) == 2
            for visitor in visitors:
                visitor.let_go()
        assert [future.result(TIMEOUT) for future in futures] == [b"!"] * 6


def test_broadcast(door):
    with process_pool(handlers.do, 2) as pool:
        assert len(set(pool.broadcast(("pid", None)))) == 2
        with pytest.raises(KeyError):
            pool.broadcast(("raise", KeyError(1)))
        assert pool.failed == 2


def test_broadcast_from_a_callback_would_wait_for_itself():
    errors = []
    told = threading.Event()

    def callback(future):
        try:
            pool.broadcast(None)
        except RuntimeError as error:
            errors.append(str(error))
        told.set()

    with process_pool(handlers.do) as pool:
        while not errors:
            future = pool.submit(("pid", None))
            future.add_done_callback(callback)  # in the worker's thread, if it is not done yet
            future.result(TIMEOUT)
            assert told.wait(TIMEOUT)
            told.clear()
    assert "cannot broadcast" in errors[0]


def test_processes_come_and_go():
    log = Log()
    with WorkerPool(handlers.inside, min_workers=0, max_workers=1, idle_timeout=0.01, runtime="process") as pool:
        log.listen(pool._crew.events, "worker_create", "worker_destroy")
        assert pool.workers == 0
        first = pool.submit(None).result(TIMEOUT)[1]
        log.wait_for(("worker_destroy", first))
        assert pool.workers == 0
        second = pool.submit(None).result(TIMEOUT)[1]
        assert second != first
        log.wait_for(("worker_destroy", second))
    assert log.entries == [(f"worker_{what}", number) for number in (first, second) for what in ("create", "destroy")]


def test_figures_and_a_full_queue(door):
    with process_pool(handlers.do, max_queue=1, name="figures") as pool:
        futures = [pool.submit(("visit", door.address)) for _ in range(2)]
        visitor = door.visitor()
        assert futures[0].running()
        assert not futures[1].running()
        assert (pool.queue_size, pool.workers, pool.needs_drain) == (1, 1, True)
        with pytest.raises(QueueFull, match="max_queue=1"):
            pool.submit(("visit", door.address))
        visitor.let_go()
        door.visitor().let_go()
        assert [future.result(TIMEOUT) for future in futures] == [b"!"] * 2
        assert (pool.completed, pool.failed, pool.queue_size) == (2, 0, 0)
        assert 0 < pool.utilization <= 1
        assert 0 < pool.run_time.p50 <= pool.run_time.most
        assert pool.wait_time.p50 > 0
        assert "figures" in repr(pool)


def test_a_limit_of_memory():
    with process_pool(handlers.do, resource_limits={"memory": 512 << 20}) as pool:
        pid = pool.submit(("pid", None)).result(TIMEOUT)
        assert isinstance(pool.submit(("fill", 1 << 30)).exception(TIMEOUT), (MemoryError, WorkerLost))
        assert pool.submit(("pid", None)).result(TIMEOUT) != pid


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (TypeError, "target cannot be pickled", {"target": lambda task: task}),
        (TypeError, "data cannot be pickled", {"data": lambda: 1}),
        (TypeError, "argv must be a list of str", {"argv": "one"}),
        (TypeError, "env must be a dict", {"env": 3}),
        (ValueError, "resource_limits has 'memory' only", {"resource_limits": {"cpu": 1}}),
    ],
)
def test_arguments(error, message, options):
    with pytest.raises(error, match=message):
        process_pool(**{"target": handlers.same, **options})


@pytest.mark.parametrize("name", ["argv", "env", "resource_limits"])
def test_threads_have_none_of_it(name):
    value = {"argv": [], "env": {}, "resource_limits": {"memory": 1}}[name]
    with pytest.raises(ValueError, match=f"{name} is for runtime='process' only"):
        WorkerPool(handlers.same, 1, **{name: value})
