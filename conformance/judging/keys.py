"""Keys: the hash of everything that determines a group's cells, and the hash of the suite."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import msgspec

import optimizer_conformance
from optimizer_conformance import adapters, cases, judging, reference, workers
from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.cases.plan import Group
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.machine import arithmetic_variables, harness, processor

SUFFIXES = (".py", ".toml", ".txt", ".json", ".mjs", ".js", ".m", ".jl", ".r")
OWN = re.compile(rf"^from {re.escape(adapters.__name__)}\.(\w+) import", re.MULTILINE)
# What stands in a cell is decided in these rooms, and by the adapter.
DECIDING = (reference, cases, workers, judging)


def place(package: ModuleType) -> Path:
    """Its folder."""
    assert package.__file__ is not None
    return Path(package.__file__).parent


ADAPTERS = place(adapters)


def sources(folder: Path) -> list[Path]:
    """Every file of the suite below a folder."""
    return sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def digest(folder: Path, paths: Iterable[Path]) -> str:
    """SHA-256 of names, relative to a folder, and contents."""
    found = hashlib.sha256()
    for path in paths:
        content, name = path.read_bytes(), path.relative_to(folder).as_posix()
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def room_hash(package: ModuleType) -> str:
    """SHA-256 of everything in a package."""
    return digest(place(package), sources(place(package)))


def joined(parts: Iterable[str]) -> str:
    """SHA-256 of several."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def suite_hash() -> str:
    """SHA-256 of everything that decides a verdict, expectations included."""
    return joined(map(room_hash, (optimizer_conformance, reference, adapters)))


@lru_cache(maxsize=64)
def judging_hash(adapter: str) -> str:
    """SHA-256 of the code that determines one adapter's cells: not that of other adapters."""
    rooms = map(room_hash, DECIDING)
    others = tuple(name for name in environments.ADAPTERS if name != adapter)
    used = adapter_modules(adapter)

    def concerns(path: Path) -> bool:
        parts = path.relative_to(ADAPTERS).parts
        # Somebody's own optimizer is no cell of a run.
        if parts[0] == "targets" or parts == ("target.py",):
            return False
        name = parts[0] if parts[0] != "requirements" else parts[-1]
        stem = name.partition(".")[0]
        return stem in used or not any(
            stem == other or stem.startswith(f"{other}_") for other in others
        )

    own = [path for path in sources(ADAPTERS) if concerns(path)]
    enrolment = environments.ADAPTERS.get(adapter)
    if enrolment is None or enrolment.shipped:
        return joined([*rooms, digest(ADAPTERS, own)])
    program = enrolment.program  # a module of somebody else's
    return joined([*rooms, digest(ADAPTERS, own), digest(program.parent, [program])])


def adapter_modules(adapter: str) -> set[str]:
    """The modules of ``adapters`` that one is made of: timm is driven by the session of torch."""
    found: set[str] = set()
    waiting = {adapter}
    while waiting:
        name = waiting.pop()
        found.add(name)
        path = ADAPTERS / f"{name}.py"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        waiting |= set(OWN.findall(text)) - found
    return found


def conditions(
    adapter: str, description: Description, packages: Mapping[str, str]
) -> dict[str, object]:
    """What determines all cells of an adapter on this machine."""
    return {
        "code": judging_hash(adapter),
        "harness": harness(),
        "processor": processor(),
        "variables": arithmetic_variables(),
        "adapter": description.adapter,
        "versions": description.versions,
        "packages": dict(packages),
        "flags": description.flags,
        "devices": description.devices,
    }


def key_of(group: Group, defaults: Mapping[str, object], around: Mapping[str, object]) -> str:
    """The key of one group under the conditions ``around`` it."""
    content = {
        **around,
        "implementation": group.implementation,
        "defaults": {name: repr(value) for name, value in defaults.items()},
        "device": group.device,
        "features": group.features,
        "units": [
            (
                unit.case.identifier,
                [variant.identifier for variant in unit.claimed],
                [variant.identifier for variant in unit.others],
            )
            for unit in group.units
        ],
    }
    body = msgspec.msgpack.encode(content, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:32]


def git_state() -> tuple[str, bool]:
    """The commit of the checkout that this runs from, and whether it has changes.

    Nothing is written into it: killed meanwhile, git would leave a lock there.
    """
    top = ADAPTERS.parent
    if not (top / ".git").exists():
        return "", False

    def git(*words: str) -> str:
        command = ["git", "--no-optional-locks", "-C", str(top), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except OSError:
        return "", False
