"""What a process runs: a file, source or a function, with arguments, an environment and streams of its own."""

import os
import subprocess
import sys
import textwrap

import pytest
from process_programs import echo, echo_on_loop

from threadpool.worker import Worker

PROBE = """
    import os, sys
    from threadpool.worker import is_main_thread, parent_port, thread_id, worker_data
    import beside
    class Thing: pass
    parent_port.post_message({
        "name": __name__, "file": globals().get("__file__"), "argv": sys.argv, "data": worker_data,
        "pid": os.getpid(), "main": sys.modules["__main__"].Thing is Thing, "is_main": is_main_thread,
        "id": thread_id, "beside": beside.value,
    })
"""


def test_a_file_is_the_main_module(tmp_path):
    (tmp_path / "beside.py").write_text("value = 5")
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROBE))
    with Worker(file, data={"a": 1}, runtime="process", argv=["x", "y"], name="reader") as worker:
        told = worker.recv(30)
        assert worker.pid == told.pop("pid") != os.getpid()
        assert told == {
            "name": "__main__",
            "file": str(file),
            "argv": [str(file), "x", "y"],
            "data": {"a": 1},
            "main": True,
            "is_main": False,
            "id": worker.thread_id,
            "beside": 5,
        }
        assert worker.join(30) == 0
        assert repr(worker) == f"<Worker {worker.thread_id} 'reader' ended with 0>"


def test_a_file_that_runs_itself_does_not_run_the_main_program_twice(tmp_path):
    file = tmp_path / "both.py"
    file.write_text(
        textwrap.dedent("""
        import os
        from threadpool.worker import Worker, is_main_thread, parent_port
        os.write(1, b"imported ")
        class Thing:
            def __init__(self, value): self.value = value
        if is_main_thread:
            with Worker(__file__, data=Thing(6), runtime="process") as worker:
                print(type(worker.recv(30)) is Thing, worker.join(30))
        else:
            from threadpool.worker import worker_data
            parent_port.post_message(Thing(worker_data.value * 7))
        """)
    )
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("imported imported True 0\n", "")


def test_what_the_main_module_defines_goes_to_a_process_and_back(tmp_path):
    file = tmp_path / "main.py"
    file.write_text(
        textwrap.dedent("""
        from threadpool.worker import Worker, current
        class Thing:
            def __init__(self, value): self.value = value
        def double():
            port = current().parent_port
            port.post_message(Thing(current().worker_data.value * 2))
        if __name__ == "__main__":
            with Worker(double, data=Thing(21), runtime="process") as worker:
                answer = worker.recv(30)
            source = "from threadpool.worker import *; parent_port.post_message(type(worker_data).__module__)"
            with Worker(source, eval=True, data=Thing(1), runtime="process") as worker:
                print(type(answer) is Thing, answer.value, worker.recv(30))
        """)
    )
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("True 42 __mp_main__\n", "")


@pytest.mark.parametrize(
    "starts_processes",
    [
        'print(Worker(program, runtime="process").recv(30))',
        'print(WorkerPool(program, 1, runtime="process").submit(1).result(30))',
    ],
)
def test_without_the_guard_the_error_names_it(tmp_path, starts_processes):
    file = tmp_path / "main.py"
    file.write_text(
        textwrap.dedent(f"""
        from threadpool.worker import Worker, WorkerPool
        print("begins")
        def program(*task): pass
        {starts_processes}
        """)
    )
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == "begins\nbegins\n"  # here and in the process, and in none that this has started
    last = done.stderr.splitlines()[-1]
    assert last.startswith("RuntimeError: the process of a worker imports the main program, which must not start one")
    assert 'needs the guard if __name__ == "__main__":' in last


@pytest.mark.parametrize("program", [echo, echo_on_loop])
def test_a_function(program):
    with Worker(program, runtime="process") as worker:
        worker.post_message([1, 2])
        assert worker.recv(30) == [1, 2]
        worker.post_message(None)
        assert worker.join(30) == 0


def test_streams_and_environment_of_its_own():
    source = """
import os, sys
print(sys.argv, os.environ["ONE"], "HOME" in os.environ, sys.stdin.read())
print("problem", file=sys.stderr)
"""
    worker = Worker(
        source, eval=True, runtime="process", env={"ONE": "1"}, argv=["a"], stdin=True, stdout=True, stderr=True
    )
    with worker.stdin, worker.stdout, worker.stderr:
        worker.stdin.write(b"written")
        worker.stdin.close()
        assert worker.stdout.read() == b"['', 'a'] 1 False written\n"
        assert worker.stderr.read() == b"problem\n"
    assert worker.join(30) == 0


def test_streams_are_inherited_and_flushed_at_the_end():
    code = """
import os
from threadpool.worker import Worker
os.environ["ONE"] = "1"
with Worker("import os; print('of the worker', os.environ['ONE'], end='')", eval=True, runtime="process") as worker:
    assert (worker.stdin, worker.stdout, worker.stderr) == (None, None, None)
    worker.join(30)
    os.write(1, b", then of its maker")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("of the worker 1, then of its maker", "")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"argv": "abc"}, TypeError, "argv must be a list of str, not 'abc'"),
        ({"argv": [1]}, TypeError, "argv must be a list of str"),
        ({"env": [("a", "b")]}, TypeError, "env must be a dict of str to str"),
        ({"env": {"a": 1}}, TypeError, "env must be a dict of str to str"),
        ({"env": {"a=b": "1"}}, ValueError, "env must be what a process can be given"),
        ({"resource_limits": {"stack": 1}}, ValueError, "resource_limits has 'memory' only, not 'stack'"),
        ({"resource_limits": {"memory": "1"}}, TypeError, "must be a number of bytes, not 'str'"),
        ({"resource_limits": {"memory": 0}}, ValueError, "must be more than 0, not 0"),
        ({"resource_limits": 5}, TypeError, "resource_limits must be a dict, not 'int'"),
    ],
)
def test_bad_options(options, error, text):
    with pytest.raises(error, match=text.replace("[", r"\[")):
        Worker(echo, runtime="process", **options)


@pytest.mark.parametrize(
    "options", [{"argv": []}, {"env": {}}, {"stdin": True}, {"stdout": True}, {"stderr": True}, {"resource_limits": {}}]
)
def test_options_that_a_thread_cannot_have(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} is for runtime='process' only"):
        Worker(echo, **options)


@pytest.mark.thread_unsafe(reason="changes what the package takes the system for")
def test_windows(monkeypatch):
    monkeypatch.setattr("threadpool.worker.process.options.os.name", "nt")
    with pytest.raises(NotImplementedError, match="runtime='process': not on Windows yet"):
        Worker(echo, runtime="process")


def test_with_closes_the_streams():
    with Worker("input()", eval=True, runtime="process", stdin=True, stdout=True, stderr=True) as worker:
        worker.stdin.write(b"never read")
    assert worker.stdin.closed
    assert worker.stdout.closed
    assert worker.stderr.closed


def test_a_program_from_standard_input():
    code = """
from threadpool.worker import Worker
with Worker("import sys; sys.exit(7)", eval=True, runtime="process") as worker:
    print(worker.join(30))
"""
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("7\n", "")
