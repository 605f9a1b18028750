"""The examples that are programs run; what they say is asserted in them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))

pytestmark = pytest.mark.thread_unsafe(reason="processes of their own")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example(path):
    if path.stem == "process_counter" and sys.platform == "win32":
        pytest.skip("process=True: not on Windows yet")
    ended = subprocess.run([sys.executable, "-W", "error", path], capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout
