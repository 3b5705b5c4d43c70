"""Which implementations a change of Python files can reach.

A file is changed where its code is: comments and docstrings do not count.  What imports a changed
module may do something else as well; a package's ``__init__`` is not followed: it passes names on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MOST = 4000  # files of one package that are read


@dataclass(frozen=True)
class BranchChange:
    """Two trees of Python files.

    base, head  where the packages lie
    names       the top-level packages that are compared
    """

    base: Path
    head: Path
    names: tuple[str, ...]

    @cached_property
    def modules(self) -> frozenset[str]:
        """The modules whose code differs, by dotted name."""
        return frozenset(self._changed())

    def _changed(self) -> Iterator[str]:
        for name in self.names:
            for path in files(self.head / name):
                other = self.base / path.relative_to(self.head)
                if not other.is_file() or code(path) != code(other):
                    yield dotted(path, self.head)

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Every module near a changed one: below the same packages, of the head first."""
        found: dict[str, ast.Module] = {}
        for top in sorted({".".join(name.split(".")[:2]) for name in self.modules}):
            for root in (self.head, self.base):
                for path in near(root, top):
                    tree = parsed(path)
                    if tree is not None:
                        found.setdefault(dotted(path, root), tree)
        return found

    @cached_property
    def reached(self) -> frozenset[str]:
        """The changed modules, and those that import them, directly or through others."""
        importers: dict[str, set[str]] = {}
        for name, tree in self.trees.items():
            if not self.package(name):
                for other in imported(name, tree):
                    importers.setdefault(other, set()).add(name)
        found, waiting = set(self.modules), list(self.modules)
        while waiting:
            for name in importers.get(waiting.pop(), set()) - found:
                found.add(name)
                waiting.append(name)
        return frozenset(found)

    def package(self, name: str) -> bool:
        """Whether a module is a package's ``__init__``."""
        parts = name.split(".")
        return any(
            (root / Path(*parts) / "__init__.py").is_file() for root in (self.head, self.base)
        )

    def can_differ(self, implementation: str) -> bool:
        """Whether the change can reach an implementation such as ``torch:Adam[fused]``.

        What stands in no module that was read can.
        """
        own = implementation.partition(":")[2].partition("[")[0].rpartition(".")[2]
        places = [name for name, tree in self.trees.items() if own in defined(tree)]
        return not places or any(name in self.reached for name in places)


def files(folder: Path) -> Iterator[Path]:
    """Modules below a folder, tests left out."""
    for path in sorted(folder.rglob("*.py")):
        if not path.stem.endswith("_test") and not path.stem.startswith("test_"):
            yield path


def near(root: Path, top: str) -> Iterable[Path]:
    """The modules below a package, or that one module."""
    place = root / Path(*top.split("."))
    if place.is_dir():
        return list(files(place))[:MOST]
    return [place.with_suffix(".py")] if place.with_suffix(".py").is_file() else []


def parsed(path: Path) -> ast.Module | None:
    """A file's code; None where it is none."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return None


def code(path: Path) -> str:
    """What a file does, without comments, docstrings and lines; its bytes where it is no code."""
    tree = parsed(path)
    if tree is None:
        return path.read_bytes().decode("latin-1")
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(node, DOCUMENTED) and told(body[0]):
            node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def told(node: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def dotted(path: Path, root: Path) -> str:
    """A file as a module's name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(name: str, tree: ast.Module) -> set[str]:
    """Every module that may be meant by the imports of one."""
    found: set[str] = set()
    above = name.split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = above[: len(above) - node.level] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def defined(tree: ast.Module) -> set[str]:
    """The classes and functions of a module, and names that are bound at its top."""
    found = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found
