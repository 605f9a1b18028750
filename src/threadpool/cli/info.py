"""``threadpool info``: what this library finds on this machine."""

import argparse
import importlib.metadata
import os
import platform
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

from .. import __version__, workers
from .._simd import level as simd_level
from ..cores import usable_cores
from ..hashing._table import variants
from ..imaging.kernels import KERNELS
from ..pool.width import VARIABLE, cpu_quota

BLAS_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("info", help="interpreter, GIL, cores, quota, SIMD level, versions")
    parser.set_defaults(command=command, name="info")


def command(options: argparse.Namespace) -> int:
    rows = list(facts())
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")
    return 0


def facts() -> Iterator[tuple[str, str]]:
    """What there is to say, as pairs of a name and a value."""
    yield "threadpool", __version__
    yield "interpreter", f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    yield "GIL", gil_state()
    yield "system", platform.platform()
    yield "cores", f"{os.cpu_count()}, usable by this process: {usable_cores()}"
    quota = cpu_quota()
    yield "CPU quota", "none" if quota is None else f"{quota:g} cores"
    override = os.environ.get(VARIABLE)
    yield "workers", f"{workers()}" + (f" ({VARIABLE}={override})" if override else "")
    yield "SIMD level", simd_level
    yield "hashing", "; ".join(f"{name}: {variant}" for name, variant in variants.items())
    yield "imaging", "; ".join(f"{kernel.name}: {kernel.variant}" for kernel in KERNELS)
    for distribution in ("numpy", "pillow", "tqdm"):
        yield distribution, version(distribution) or "not installed"
    # Inside a pool of threads each BLAS call would start as many threads again.
    yield (
        "BLAS threads",
        ", ".join(f"{name}={os.environ[name]}" for name in BLAS_VARIABLES if name in os.environ) or "not set",
    )
    other = version("threadpool")
    if other:
        yield (
            "conflict",
            (
                f"the unrelated distribution threadpool {other} installs the same import name over this library; "
                "mend it with: pip uninstall threadpool && pip install --force-reinstall threadpool-ft"
            ),
        )


def gil_state() -> str:
    """Whether this build can run without the GIL, and whether it does."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "on (a build with the GIL)"
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    return "on (switched on again in a free-threaded build)" if enabled else "off"


def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
