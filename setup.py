"""The extension modules; everything else stands in pyproject.toml."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_clib import build_clib

CORES = os.cpu_count() or 1
WINDOWS = sys.platform == "win32"
HEADERS = [str(path) for folder in ("csrc", "src") for path in Path(folder).rglob("*.h")]
C_SOURCES = sorted(str(path) for path in Path("csrc").rglob("*.c"))
C_FLAGS = (
    ["/std:c11", "/experimental:c11atomics", "/O2"]
    if WINDOWS
    # No contraction: a multiplication and an addition are rounded as two, on every CPU.
    # A kernel is reached through a pointer, so nothing but a module's init function need be visible.
    else [
        "-std=gnu11",
        "-O3",
        "-ffp-contract=off",
        "-fvisibility=hidden",
        "-Wall",
        "-Wextra",
        "-Wno-unused-parameter",
        "-Wno-sign-compare",
    ]
)


def extension(module, suffix=".pyx"):
    own = Path("src", *module.split(".")).with_suffix(suffix)
    return Extension(
        module,
        [str(own)],
        include_dirs=["csrc", str(own.parent), numpy.get_include()],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_1_25_API_VERSION"),
        ],
        depends=[*HEADERS, *C_SOURCES],
        extra_compile_args=C_FLAGS,
        extra_link_args=[] if WINDOWS else ["-pthread"],
        libraries=["ws2_32"] if WINDOWS else ["m"],
    )


class BuildLibrary(build_clib):
    """Compiles one file on each core at a time; setuptools does so with extensions only."""

    def build_libraries(self, libraries):
        compile_in_turn = self.compiler.compile

        def compile_side_by_side(sources, **options):
            with ThreadPoolExecutor(CORES) as pool:
                return [made for (made,) in pool.map(lambda source: compile_in_turn([source], **options), sources)]

        self.compiler.compile = compile_side_by_side
        super().build_libraries(libraries)


extensions = [
    *(extension(".".join(path.with_suffix("").parts[1:])) for path in sorted(Path("src").rglob("*.pyx"))),
    extension("threadpool.sync._atomics", ".c"),
]

setup(
    # All of csrc/ is compiled once; each module takes from it what it needs.
    libraries=[
        (
            "threadpool_csrc",
            {"sources": C_SOURCES, "include_dirs": ["csrc"], "cflags": C_FLAGS, "obj_deps": {"": HEADERS}},
        )
    ],
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
            "auto_pickle": False,  # clang does not compile it for attributes that are atomic
        },
    ),
    cmdclass={"build_clib": BuildLibrary},
    options={"build_ext": {"parallel": CORES}},
)
