"""threadpool.workers: affinity, control groups, the environment variable."""

import os

import pytest

import threadpool
from threadpool.pool import width


@pytest.fixture
def no_override(monkeypatch):
    monkeypatch.delenv("THREADPOOL_WORKERS", raising=False)


@pytest.mark.usefixtures("no_override")
def test_the_cores_that_this_process_may_use():
    assert 1 <= threadpool.workers() <= (os.cpu_count() or 1)


def test_the_environment_variable_overrides(monkeypatch):
    monkeypatch.setenv("THREADPOOL_WORKERS", " 37 ")
    assert threadpool.workers() == 37


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "65537", "4294967296", "9" * 5000])
def test_a_bad_environment_variable_is_named(monkeypatch, value):
    monkeypatch.setenv("THREADPOOL_WORKERS", value)
    with pytest.raises(ValueError, match=f"THREADPOOL_WORKERS must be a whole number from 1 to 65536, not '{value}'"):
        threadpool.workers()


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
          "sys/fs/cgroup/a/b/cpu.max": "200000 100000\n"}, 0.5),
        ({"proc/self/cgroup": "0::/host/only\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3.0),
        ({"proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n",
          "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 2.5),
        ({"proc/self/cgroup": "4:cpu,cpuacct:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, None),
        ({"proc/self/cgroup": "3:memory:/\n0::/\n", "sys/fs/cgroup/cpu.max": "garbage"}, None),
    ],
)  # fmt: skip
def test_quotas_of_control_groups(tmp_path, files, quota):
    assert width.cpu_quota(tree(tmp_path, files)) == quota


@pytest.mark.usefixtures("no_override")
def test_a_quota_is_rounded_up(monkeypatch):
    monkeypatch.setattr(width, "usable_cores", lambda: 8)
    for quota, workers in [(0.1, 1), (1.0, 1), (1.5, 2), (7.2, 8), (100.0, 8), (None, 8)]:
        monkeypatch.setattr(width, "cpu_quota", lambda quota=quota: quota)
        assert threadpool.workers() == workers
