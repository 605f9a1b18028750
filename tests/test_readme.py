"""Every Python snippet of the README runs, in order, and prints what the README says."""

import doctest
import re
from pathlib import Path

# Beside this file when it tries an installed wheel.
README = next(
    path for path in (Path(__file__).parent / "README.md", Path(__file__).parents[1] / "README.md") if path.exists()
)


def test_the_snippets():
    names = {}
    text = README.read_text(encoding="utf-8")
    snippets = list(re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    assert snippets
    for snippet in snippets:
        line = text[: snippet.start()].count("\n") + 1
        test = doctest.DocTestParser().get_doctest(snippet[1], names, "README", str(README), line)
        assert test.examples, f"the snippet at line {line} has no >>>"
        test.globs = names  # get_doctest copies; a snippet builds on those before it
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False).failed == 0
