"""Pool as an executor of concurrent.futures: what the standard library promises holds here too."""

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import traceback
import weakref
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, CancelledError, Future

import pytest

import threadpool
from threadpool import Pool, QueueFull

WAIT = 60  # seconds until a test that hangs fails


class Gate:
    """A task that has begun, and ends when it is let."""

    def __init__(self, pool):
        self.begun, self.opened = threading.Event(), threading.Event()
        self.future = pool.submit(self)
        assert self.begun.wait(WAIT)

    def __call__(self):
        self.begun.set()
        assert self.opened.wait(WAIT)
        return "passed"

    def open(self):
        self.opened.set()
        return self.future.result(WAIT)


class Argument:
    pass


def test_submit_returns_a_future_of_the_standard_library():
    with Pool(2) as pool:
        assert isinstance(pool, concurrent.futures.Executor)
        futures = [pool.submit(pow, n, 2) for n in range(1000)]
        assert all(isinstance(future, Future) for future in futures)
        assert [future.result() for future in futures] == [n * n for n in range(1000)]
        assert futures[0].exception() is None


def test_every_keyword_passes_through():
    def keywords(*args, **kwargs):
        return args, kwargs

    with Pool(1) as pool:
        names = {"self": 1, "fn": 2, "args": 3, "timeout": 4, "index": 5}
        assert pool.submit(keywords, 0, **names).result() == ((0,), names)


@pytest.mark.parametrize("wanted", [FIRST_COMPLETED, FIRST_EXCEPTION, concurrent.futures.ALL_COMPLETED])
def test_wait(wanted):
    with Pool(2) as pool:
        gate = Gate(pool)
        futures = [gate.future, pool.submit(abs, "no number" if wanted == FIRST_EXCEPTION else -1)]
        if wanted == concurrent.futures.ALL_COMPLETED:
            gate.open()
        done, pending = concurrent.futures.wait(futures, WAIT, return_when=wanted)
        assert futures[1] in done
        assert pending == (set() if wanted == concurrent.futures.ALL_COMPLETED else {gate.future})
        gate.open()


def test_as_completed():
    with Pool(2) as pool:
        gate = Gate(pool)
        futures = [pool.submit(abs, -n) for n in range(5)]
        completed = concurrent.futures.as_completed([gate.future, *futures], WAIT)
        assert {next(completed) for _ in futures} == set(futures)
        gate.open()
        assert list(completed) == [gate.future]


def test_a_timeout_leaves_the_future_as_it_is():
    with Pool(1) as pool:
        gate = Gate(pool)
        for method in (gate.future.result, gate.future.exception):
            with pytest.raises(concurrent.futures.TimeoutError):
                method(0)
            with pytest.raises(concurrent.futures.TimeoutError):
                method(timeout=0.001)
        assert gate.future.running()
        assert gate.open() == "passed"


@pytest.mark.thread_unsafe(reason="caplog")
def test_a_callback_that_raises_does_not_skip_the_next(caplog):
    called = []
    with Pool(1) as pool:
        gate = Gate(pool)
        gate.future.add_done_callback(lambda future: called.append(1))
        gate.future.add_done_callback(lambda future: 1 / 0)
        gate.future.add_done_callback(lambda future: called.append(future.result()))
        gate.open()
        assert pool.submit(abs, -1).result() == 1
    assert called == [1, "passed"]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.thread_unsafe(reason="replaces threading.excepthook")
def test_a_callback_that_exits_is_reported_and_the_thread_goes_on(monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    with Pool(1) as pool:
        gate = Gate(pool)
        thread = pool.submit(threading.get_ident)
        gate.future.add_done_callback(lambda future: exec("raise SystemExit(3)"))
        gate.open()
        assert pool.submit(threading.get_ident).result() == thread.result()
    assert [report.exc_type for report in reported] == [SystemExit]


def test_cancel():
    with Pool(1) as pool:
        gate = Gate(pool)
        pending, called = pool.submit(abs, -1), []
        pending.add_done_callback(called.append)
        assert not gate.future.cancel()
        assert pending.cancel()
        assert pending.cancel()
        assert pending.cancelled()
        assert called == [pending]
        # Its waiters know before the queue has got that far.
        assert concurrent.futures.wait([pending], WAIT).done == {pending}
        with pytest.raises(CancelledError):
            pending.result()
        gate.open()
        assert not gate.future.cancel()
        assert pool.stats().cancelled == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_whatever_a_task_raises_is_raised_by_its_future_and_the_thread_goes_on(error):
    with Pool(1) as pool:
        raised = error("text")

        def fail():
            raise raised

        future = pool.submit(fail)
        with pytest.raises(error) as caught:
            future.result()
        assert caught.value is raised
        assert future.exception() is raised
        assert pool.submit(abs, -1).result() == 1
        assert pool.stats().failed == 1


def test_the_traceback_ends_with_the_frames_of_the_user():
    def inner():
        raise ValueError

    def outer():
        inner()

    with Pool(1) as pool:
        trace = traceback.extract_tb(pool.submit(outer).exception().__traceback__)
        assert [frame.name for frame in trace] == ["outer", "inner"]
        with pytest.raises(ValueError) as caught:
            pool.submit(outer).result()
        assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-2:] == ["outer", "inner"]


