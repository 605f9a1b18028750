"""The pool and its process: signals, forks, threads that cannot be started, and the end of the interpreter."""

import os
import subprocess
import sys
import textwrap

import pytest

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, limits or fork")


def python(program, *, code=0, **variables):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "THREADPOOL_WORKERS": "2", **variables},
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize(
    "program",
    [
        "threadpool.run(abs, range(1000))",
        "threading.Thread(target=threadpool.run, args=(lambda x: sum(range(x)), range(3000))).start()",
        "import atexit; atexit.register(lambda: print(len(threadpool.run(abs, range(1000)))))",
        "threadpool.run(abs, range(9)); import atexit; atexit.register(threadpool.run, abs, range(1000))",
        "threadpool.run(lambda x: threadpool.run(abs, range(x)), range(100))",
        "import concurrent.futures; concurrent.futures.ThreadPoolExecutor().submit(threadpool.run, abs, range(100))",
    ],
)
def test_the_interpreter_ends(program):
    for _ in range(5):
        assert python(f"import threading, threadpool\n{program}").stderr == ""


def test_a_run_of_another_thread_is_finished_as_the_interpreter_ends():
    program = """
        import threading, threadpool
        started = threading.Event()
        def item(x):
            started.set()
            return sum(range(1000))
        threading.Thread(target=lambda: print(len(threadpool.run(item, range(5000))))).start()
        started.wait()
    """
    assert python(program).stdout == "5000\n"


def test_a_first_run_that_begins_as_the_interpreter_ends():
    """The thread has looked whether the interpreter is ending, and found that it is not, just before it was."""
    program = """
        import threading, threadpool
        def run():
            threading._SHUTTING_DOWN = False
            thread = threading.Thread(target=lambda: print(len(threadpool.run(lambda x: sum(range(x)), range(3000)))))
            thread.start()
            thread.join()
            threading._SHUTTING_DOWN = True
        threading._register_atexit(run)
    """
    assert python(program).stdout == "3000\n"


@posix_only
def test_ctrl_c_in_an_item_of_any_thread_cancels_the_run():
    program = """
        import os, signal, threading, threadpool
        done = []
        def item(i):
            if i == {index}:
                os.kill(os.getpid(), signal.SIGINT)
            for _ in range(100):
                sum(range(100))
            done.append(i)
        try:
            threadpool.run(item, range(100_000), chunk=1)
        except KeyboardInterrupt:
            assert len(done) < 99_000
            assert threadpool.run(abs, range(-100, 0)) == list(range(100, 0, -1))
            print("interrupted")
    """
    for index in (0, 1, 2, 50):
        assert python(program.format(index=index)).stdout == "interrupted\n"


@posix_only
def test_ctrl_c_while_the_caller_waits_for_a_guest():
    program = """
        import os, signal, threading, threadpool
        main = threading.get_ident()
        both = threading.Barrier(2)
        interrupted = threading.Event()
        signal.signal(signal.SIGINT, lambda *_: (interrupted.set(), signal.default_int_handler(*_)))
        def item(i):
            both.wait()
            if threading.get_ident() != main:
                os.kill(os.getpid(), signal.SIGINT)
                assert interrupted.wait(30)
        try:
            threadpool.run(item, range(2), chunk=1)
        except KeyboardInterrupt:
            print("interrupted")
    """
    assert python(program).stdout == "interrupted\n"


@posix_only
def test_ctrl_c_interrupts_a_function_written_in_c():
    program = """
        import os, signal, threading, threadpool
        try:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            while True:
                threadpool.run(abs, range(1_000_000))
        except KeyboardInterrupt:
            print("interrupted")
    """
    assert python(program).stdout == "interrupted\n"


@posix_only
@pytest.mark.parametrize("is_started", [True, False])
def test_ctrl_c_while_a_thread_is_being_started(is_started):
    program = f"""
        import threading, threadpool
        start = threading.Thread.start
        def interrupted(thread):
            threading.Thread.start = start
            if {is_started}:  # and waits for it to tell that it runs
                start(thread)
            raise KeyboardInterrupt
        pool = threadpool.Pool(1)
        threading.Thread.start = interrupted
        try:
            pool.submit(abs, -2)
        except KeyboardInterrupt:
            assert pool.submit(abs, -1).result() == 1
            pool.shutdown()
            print("interrupted")
    """
    assert python(program).stdout == "interrupted\n"


@posix_only
def test_a_forked_child_can_run():
    program = """
        import os, warnings, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)
        threadpool.run(abs, range(1000))
        def fork(_):
            child = os.fork()
            if not child:
                code = 1
                try:
                    code = threadpool.run(abs, range(-1000, 0)) != list(range(1000, 0, -1))
                finally:
                    os._exit(code)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert fork(0) == 0
        assert threadpool.run(fork, range(8), chunk=1) == [0] * 8
        assert threadpool.run(abs, range(1000)) == list(range(1000))
    """
    assert python(program).stderr == ""


@posix_only
@pytest.mark.parametrize("pool", ["threadpool", "Pool(2)"])
def test_a_forked_child_has_threads_of_its_own_and_so_has_its_child(pool):
    program = f"""
        import os, threading, warnings, threadpool
        from threadpool import Pool
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = {pool}
        def meet():
            both = threading.Barrier(2)
            threads = pool.run(lambda _: both.wait(40) is not None and threading.get_ident(), range(2), chunk=1)
            assert len(set(threads)) == 2
        def fork(then):
            child = os.fork()
            if not child:
                code = 1
                try:
                    then()
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        meet()
        fork(lambda: (meet(), fork(meet), meet()))
        meet()
    """
    assert python(program).stderr == ""


