"""Every Python snippet of the README and the guide runs, in order, and prints what is said there."""

import doctest
import re
from pathlib import Path

import pytest

# Beside this file when it tries an installed wheel.
README = next(
    path for path in (Path(__file__).parent / "README.md", Path(__file__).parents[1] / "README.md") if path.exists()
)
DOCUMENTS = [README, *sorted((README.parent / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_snippets(path):
    names = {}
    text = path.read_text(encoding="utf-8")
    snippets = list(re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    assert snippets
    for snippet in snippets:
        line = text[: snippet.start()].count("\n") + 1
        test = doctest.DocTestParser().get_doctest(snippet[1], names, path.name, str(path), line)
        assert test.examples, f"the snippet at line {line} has no >>>"
        test.globs = names  # get_doctest copies; a snippet builds on those before it
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False).failed == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_links(path):
    """Those to headings of the same file, and to files of the repository."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target and path.parent.name == "docs":
            assert (path.parent / target).exists(), target