def test_an_exception_that_cannot_be_printed():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

        __repr__ = __str__

    def fail():
        raise Mute

    with Pool(1) as pool:
        with pytest.raises(Mute):
            pool.submit(fail).result()
        assert pool.submit(abs, -1).result() == 1


def test_no_two_futures_share_an_exception():
    def fail():
        raise ValueError

    with Pool(2) as pool:
        futures = [pool.submit(fail) for _ in range(10)]
        assert len({id(future.exception()) for future in futures}) == 10


def test_a_task_sees_the_context_of_its_submitter_and_changes_it_for_nobody():
    variable = contextvars.ContextVar("variable", default=0)

    def change(value):
        seen = variable.get()
        variable.set(value)
        return seen, variable.get()

    with Pool(1) as pool:
        variable.set(1)
        first = pool.submit(change, 10)
        variable.set(2)
        second = pool.submit(change, 20)
        assert first.result() == (1, 10)
        assert second.result() == (2, 20)
        assert variable.get() == 2

        # Also where the waiting thread runs it itself.
        def nest():
            variable.set(3)
            return pool.submit(change, 30).result(), variable.get()

        assert pool.submit(nest).result() == ((3, 30), 3)


def test_a_call_that_has_ended_keeps_nothing_alive():
    with Pool(1) as pool:
        gate = Gate(pool)
        argument, keyword = Argument(), Argument()
        references = [weakref.ref(argument), weakref.ref(keyword)]
        cancelled = pool.submit(print, argument, sep=keyword)
        del argument, keyword
        cancelled.cancel()
        assert [reference() for reference in references] == [None, None]

        future = pool.submit(lambda argument: Argument(), Argument())
        gate.open()
        result = weakref.ref(future.result())
        pool.submit(abs, -1).result()  # the thread has let go of what it did before
        assert result() is future.result()
        del future
        pool.submit(gc.collect).result()
        assert result() is None


@pytest.mark.parametrize("shut", [True, False], ids=["shut down", "full"])
def test_a_call_that_was_refused_keeps_nothing_alive(shut):
    with Pool(1, max_queue=1, when_full="raise") as pool:
        gate = Gate(pool)
        pool.submit(abs, -1)
        if shut:
            pool.shutdown(wait=False)
        argument = Argument()
        reference = weakref.ref(argument)
        gc.disable()
        try:
            with pytest.raises(RuntimeError if shut else QueueFull):
                pool.submit(print, argument)
            del argument
            assert reference() is None
        finally:
            gc.enable()
            gate.open()


def test_shutdown_finishes_what_was_submitted():
    pool = Pool(2)
    futures = [pool.submit(abs, -n) for n in range(100)]
    pool.shutdown()
    assert all(future.done() for future in futures)
    assert [future.result() for future in futures] == list(range(100))
    pool.shutdown()
    pool.shutdown(wait=False, cancel_futures=True)
    assert pool.stats().workers == 0


def test_shutdown_cancels_what_has_not_started():
    pool = Pool(1)
    gate = Gate(pool)
    futures = [pool.submit(abs, -n) for n in range(100)]
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    assert concurrent.futures.wait(futures, WAIT).done == set(futures)
    assert gate.open() == "passed"
    pool.shutdown()
    assert pool.stats().cancelled == 100


def test_after_shutdown_everything_is_refused():
    with Pool(2) as pool:
        pool.submit(abs, -1)
    calls = (
        lambda: pool.submit(abs, 1),
        lambda: pool.map(abs, [1]),
        lambda: pool.run(abs, [1]),
        lambda: list(pool.imap(abs, [1])),
        lambda: pool.broadcast(abs, 1),
        lambda: asyncio.run(pool.run_async(abs, [1])),
    )
    for call in calls:
        with pytest.raises(RuntimeError, match="was shut down"):
            call()


