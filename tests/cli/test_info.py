"""threadpool info, and the command line as such."""

import os
import subprocess
import sys

import numpy
import pytest

import threadpool
from threadpool.cli import info, main


def test_info_says_what_there_is(capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert main(["info"]) == 0
    rows = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    rows = {name.strip(): value.strip() for name, value in rows.items()}
    assert rows["threadpool"] == threadpool.__version__
    assert sys.executable in rows["interpreter"]
    assert rows["workers"].startswith(str(threadpool.workers()))
    assert rows["numpy"] == numpy.__version__
    assert "OMP_NUM_THREADS=3" in rows["BLAS threads"]
    assert {"GIL", "cores", "CPU quota", "SIMD level"} <= rows.keys()
    assert "conflict" not in rows


def test_the_state_of_the_gil():
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert info.gil_state().split()[0] == ("on" if enabled else "off")


def test_info_reports_the_unrelated_distribution(tmp_path):
    metadata = tmp_path / "threadpool-1.3.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: threadpool\nVersion: 1.3.2\n")
    done = subprocess.run(
        [sys.executable, "-m", "threadpool", "info"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert "unrelated distribution threadpool 1.3.2" in done.stdout


def test_the_simd_level_can_be_capped():
    environment = {**os.environ, "THREADPOOL_SIMD": "portable"}
    done = subprocess.run(
        [sys.executable, "-m", "threadpool", "info"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert "SIMD level    portable\n" in done.stdout
    assert "sha256: portable; " in done.stdout
    assert "resize: portable; gray: portable; " in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["hash", "--nonsense"]])
def test_usage_errors(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: threadpool" in capsys.readouterr().err
