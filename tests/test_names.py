"""Modules and files that a page or a docstring names are there."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from test_house import NAME, SOURCES

TOP = Path(__file__).parents[1]
# What tells of the past keeps the names of its time.
PAST = ("docs/history", "docs/findings")
PAGES = [
    page
    for page in (TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted(TOP.glob("docs/**/*.md")))
    if not page.relative_to(TOP).as_posix().startswith(PAST)
]
ROOMS = sorted({name.partition(".")[0] for name in SOURCES} - {"", "__main__"})
FOLDERS = ("conformance", "reference", "adapters", "reports", "tests", "docs", "ci")
FULL = re.compile(rf"(?<![\w./]){NAME}((?:\.\w+)+)")
IMPORTED = re.compile(rf"from {NAME}([.\w]*) import (\w+(?:, \w+)*)")
# A name below the package, as docstrings and the glossary write it.
SHORT = re.compile(rf"`~?((?:{'|'.join(ROOMS)})(?:\.\w+)+)`")
PATH = re.compile(rf"(?<![\w./:@<>-])(?:\.ci|{'|'.join(FOLDERS)})/[\w./*-]*\w")
# A path below a folder that the page speaks of: ``checks/rules.py``.
BELOW = re.compile(rf"`(?!(?:{'|'.join(FOLDERS)})/)(\w+(?:/\w+)+\.py)`")
ANY = re.compile(r"\b[A-Z]{4,}\b")  # stands for a name: ``adapters/NAME.py``
FILES = ("html", "json", "md", "txt", "xml", "toml")  # `adapters.json` is a file, no module


@cache
def members(module: str) -> dict[str, ast.stmt]:
    """What a module has at its top, by name."""
    return within(ast.parse(SOURCES[module].read_text(encoding="utf-8")).body)


def within(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(item.asname or item.name): node for item in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [item for target in targets for item in ast.walk(target)]
            found |= {item.id: node for item in names if isinstance(item, ast.Name)}
        elif isinstance(node, ast.If | ast.Try):
            found |= within([*node.body, *node.orelse])
    return found


def exists(dotted: str) -> bool:
    """Whether a name below the package is a module, or something that a module or class has."""
    if ANY.search(dotted):
        return dotted.rpartition(".")[0] in SOURCES
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        module, rest = ".".join(parts[:count]), parts[count:]
        if module not in SOURCES:
            continue
        known = members(module)
        if rest and "__getattr__" in known:
            return True
        for name in rest:
            if name not in known:
                return False
            node = known[name]
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{NAME}."):
                home = (node.module or "").removeprefix(f"{NAME}.")
                return exists(".".join([home, *rest[rest.index(name) :]]))
            known = within(node.body) if isinstance(node, ast.ClassDef) else {}
        return True
    return False


@cache
def files() -> list[str]:
    """Every Python file, with a slash before it."""
    roots = [TOP / folder for folder in FOLDERS]
    return [f"/{path.relative_to(TOP).as_posix()}" for root in roots for path in root.rglob("*.py")]


def there(path: str) -> bool:
    """Whether a path leads somewhere; a word in capitals stands for any name."""
    return next(TOP.glob(ANY.sub("*", path)), None) is not None


def missing(text: str) -> list[str]:
    """The modules, members and files that a text names and that are not there."""
    dotted = [name.removeprefix(".") for name in FULL.findall(text)]
    dotted += [name for name in SHORT.findall(text) if name.rpartition(".")[2] not in FILES]
    for module, names in IMPORTED.findall(text):
        own = module.removeprefix(".")
        dotted += [f"{own}.{name}".removeprefix(".") for name in names.split(", ") if own]
    lost = [name for name in dotted if not exists(name)]
    lost += [path for path in PATH.findall(text) if not there(path)]
    below = {path: f"*/{ANY.sub('*', path)}" for path in BELOW.findall(text)}
    return lost + [
        path for path, form in below.items() if not any(fnmatch(file, form) for file in files())
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(TOP).as_posix())
def test_what_a_page_names_is_there(page):
    assert missing(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_docstring_names_is_there(name):
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, owners)]
    assert [lost for text in texts if text for lost in missing(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}.conformance.driver",
        f"`{NAME}.adapters.kit.Seesion`",
        f"from {NAME}.reference.rules import Choices",
        "`reference.rules.pipeline`",
        ":class:`reference.rules.rule.Rule.stride`",
        "conformance/driver.py",
        "`checks/pipeline.py`",
        "`conformance/questions/verify/probes/ADAPTER/nothing.py`",
    ],
)
def test_a_name_that_is_gone_is_told(text):
    assert len(missing(text)) == 1
