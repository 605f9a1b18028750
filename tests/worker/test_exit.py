"""The end of a program with workers: soon, silent, with its own exit status; and forked children."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")

READY = "from threadpool.worker import parent_port, Worker; import time, asyncio; parent_port.post_message('ready')\n"

STATES = {
    "idle": "parent_port.on('message', print)",
    "in recv": "parent_port.recv()",
    "in a busy loop": "while True: pass",
    "in time.sleep": "time.sleep(1000)",
    "in an event loop at a port": ("async def main():\n async for _ in parent_port: pass\nasyncio.run(main())"),
    "in an event loop that waits for something else": "asyncio.run(asyncio.sleep(1000))",
    "sending": "while True: parent_port.post_message(1) if not parent_port.receive_message() else None",
    "with nested workers": (
        "Worker('from threadpool.worker import parent_port; parent_port.recv()', eval=True).join()"
    ),
    "in a finally": "try: parent_port.recv()\nfinally: time.sleep(0.2)",
}


@pytest.mark.parametrize("state", STATES)
def test_exit_with_workers_alive(program, state):
    """The program waits for none of them, by whatever way, for longer than two seconds."""
    done = program(
        f"""
        import atexit
        waits, wait = [], Worker._wait

        def note(worker, timeout):
            if threading.current_thread() is threading.main_thread():
                waits.append(timeout)
            return wait(worker, timeout)

        workers = [Worker({READY + STATES[state]!r}, eval=True) for _ in range(3)]
        assert [worker.recv(30) for worker in workers] == ["ready"] * 3
        Worker._wait = note
        atexit.register(lambda: print(len(waits) > 0, max(waits) < 2))
        sys.exit(5)
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (5, "True True\n", "")


def test_the_last_words_of_a_worker_are_written(prints):
    assert prints('Worker(\'print("last words", end="")\', eval=True).join()') == "last words"
    assert (
        prints(
            f"""
            threadpool.worker.worker.GRACE_SECONDS = 60  # which it has for them
            source = {READY!r} + "try: parent_port.recv()\\nfinally: print('last words')"
            Worker(source, eval=True).recv(30)
            """
        )
        == "last words\n"
    )


def test_an_uncaught_error_is_written(program):
    done = program(
        r"""
        threadpool.worker.worker.GRACE_SECONDS = 60  # so that it is the end of the program that tells of it
        sys.exit(Worker("x = 1\n1/0", eval=True, name="w").join())
        """
    )
    assert done.returncode == 1
    assert "Exception in thread w:" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("hook", ["settrace", "setprofile"])
def test_threads_are_traced_after_workers_have_ended(prints, hook):
    """CPython 3.11 hangs where something was sent to a thread, was not raised there, and another thread is traced."""
    assert (
        prints(
            f"""
            def handle(task):
                while task:
                    pass

            Worker("pass", eval=True).join()
            Worker("while True: pass", eval=True).terminate().result(30)
            with WorkerPool(handle, 1) as pool:
                pool.submit(1, timeout=0.01).exception(30)
                pool.submit(0).result(30)
            seen = []
            threading.{hook}(lambda frame, event, argument: seen.append(frame.f_code.co_name))
            thread = threading.Thread(target=lambda: 1)
            thread.start()
            thread.join()
            threading.{hook}(None)
            print("run" in seen)
            """
        )
        == "True\n"
    )


