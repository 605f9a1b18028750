"""Memory: what a run and a stream need, each in an interpreter of its own. Figures, not times."""

import subprocess
import sys

import pytest

BEFORE = """
import ctypes, gc, sys, time
import threadpool, work

def resident(field="VmRSS"):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

threadpool.run(work.hundred_nanoseconds, range(1000), chunk=1)   # the threads are there
"""

PEAK_AND_RESIDENT = """
before = resident()
data = list(range(1 << 40, (1 << 40) + 10_000_000))
results = {call}
print(resident("VmHWM") - before, resident() - before)
"""

STREAM = """
for _ in threadpool.imap(work.hundred_nanoseconds, range(10_000), window=1000): pass
before = resident()
for _ in threadpool.{name}(work.hundred_nanoseconds, range(10_000_000), window={window}): pass
print(resident("VmHWM") - before)
"""

MANY_RUNS = """
def runs(count):
    for _ in range(count):
        assert len({call}) == 100_000
    return resident()

before = resident()
early = runs(100)
late = runs(900)
time.sleep(3)
print(early - before, late - before, resident() - before)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def printed(program):
    """The numbers that a program prints, in megabytes."""
    command = [sys.executable, "-c", BEFORE + program]
    result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=__file__.rpartition("/")[0])
    return [int(word) / 1e6 for word in result.stdout.split()]


def test_memory_of_10_million_items(figure):
    """Ours at its peak, beside what input, list and objects take when a list comprehension has made them."""
    peak, _ = printed(PEAK_AND_RESIDENT.format(call="threadpool.run(work.hundred_nanoseconds, data)"))
    serial_peak, needed = printed(PEAK_AND_RESIDENT.format(call="[work.hundred_nanoseconds(x) for x in data]"))
    figure("input and results", f"{needed:.0f} MB")
    figure("serial, at its peak", f"{serial_peak:.0f} MB")
    figure("threadpool, at its peak", f"{peak:.0f} MB", f"at most {1.1 * needed:.0f} MB (1.1 times)")


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_memory_of_a_stream_of_10_million(figure, name):
    for window in (1000, None):
        (growth,) = printed(STREAM.format(name=name, window=window))
        figure(f"growth, window={window}", f"{growth:.1f} MB", "under 5 MB")


@pytest.mark.parametrize("who", ["serial", "threadpool"])
def test_memory_of_1000_runs(figure, who):
    """Each returns 100,000 lists, which are dropped. Python itself keeps memory, as the serial loop shows."""
    call = "threadpool.run(work.list_of_one, range(100_000))"
    if who == "serial":
        call = "[work.list_of_one(x) for x in range(100_000)]"
    early, late, after = printed(MANY_RUNS.format(call=call))
    bars = ("as after 100", "as the serial loop") if who == "threadpool" else ("", "")
    figure("growth after 100 runs", f"{early:.1f} MB")
    figure("growth after 1000 runs", f"{late:.1f} MB", bars[0])
    figure("growth 3 s after the last", f"{after:.1f} MB", bars[1])
