"""Interpreters that are somebody's own: what workers run in instead of the adapters' environments.

``--python`` names one that is there; ``--with`` has one made of requirements.  It is asked what it
can import, and each adapter whose framework is among that is served from there.  Nothing is
installed into an interpreter that was there before.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from optimizer_conformance.reports import foreign
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.companions import beside
from optimizer_conformance.workers.enrolment import FOLDER, Enrolment
from optimizer_conformance.workers.environments import EnvironmentFailure, Recipe
from optimizer_conformance.workers.pythons import KNOWN, NoInterpreter, choose
from optimizer_conformance.workers.sandbox import without_python

# What stands in an adapter and is no framework.
BESIDE = frozenset({"numpy", "msgspec", "ml_dtypes", "optimizer_conformance"})
OWN = re.compile(r"^optimizer_conformance\.adapters(?:\.(\w+))?$")
START_LIMIT = 60.0  # seconds for an interpreter to list what it has
# Asked in the interpreter: its version, its distributions, and which modules it would find.
QUESTION = """
import importlib.util, json, sys
from importlib import metadata
sys.path = [place for place in sys.path if place]
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except Exception:
        return False
def origin(item):
    try:
        stated = json.loads(item.read_text('direct_url.json') or '{}')
    except Exception:
        return ''
    made = (stated.get('vcs_info') or {}).get('commit_id') or stated.get('archive_info') or {}
    return made if isinstance(made, str) else made.get('hash') or stated.get('url') or ''
packages = {}
for item in metadata.distributions():
    name = (item.metadata or {}).get('Name')
    if name and name not in packages:
        packages[name] = ' @ '.join(filter(None, (item.version, origin(item))))