def test_a_pool_that_is_forgotten_finishes_and_ends():
    pool = Pool(1)
    gate = Gate(pool)
    future = pool.submit(threading.current_thread)
    del pool
    gate.open()
    thread = future.result(WAIT)
    thread.join(WAIT)
    assert not thread.is_alive()


def test_map_as_the_standard_library_has_it():
    with Pool(2) as pool:
        assert list(pool.map(pow, [2, 3, 4], [5, 2, 9, 9])) == [32, 9, 4**9]
        assert list(pool.map(abs, range(-10, 0), chunksize=3)) == list(range(10, 0, -1))
        assert list(pool.map(abs, [])) == []
        results = pool.map(lambda x: 1 // x, [1, 0, 1])
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
        with pytest.raises(StopIteration):
            next(results)
        gate = Gate(pool)
        with pytest.raises(TimeoutError):
            list(pool.map(lambda _: gate.opened.wait(WAIT), range(2), timeout=0))
        gate.open()


def test_run_in_executor():
    async def main(pool):
        loop = asyncio.get_running_loop()
        results = await asyncio.gather(*[loop.run_in_executor(pool, abs, -n) for n in range(100)])
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(pool, lambda: 1 / 0)
        return results

    with Pool(2) as pool:
        assert asyncio.run(main(pool)) == list(range(100))
        assert asyncio.run(main(pool)) == list(range(100))  # another loop


BAD = [
    ({"workers": 0}, ValueError, "workers must be from 1 to 65536, not 0"),
    ({"workers": -1}, ValueError, "workers .* not -1"),
    ({"workers": 10**30}, ValueError, "workers .* not 10"),
    ({"workers": 1.5}, TypeError, "workers must be an integer, not 'float'"),
    ({"workers": "2"}, TypeError, "workers must be an integer, not 'str'"),
    ({"initializer": 1}, TypeError, "initializer must be callable, not 'int'"),
    ({"initargs": 1}, TypeError, "initargs must be a tuple, not 'int'"),
    ({"idle_timeout": -1}, ValueError, "idle_timeout .* not -1"),
    ({"idle_timeout": float("nan")}, ValueError, "idle_timeout .* NaN"),
    ({"idle_timeout": "1"}, TypeError, "idle_timeout must be a number of seconds, not 'str'"),
    ({"max_queue": 0}, ValueError, "max_queue must be at least 1, not 0"),
    ({"max_queue": 1.5}, TypeError, "max_queue must be an integer, not 'float'"),
    ({"when_full": "drop"}, ValueError, "when_full must be 'block' or 'raise', not 'drop'"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=str)
def test_arguments_that_make_no_pool(options, error, message):
    with pytest.raises(error, match=message):
        Pool(**options)


def test_arguments_of_methods():
    with Pool(1) as pool:
        calls = [
            (lambda: pool.submit(None), TypeError, "fn must be callable, not 'NoneType'"),
            (lambda: pool.submit(), TypeError, "fn"),
            (lambda: pool.broadcast(1), TypeError, "fn must be callable, not 'int'"),
            (lambda: pool.resize(0), ValueError, "workers .* not 0"),
            (lambda: pool.resize(1.0), TypeError, "workers must be an integer, not 'float'"),
            (lambda: pool.run(abs, [1], chunk=0), ValueError, "chunk must be at least 1, not 0"),
            (lambda: pool.run(abs, [1], errors="ignore"), ValueError, "errors .* not 'ignore'"),
            (lambda: pool.run(abs, 1), TypeError, "int"),
            (lambda: pool.map(abs, [1], chunksize=0), ValueError, "chunksize must be at least 1, not 0"),
            (lambda: pool.map(abs, [1], chunksize="1"), TypeError, "chunksize must be an integer, not 'str'"),
            (lambda: pool.map(abs, [1], timeout="1"), TypeError, "timeout must be a number of seconds, not 'str'"),
            (lambda: pool.map(abs, [1], buffersize=0), ValueError, "buffersize must be at least 1, not 0"),
            (lambda: pool.imap(abs, [1], window=0), ValueError, "window must be at least 1, not 0"),
        ]
        for call, error, message in calls:
            with pytest.raises(error, match=message):
                call()
        assert pool.submit(threadpool.current_worker).result() == 0  # it works as before
