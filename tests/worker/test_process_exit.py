"""Ends of programs that have workers in processes: soon, silent, and nobody is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from process_programs import STUBBORN

from threadpool.worker import Worker

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")

STATES = {
    "waiting": "parent_port.recv()",
    "serving": "parent_port.on('message', print)",
    "asleep": "import time; time.sleep(1000)",
    "stubborn": STUBBORN,
    "with others": """
others = [Worker("from threadpool.worker import *; parent_port.post_message(0); parent_port.recv()", eval=True,
                 runtime=runtime) for runtime in ("thread", "process")]
[other.recv(30) for other in others]
parent_port.post_message(others[1].pid)
parent_port.recv()
""",
}
ENDS = {
    "end": "",
    "sys.exit": "sys.exit(3)",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "os._exit": "os._exit(0)",
    "Ctrl-C": "os.kill(os.getpid(), signal.SIGINT)",
}


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end(pids):
    limit = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.mark.parametrize(("states", "end"), [(list(STATES), end) for end in ENDS], ids=list(ENDS))
def test_all_end_with_the_program(states, end):
    programs = [
        "from threadpool.worker import *; import os; parent_port.post_message(os.getpid())\n" + STATES[state]
        for state in states
    ]
    code = f"""
import os, signal, sys
from threadpool.worker import Worker
if __name__ == "__main__":
    workers = [Worker(program, eval=True, runtime="process") for program in {programs!r}]
    print(*[worker.recv(60) for worker in workers], workers[-1].recv(60), flush=True)
    {ENDS[end] or "pass"}
"""
    # By themselves they would not end in that time.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=110)
    assert "threadpool" not in done.stderr.replace("/threadpool/", "")
    assert done.stderr == "" or end == "Ctrl-C"
    wait_for_end(done.stdout.split())


def test_no_zombies():
    code = """
import os
from threadpool.worker import Worker
wait = "from threadpool.worker import parent_port; parent_port.recv()\\n"
workers = [Worker(wait + program, eval=True, runtime="process") for program in ("", "1/0", "import os; os._exit(1)")]
for worker in workers:
    worker.on("error", lambda error: None)
    worker.post_message("somebody listens")
for worker in workers:
    worker.join(60)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none", len(os.listdir("/dev/fd")))
workers = [Worker("", eval=True, runtime="process") for _ in range(3)]
for worker in workers:
    worker.join(60)