print(json.dumps({
    'version': '.'.join(map(str, sys.version_info[:3])),
    'packages': packages,
    'modules': [name for name in json.loads(sys.argv[1]) if there(name)],
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One that was asked.

    version   all three parts, such as ``3.12.3``
    packages  every distribution to its version; one that was installed from a file, a folder or a
              repository also says from which, by hash or commit
    modules   those that an adapter needs and it can find
    """

    path: Path
    version: str
    packages: tuple[tuple[str, str], ...]
    modules: frozenset[str]

    def lacks(self, adapter: str) -> list[str]:
        """The modules that an adapter needs and it has not."""
        return sorted({"numpy", *frameworks(adapter)} - self.modules)

    @property
    def serves(self) -> list[str]:
        """The adapters whose frameworks it has; one that drives another program is none of them."""
        own = [name for name in adapters() if frameworks(name) or name in self.modules]
        return [name for name in own if not self.lacks(name)]


@dataclass(frozen=True)
class StandIn(environments.Environment):
    """An interpreter that stands in for an adapter's environment."""

    host: Interpreter | None = None

    @property
    def python(self) -> Path:
        """The interpreter that was named."""
        assert self.host is not None
        return self.host.path

    @property
    def complete(self) -> bool:
        """Whether it has what the adapter drives."""
        assert self.host is not None
        return not self.host.lacks(self.adapter)

    @property
    def absence(self) -> str:
        """What it lacks."""
        assert self.host is not None
        return f"{self.python} has no {', '.join(self.host.lacks(self.adapter))}"

    @property
    def remedy(self) -> str:
        """Nothing: what it has is for its owner to mend."""
        return ""

    @property
    def packages(self) -> dict[str, str]:
        """Every distribution that it has; its own version stands among them."""
        assert self.host is not None
        return {**dict(self.host.packages), "python": self.host.version}


def adapters() -> list[str]:
    """Adapters that are served in a Python with a framework."""
    return [name for name, item in environments.ADAPTERS.items() if item.manifest is None]


@cache
def frameworks(adapter: str) -> frozenset[str]:
    """The top-level modules that an adapter's own modules import, without Python's.

    What is only tried counts in the adapter's first module: elsewhere it is an extra.
    """
    program = environments.ADAPTERS[adapter].program
    found: set[str] = set()
    waiting, seen = [program], set(SHARED)
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        for name in imports(foreign.text(path), tried=path == program):
            own = OWN.match(name)
            waiting += [FOLDER / f"{own[1]}.py"] if own and own[1] else []
            found.add(name.partition(".")[0])
    return frozenset(found - BESIDE - sys.stdlib_module_names)


# Modules that every worker has.
SHARED = tuple(
    FOLDER / f"{name}.py" for name in ("kit", "older", "packing", "protocol", "target", "worker")
)


def imports(source: str, *, tried: bool = True) -> Iterator[str]:
    """Every module that is imported when a module is: not inside functions."""
    waiting: list[ast.stmt] = list(ast.parse(source).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, (ast.If, ast.With)) or (tried and isinstance(node, ast.Try)):
            waiting += node.body
        elif isinstance(node, ast.Assign):
            yield from looked_for(node.value)


def looked_for(value: ast.expr) -> Iterator[str]:
    """The module of ``importlib.util.find_spec("timm")``."""
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("find_spec"):
        yield from (str(item.value) for item in value.args if isinstance(item, ast.Constant))


@lru_cache(maxsize=32)
def ask(path: Path) -> Interpreter:
    """What an interpreter has.  Raises NoInterpreter for a file that is none."""
    wanted = sorted({"numpy", *(name for adapter in adapters() for name in frameworks(adapter))})
    try:
        done = subprocess.run(
            [str(path), "-c", QUESTION, json.dumps(wanted)],
            capture_output=True,
            text=True,
            check=False,
            env=without_python(),
            timeout=START_LIMIT,
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NoInterpreter(f"--python {path}: this is no Python that starts ({error})") from error
    return Interpreter(
        path,
        found["version"],
        tuple(sorted(found["packages"].items())),
        frozenset(found["modules"]),
    )


def find(text: str | Path) -> Path:
    """The interpreter that somebody names.

    A program, the folder of a virtual environment, an adapter (its environment), the name of an
    environment under the cache, or a version such as ``3.10``.  Raises NoInterpreter.
    """
    name = str(text)
    if name in environments.ADAPTERS and not Path(name).exists():
        environment = environments.locate(name)
        if not environment.complete:
            raise NoInterpreter(f"--python {name}: {environment.absence}")
        return environment.python
    kept = environments.root().iterdir() if environments.root().is_dir() else ()
    places = [Path(name), *sorted(place for place in kept if called(place, name))]
    for folder in (place for place in places if place.is_dir()):
        for python in ("bin/python", "Scripts/python.exe"):
            if (folder / python).exists():
                return (folder / python).absolute()
    if program := shutil.which(name):
        return Path(program).absolute()
    if name in KNOWN:
        return choose((name,), {}).path
    known = ", ".join(adapters())
    raise NoInterpreter(
        f"--python {name}: no such program, folder, environment or adapter (adapters are {known})"
    )


def called(folder: Path, name: str) -> bool:
    """Whether an environment has this name, with or without the key behind it."""
    return name in (folder.name, folder.name.rpartition("-")[0])


@dataclass(frozen=True)
class Wish:
    """What was asked for on a command line or in a call; nothing of it is the usual case.

    python        as :func:`find` takes it; with requirements, what they are installed for
    requirements  of an environment that is made on the spot, as pip takes them
    index_url     where pip looks instead of its own configuration
    pre           whether it takes pre-releases
    """

    python: str = ""
    requirements: tuple[str, ...] = ()
    index_url: str = ""
    pre: bool = False

    def interpreter(self, say: Callable[[str], None] = lambda line: None) -> Interpreter | None:
        """The interpreter, made where it has to be.

        Raises NoInterpreter, and EnvironmentFailure with pip's last words.
        """
        if not self.requirements:
            return ask(find(self.python)) if self.python else None
        base = ask(find(self.python or sys.executable))
        # An adapter that pins no framework: nothing of it goes into what is made.
        made = environments.create("numpy", self.recipe(base), say=say)
        return ask(made.python)

    def recipe(self, base: Interpreter) -> Recipe:
        """What is installed, under a name that says so."""
        lines = [placed(text) for text in self.requirements]
        options = (["--pre"] if self.pre else []) + (
            ["--index-url", self.index_url] if self.index_url else []
        )
        words = re.sub(r"[^\w.]+", "-", " ".join(Path(text).name for text in self.requirements))
        content = "\n".join([*lines, *map(contents, self.requirements)])
        key = hashlib.sha256(content.encode()).hexdigest()[:8]
        name = f"with-{words.strip('-')[:40]}-{key}"
        return Recipe(name, (*options, *lines, *beside(lines)), base.path, base.version)


def placed(requirement: str) -> str:
    """A requirement whose path, if it is one, does not depend on where it is read."""
    path, bracket, extras = requirement.partition("[")
    if not local(path):
        return requirement
    return f"{Path(path).absolute()}{bracket}{extras}"


def local(path: str) -> bool:
    """Whether a requirement is a wheel or a folder that is here."""
    return ("/" in path or path.endswith(".whl")) and Path(path).exists()


def contents(requirement: str) -> str:
    """The hash of a wheel's or a folder's files; empty for a requirement by name."""
    if not local(requirement.partition("[")[0]):
        return ""
    path = Path(requirement.partition("[")[0])
    digest = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        inside = file.relative_to(path).parts
        if file.is_file() and not any(part in SKIPPED for part in inside):
            digest.update("/".join(inside).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


SKIPPED = frozenset({".git", "__pycache__", "build", ".venv"})  # they do not decide what is built


@contextmanager
def standing_in(interpreter: Interpreter | None) -> Iterator[None]:
    """While this lasts, workers of Python adapters run in an interpreter of somebody's own."""
    if interpreter is None:
        yield
        return
    before = dict(environments.STAND_INS)
    environments.STAND_INS.update({name: standing(name, interpreter) for name in adapters()})
    try:
        yield
    finally:
        environments.STAND_INS.clear()
        environments.STAND_INS.update(before)


def standing(adapter: str, interpreter: Interpreter) -> StandIn:
    """The interpreter in the place of one adapter's environment."""
    enrolment: Enrolment = environments.ADAPTERS[adapter]
    return StandIn(enrolment, interpreter.path.parent, host=interpreter)


def current() -> Interpreter | None:
    """The interpreter that stands in now, if there is one."""
    found = next(iter(environments.STAND_INS.values()), None)
    return found.host if isinstance(found, StandIn) else None


def chosen() -> Path | None:
    """Where it is."""
    found = current()
    return found.path if found else None


def interpreter_with(
    *requirements: str | Path, python: str | Path = "", index_url: str = "", pre: bool = False
) -> Path:
    """An interpreter that has these requirements, for whatever takes ``python``.

    A requirement is what pip takes: ``torch==2.11.0``, a wheel, a folder.  The environment is made
    with ``python`` (a program, a folder, an adapter, a version; this one where nothing is said) and
    kept by what was asked for.  Without requirements it is ``python`` itself.

    Raises NoInterpreter, and EnvironmentFailure with pip's last words.
    """
    asked = Wish(str(python), tuple(map(str, requirements)), index_url, pre)
    found = asked.interpreter()
    return found.path if found else Path(sys.executable)


@contextmanager
def within(python: str | Path | None) -> Iterator[None]:
    """While this lasts, workers run in the interpreter ``python``, if one is named.

    Raises NoInterpreter.
    """
    with standing_in(ask(find(python)) if python else None):
        yield


def served(names: Sequence[str], interpreter: Interpreter | None) -> tuple[str, ...]:
    """The adapters of a run: those named, or what the interpreter can serve.

    Raises NoInterpreter where it can serve none.
    """
    if names or interpreter is None:
        return tuple(names)
    if not interpreter.serves:
        raise NoInterpreter(
            f"{interpreter.path} has nothing that an adapter drives, or no NumPy; "
            f"name an adapter to hear what it lacks"
        )
    return tuple(interpreter.serves)


__all__ = [
    "EnvironmentFailure",
    "Interpreter",
    "NoInterpreter",
    "StandIn",
    "Wish",
    "adapters",
    "ask",
    "chosen",
    "current",
    "find",
    "interpreter_with",
    "served",
    "standing_in",
    "within",
]
