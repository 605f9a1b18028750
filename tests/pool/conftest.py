"""A library of C functions, for the tests of kernels."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("library.c")


@pytest.fixture(scope="session")
def library_path(tmp_path_factory):
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if sys.platform == "win32" or compiler is None:
        pytest.skip("needs a C compiler called cc")
    folder = tmp_path_factory.mktemp("library")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", SOURCE, "-o", folder / "library.so"], check=True)
    return str(folder / "library.so")


@pytest.fixture
def library(library_path):
    return ctypes.CDLL(library_path)
