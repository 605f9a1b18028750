"""WorkerPool(runtime="process"): start-ups that fail, processes that crash, and the ends of a pool."""

import asyncio
import gc
import os
import sys
import threading

import pool_handlers as handlers
import pytest
from process_programs import STUBBORN

from threadpool.errors import WorkerCrashed, WorkerLost
from threadpool.worker import Worker

from .conftest import TIMEOUT, Log, process_pool, run

pytestmark = pytest.mark.thread_unsafe(reason="starts processes, which meet at one door")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (None, FileNotFoundError),
        ("def default(:", SyntaxError),
        ("1 / 0", ZeroDivisionError),
        ("x = 1", ValueError),
        ("raise SystemExit(2)", WorkerLost),
        ("class Odd(Exception):\n    def __init__(self, a, b): pass\nraise Odd(1, 2)", RuntimeError),
        ("import os\nos._exit(7)", WorkerCrashed),
    ],
)
def test_a_start_up_that_fails_breaks_the_pool(tmp_path, source, error):
    path = tmp_path / "handlers_that_fail.py"
    if source is not None:
        path.write_text(source)
    pool = process_pool(path, 2)
    futures = []
    try:
        futures += [pool.submit(number) for number in range(3)]
    except error:
        pass
    for future in futures:
        assert isinstance(future.exception(TIMEOUT), error)
    pool.close().result(TIMEOUT)
    with pytest.raises(error):
        pool.submit(0)
    assert pool.workers == 0


def test_a_crash_in_the_start_up_is_forgiven_once(tmp_path):
    (tmp_path / "starts").touch()
    source = f"""
import os
with open({str(tmp_path / "starts")!r}, "a") as file:
    file.write("x")
    file.flush()
    if os.fstat(file.fileno()).st_size in CRASHES:
        os._exit(7)
def default(task):
    os._exit(8) if task == "die" else task
    return task
"""
    path = tmp_path / "handlers_that_crash.py"
    path.write_text(source.replace("CRASHES", "(1, 3)"))
    with process_pool(path) as pool:
        assert pool.submit("first").result(TIMEOUT) == "first"
        assert isinstance(pool.submit("die").exception(TIMEOUT), WorkerLost)
        assert pool.submit("last").result(TIMEOUT) == "last"
    (tmp_path / "starts").write_text("")
    path.write_text(source.replace("CRASHES", "range(100)"))
    with process_pool(path) as pool, pytest.raises(WorkerCrashed) as caught:
        pool.submit("first").result(TIMEOUT)
    assert caught.value.exit_code == 7
    assert (tmp_path / "starts").read_text() == "xx"


@pytest.mark.parametrize(
    ("task", "code"), [(("die", 5), 5), (("kill", None), -9), (("fatal", None), 3), (("raise", SystemExit(4)), None)]
)
def test_a_crash_fails_its_task_alone(task, code):
    with process_pool(handlers.do, name="crash") as pool:
        pid = pool.submit(("pid", None)).result(TIMEOUT)
        lost, *others = [pool.submit(each) for each in (task, *[("pid", None)] * 20)]
        error = lost.exception(TIMEOUT)
        assert type(error) is WorkerLost
        if code is None:
            assert "SystemExit" in str(error)
        else:
            assert (type(error.__cause__), error.__cause__.name) == (WorkerCrashed, "crash-1")
            assert error.__cause__.exit_code == code
        pids = {other.result(TIMEOUT) for other in others}
        assert len(pids) == 1
        assert pids != {pid}
        assert (pool.completed, pool.failed, pool.workers) == (21, 1, 1)


def test_tasks_that_are_answered_outlive_the_process_that_did_them(door):
    """All that ran at once in a process that crashes is lost, and nothing else."""

    async def main():
        with process_pool(handlers.stay_awaiting, concurrent_tasks_per_worker=3) as pool:
            done = await pool.run(("pid", None))
            running = [pool.run(("sleep", door.address)) for _ in range(3)]
            visitors = [await asyncio.to_thread(door.visitor) for _ in range(3)]
            queued = pool.run(("pid", None))
            assert {visitor.pid for visitor in visitors} == {done}
            os.kill(done, 9)
            errors = await asyncio.gather(*running, return_exceptions=True)
            assert {type(error) for error in errors} == {WorkerLost}
            assert len({id(error) for error in errors}) == 3
            assert await queued != done

    run(main())


def test_a_crash_that_the_pool_is_late_to_see_is_told_by_nobody_else(door, monkeypatch):
    told, gate = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda failure: told.append(failure.exc_type))
    with process_pool(handlers.do) as pool:
        future = pool.submit(("visit", door.address))
        visitor = door.visitor()
        future.add_done_callback(lambda future: gate.wait(TIMEOUT))  # holds up the worker's thread
        visitor.let_go()
        assert future.result(TIMEOUT) == b"!"
        [worker] = pool._crew.workers
        os.kill(visitor.pid, 9)
        assert worker._process.join(TIMEOUT) == -9
        worker._process._tell()  # as a tenth of a second later
        gate.set()
        assert pool.submit(("pid", None)).result(TIMEOUT) != visitor.pid
    assert told == []


def test_an_error_that_no_task_gets():
    log = Log()

    def callback(future):
        raise SystemExit("from a callback")

    with process_pool(handlers.do) as pool:
        log.listen(pool._crew.events, "error")
        while not log.entries:
            future = pool.submit(("pid", None))
            try:
                future.add_done_callback(callback)  # in the worker's thread, if it is not done yet
            except SystemExit:
                continue
            future.result(TIMEOUT)
            log.wait(len)
        assert pool.submit(("pid", None)).result(TIMEOUT)
    assert type(log.entries[0][1]) is SystemExit


def test_close_and_destroy(door):
    async def main():
        async with process_pool(handlers.do, 2) as pool:
            futures = [pool.run(("pid", None)) for _ in range(50)]
        assert len({await future for future in futures}) <= 2
        with pytest.raises(RuntimeError, match="is closed"):
            pool.run(1)
        pool = process_pool(handlers.stay)
        futures = [pool.run(("stubborn", door.address)) for _ in range(3)]
        visitor = await asyncio.to_thread(door.visitor)
        end = pool.destroy()
        for future in futures:
            with pytest.raises(RuntimeError, match="destroyed"):
                await future
        await end
        assert visitor.is_gone()
        assert pool.workers == 0

    run(main())


def test_a_pool_that_is_closed_or_destroyed_while_it_starts():
    process_pool(handlers.do, 2).close().result(TIMEOUT)
    process_pool(handlers.do, 2).destroy().result(TIMEOUT)
    pool = process_pool(handlers.do)
    future = pool.submit(("pid", None))
    pool.close().result(TIMEOUT)
    assert future.result(0)


def test_a_pool_that_is_forgotten_ends(door):
    pool = process_pool(handlers.do)
    future = pool.submit(("visit", door.address))
    visitor = door.visitor()
    end = pool._crew.end
    del pool
    gc.collect()
    visitor.let_go()
    assert future.result(TIMEOUT) == b"!"
    end.result(TIMEOUT)


def test_a_pool_ends_with_the_worker_that_made_it(door):
    futures = []

    def program():
        futures.append(process_pool(handlers.stay).submit(("stubborn", door.address)))
        door.visitor().let_go()

    assert Worker(program).join(TIMEOUT) == 0
    assert isinstance(futures[0].exception(TIMEOUT), (RuntimeError, WorkerLost))


def test_the_interpreter_ends_with_busy_processes(prints, tmp_path):
    path = tmp_path / "handlers.py"
    # In one piece, also where Python does not buffer: print writes the end of a line for itself then.
    tell = "os.write(1, b'%d\\n' % os.getpid())"
    path.write_text(f"import os\ndef default(task):\n    {tell}\n    exec({STUBBORN!r})\n")
    out = prints(f"""
        import atexit
        reading, writing = os.pipe()
        mine = os.dup(1)
        os.dup2(writing, 1)  # before there are processes, which inherit it
        pool = WorkerPool({str(path)!r}, 2, runtime="process")
        futures = [pool.submit(number) for number in range(4)]
        pids = set()
        with open(reading) as file:
            while len(pids) < 2:
                pids.add(int(file.readline()))
        os.dup2(mine, 1)
        waiting = threading.Thread(target=lambda: print(type(futures[3].exception()).__name__))
        waiting.start()
        threadpool.worker.worker.KILL_SECONDS = 60  # until the system has done it

        def look():
            for pid in pids:
                try:
                    os.kill(pid, 0)
                except ProcessLookupError:
                    print("gone")

        atexit.register(look)
    """)
    assert sorted(out.split()) == ["RuntimeError", "gone", "gone"]


def test_a_forked_child_has_the_pool(prints):
    out = prints("""
        pool = WorkerPool(os.path.basename, 2, runtime="process")
        assert pool.submit("a/b").result(30) == "b"
        child = os.fork()
        if not child:
            assert pool.workers == 0
            assert [pool.submit(f"a/{x}").result(30) for x in range(5)] == list("01234")
            pool.close().result(30)
            print("child")
            sys.stdout.flush()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert pool.submit("a/c").result(30) == "c"
        pool.close().result(30)
        print("parent")
    """)
    assert out.split() == ["child", "parent"]


def test_a_handler_of_the_main_module(tmp_path, program):
    source = f"""
import sys
sys.path[:0] = {sys.path!r}
from threadpool.worker import WorkerPool

class Point:
    x = 3

def handler(point):
    assert isinstance(point, Point)
    return point

if __name__ == "__main__":
    with WorkerPool(handler, 1, runtime="process") as pool:
        result = pool.submit(Point()).result(30)
        print(isinstance(result, Point), result.x)
"""
    path = tmp_path / "main_program.py"
    path.write_text(source)
    done = program(f"import subprocess; sys.exit(subprocess.run([sys.executable, {str(path)!r}]).returncode)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "True 3\n", "")
