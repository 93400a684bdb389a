"""Rules of the house that no linter knows."""

import ast
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(
    path for folder in ("services", "gateway", "deploy") for path in (ROOT / folder).rglob("*.py") if path.is_file()
)
DOMAIN_WORDS = {
    *("household", "hamlet", "commune", "province", "district", "ward", "team", "member", "resident", "official"),
    *("visit", "visits", "registry", "feedback", "reporting", "coverage", "difficulty", "quarter"),
}
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager"}


def _words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Identifiers and texts of a module, docstrings excepted: examples in those may come from the domain."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text):
                yield node.lineno, text
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text) | ast.ClassDef(name=text):
                yield node.lineno, text
            case ast.Constant(value=str(text)) if id(node) not in docstrings | bare:
                yield node.lineno, text


@pytest.mark.parametrize("path", [p for p in SOURCES if "kernel" in p.parts], ids=lambda p: str(p.relative_to(ROOT)))
def test_the_kernel_knows_no_domain_word(path: Path) -> None:
    found = [
        (line, text)
        for line, text in _words(ast.parse(path.read_text()))
        if DOMAIN_WORDS & set(re.findall(r"[a-zà-ỹ]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()))
    ]
    assert found == []


def test_no_module_is_named_for_nothing() -> None:
    named = [path for path in SOURCES if {path.stem, *path.parent.relative_to(ROOT).parts} & FORBIDDEN_NAMES]
    assert named == []


def test_every_text_is_in_composed_form() -> None:
    texts = [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("*.csv")]
    texts += [path for path in (ROOT / "gateway").rglob("*") if path.suffix in (".html", ".graphql", ".css")]
    assert [path for path in texts if not unicodedata.is_normalized("NFC", path.read_text())] == []


def test_make_has_at_most_twelve_targets_and_explains_each() -> None:
    targets = re.findall(r"^([a-z]+):(.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert len(targets) <= 12
    assert [name for name, rest in targets if "## " not in rest] == []


def test_every_ignored_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("ignore = [") : text.index("[tool.ruff.lint.per-file-ignores]")]
    rules = [line for line in block.splitlines() if line.strip().startswith('"')]
    assert [line for line in rules if "#" not in line] == []
    assert len(rules) == len(tomllib.loads(text)["tool"]["ruff"]["lint"]["ignore"])