@posix_only
def test_a_child_forked_inside_an_item_ends():
    """On whatever thread, whether the item returns or exits in the child; of its run the child has no part."""
    program = """
        import os, sys, threading, warnings, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)
        both = threading.Barrier(2)
        parent, main, children = os.getpid(), threading.get_ident(), []
        def item(i):
            if i < 2:
                both.wait()
                if (threading.get_ident() == main) == {on_main}:
                    child = os.fork()
                    if child:
                        children.append(child)
                    else:
                        {leave}
            return i
        try:
            results = threadpool.run(item, range(1000), chunk=1)
        except RuntimeError as error:
            assert os.getpid() != parent and "forked inside an item" in str(error)
            os._exit(threadpool.run(abs, range(-9, 0)) != list(range(9, 0, -1)))
        assert os.getpid() == parent and results == list(range(1000))
        assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    """
    for on_main in (True, False):
        for leave in ("pass", "sys.exit(0)"):
            assert python(program.format(on_main=on_main, leave=leave)).stderr == ""


def test_a_signal_handler_that_runs_during_the_first_run():
    program = """
        import signal, threadpool, threadpool.pool._default as default
        workers = default.workers
        def handler(*_):
            default.workers = workers
            print(threadpool.run(abs, [-1]))
        signal.signal(signal.SIGINT, handler)
        default.workers = lambda: (signal.raise_signal(signal.SIGINT), workers())[1]
        print(threadpool.run(abs, [-2, -3]))
    """
    assert python(program).stdout == "[1]\n[2, 3]\n"


def test_a_run_while_another_thread_imports_numpy():
    program = """
        import sys, types, threadpool
        sys.modules["numpy"] = types.ModuleType("numpy")  # as it is while its import goes on
        assert threadpool.run(len, ["ab", "c"]) == [2, 1]
    """
    python(program)


def test_run_can_be_pickled():
    import pickle

    import threadpool

    threadpool.run(abs, [1])
    assert pickle.loads(pickle.dumps(threadpool.run)) == threadpool.run


@posix_only
def test_a_forked_child_has_its_pools_with_nothing_queued():
    program = """
        import os, threading, warnings, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)

        def use(pool):
            assert pool.run(abs, range(-1000, 0)) == list(range(1000, 0, -1))
            assert list(pool.imap(abs, range(-1000, 0))) == list(range(1000, 0, -1))
            assert sorted(pool.imap_unordered(abs, range(-1000, 0))) == list(range(1, 1001))

        def child():
            for pool in pools:
                use(pool)
                assert pool.submit(abs, -1).result() == 1
                assert pool.stats().queued == 0 and pool.stats().completed >= 3001
                pool.shutdown()
            use(threadpool)

        def fork():
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    child()
                    code = 0
                finally:
                    os._exit(code)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

        pools = threadpool.Pool(2), threadpool.Pool(1, initializer=abs, initargs=(1,))
        use(threadpool)
        both = threading.Barrier(4)
        ready = threading.Event()
        def task():
            both.wait()
            ready.wait()
        for pool in pools:
            for _ in range(pool._max_workers):
                pool.submit(task)
        both.wait()
        forks = [pool.submit(fork) for pool in pools for _ in range(5)]
        assert [pool.stats().queued for pool in pools] == [5, 5]
        assert fork() == 0
        ready.set()
        assert [future.result() for future in forks] == [0] * 10
    """
    assert python(program).stderr == ""


@posix_only
def test_a_pool_that_was_shut_down_is_so_in_a_forked_child():
    program = """
        import os, warnings, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = threadpool.Pool(1)
        pool.submit(abs, -1).result()
        pool.shutdown()
        if child := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        else:
            refused = 0
            for call in (lambda: pool.submit(abs, 1), lambda: pool.run(abs, [1])):
                try:
                    call()
                except RuntimeError as error:
                    refused += "was shut down" in str(error)
            os._exit(refused != 2)
    """
    assert python(program).stderr == ""


@posix_only
@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_a_stream_of_the_parent_fails_in_a_forked_child(name):
    """It waits for items that are in progress in a thread which the child has not."""
    program = f"""
        import os, threading, warnings, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)
        started, end = threading.Event(), threading.Event()
        def item(i):
            if i == 1:
                started.set()
                end.wait()
        def items():
            yield 0
            yield 1
            started.wait()
        stream = threadpool.Pool(1).{name}(item, items())  # which keeps the pool
        next(stream)
        if child := os.fork():
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            end.set()
            assert list(stream) == [None]
        else:
            try:
                next(stream)
            except RuntimeError as error:
                os._exit("forked" not in str(error))
            os._exit(1)
    """
    assert python(program).stderr == ""


@posix_only
def test_where_no_thread_can_be_started_the_caller_does_the_work():
    program = """
        import threading, threadpool
        def refuse(self):
            raise RuntimeError("can't start new thread")
        threading.Thread.start = refuse
        assert threadpool.run(abs, range(-1000, 0)) == list(range(1000, 0, -1))
    """
    assert python(program).stderr == ""


def test_import_is_light_and_leaves_the_gil_as_it_is():
    program = """
        import sys
        before = getattr(sys, "_is_gil_enabled", lambda: True)()
        import threadpool
        assert "numpy" not in sys.modules
        assert getattr(sys, "_is_gil_enabled", lambda: True)() == before
        import numpy
        threadpool.run(abs, range(100))
        threadpool.Atomics.add(numpy.zeros(3, dtype="int64"), 0, 1)
        threadpool.run(threadpool.hashing.sha256, [b"a", b"b"])
        assert getattr(sys, "_is_gil_enabled", lambda: True)() == before
        print(before)
    """
    import sysconfig

    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert python(program).stdout == f"{not free_threaded}\n"


def test_the_private_function_of_threading_that_we_rely_on():
    import threading

    assert callable(threading._register_atexit)
