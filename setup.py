"""The extension modules; everything else stands in pyproject.toml."""

import os
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

WINDOWS = sys.platform == "win32"
HEADERS = [str(path) for folder in ("csrc", "src") for path in Path(folder).rglob("*.h")]


def extension(module, *sources, cython=True):
    folder, name = module.rsplit(".", 1)
    own = Path("src", *folder.split("."), name + (".pyx" if cython else ".c"))
    return Extension(
        module,
        [str(own), *(str(Path("csrc", source)) for source in sources)],
        include_dirs=["csrc", str(own.parent), numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_1_25_API_VERSION"),
        ],
        depends=HEADERS,
        extra_compile_args=(
            ["/std:c11", "/experimental:c11atomics", "/O2"]
            if WINDOWS
            else [
                "-std=gnu11",
                "-O3",
                "-fvisibility=hidden",
                "-Wall",
                "-Wextra",
                "-Wno-unused-parameter",
                "-Wno-sign-compare",
            ]
        ),
        # A kernel is reached through a pointer, so nothing but the module's init function need be visible.
        extra_link_args=[] if WINDOWS else ["-pthread"],
    )


HASHING = ["file.c", "sha256.c", "sha256_arm.c", "sha256_portable.c", "sha256_x86.c"]

extensions = [
    extension("threadpool.pool._buffer_kernel"),
    extension("threadpool.pool._items"),
    extension("threadpool.pool._kernel"),
    extension("threadpool.pool._watch", "pool/loop.c"),
    extension("threadpool.pool._python_loop", "pool/loop.c", "pool/pool.c"),
    extension("threadpool.pool._task"),
    extension("threadpool.pool._engine", "pool/loop.c", "pool/pool.c"),
    extension("threadpool.pool._call", "pool/loop.c", "pool/pool.c"),
    extension("threadpool.pool._run", "pool/loop.c", "pool/pool.c"),
    extension("threadpool.pool._piece", "pool/loop.c", "pool/pool.c"),
    extension("threadpool.pool._pointer", "pool/scalar.c"),
    extension("threadpool.hashing._hashing", "cpu.c", *(f"hashing/{name}" for name in HASHING)),
    extension("threadpool.sync._shared_buffer"),
    extension("threadpool.sync._atomics", cython=False),
]

setup(
    ext_modules=cythonize(
        extensions,
        include_path=["src"],
        nthreads=0,
        compiler_directives={
            "language_level": 3,
            "freethreading_compatible": True,
            "binding": True,
            "embedsignature": False,
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
        },
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
