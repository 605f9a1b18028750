"""The documentation: its examples work, and editors (stubs) show the same as help() (modules)."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import threadpool

PACKAGE = Path(threadpool.__file__).parent
STUBS = sorted(PACKAGE.rglob("*.pyi"))


def documented(node, name=""):
    """The docstrings below a node of a stub, by the name that leads there from the module."""
    if doc := ast.get_docstring(node):
        yield name, doc
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from documented(child, f"{name}.{child.name}".lstrip("."))


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.stem)
def test_the_stubs_say_what_the_modules_say(stub):
    module = importlib.import_module(".".join(("threadpool", *stub.relative_to(PACKAGE).with_suffix("").parts)))
    for name, doc in documented(ast.parse(stub.read_text(encoding="utf-8"))):
        thing = module
        for part in filter(None, name.split(".")):
            thing = getattr(thing, part)
        assert inspect.getdoc(thing) == inspect.cleandoc(doc), f"{stub.name}: {name}"


@pytest.mark.parametrize("name", ["threadpool", "threadpool.pool"])
def test_what_is_imported_when_it_is_first_asked_for_is_listed_before(name):
    program = f"import {name} as module; print(set(module.__all__) - set(dir(module)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"


OF_WORKERS = ("parent_port", "worker_data")  # None in the main thread; documented by the module


def public(thing, name):
    """What a user can reach from the package, with its name."""
    yield name, thing
    members = (
        getattr(thing, "__all__", None) if inspect.ismodule(thing) else vars(thing) if inspect.isclass(thing) else ()
    )
    if members is None:  # Atomics is a module written in C
        members = dir(thing)
    for member in members:
        if not member.startswith("_") and member not in OF_WORKERS:
            yield from public(getattr(thing, member), f"{name}.{member}")


PUBLIC = dict(public(threadpool, "threadpool"))
MODULES = (threadpool, threadpool.hashing, threadpool.imaging, threadpool.worker)


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_is_documented(name):
    assert inspect.getdoc(PUBLIC[name]), f"{name} has no docstring"


@pytest.mark.parametrize("name", PUBLIC)
def test_the_examples_in_docstrings(name):
    thing = PUBLIC[name]
    names = {name: getattr(module, name) for module in MODULES for name in module.__all__}
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), names, name, None, None)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