def test_ctrl_c_interrupts_recv(program):
    done = program(
        """
        import signal
        worker = Worker("from threadpool.worker import parent_port; parent_port.recv()", eval=True)
        try:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            worker.recv()
        except KeyboardInterrupt:
            print("interrupted")
        worker.post_message(1)
        sys.exit(worker.join(30))
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_make_workers(prints):
    """And has none of those that it was forked with, which nobody waits for."""
    assert (
        prints(
            """
            echo = "from threadpool.worker import parent_port; parent_port.post_message(parent_port.recv())"
            channel = MessageChannel()
            waiting = Worker(echo, eval=True)
            waiting.on("online", lambda: None)
            listener = threading.Thread(target=channel.port2.recv, args=(100,))
            listener.start()
            with Worker(echo, eval=True) as worker:
                for _ in range(3):
                    if child := os.fork():
                        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
                        continue
                    assert worker.join(30) == waiting.terminate().result(30) == 1
                    try:
                        worker.recv(30)
                    except EOFError:
                        pass
                    channel.port1.post_message("for the child")
                    assert channel.port2.recv(30) == "for the child"
                    mine = Worker(echo, eval=True)
                    heard = threading.Event()
                    mine.on("exit", lambda code: heard.set())
                    mine.post_message("x")
                    assert mine.recv(30) == "x"
                    assert mine.join(30) == 0
                    assert heard.wait(30)
                    alive = Worker("while True: pass", eval=True)
                    sys.exit(7)
                worker.post_message("still here")
                assert worker.recv(30) == "still here"
            waiting.post_message(1)
            assert waiting.join(30) == 0
            channel.port1.post_message("for the parent")
            listener.join()
            """
        )
        == ""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_worker_can_fork(prints):
    assert (
        prints(
            """
            def script():
                from threadpool.worker import parent_port
                child = os.fork()
                if not child:
                    os._exit(Worker("import sys; sys.exit(3)", eval=True).join(30))
                parent_port.post_message(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            print(Worker(script).recv(30))
            """
        )
        == "3\n"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("limit", ["files", "threads"])
def test_more_workers_than_the_system_allows(program, limit):
    """An error for those that cannot be, and the others work."""
    done = program(
        f"""
        import resource
        if {limit!r} == "files":
            resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
            source = "import asyncio\\nfrom threadpool.worker import parent_port\\n"
            source += "async def main():\\n async for message in parent_port: parent_port.post_message(message)\\n"
            source += "asyncio.run(main())"
        else:
            threading.stack_size(8 << 20)  # so that it is the memory that there are too few of, and not too many
            size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 29),) * 2)
            source = "from threadpool.worker import parent_port\\n"
            source += "while True: parent_port.post_message(parent_port.recv())"
        workers, errors = [], 0
        threading.excepthook = lambda told: None
        for _ in range(256):
            try:
                workers.append(Worker(source, eval=True))
            except (RuntimeError, MemoryError):
                errors += 1
        working = 0
        for number, worker in enumerate(workers):
            worker.post_message(number)
        for number, worker in enumerate(workers):
            try:
                assert worker.recv(30) == number
                working += 1
            except (OSError, EOFError, MemoryError):  # where the memory is enough for its thread only
                errors += 1
        assert working and errors and working + errors == 256, (working, errors)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            assert worker.join(30) == 1
        print("ended")
        """
    )
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


MEMORY = """
import gc
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_thousand_idle_workers_are_small(prints):
    grown = prints(
        MEMORY
        + f"""
source = {READY!r} + "parent_port.recv()"
Worker(source, eval=True).recv(30)
before = resident()
workers = [Worker(source, eval=True) for _ in range(1000)]
assert {{worker.recv(60) for worker in workers}} == {{"ready"}}
print(resident() - before)
"""
    )
    assert int(grown) < 200


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_flat_over_many_workers(prints, soak):
    grown = prints(
        MEMORY
        + f"""
source = "from threadpool.worker import parent_port; parent_port.post_message([0] * 1000)"
def some():
    for _ in range({soak(50, 1000)}):
        workers = [Worker(source, eval=True) for _ in range(4)]
        for worker in workers:
            worker.on("exit", lambda code: None)
            worker.recv(30), worker.join(30)
some()
before = resident()
some()
print(resident() - before)
"""
    )
    assert int(grown) < 20


def test_the_import_is_light():
    source = "import sys, threadpool.worker; print({'asyncio', 'multiprocessing', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")