print("none", len(os.listdir("/dev/fd")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=110)
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == second


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_fork():
    """The child uses no link of the parent, nor hides the parent's end from the worker; and has workers of its own."""
    code = '''
import os, select, socket, sys, warnings
from threadpool.worker import BroadcastChannel, Worker
warnings.simplefilter("ignore", DeprecationWarning)
source = """
import os
from threadpool.worker import parent_port
parent_port.post_message(os.getpid())
while True: parent_port.post_message(parent_port.recv())
"""
def tell(*words):  # in one piece, also where Python does not buffer: print writes the end of a line for itself then
    os.write(1, f"{' '.join(map(str, words))}\\n".encode())

news = BroadcastChannel("news")
worker = Worker(source, eval=True, runtime="process")
pid = worker.recv(30)
child = os.fork()
if child == 0:
    others = [each for _ in range(16) for each in socket.socketpair()]  # one has the number of the link's
    worker.post_message("from the child")
    assert not select.select(others, [], [], 0)[0]
    news.post_message("from the child")
    worker.terminate()
    with Worker(source, eval=True, runtime="process") as own:
        own.recv(30)
        own.post_message("own")
        tell(own.recv(30))
    sys.stdin.read()  # stays longer than its parent
    os._exit(0)
worker.post_message("from the parent")
tell(worker.recv(30), pid)
os._exit(0)
'''
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.wait(60) == 0
        own, parent = sorted((program.stdout.readline() for _ in range(2)), key=len)
        assert own == b"own\n"
        assert parent.startswith(b"from the parent ")
        wait_for_end([parent.split()[-1].decode()])
        program.stdin.close()
        assert program.stderr.read() == b""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize(
    ("end", "code", "told"), [("sys.exit(3)", 3, ""), ("1/0", 1, "ZeroDivisionError"), ("pass", 0, "")]
)
def test_a_child_that_a_worker_forks_ends_by_itself(end, code, told):
    source = f"""
import os, sys, warnings
from threadpool.worker import parent_port
warnings.simplefilter("ignore", DeprecationWarning)
pid = os.fork()
if pid:
    parent_port.post_message(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
else:
    {end}
"""
    with Worker(source, eval=True, runtime="process", stderr=True) as worker:
        assert worker.recv(60) == code
        assert worker.join(60) == 0
        assert told in worker.stderr.read().decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_hears_broadcasts_of_its_own_processes():
    """At a channel that was opened before the fork."""
    code = '''
import os, warnings
from threadpool.worker import BroadcastChannel, Worker
warnings.simplefilter("ignore", DeprecationWarning)
source = """
from threadpool.worker import BroadcastChannel, parent_port
parent_port.recv()
BroadcastChannel("news").post_message("hello")
parent_port.recv()
"""
news = BroadcastChannel("news")
if (child := os.fork()) == 0:
    with Worker(source, eval=True, runtime="process") as worker:
        worker.post_message("go")
        print(news.recv(30), flush=True)
    os._exit(0)
os.waitpid(child, 0)
'''
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("hello\n", "")


def test_too_many_for_the_file_numbers():
    code = """
import resource
from threadpool.worker import MessageChannel, Worker
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
source = "from threadpool.worker import *\\nwhile (m := parent_port.recv()) is not None: parent_port.post_message(m)"
workers = []
channel = MessageChannel()
try:
    for _ in range(256):
        workers.append(Worker(source, eval=True, runtime="process"))
except OSError as error:
    print(error.errno)
try:
    Worker(source, eval=True, data=channel.port1, transfer=[channel.port1], runtime="process")
except OSError as error:
    print(channel.port1)
for number, worker in enumerate(workers):
    worker.post_message(number)
print(len(workers) > 3, [worker.recv(60) for worker in workers] == list(range(len(workers))))
for worker in workers[:4]:
    worker.post_message(None)
    worker.join(60)
with Worker(source, eval=True, runtime="process") as worker:
    worker.post_message("again")
    print(worker.recv(60))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=110)
    assert (done.stdout, done.stderr) == ("24\n<MessagePort open>\nTrue True\nagain\n", "")


def test_a_memory_limit_is_an_error():
    source = """
from threadpool.worker import parent_port
parent_port.recv()
held = []
while True: held.append(bytearray(1 << 20))
"""
    with Worker(source, eval=True, runtime="process", resource_limits={"memory": 200 << 20}) as worker:
        worker.on("error", lambda error: None)  # that nobody tells of it if this is slow to get it
        worker.post_message("go on")
        with pytest.raises(MemoryError):
            worker.recv(60)
        assert worker.join(60) == 1


def test_ctrl_c_while_one_starts(prints):
    """It is ended and reaped, and the program does not wait for it."""
    source = """
    import signal
    from threadpool.worker import current
    from threadpool.worker.process.runtime import ProcessRuntime

    processes, interrupted, start = [], threading.Event(), ProcessRuntime._open_process

    def interrupt(*_):
        interrupted.set()
        raise KeyboardInterrupt

    def start_late(runtime, number):
        processes.append(start(runtime, number))
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted.wait(30)
        return processes[0]

    signal.signal(signal.SIGINT, interrupt)
    ProcessRuntime._open_process = start_late
    channel = MessageChannel()
    try:
        Worker("parent_port.recv()", eval=True, runtime="process", data=channel.port1, transfer=[channel.port1])
    except KeyboardInterrupt:
        print("interrupted")
    for child in current().children.copy():
        child.join(30)
    print(processes[0].returncode is not None, current().children)
    """
    assert prints(source) == "interrupted\nTrue set()\n"


def test_ctrl_c_is_for_the_program():
    source = (
        "from threadpool.worker import *; parent_port.post_message(0); parent_port.post_message(parent_port.recv())"
    )
    with Worker(source, eval=True, runtime="process") as worker:
        worker.recv(30)
        os.kill(worker.pid, signal.SIGINT)
        worker.post_message("unharmed")
        assert worker.recv(30) == "unharmed"


def test_ctrl_c_while_its_interpreter_starts(tmp_path):
    """Which cannot see to it yet."""
    (tmp_path / "sitecustomize.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    source = """
import sys, signal
from threadpool.worker import parent_port
parent_port.post_message(("sitecustomize" in sys.modules, signal.pthread_sigmask(signal.SIG_BLOCK, [])))
"""
    with Worker(source, eval=True, runtime="process", env=env) as worker:
        assert worker.recv(30) == (True, set())
